/**
 * The crew: the threads of a runtime, warm between runs and jobs, and what they know.
 *
 *   pool + arena    the blocking lane: pipelines' morsels (registrations.ts, morsels.ts) and blocking jobs (jobs.ts), side by side
 *   async lane      event loops of their own, for blockOn and what is shipped to them (async-lane.ts); made when first asked for
 *
 * A crew belongs to one runtime, or, one per number of workers, to all runs that are started without one. Here its parts are put
 * together: who hears a notice, a message, a death; and how long the threads live. With `keepAliveMs` the pool is let go when it has
 * had nothing to do for so long, and made anew with the next work.
 * Called by exec/chain/pool-task.ts and runtime.ts. Knows pool/, frame/ and ship/.
 */
import type { ResourceLimits } from 'node:worker_threads'
import { createArena, type Arena } from '../frame/arena.ts'
import type { Death } from '../pool/bury.ts'
import { createPool, type Pool, type PoolTotals, type WorkerMetrics } from '../pool/pool.ts'
import { parked, sleepHere } from '../atomic/threads.ts'
import { workerReplaced } from '../error/wording-run.ts'
import type { FnRef } from '../ship/address.ts'
import { outside } from '../sync/scope.ts'
import { createAsyncLane, type AsyncLane } from './async-lane.ts'
import { currentCrew } from './current.ts'
import { createJobFunctions } from './job-functions.ts'
import { createJobs, type Jobs } from './jobs.ts'
import { createMorsels, MAIN, type MorselCalls } from './morsels.ts'
import { NOTICE_JOB, WORD_TASK, type FromHands, type FromRemote, type Hooks, type Registered } from './protocol.ts'
import { createRegistrations, nextTask, type Hand } from './registrations.ts'
import { serveCalls, type SpawnHere } from './serve.ts'
import { workerProgram } from './worker-program.ts'

/** Slots of an arena. Memory is touched only as far as slots are used at the same time. */
const SLOTS = 512
const SLOT_BYTES = 256 * 1024

export interface CrewOptions {
  readonly workers: number
  /** Threads of the async lane, at most. Default 1. */
  readonly asyncWorkers?: number | undefined
  /** By the thread's number among those of its lane. */
  readonly threadName?: ((index: number) => string) | undefined
  readonly limits?: ResourceLimits | undefined
  readonly seed?: number | undefined
  readonly hooks?: Hooks | undefined
  /** Default: for ever. */
  readonly keepAliveMs?: number | undefined
}

export interface Crew extends MorselCalls {
  readonly workers: number
  readonly arena: Arena
  /** A number for a task that no other task has. */
  nextTask(): number
  /** Starts the workers, hands them the task, and answers when all of them are ready; rejects when `signal` is aborted first. */
  register(registration: Registered, hand: Hand, signal: AbortSignal): Promise<void>
  unregister(task: number): void
  terminate(worker: number): void
  /** Takes back a morsel that no worker has begun; false when one has. */
  withdraw(slot: number): boolean
  /** Holds the process while a run is in progress. */
  ref(): void
  unref(): void
  readonly pool: Pool
  readonly jobs: Jobs
  /** The async lane, made when it is first asked for. */
  readonly lane: AsyncLane
  /** Whether any task is registered, or any job or call is under way. */
  readonly busy: boolean
  /** Whoever runs asynchronous functions of workers on this loop; the runtime sets its own. */
  spawnHere: SpawnHere
  /**
   * Blocks this thread until `done`, while what workers send is handled here: they can go on although the loop stands still.
   * Answers at the latest a moment after `done` holds.
   */
  blockUntil(done: () => boolean): void
  metrics(): CrewMetrics
  /** Ends the threads. What still runs is lost: `jobs` and `lane` are told by their deaths. */
  close(): Promise<void>
}

