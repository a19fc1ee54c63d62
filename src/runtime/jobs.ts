/**
 * Blocking jobs, as the main thread sees them: one function call each, on any worker of the pool that pipelines use too.
 *
 *   WAITING ──a slot is free──▶ SENT ──a worker begins──▶ (CALLED) ──NOTICE_OVER──▶ over
 *      └── abort: over          └── abort: withdrawn, or told by its stop word (and with force the worker is ended)
 *
 * Invariants
 *   J1  a job's slot belongs to the main thread from `send` to the job's end, so a dead worker takes nothing along
 *   J2  at most WINDOW jobs are in slots, so pipelines find room beside them; the rest waits in a list without a bound
 *   J3  each job is over once: by its notice, its abort, or the death of the worker that was in its function. A job that a
 *       dead worker had begun without calling its function is sent again
 *   J4  a stop before the call prevents the call: the worker marks BEGUN, then looks at STOP; here STOP is written, then BEGUN read
 * Called by crew.ts (notices, deaths) and runtime.ts (submit). Touches the arena and the pool.
 */
import type { Transferable } from 'node:worker_threads'
import { WORD_BYTES, type Arena } from '../frame/arena.ts'
import { load, store } from '../atomic/park.ts'
import { decodeError, type WireError } from '../error/wire.ts'
import { jobDied } from '../error/wording-runtime.ts'
import type { Death } from '../pool/bury.ts'
import type { FnRef } from '../ship/address.ts'
import { Line, type Linked } from './line.ts'
import { discard, portsOf, unpackOutcome, unwrapBytes, type Ended, type Parcel } from './parcel.ts'
import {
  HOW_MESSAGE, HOW_NOTHING, HOW_TEXT, INPUT_JOB, JOB_CONTEXT, JOB_PARCEL, JOB_TEXT, NOTICE_OVER, NOTICE_WANTS, OUTCOME_CANCELLED, OUTCOME_VALUE, WORD_BEGUN,
  WORD_FLAGS, WORD_FN, WORD_ID_HIGH, WORD_ID_LOW, WORD_INPUT, WORD_JOB, WORD_STOP, type Call, type Outcome, type ToHands
} from './protocol.ts'

/** Slots that jobs may hold at a time. */
const WINDOW = 128
/** Workers that may die under a job before its function has been called, by its module or by chance. */
const MAX_DEATHS = 2

/** What jobs need of the crew. */
export interface JobGround {
  readonly arena: Arena
  /** Claims a slot for the main thread; negative when there is none. */
  claim(): number
  /** Queues a slot for any worker; false when there is no room. */
  submit(slot: number): boolean
  withdraw(slot: number): boolean
  release(slot: number): void
  /** Calls back when a slot or a place in the queue has been given back. */
  whenRoom(then: () => void): void
  post(worker: number, message: ToHands, transfer?: readonly Transferable[]): void
  drainMessages(worker: number): void
  terminate(worker: number): void
  /** The number under which the workers know a function. */
  fnNumber(ref: FnRef): number
  ref(): void
  unref(): void
}

export interface JobRequest extends Call {
  /** Told once, never within `submit`. */
  readonly over: (ended: Ended) => void
}

export interface Job {
  /** A queued job is over at once; a running one is asked to stop, or with `force` ended with its worker. */
  abort(force: boolean): void
  /** The arguments of a job that nobody has begun, which is its caller's from now on; `undefined` when it has been begun. */
  take(): Parcel | undefined
  readonly state: 'queued' | 'running' | 'over'
}

export interface Jobs {
  submit(request: JobRequest): Job
  notice(worker: number, kind: number, slot: number, a: number, b: number, c: number, d: number): void
  outcome(job: number, outcome: Outcome): void
  /** Answers whether it had a job in hand. */
  died(death: Death): boolean
  /** Functions of the jobs that are in slots. */
  wanted(): readonly FnRef[]
  /** Aborts what has not been called yet, and asks the rest to stop. */
  abortAll(force: boolean): void
  /** All fail: there are no threads. */
  failAll(error: unknown): void
  readonly queued: number
  readonly running: number
  readonly alive: number
}

interface Held extends Linked<Held> {
  readonly number: number
  readonly request: JobRequest
  slot: number
  deaths: number
  forced: boolean
  /** Its arguments have left through their port: they cannot be sent again. */
  gone: boolean
  state: 'waiting' | 'sent' | 'over'
}

let numbers = 0

