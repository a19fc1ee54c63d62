/**
 * The crew: the threads of a runtime, warm between runs and jobs, and what they know.
 *
 *   pool + arena    the blocking lane: pipelines' morsels and blocking jobs (jobs.ts), side by side
 *   async lane      event loops of their own, for blockOn and what is shipped to them (async-lane.ts); made when first asked for
 *
 * A crew belongs to one runtime, or, one per number of workers, to all runs that are started without one. A pipeline's task is
 * registered with every worker and answers when all of them have found and compiled its functions: no item moves before (the
 * handshake). Notices are handed to the task or job that owns the morsel; a worker's death is told to all of them.
 * With `keepAliveMs` the pool is let go when it has had nothing to do for so long, and made anew with the next work.
 * Called by exec/pool-task.ts and runtime.ts. Knows pool/, frame/ and ship/.
 */
import type { ResourceLimits, Transferable } from 'node:worker_threads'
import { WORD_BYTES, createArena, type Arena } from '../frame/arena.ts'
import { decodeAlone, encodeAlone, readFrame, writeFrame, type AloneFrame } from '../frame/frame.ts'
import { createPool, type Death, type Pool, type PoolTotals, type WorkerMetrics } from '../pool/pool.ts'
import { parked, sleepHere } from '../atomic/threads.ts'
import { decodeError } from '../error/wire.ts'
import { workerDied, workerReplaced } from '../error/wording-run.ts'
import { pack } from '../prelude/travel.ts'
import type { FnRef } from '../ship/address.ts'
import { outside } from '../sync/scope.ts'
import { createAsyncLane, type AsyncLane } from './async-lane.ts'
import { currentCrew } from './current.ts'
import { createJobs, type Jobs } from './jobs.ts'
import {
  INPUT_ALONE, INPUT_END, INPUT_ITEMS, INPUT_SPLIT, NOTICE_JOB, WORD_INPUT, WORD_TASK, type FromHands, type FromRemote, type Hooks, type Registered
} from './protocol.ts'
import { serveCalls, type SpawnHere } from './serve.ts'
import { workerProgram } from './worker-program.ts'

/** Slots of an arena. Memory is touched only as far as slots are used at the same time. */
const SLOTS = 512
const SLOT_BYTES = 256 * 1024
/** Owner number of the main thread, for the arena. */
const MAIN = 0x7fff

/** A frame as a reader sees it. */
export interface FrameHandle {
  /** The arena slot, or -1 for a frame that travels alone. */
  readonly slot: number
  readonly items: () => unknown[]
  /** The frame's bytes, for text; valid until `release`. */
  readonly bytes: () => Uint8Array
  readonly release: () => void
  readonly byteLength: number
}

/** What a registered task is told. */
export interface Hand {
  notice(worker: number, kind: number, slot: number, a: number, b: number, c: number, d: number): void
  /** Answers whether the run fails by it. */
  died(death: Death): boolean
  /** A worker that replaces a dead one cannot run the task. */
  refused(error: unknown): void
}

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

