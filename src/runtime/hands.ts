/**
 * The worker's half of blocking jobs: finds functions, calls them, sends what came of them; and the agent of code inside them.
 *
 *   morsel ── function known? ──▶ arguments: from the slot, or asked for ──▶ BEGUN, STOP? ──▶ call ──▶ payload or message, NOTICE_OVER
 *                 └ its module is being imported: a promise; the worker takes other morsels meanwhile
 *
 * Invariants
 *   H1  a worker is in one function at a time, but for a job that it runs inside `block` of another
 *   H2  BEGUN is written before STOP is read, and only then is the function called (J4 of jobs.ts)
 *   H3  whatever happens inside the function, the job is told over; only a thread that ends leaves it to its death
 *   H4  nothing deadlocks in `block`: the job is running elsewhere, or is run here, or it is an error
 * Called by src/worker.ts. Knows the arena, ship/ and the pool's seat.
 */
import type { Transferable } from 'node:worker_threads'
import { load, store } from '../atomic/park.ts'
import { WORD_BYTES, type Arena } from '../frame/arena.ts'
import { jobPromise, runtimeShutDown } from '../error/wording-runtime.ts'
import { enterTask } from '../task/enter-task.ts'
import type { FnRef } from '../ship/address.ts'
import { resolveFn, resolveFnNow } from '../ship/resolve.ts'
import { setAgent, type Agent, type Asked } from './agent.ts'
import { JobSignal, type BlockingSignal } from './blocking-signal.ts'
import { dropEnds } from './drop.ts'
import { bytesOf, packEnded, portsOf, postOutcome, textOf, unpackOutcome, unwrap, unwrapBytes, type Ended, type Parcel } from './parcel.ts'
import {
  HOW_MESSAGE, HOW_NOTHING, HOW_PAYLOAD, HOW_TEXT, JOB_CONTEXT, JOB_PARCEL, JOB_TEXT, NOTICE_OVER, NOTICE_WANTS, OUTCOME_CANCELLED, OUTCOME_FAILED, OUTCOME_VALUE,
  WORD_BEGUN, WORD_FLAGS, WORD_FN, WORD_ID_HIGH, WORD_ID_LOW, WORD_JOB, WORD_STOP, type Call, type CallKind, type FromHands, type ToHands
} from './protocol.ts'

type Fn = (...args: unknown[]) => unknown

export interface HandsOptions {
  readonly worker: number
  readonly arena: Arena
  readonly emit: (kind: number, slot: number, a: number, b: number, c: number, d: number) => void
  readonly post: (message: FromHands, transfer?: readonly Transferable[]) => void
  /** Blocks until a message has made `heard` true; false when the pool closes. */
  readonly listen: (heard: () => boolean) => boolean
}

export interface Hands {
  run(slot: number): void | Promise<void>
  onMessage(message: ToHands): void
}

