/**
 * Calls that are made inside workers, served on the main thread: what a worker asks for begins here, and its outcome is posted back.
 *
 *   worker ── {call, ticket} ──▶ spawnBlocking: a job of the same pool · blockOn: the async lane · spawn: this thread's loop
 *          ◀── {reply, ticket} ─── its outcome
 *          ── {block, ticket} ──▶ a job that nobody has begun goes back: {yours}: the worker that waits for it runs it
 *
 * So a job that waits for another job cannot wait for itself: the other one is running, or is run by who waits. Where the
 * waiting worker would have to load a module first, which it cannot while it is blocked, it waits for the others; when all
 * workers wait so, the last one is refused.
 * A worker that dies is not answered any more; what it asked for goes on. What it asks for before this thread knows every handle that
 * may be in it waits until it does (known.ts), in order. Called by crew.ts.
 */
import type { Transferable } from 'node:worker_threads'
import { joinWaitsForItself } from '../error/wording-runtime.ts'
import { resolveFn } from '../ship/resolve.ts'
import type { Crew } from './crew.ts'
import type { Job } from './jobs.ts'
import { areKindsKnown, knowKinds } from './known.ts'
import { packEnded, portsOf, postOutcome, unwrap, type Ended, type Parcel } from './parcel.ts'
import type { Call, FromHands, Outcome } from './protocol.ts'

/** Runs an asynchronous function on this thread's loop, as a task of the runtime where there is one. */
export type SpawnHere = (fn: (signal: AbortSignal) => Promise<unknown>, call: Call, signal: AbortSignal) => Promise<unknown>

/** What a worker asks for. */
export type Said = Extract<FromHands, { readonly type: 'call' | 'abort' | 'block' }>

/** Who asked, as far as it can be answered. */
export interface Asker {
  reply(ticket: number, outcome: Outcome, transfer: readonly Transferable[]): void
  /** Hands a job back. */
  yours(ticket: number, args: Parcel): void
}

export interface Serve {
  /** A call of a worker of the blocking lane. */
  hands(worker: number, said: Said): void
  /** A call of anybody else. */
  other(asker: Asker, said: Said): void
  died(worker: number): void
}

interface Open {
  readonly call: Call
  abort: (force: boolean) => void
  job: Job | undefined
  /** Whoever asked is blocked until it ends, and cannot run it. */
  blocks: boolean
}

export const serveCalls = (crew: Crew): Serve => {
  const open = new Map<Asker, Map<number, Open>>()

  const onLoop = (call: Call, over: (ended: Ended) => void): ((force: boolean) => void) => {
    const controller = new AbortController()
    const run = async (signal: AbortSignal): Promise<unknown> => {
      const fn = (await resolveFn(call.ref)) as (...args: unknown[]) => unknown
      const args = unwrap(call.args) as unknown[]
      return fn(...(call.context ? [...args.slice(0, -1), { env: args.at(-1), signal }] : args))
    }
    crew.spawnHere(run, call, controller.signal).then(
      (value) => {
        over({ kind: 'value', value })
      },
      (error: unknown) => {
        over(controller.signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', error })
      }
    )
    return () => {
      controller.abort()
    }
  }

  const begin = (what: 'spawn' | 'spawnBlocking' | 'blockOn', into: Open, over: (ended: Ended) => void): void => {
    const { call } = into
    if (what === 'spawn') into.abort = onLoop(call, over)
    else if (what === 'spawnBlocking') {
      const job = (into.job = crew.jobs.submit({ ...call, over }))
      into.abort = (force) => {
        job.abort(force)
      }
    } else {
      const running = crew.lane.run(call, over)
      into.abort = () => {
        running.abort()
      }
    }
  }

  /** Workers that are blocked until a job ends that nobody has begun. */
  const stuck = (): number => {
    let count = 0
    for (const mine of open.values()) if ([...mine.values()].some((each) => each.blocks && each.job?.state === 'queued')) count++
    return count
  }

  const block = (asker: Asker, ticket: number, here: boolean): void => {
    const known = open.get(asker)?.get(ticket)
    if (known?.job === undefined) return // it has ended, and the answer is on its way
    if (here) {
      const args = known.job.take()
      if (args === undefined) return // it has been begun
      open.get(asker)?.delete(ticket)
      asker.yours(ticket, args)
      return
    }
    known.blocks = true
    if (stuck() < crew.workers) return
    open.get(asker)?.delete(ticket)
    known.abort(false)
    asker.reply(ticket, packEnded({ kind: 'failed', error: joinWaitsForItself() }).outcome, [])
  }

  const other = (asker: Asker, said: Said): void => {
    if (said.type === 'abort') {
      open.get(asker)?.get(said.ticket)?.abort(said.force)
      return
    }
    if (said.type === 'block') {
      block(asker, said.ticket, said.here)
      return
    }
    const { ticket, call } = said
    const mine = open.get(asker) ?? new Map<number, Open>()
    open.set(asker, mine)
    const over = (ended: Ended): void => {
      if (mine.delete(ticket)) postOutcome((outcome, transfer) => { asker.reply(ticket, outcome, transfer) }, packEnded(ended), call.whose)
    }
    const into: Open = { call, abort: () => undefined, job: undefined, blocks: false }
    mine.set(ticket, into)
    try {
      begin(said.what, into, over)
    } catch (error) {
      over({ kind: 'failed', error })
    }
  }

  const askers = new Map<number, Asker>()

  const hands = (worker: number, said: Said): void => {
    let asker = askers.get(worker)
    if (asker === undefined) {
      asker = {
        reply: (ticket, outcome, transfer) => {
          crew.pool.post(worker, { type: 'reply', ticket, outcome }, transfer)
        },
        yours: (ticket, args) => {
          crew.pool.post(worker, { type: 'yours', ticket, args }, portsOf(args))
        }
      }
      askers.set(worker, asker)
    }
    other(asker, said)
  }

  /** What waits for {@link knowKinds}. */
  let early: { readonly worker: number; readonly said: Said }[] = []
  const serveEarly = (): void => {
    const waited = early
    early = []
    for (const each of waited) hands(each.worker, each.said)
  }

  return {
    other,
    hands: (worker, said) => {
      early.push({ worker, said })
      if (areKindsKnown()) serveEarly()
      else if (early.length === 1) void knowKinds().then(serveEarly)
    },
    died: (worker) => {
      early = early.filter((each) => each.worker !== worker)
      const asker = askers.get(worker)
      if (asker === undefined) return
      askers.delete(worker)
      open.get(asker)?.clear() // nobody is answered
      open.delete(asker)
    }
  }
}