export interface Crew {
  readonly workers: number
  readonly arena: Arena
  /** Starts the workers, hands them the task, and answers when all of them are ready; rejects when `signal` is aborted first. */
  register(registration: Registered, hand: Hand, signal: AbortSignal): Promise<void>
  unregister(task: number): void
  /** Puts a morsel with these items in front of the workers; -1 when there is no room: see `room`. */
  submitItems(task: number, items: readonly unknown[], from: number, to: number, pin: number): { slot: number; taken: number }
  submitFrame(task: number, slot: number, pin: number): boolean
  submitSplit(task: number, split: unknown): number
  submitEnd(task: number, worker: number): number
  resume(worker: number, slot: number): void
  /** Resolves when a slot or a place in the queue has been given back. */
  room(): Promise<void>
  release(slot: number): void
  frame(slot: number, worker: number, ticket: number): FrameHandle
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

let tasks = 0
/** A number for a task that no other task of the process has. */
export const nextTask = (): number => tasks++ & 0x7fffffff

/** A registration that has not been answered by all workers. */
interface Handshake {
  readonly left: Set<number>
  readonly stages: readonly string[]
  /** Workers that died in the meantime. */
  deaths: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export const createCrew = (options: CrewOptions): Crew => {
  const { workers } = options
  const arena = createArena({ slots: SLOTS, slotBytes: SLOT_BYTES })
  const hands = new Map<number, Hand>()
  const registrations = new Map<number, Registered>()
  const answers = new Map<number, Handshake>()
  const alone = new Map<string, AloneFrame>()
  /** Workers that were ended on purpose. */
  const ended = new Set<number>()
  let waiting: (() => void)[] = []
  let users = 0
  let pool: Pool | undefined
  let lane: AsyncLane | undefined
  let idle: NodeJS.Timeout | undefined
  let before: PoolTotals = { queued: 0, started: 0, ended: 0 }
  /** Functions of jobs, by what they are called. */
  const fns = new Map<string, { readonly number: number; readonly ref: FnRef }>()
  const freed = (): void => {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  const heard = (worker: number, said: FromRemote | FromHands): void => {
    switch (said.type) {
      case 'alone':
        alone.set(`${worker}.${said.ticket}`, said.frame)
        return
      case 'outcome':
        jobs.outcome(said.job, said.outcome)
        return
      case 'call':
      case 'abort':
      case 'block':
        serve.hands(worker, said)
        return
      case 'ready':
      case 'refused':
    }
    const answer = answers.get(said.task)
    if (answer === undefined) {
      if (said.type === 'refused') hands.get(said.task)?.refused(decodeError(said.error))
      return
    }
    if (said.type === 'refused') answer.reject(decodeError(said.error))
    else {
      answer.left.delete(worker)
      if (answer.left.size === 0) answer.resolve()
    }
  }

  /** Handles in an `env` are packed once for each worker, since each has one of its own. */
  const introduce = (worker: number, registration: Registered): void => {
    const { value, transfer } = pack(registration)
    live().post(worker, value, transfer as Transferable[])
  }

  const buried = (death: Death): void => {
    arena.reclaim(death.worker)
    const failing = [...hands.values()].filter((hand) => hand.died(death))
    for (const workersTold of toldTo.get(live())?.values() ?? []) workersTold.delete(death.worker)
    const ofJob = jobs.died(death)
    // Of the functions that are wanted only: the module of another may be what kills workers.
    for (const ref of jobs.wanted()) fnNumber(ref)
    serve.died(death.worker)
    const asked = ended.delete(death.worker)
    if (!asked && !ofJob && failing.length === 0 && answers.size === 0) workerReplaced(death.code, death.error)
    for (const answer of answers.values()) {
      // One death may be another task's doing; two are this one's: its modules kill whoever imports them.
      if (!death.replaced || ++answer.deaths > 1) answer.reject(workerDied(answer.stages, death.code, death.error, undefined))
      else answer.left.add(death.worker)
    }
    for (const registration of registrations.values()) introduce(death.worker, registration)
    freed()
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
        else hands.get(arena.words(slot)[WORD_TASK]!)?.notice(worker, r[0]!, slot, r[2]!, r[3]!, r[4]!, r[5]!)
      },
      onMessage: (worker, message) => {
        heard(worker, message as FromRemote | FromHands)
      },
      onDeath: buried
    })))

  /** Lets the threads go; they end by themselves. */
  const letGo = (): void => {
    if (crew.busy || pool === undefined) return
    const old = pool
    pool = undefined
    void old.close().then(() => {
      const { started, ended: gone } = old.totals()
      before = { queued: 0, started: before.started + started, ended: before.ended + gone }
    })
  }

  /** Pools whose threads have been started for a job. */
  const started = new WeakSet<Pool>()
  /** Functions that the workers of a pool have been told of. */
  const toldTo = new WeakMap<Pool, Map<number, Set<number>>>()

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

  /** The number of a function; every worker is told of it before a morsel that names it is submitted. */
  const fnNumber = (ref: FnRef): number => {
    const key = ref.type === 'source' ? ref.text : `${ref.how} ${ref.name} ${ref.url}`
    let known = fns.get(key)
    if (known === undefined) {
      known = { number: fns.size, ref }
      fns.set(key, known)
    }
    const current = working()
    let told = toldTo.get(current)
    if (told === undefined) toldTo.set(current, (told = new Map<number, Set<number>>()))
    let who = told.get(known.number)
    if (who === undefined) told.set(known.number, (who = new Set()))
    if (who.size < workers) {
      for (let worker = 0; worker < workers; worker++) {
        if (who.has(worker)) continue
        who.add(worker)
        current.post(worker, { type: 'fn', fn: known.number, ref: known.ref })
      }
    }
    return known.number
  }

  const jobs = createJobs({
    arena,
    claim: () => arena.claim(MAIN),
    submit: (slot) => working().submit(slot),
    withdraw: (slot) => live().withdraw(slot),
    release: (slot) => {
      crew.release(slot)
    },
    whenRoom: (then) => {
      waiting.push(then)
    },
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
  const claim = (task: number, input: number): number => {
    const slot = arena.claim(MAIN)
    if (slot < 0) return -1
    const words = arena.words(slot)
    words[WORD_TASK] = task
    words[WORD_INPUT] = input
    return slot
  }
  const submit = (slot: number, pin: number): boolean => (pin < 0 ? live().submit(slot) : live().submitTo(pin, slot, 0))
  const crew: Crew = {
    workers,
    arena,
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
      return hands.size > 0 || jobs.alive > 0 || (lane?.calls ?? 0) > 0
    },
    spawnHere: async (fn, _, signal) => fn(signal),
    register: async (registration, hand, signal) => {
      signal.throwIfAborted()
      hands.set(registration.task, hand)
      registrations.set(registration.task, registration)
      crew.ref()
      let leave = (): void => undefined
      // A worker answers when it is free: another run's long function may keep it for as long as that takes.
      const left = new Promise<never>((_, reject) => {
        leave = () => {
          reject(signal.reason as Error)
        }
      })
      left.catch(() => undefined)
      signal.addEventListener('abort', leave, { once: true })
      try {
        await Promise.race([left, live().start()])
        await Promise.race([left, new Promise<void>((resolve, reject) => {
          const unanswered = new Set(Array.from({ length: workers }, (_, w) => w))
          const stages = registration.program.nodes.map((node) => node.stage)
          answers.set(registration.task, { left: unanswered, stages, deaths: 0, resolve, reject })
          for (let worker = 0; worker < workers; worker++) introduce(worker, registration)
        })])
      } catch (error) {
        crew.unregister(registration.task)
        throw error
      } finally {
        signal.removeEventListener('abort', leave)
        answers.delete(registration.task)
        crew.unref()
      }
    },
    unregister: (task) => {
      if (!hands.delete(task)) return
      registrations.delete(task)
      live().broadcast({ type: 'unregister', task })
    },
    submitItems: (task, items, from, to, pin) => {
      const slot = claim(task, INPUT_ITEMS)
      if (slot < 0) return { slot, taken: 0 }
      let taken: number
      let to_ = pin
      try {
        taken = writeFrame(arena, slot, items, from, to)
        if (taken === 0) {
          // Too large for a slot: the frame goes ahead, by message, to the worker that the morsel is pinned to.
          to_ = pin < 0 ? slot % workers : pin
          const { kind, count, buffer } = encodeAlone(items, from, from + 1, false)
          arena.words(slot)[WORD_INPUT] = INPUT_ALONE
          live().post(to_, { type: 'alone', slot, frame: { kind, count, buffer } })
          taken = 1
        }
      } catch (error) {
        arena.release(slot) // an item that cannot be cloned
        throw error
      }
      if (submit(slot, to_)) return { slot, taken }
      arena.release(slot)
      return { slot: -1, taken: 0 }
    },
    submitFrame: (task, slot, pin) => {
      const words = arena.words(slot)
      words[WORD_TASK] = task
      words[WORD_INPUT] = INPUT_ITEMS
      return submit(slot, pin)
    },
    submitSplit: (task, split) => {
      const slot = claim(task, INPUT_SPLIT)
      if (slot < 0) return -1
      writeFrame(arena, slot, [split], 0, 1)
      if (submit(slot, -1)) return slot
      arena.release(slot)
      return -1
    },
    submitEnd: (task, worker) => {
      const slot = claim(task, INPUT_END)
      if (slot < 0) return -1
      if (submit(slot, worker)) return slot
      arena.release(slot)
      return -1
    },
    resume: (worker, slot) => {
      live().submitTo(worker, slot, 1)
    },
    room: () => new Promise((resolve) => waiting.push(resolve)),
    release: (slot) => {
      arena.release(slot)
      if (waiting.length > 0) freed()
    },
    frame: (slot, worker, ticket) => {
      if (slot >= 0) {
        arena.give(slot, MAIN) // from now on a death of the worker does not free it
        return {
          slot,
          byteLength: arena.words(slot)[WORD_BYTES]!,
          items: () => readFrame(arena, slot),
          bytes: () => arena.payload(slot).subarray(0, arena.words(slot)[WORD_BYTES]),
          release: () => {
            crew.release(slot)
          }
        }
      }
      const key = `${worker}.${ticket}`
      if (!alone.has(key)) live().drainMessages(worker)
      const frame = alone.get(key)!
      alone.delete(key)
      return {
        slot: -1,
        byteLength: frame.buffer.byteLength,
        items: () => decodeAlone(frame),
        bytes: () => new Uint8Array(frame.buffer),
        release: () => undefined
      }
    },
    terminate: (worker) => {
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
      const { started: s, ended: e } = old?.totals() ?? { started: 0, ended: 0 }
      before = { queued: 0, started: before.started + s, ended: before.ended + e }
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
