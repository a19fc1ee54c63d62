/**
 * Workers without threads: each is what runs in a worker thread (exec/worker/remote.ts), on the caller's loop, one step at a time, when the
 * scheduler of a simulation lets it.
 *
 *   submit ──▶ queued ── turn ──▶ any worker: remote.run          submitTo ──▶ inbox[w] ── turn ──▶ worker w: remote.run
 *   post   ──▶ messages[w] ── turn, or before its next morsel ──▶ remote.onMessage
 *   onNotice ◀── turn ── ring[w]      onMessage ◀── turn ── outbox[w]          die(w) ──▶ onDeath, and a new one in its place
 *
 * Invariants, as of the pool (pool.ts): M1 (what a worker has said is delivered before its death is told), M2 (what was begun or pinned
 * there is lost with it, what was queued for anybody is not). What a worker says is copied, as between threads; a step of a worker is
 * never interrupted, so a death in the middle of one is a death after it of which the last notices are lost.
 * Called by virtual-crew.ts.
 */
import type { Transferable } from 'node:worker_threads'
import { readers } from '../connector/readers.ts'
import { NOTICE_DONE, type FromWorker, type ToWorker } from '../exec/protocol.ts'
import type { Emit } from '../exec/worker/leaving.ts'
import { createRemote, type Remote } from '../exec/worker/remote.ts'
import type { Arena } from '../frame/arena.ts'
import { kernels } from '../operator/kernels.ts'
import type { Death } from '../pool/bury.ts'
import type { Pool } from '../pool/pool.ts'
import { unpack } from '../prelude/travel.ts'
import { clock } from '../prelude/clock.ts'
import { WORD_TASK } from '../runtime/protocol.ts'
import { sleep } from '../task/time/sleep.ts'
import type { Scheduler } from './scheduler.ts'

/** What a crew needs of a pool for pipelines. */
export type VirtualPool = Pick<Pool, 'start' | 'submit' | 'submitTo' | 'withdraw' | 'post' | 'broadcast' | 'drainMessages' | 'hear' | 'terminate' | 'metrics'> & {
  /** One of the workers dies of that; answers which. */
  die(reason: Error): number
}

export interface VirtualPoolOptions {
  readonly workers: number
  readonly arena: Arena
  readonly scheduler: Scheduler
  readonly onNotice: (worker: number, notice: readonly number[]) => void
  readonly onMessage: (worker: number, message: FromWorker) => void
  readonly onDeath: (death: Death) => void
}

interface Worker {
  readonly remote: Remote
  /** Messages to it. */
  readonly messages: ToWorker[]
  /** Slots that are pinned to it, in order. */
  readonly inbox: number[]
  /** Slots that it has begun and not let go. */
  readonly begun: Set<number>
  /** What it has said. */
  readonly ring: (readonly number[])[]
  readonly outbox: FromWorker[]
  dead: boolean
}