export interface CrewMetrics extends PoolTotals {
  readonly blocking: readonly WorkerMetrics[]
  /** Threads of the async lane that are alive, and calls that they run. */
  readonly asyncWorkers: number
  readonly asyncCalls: number
}

export const createCrew = (options: CrewOptions): Crew => {
  const { workers } = options
  const arena = createArena({ slots: SLOTS, slotBytes: SLOT_BYTES })
  /** Workers that were ended on purpose. */
  const ended = new Set<number>()
  let users = 0
  let pool: Pool | undefined
  let lane: AsyncLane | undefined
  let idle: NodeJS.Timeout | undefined
  let before: PoolTotals = { queued: 0, started: 0, ended: 0 }

  const heard = (worker: number, said: FromRemote | FromHands): void => {
    switch (said.type) {
      case 'alone':
        morsels.arrived(worker, said.ticket, said.frame)
        return
      case 'outcome':
        jobs.outcome(said.job, said.outcome)
        return
      case 'ready':
      case 'refused':
        registrations.answered(worker, said)
        return
      default:
        serve.hands(worker, said)
    }
  }

  const buried = (death: Death): void => {
    arena.reclaim(death.worker)
    const failing = registrations.died(death)
    functions.forget(death.worker, live())
    const ofJob = jobs.died(death)
    // Of the functions that are wanted only: the module of another may be what kills workers.
    for (const ref of jobs.wanted()) fnNumber(ref)
    serve.died(death.worker)
    const asked = ended.delete(death.worker)
    if (!asked && !ofJob && failing === 0 && registrations.pending === 0) workerReplaced(death.code, death.error)
    registrations.mend(death)
    morsels.freed()
  }

  /** The pool; made when it is first needed, and anew after it has been let go. */
  const live = (): Pool =>
    (pool ??= outside(() => createPool({
      workers,
      slots: SLOTS,
      workerText: workerProgram.text,
      workerUrl: workerProgram.url,
      shared: { arena: arena.shared, hooks: options.hooks },
      threadName: options.threadName,
      limits: options.limits,
      seed: options.seed,
      onNotice: (worker, r) => {
        const slot = r[1]!
        if (r[0]! >= NOTICE_JOB) jobs.notice(worker, r[0]!, slot, r[2]!, r[3]!, r[4]!, r[5]!)
        else registrations.hand(arena.words(slot)[WORD_TASK]!)?.notice(worker, r[0]!, slot, r[2]!, r[3]!, r[4]!, r[5]!)
      },
      onMessage: (worker, message) => {
        heard(worker, message as FromRemote | FromHands)
      },
      onDeath: buried
    })))

  const remember = (old: Pool | undefined): void => {
    if (old === undefined) return
    const { started: s, ended: e } = old.totals()
    before = { queued: 0, started: before.started + s, ended: before.ended + e }
  }

  /** Lets the threads go; they end by themselves. */
  const letGo = (): void => {
    if (crew.busy || pool === undefined) return
    const old = pool
    pool = undefined
    void old.close().then(() => {
      remember(old)
    })
  }

  /** Pools whose threads have been started for a job. */
  const started = new WeakSet<Pool>()

  /** The pool, with its threads started. */
  const working = (): Pool => {
    const current = live()
    if (!started.has(current)) {
      started.add(current)
      outside(() => current.start()).catch((error: unknown) => {
        started.delete(current)
        jobs.failAll(error)
      })
    }
    return current
  }

  const functions = createJobFunctions(workers)
  const fnNumber = (ref: FnRef): number => functions.number(ref, working())
  const morsels = createMorsels(workers, arena, live)
  const registrations = createRegistrations(workers, live)

  const jobs = createJobs({
    arena,
    claim: () => arena.claim(MAIN),
    submit: (slot) => working().submit(slot),
    withdraw: (slot) => live().withdraw(slot),
    release: morsels.release,
    whenRoom: morsels.whenRoom,
    post: (worker, message, transfer) => {
      live().post(worker, message, transfer)
    },
    drainMessages: (worker) => {
      live().drainMessages(worker)
    },
    terminate: (worker) => {
      crew.terminate(worker)
    },
    fnNumber,
    ref: () => {
      crew.ref()
    },
    unref: () => {
      crew.unref()
    }
  })

  const crew: Crew = {
    workers,
    arena,
    nextTask,
    jobs,
    get pool() {
      return live()
    },
    get lane() {
      return (lane ??= createAsyncLane({
        workers: options.asyncWorkers ?? 1,
        threadName: options.threadName === undefined ? undefined : (index) => options.threadName!(workers + index),
        limits: options.limits,
        hooks: options.hooks,
        onCall: (asker, said) => {
          serve.other(asker, said)
        }
      }))
    },
    get busy() {
      return registrations.size > 0 || jobs.alive > 0 || (lane?.calls ?? 0) > 0
    },
    spawnHere: async (fn, _, signal) => fn(signal),
    register: async (registration, hand, signal) => {
      signal.throwIfAborted()
      crew.ref()
      try {
        await registrations.register(registration, hand, signal)
      } finally {
        crew.unref()
      }
    },
    unregister: registrations.unregister,
    submitItems: morsels.submitItems,
    submitProgression: morsels.submitProgression,
    submitFrame: morsels.submitFrame,
    submitAlone: morsels.submitAlone,
    submitSplit: morsels.submitSplit,
    submitEnd: morsels.submitEnd,
    resume: morsels.resume,
    room: morsels.room,
    release: morsels.release,
    frame: morsels.frame,
    terminate: (worker) => {
      if (ended.has(worker)) return // by another of its jobs: those that it has done, too, until their notices are read
      ended.add(worker)
      live().terminate(worker)
    },
    withdraw: (slot) => live().withdraw(slot),
    ref: () => {
      if (users++ > 0) return
      clearTimeout(idle)
      idle = undefined
      live().ref()
    },
    unref: () => {
      if (--users > 0) return
      pool?.unref()
      if (options.keepAliveMs !== undefined) idle = setTimeout(letGo, options.keepAliveMs).unref()
    },
    blockUntil: (done) => {
      try {
        for (;;) {
          const seen = parked()
          lane?.attend()
          pool?.attend() // last: a call of the lane may have made it
          pool?.findDead()
          lane?.findDead()
          if (done()) return
          sleepHere(seen) // which looks after the threads that this one has started
        }
      } finally {
        pool?.dismiss()
      }
    },
    metrics: () => {
      const now = pool?.totals()
      return {
        queued: now?.queued ?? 0,
        started: before.started + (now?.started ?? 0) + (lane?.started ?? 0),
        ended: before.ended + (now?.ended ?? 0) + (lane?.ended ?? 0),
        blocking: pool?.metrics() ?? [],
        asyncWorkers: lane?.alive ?? 0,
        asyncCalls: lane?.calls ?? 0
      }
    },
    close: async () => {
      clearTimeout(idle)
      const old = pool
      pool = undefined
      await Promise.all([old?.close(), lane?.close()])
      remember(old)
    }
  }
  const serve = serveCalls(crew)
  return crew
}

const crews = new Map<number, Crew>()

/** The crew of so many workers: that of the current runtime if it has as many, else one that is shared. Its threads start with the first work. */
export const crewOf = (workers: number): Crew => {
  const own = currentCrew()
  return own?.workers === workers ? own : sharedCrew(workers)
}

export const sharedCrew = (workers: number): Crew => {
  let crew = crews.get(workers)
  if (crew === undefined) {
    crew = createCrew({ workers })
    crews.set(workers, crew)
  }
  return crew
}

/** The crew that is shared by all who ask for so many workers is another one from now on. */
export const forgetCrew = (crew: Crew): void => {
  if (crews.get(crew.workers) === crew) crews.delete(crew.workers)
}
