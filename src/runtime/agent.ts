/**
 * What code inside a worker thread has of its runtime: an agent, through which calls go to the runtime's main thread.
 *
 * One per worker thread, not one per copy of this file: in a build the worker's own program and the door that a user's module
 * imports are two bundles. Hence a global symbol, with the layout's version in it. Set by hands.ts and async-worker.ts; asked by
 * spawn.ts and blocking-signal.ts.
 */
import type { BlockingSignal } from './blocking-signal.ts'
import type { Ended } from './parcel.ts'
import type { Call, CallKind } from './protocol.ts'

/** A call that is under way on the main thread's side. */
export interface Asked {
  abort(force: boolean): void
  /** Blocks until the call has ended; for threads that may block. Runs a job that nobody has begun right here. */
  block(): void
}

export interface Agent {
  /** Which kind of thread this is. */
  readonly lane: 'blocking' | 'async'
  /** Begins a call; `over` is told once, not within `ask`. */
  ask(what: CallKind, call: Call, over: (ended: Ended) => void): Asked
  /** The signal of the job that runs now. */
  readonly signal: BlockingSignal | undefined
}

const KEY = Symbol.for('millrace.agent.1')

const home = globalThis as { [KEY]?: Agent | undefined }

/** The agent of this thread; `undefined` on the main thread, and in threads of others. */
export const agent = (): Agent | undefined => home[KEY]

export const setAgent = (mine: Agent): void => {
  home[KEY] = mine
}