export const createVirtualPool = ({ workers, arena, scheduler, onNotice, onMessage, onDeath }: VirtualPoolOptions): VirtualPool => {
  /** Slots that are queued for anybody, each with what its taking is known by. */
  const queued = new Map<number, object>()
  /** Names of tasks, for the trace. */
  const names = new Map<number, string>()
  let turns = 0
  const time = clock()

  const nameOf = (slot: number): string => names.get(arena.words(slot)[WORD_TASK]!) ?? 'a task'

  /** Lets `work` have its turn, and again as long as it is asked for meanwhile. */
  const inTurns = (stage: string, what: () => string, work: () => unknown, more: () => boolean): (() => void) => {
    let waits = false
    const go = async (): Promise<void> => {
      waits = true
      while (more()) {
        await scheduler.turn(stage, what())
        if (more()) work()
      }
      waits = false
    }
    return () => {
      if (!waits) void go()
    }
  }

  interface Actor {
    readonly worker: Worker
    readonly hear: () => void
    readonly goOn: () => void
  }

  const hearAll = (worker: Worker): void => {
    for (let message = worker.messages.shift(); message !== undefined && !worker.dead; message = worker.messages.shift()) {
      void worker.remote.onMessage(message.type === 'register' ? (unpack(message) as ToWorker) : message)
    }
  }

  const run = (worker: Worker, slot: number): void => {
    hearAll(worker)
    worker.begun.add(slot)
    const over = (): void => {
      worker.begun.delete(slot)
    }
    const running = worker.remote.run(slot)
    if (running === undefined) over()
    else running.then(over, over)
  }

  const make = (index: number): Actor => {
    const label = `worker ${index}`
    const is = (): boolean => !worker.dead
    const tell = inTurns(label, () => `tells ${worker.ring.length}`, () => {
      // all that it has said, or a part
      const some = worker.ring.length - scheduler.choose(worker.ring.length)
      for (const notice of worker.ring.splice(0, some)) onNotice(index, notice)
    }, () => is() && worker.ring.length > 0)
    const say = inTurns(label, () => 'sends a message', () => { sayAll(index, worker) }, () => is() && worker.outbox.length > 0)
    const never = new Promise<never>(() => undefined)
    const whisper: Emit = (...notice) => {
      if (!worker.dead) worker.ring.push(notice)
    }
    const remote = createRemote({
      worker: index,
      arena: { ...arena, claim: (owner) => (worker.dead ? -1 : arena.claim(owner)) },
      kernels,
      readers,
      emit: (...notice) => {
        whisper(...notice)
        tell()
      },
      whisper, // heard with what comes next and is told, or by `hear`: one that is forgotten leaves the run stuck
      nudge: tell,
      post: (message) => {
        if (worker.dead) return
        worker.outbox.push(structuredClone(message))
        say()
      },
      machine: {
        now: () => time.now(),
        sleep: async (ms) => {
          await sleep(ms).catch(() => undefined)
          if (worker.dead) await never
        },
        fn: (stage, fn) => scheduler.fn(stage, fn),
        steady: true
      }
    })
    const worker: Worker = { remote, messages: [], inbox: [], begun: new Set(), ring: [], outbox: [], dead: false }
    return {
      worker,
      hear: inTurns(label, () => 'gets a message', () => { hearAll(worker) }, () => is() && worker.messages.length > 0),
      goOn: inTurns(label, () => `goes on with ${nameOf(worker.inbox[0]!)}`, () => { run(worker, worker.inbox.shift()!) }, () => is() && worker.inbox.length > 0)
    }
  }

  const sayAll = (index: number, worker: Worker): void => {
    for (const message of worker.outbox.splice(0)) onMessage(index, message)
  }

  const actors = Array.from({ length: workers }, (_, index) => make(index))

  const bury = (index: number, error: unknown): void => {
    const { worker } = actors[index]!
    worker.dead = true
    // it may have died before it had said all
    const lost = worker.ring.splice(worker.ring.length - scheduler.choose(worker.ring.length + 1))
    for (const notice of worker.ring.splice(0)) onNotice(index, notice)
    sayAll(index, worker)
    const running = new Set([...worker.begun, ...lost.filter(([kind]) => kind === NOTICE_DONE).map(([, slot]) => slot!)])
    const pinned = worker.inbox.splice(0)
    actors[index] = make(index)
    onDeath({ worker: index, code: 1, error, current: -1, running: [...running], pinned, lost: [], replaced: true })
  }

  const take = async (slot: number, token: object): Promise<void> => {
    await scheduler.turn('a worker', `begins a morsel of ${nameOf(slot)}`)
    if (queued.get(slot) !== token) return // it was taken back
    queued.delete(slot)
    const index = (turns++ + scheduler.choose(workers)) % workers
    run(actors[index]!.worker, slot)
  }

  const post = (index: number, message: unknown, transfer: readonly Transferable[] = []): void => {
    const copy = structuredClone(message, { transfer: [...transfer] as never[] }) as ToWorker
    if (copy.type === 'register') names.set(copy.task, copy.program.nodes[0]?.stage ?? 'a source')
    const { worker, hear } = actors[index]!
    worker.messages.push(copy)
    hear()
  }

  return {
    start: () => Promise.resolve(),
    submit: (slot) => {
      const token = {}
      queued.set(slot, token)
      void take(slot, token)
      return true
    },
    submitTo: (index, slot) => {
      const { worker, goOn } = actors[index]!
      worker.inbox.push(slot)
      goOn()
      return true
    },
    withdraw: (slot) => {
      if (queued.delete(slot)) return true
      return actors.some(({ worker: { inbox } }) => inbox.includes(slot) && inbox.splice(inbox.indexOf(slot), 1).length > 0)
    },
    post,
    broadcast: (message) => {
      for (let index = 0; index < workers; index++) post(index, message)
    },
    drainMessages: (index) => {
      sayAll(index, actors[index]!.worker)
    },
    hear: () => {
      let any = false
      actors.forEach(({ worker }, index) => {
        for (const notice of worker.ring.splice(0)) {
          any = true
          onNotice(index, notice)
        }
      })
      return any
    },
    terminate: (index) => {
      void Promise.resolve(scheduler.turn(`worker ${index}`, 'is ended')).then(() => {
        bury(index, undefined)
      })
    },
    metrics: () =>
      actors.map(({ worker }, index) => ({
        worker: index, state: 'virtual', running: [...worker.begun][0] ?? -1, queued: worker.inbox.length, morsels: 0, steals: 0, parks: 0, busyMs: 0
      })),
    die: (reason) => {
      const index = scheduler.choose(workers)
      bury(index, reason)
      return index
    }
  }
}