/** A call of this worker's that has not ended. */
interface Ticket {
  readonly call: Call
  readonly over: (ended: Ended) => void
  /** Set when the main thread has handed the job back, to be run here. */
  mine: Parcel | undefined
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'

export const createHands = ({ worker, arena, emit, post, listen }: HandsOptions): Hands => {
  const refs = new Map<number, FnRef>()
  const fns = new Map<number, Fn | Promise<Fn>>()
  /** Jobs whose function this worker has not been told of yet: it replaces a dead one. */
  const untold = new Map<number, (() => void)[]>()
  const parcels = new Map<number, Parcel>()
  const tickets = new Map<number, Ticket>()
  let ticketNumbers = 0
  /** The signal of the job that runs now. */
  let current: JobSignal | BlockingSignal | undefined

  const learn = (number: number, ref: FnRef): void => {
    refs.set(number, ref)
    for (const go of untold.get(number) ?? []) go()
    untold.delete(number)
  }

  /** A function that a job has begun for: looked for now and not when it was told, so that who dies of its module dies with the job. */
  const find = (number: number, ref: FnRef): Fn | Promise<Fn> => {
    const known = fns.get(number)
    if (known !== undefined) return known
    const later = (): Promise<Fn> => resolveFn(ref).then((found) => found as Fn)
    let fn: Fn | Promise<Fn>
    try {
      fn = (resolveFnNow(ref) as Fn | undefined) ?? later()
    } catch {
      fn = later() // which rejects by the same reason
    }
    fns.set(number, fn)
    if (fn instanceof Promise) fn.then((found) => fns.set(number, found), () => undefined)
    return fn
  }

  /** Calls a function the way a job does; answers what came of it. */
  const invoke = (fn: Fn, args: unknown[], id: number, context: boolean, signal: JobSignal | BlockingSignal, whose: string): Ended => {
    const outer = current
    current = signal
    try {
      const given = context ? [...args.slice(0, -1), { env: args.at(-1), signal }] : args
      const value = enterTask({ id }, () => fn(...given))
      if (!isThenable(value)) return { kind: 'value', value }
      value.then(() => undefined, () => undefined) // told below; its own failure would be an unhandled rejection
      return { kind: 'failed', error: jobPromise(whose) }
    } catch (error) {
      const stopped = signal.aborted && ((signal instanceof JobSignal && signal.threw(error)) || (error as Partial<Error> | undefined)?.name === 'AbortError')
      return stopped ? { kind: 'cancelled' } : { kind: 'failed', error }
    } finally {
      current = outer
    }
  }

  const tell = (slot: number, job: number, ended: Ended): void => {
    const text = ended.kind === 'value' ? textOf(ended.value) : undefined
    if (text !== undefined) {
      emit(NOTICE_OVER, slot, job, OUTCOME_VALUE, HOW_TEXT, arena.payload(slot).write(text))
      return
    }
    const packed = packEnded(ended)
    const { outcome } = packed
    const kind = outcome.kind === 'value' ? OUTCOME_VALUE : outcome.kind === 'failed' ? OUTCOME_FAILED : OUTCOME_CANCELLED
    if (outcome.kind === 'cancelled' || (outcome.kind === 'value' && outcome.value === undefined)) {
      emit(NOTICE_OVER, slot, job, kind, HOW_NOTHING, 0)
      return
    }
    const bytes = packed.plain ? bytesOf(outcome.kind === 'value' ? outcome.value : outcome.error) : undefined
    if (bytes !== undefined && bytes.byteLength <= arena.payloadBytes) {
      arena.payload(slot).set(bytes)
      emit(NOTICE_OVER, slot, job, kind, HOW_PAYLOAD, bytes.byteLength)
      return
    }
    postOutcome((said, transfer) => { post({ type: 'outcome', job, outcome: said }, transfer) }, packed, 'a blocking function')
    emit(NOTICE_OVER, slot, job, kind, HOW_MESSAGE, 0)
  }

  const call = (fn: Fn, slot: number): void => {
    const words = arena.words(slot)
    const job = words[WORD_JOB]!
    const flags = words[WORD_FLAGS]!
    let ended: Ended
    let signal: JobSignal | undefined
    let args: unknown[] = []
    try {
      const bytes = words[WORD_BYTES]!
      if ((flags & JOB_TEXT) !== 0) args = JSON.parse(arena.payload(slot).toString('utf8', 0, bytes)) as unknown[]
      else if ((flags & JOB_PARCEL) === 0) args = unwrapBytes(arena.payload(slot).subarray(0, bytes)) as unknown[]
      else {
        emit(NOTICE_WANTS, slot, job, 0, 0, 0)
        if (!listen(() => parcels.has(job))) return // the pool is closing: the job is told over there
        const parcel = parcels.get(job)!
        parcels.delete(job)
        args = unwrap(parcel) as unknown[]
      }
      store(words, WORD_BEGUN, worker + 1)
      if (load(words, WORD_STOP) === 1) ended = { kind: 'cancelled' }
      else {
        signal = new JobSignal(words)
        const id = words[WORD_ID_HIGH]! * 2 ** 32 + (words[WORD_ID_LOW]! >>> 0)
        ended = invoke(fn, args, id, (flags & JOB_CONTEXT) !== 0, signal, 'spawnBlocking')
      }
    } catch (error) {
      ended = { kind: 'failed', error } // arguments that do not arrive
    }
    signal?.end()
    tell(slot, job, ended)
    if ((flags & JOB_PARCEL) !== 0) dropEnds(args)
  }

  const begin = (slot: number): void | Promise<void> => {
    const words = arena.words(slot)
    const number = words[WORD_FN]!
    const ref = refs.get(number)
    if (ref === undefined) {
      return new Promise<void>((resolve) => {
        untold.set(number, [...(untold.get(number) ?? []), resolve])
      }).then(() => begin(slot))
    }
    const fn = find(number, ref)
    if (typeof fn === 'function') {
      call(fn, slot)
      return
    }
    return fn.then(
      (found) => {
        call(found, slot)
      },
      (error: unknown) => {
        tell(slot, words[WORD_JOB]!, { kind: 'failed', error })
      }
    )
  }

  // ---- the agent ----

  const end = (ticket: number, ended: Ended): void => {
    const known = tickets.get(ticket)
    tickets.delete(ticket)
    known?.over(ended)
  }

  /** Runs a job of this worker's own that nobody has begun. */
  const runHere = (ticket: number, fn: Fn, { call: { id, context, whose } }: Ticket, args: Parcel): void => {
    const signal = current ?? { aborted: false, throwIfAborted: () => undefined }
    const given = unwrap(args) as unknown[]
    end(ticket, invoke(fn, given, id, context, signal, whose))
    dropEnds(given)
  }

  const block = (what: CallKind, ticket: number): void => {
    const known = tickets.get(ticket)
    if (known === undefined) return
    let here: Fn | undefined
    if (what === 'spawnBlocking') {
      here = resolveFnNow(known.call.ref) as Fn | undefined
      post({ type: 'block', ticket, here: here !== undefined })
    }
    if (!listen(() => !tickets.has(ticket) || known.mine !== undefined)) end(ticket, { kind: 'cancelled', reason: runtimeShutDown('blockingJoin') })
    else if (known.mine !== undefined) runHere(ticket, here!, known, known.mine)
  }

  const agent: Agent = {
    lane: 'blocking',
    get signal() {
      return current
    },
    ask: (what, asked, over): Asked => {
      const ticket = ticketNumbers++
      tickets.set(ticket, { call: asked, over, mine: undefined })
      post({ type: 'call', ticket, what, call: asked }, portsOf(asked.args))
      return {
        abort: (force) => {
          if (tickets.has(ticket)) post({ type: 'abort', ticket, force })
        },
        block: () => {
          block(what, ticket)
        }
      }
    }
  }
  setAgent(agent)

  return {
    run: begin,
    onMessage: (message) => {
      switch (message.type) {
        case 'fn':
          learn(message.fn, message.ref)
          return
        case 'parcel':
          parcels.set(message.job, message.args)
          return
        case 'yours': {
          const known = tickets.get(message.ticket)
          if (known !== undefined) known.mine = message.args
          return
        }
        case 'reply':
          end(message.ticket, unpackOutcome(message.outcome))
      }
    }
  }
}