export const createJobs = (ground: JobGround): Jobs => {
  const { arena } = ground
  const waiting = new Line<Held>()
  const sent = new Map<number, Held>()
  const outcomes = new Map<number, Outcome>()
  let roomAsked = false

  const over = (held: Held, ended: Ended | undefined): void => {
    if (held.state === 'over') return
    if (held.state === 'waiting') waiting.remove(held)
    held.state = 'over'
    if (!held.gone) discard(held.request.args)
    if (held.slot >= 0) {
      sent.delete(held.slot)
      ground.release(held.slot)
      held.slot = -1
    }
    ground.unref()
    if (ended !== undefined) held.request.over(ended)
    pump()
  }

  const send = (held: Held): boolean => {
    const slot = ground.claim()
    if (slot < 0) return false
    const { ref, args, context, id } = held.request
    const words = arena.words(slot)
    const text = 'text' in args ? args.text : undefined
    const bytes = 'bytes' in args && args.bytes.byteLength <= arena.payloadBytes ? args.bytes : undefined
    words[WORD_INPUT] = INPUT_JOB
    words[WORD_JOB] = held.number
    words[WORD_FN] = ground.fnNumber(ref)
    words[WORD_ID_HIGH] = Math.floor(id / 2 ** 32)
    words[WORD_ID_LOW] = id | 0
    words[WORD_BEGUN] = 0
    words[WORD_STOP] = 0
    words[WORD_FLAGS] = (text === undefined ? (bytes === undefined ? JOB_PARCEL : 0) : JOB_TEXT) | (context ? JOB_CONTEXT : 0)
    if (text !== undefined) words[WORD_BYTES] = arena.payload(slot).write(text)
    else if (bytes !== undefined) {
      arena.payload(slot).set(bytes)
      words[WORD_BYTES] = bytes.byteLength
    }
    if (!ground.submit(slot)) {
      ground.release(slot)
      return false
    }
    waiting.remove(held)
    held.slot = slot
    held.state = 'sent'
    sent.set(slot, held)
    return true
  }

  const pump = (): void => {
    for (let held = waiting.first; held !== undefined; held = waiting.first) {
      if (sent.size >= WINDOW) return
      if (!send(held)) {
        if (roomAsked) return
        roomAsked = true
        ground.whenRoom(() => {
          roomAsked = false
          pump()
        })
        return
      }
    }
  }

  /** The slot goes back, and the job to the list: no function of the user's has run. */
  const again = (held: Held): void => {
    sent.delete(held.slot)
    ground.release(held.slot)
    held.slot = -1
    held.state = 'waiting'
    waiting.push(held)
  }

  const begunBy = (held: Held): number => load(arena.words(held.slot), WORD_BEGUN) - 1

  const abort = (held: Held, force: boolean): void => {
    if (held.state === 'over') return
    if (held.state === 'waiting' || ground.withdraw(held.slot)) {
      over(held, { kind: 'cancelled' })
      return
    }
    store(arena.words(held.slot), WORD_STOP, 1)
    if (!force || held.forced) return
    held.forced = true
    const worker = begunBy(held)
    if (worker >= 0) ground.terminate(worker)
  }

  const take = (held: Held): Parcel | undefined => {
    if (held.state === 'over' || held.gone || !(held.state === 'waiting' || ground.withdraw(held.slot))) return undefined
    held.gone = true // not to be discarded
    over(held, undefined)
    return held.request.args
  }

  const endedOf = (worker: number, held: Held, kind: number, how: number, bytes: number): Ended => {
    if (kind === OUTCOME_CANCELLED) return { kind: 'cancelled' }
    if (how === HOW_NOTHING) return { kind: 'value', value: undefined }
    if (how === HOW_MESSAGE) {
      if (!outcomes.has(held.number)) ground.drainMessages(worker)
      const outcome = outcomes.get(held.number)!
      outcomes.delete(held.number)
      return unpackOutcome(outcome)
    }
    const payload = arena.payload(held.slot)
    if (how === HOW_TEXT) return { kind: 'value', value: JSON.parse(payload.toString('utf8', 0, bytes)) as unknown }
    const value = unwrapBytes(payload.subarray(0, bytes))
    return kind === OUTCOME_VALUE ? { kind: 'value', value } : { kind: 'failed', error: decodeError(value as WireError) }
  }

  return {
    submit: (request) => {
      const held: Held = { number: numbers++ & 0x7fffffff, request, slot: -1, deaths: 0, forced: false, gone: false, state: 'waiting', ahead: undefined, behind: undefined }
      ground.ref()
      waiting.push(held)
      pump()
      return {
        abort: (force) => {
          abort(held, force)
        },
        take: () => take(held),
        get state() {
          if (held.state === 'over') return 'over'
          return held.state === 'sent' && begunBy(held) >= 0 ? 'running' : 'queued'
        }
      }
    },
    notice: (worker, kind, slot, a, b, c, d) => {
      const held = sent.get(slot)
      if (held?.number !== a) return
      if (kind === NOTICE_WANTS) {
        const { args } = held.request
        held.gone = 'port' in args
        ground.post(worker, { type: 'parcel', job: held.number, args }, portsOf(args))
      } else if (kind === NOTICE_OVER) over(held, endedOf(worker, held, b, c, d))
    },
    outcome: (job, outcome) => {
      outcomes.set(job, outcome)
    },
    died: ({ worker, code, error, running, pinned, lost }) => {
      let any = false
      for (const slot of [...running, ...pinned, ...lost]) {
        const held = sent.get(slot)
        if (held === undefined) continue
        const called = begunBy(held) === worker
        const stopped = load(arena.words(slot), WORD_STOP) === 1
        any = true
        if (stopped && (held.forced || !called)) over(held, { kind: 'cancelled' })
        else if (called || ++held.deaths >= MAX_DEATHS || held.gone) over(held, { kind: 'failed', error: jobDied(held.request.whose, code, error) })
        else again(held)
      }
      pump()
      return any
    },
    wanted: () => [...new Set([...sent.values()].map((held) => held.request.ref))],
    abortAll: (force) => {
      for (const held of [...waiting.all(), ...sent.values()]) abort(held, force)
    },
    failAll: (error) => {
      for (const held of [...waiting.all(), ...sent.values()]) {
        if (held.slot >= 0) ground.withdraw(held.slot)
        over(held, { kind: 'failed', error })
      }
    },
    get queued() {
      let queued = waiting.size
      for (const held of sent.values()) if (begunBy(held) < 0) queued++
      return queued
    },
    get running() {
      let running = 0
      for (const held of sent.values()) if (begunBy(held) >= 0) running++
      return running
    },
    get alive() {
      return waiting.size + sent.size
    }
  }
}
