/**
 * The crew: a process's pool and arena, warm between runs, and the tasks that its workers know.
 *
 * One crew per number of workers, made when a run first has work worth a thread. A task is registered with every worker
 * and answers when all of them have found and compiled its functions: no item moves before (the handshake).
 * Notices are handed to the task that owns the morsel; a worker's death is told to every task that is registered.
 * Called by pool-task.ts. Knows pool/ and frame/.
 */
import { WORD_BYTES, createArena, type Arena } from '../frame/arena.ts'
import { decodeAlone, encodeAlone, readFrame, writeFrame, type AloneFrame } from '../frame/frame.ts'
import { createPool, type Death, type Pool } from '../pool/pool.ts'
import { decodeError } from '../error/wire.ts'
import { workerDied, workerReplaced } from '../error/wording-run.ts'
import { workerText } from '../worker-text.ts'
import type { FrameHandle } from './batch.ts'
import { INPUT_ALONE, INPUT_END, INPUT_ITEMS, INPUT_SPLIT, WORD_INPUT, WORD_TASK, type FromWorker, type Registration, type Split } from './protocol.ts'

/** Slots of an arena. Memory is touched only as far as slots are used at the same time. */
const SLOTS = 512
const SLOT_BYTES = 256 * 1024
/** Owner number of the main thread, for the arena. */
const MAIN = 0x7fff

/** What a registered task is told. */
export interface Hand {
  notice(worker: number, kind: number, slot: number, a: number, b: number, c: number, d: number): void
  /** Answers whether the run fails by it. */
  died(death: Death): boolean
  /** A worker that replaces a dead one cannot run the task. */
  refused(error: unknown): void
}

export interface Crew {
  readonly workers: number
  readonly arena: Arena
  /** Starts the workers, hands them the task, and answers when all of them are ready; rejects when `signal` is aborted first. */
  register(registration: Registration, hand: Hand, signal: AbortSignal): Promise<void>
  unregister(task: number): void
  /** Puts a morsel with these items in front of the workers; -1 when there is no room: see `room`. */
  submitItems(task: number, items: readonly unknown[], from: number, to: number, pin: number): { slot: number; taken: number }
  submitFrame(task: number, slot: number, pin: number): boolean
  submitSplit(task: number, split: Split): number
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
  /** Whether any task is registered. */
  readonly busy: boolean
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

const makeCrew = (workers: number): Crew => {
  const arena = createArena({ slots: SLOTS, slotBytes: SLOT_BYTES })
  const hands = new Map<number, Hand>()
  const registrations = new Map<number, Registration>()
  const answers = new Map<number, Handshake>()
  const alone = new Map<string, AloneFrame>()
  /** Workers that were ended on purpose. */
  const ended = new Set<number>()
  let waiting: (() => void)[] = []
  let users = 0
  const freed = (): void => {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }
  const pool = createPool({
    workers,
    slots: SLOTS,
    workerText,
    workerUrl: new URL('../worker.ts', import.meta.url),
    shared: { arena: arena.shared },
    onNotice: (worker, r) => {
      const slot = r[1]!
      hands.get(arena.words(slot)[WORD_TASK]!)?.notice(worker, r[0]!, slot, r[2]!, r[3]!, r[4]!, r[5]!)
    },
    onMessage: (worker, message) => {
      const said = message as FromWorker
      if (said.type === 'alone') {
        alone.set(`${worker}.${said.ticket}`, said.frame)
        return
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
    },
    onDeath: (death) => {
      arena.reclaim(death.worker)
      const failing = [...hands.values()].filter((hand) => hand.died(death))
      const asked = ended.delete(death.worker)
      if (!asked && failing.length === 0 && answers.size === 0) workerReplaced(death.code, death.error)
      for (const answer of answers.values()) {
        // One death may be another task's doing; two are this one's: its modules kill whoever imports them.
        if (!death.replaced || ++answer.deaths > 1) answer.reject(workerDied(answer.stages, death.code, death.error, undefined))
        else answer.left.add(death.worker)
      }
      for (const registration of registrations.values()) pool.post(death.worker, registration)
      freed()
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
  const submit = (slot: number, pin: number): boolean => (pin < 0 ? pool.submit(slot) : pool.submitTo(pin, slot, 0))
  const crew: Crew = {
    workers,
    arena,
    pool,
    get busy() {
      return hands.size > 0
    },
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
        await Promise.race([left, pool.start()])
        await Promise.race([left, new Promise<void>((resolve, reject) => {
          const unanswered = new Set(Array.from({ length: workers }, (_, w) => w))
          const stages = registration.program.nodes.map((node) => node.stage)
          answers.set(registration.task, { left: unanswered, stages, deaths: 0, resolve, reject })
          pool.broadcast(registration)
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
      pool.broadcast({ type: 'unregister', task })
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
          pool.post(to_, { type: 'alone', slot, frame: { kind, count, buffer } })
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
      pool.submitTo(worker, slot, 1)
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
      if (!alone.has(key)) pool.drainMessages(worker)
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
      pool.terminate(worker)
    },
    withdraw: (slot) => pool.withdraw(slot),
    ref: () => {
      if (users++ === 0) pool.ref()
    },
    unref: () => {
      if (--users === 0) pool.unref()
    }
  }
  return crew
}

const crews = new Map<number, Crew>()

/** The crew of so many workers; its threads start with the first task. */
export const crewOf = (workers: number): Crew => {
  let crew = crews.get(workers)
  if (crew === undefined) {
    crew = makeCrew(workers)
    crews.set(workers, crew)
  }
  return crew
}

/** Ends a crew's threads; the next run of its size makes a new one. Waits for tasks that are still registered elsewhere. */
export const closeCrew = async (crew: Crew): Promise<void> => {
  if (crew.busy) return // another runtime of the same size still uses these threads
  crews.delete(crew.workers)
  await crew.pool.close()
}
