/**
 * The options that stages share, and the policies for items that fail. Plain data; checked at declaration.
 *
 * Called by: every operator, the planner, and the loops in operator/ that carry the policy out.
 */

/** Where a task runs: `'async'` is the event loop that called `run()`, `'blocking'` the worker pool. */
export type Lane = 'async' | 'blocking'

/** What becomes of an item that is given up; with `'stop'` the stage's input ends there. */
export type Afterwards = 'fail' | 'skip' | 'deadLetter' | 'stop'

/**
 * Looks at a failure. `attempts` is the number of tries so far, 1 after the first. `'retry'` tries again while tries are left, and then
 * does what the policy's `then` says; the other words give the item up at once.
 */
export type Decide = (error: unknown, attempts: number) => 'retry' | Afterwards

/**
 * Trying again, for stages whose failures may pass.
 * A blocking stage blocks its worker while it waits; on the caller's loop the wait is a timer.
 */
export interface Retry {
  readonly policy: 'retry'
  /** Tries after the first one; a whole number >= 1. */
  readonly times: number
  /** Wait before the first retry, in milliseconds. */
  readonly initialMs: number
  /** Each wait is this many times the one before. */
  readonly factor: number
  /** No wait is longer than this, in milliseconds. */
  readonly maxMs: number
  /** The part of each wait that is random, 0 (none) to 1 (all of it). */
  readonly jitter: number
  /** What happens when the last try has failed too. */
  readonly then: Afterwards
  /** Which failures are worth another try; travels like the stage's function. */
  readonly decide?: Decide | undefined
}

/**
 * What becomes of an item whose stage throws or rejects.
 * `'fail'` ends the run with a PipelineError; `'skip'` drops the item and counts it; `'deadLetter'` sends it,
 * with stage, position and cause, to the run's dead letters; `'stop'` ends the stage as if its input had ended before the item: what
 * came before stays, what feeds it alone is stopped, the run goes on, and the report tells the item and the cause; {@link Retry}
 * tries again first.
 */
export type OnError = Afterwards | Retry

/** Whether a stage of this policy may stop; `decides`: its retries are asked for by a function that travels beside it. */
export const mayStop = (onError: OnError, decides = false): boolean =>
  onError === 'stop' || (typeof onError === 'object' && (onError.then === 'stop' || decides || onError.decide !== undefined))

/** Options that every stage takes. */
export interface StageOptions {
  /** Name in plans, reports and errors. Default: the operator's name, numbered when it is not unique. */
  readonly name?: string | undefined
}

/** Options of stages that call a user's function. */
export interface FunctionOptions extends StageOptions {
  /** Default `'fail'`. */
  readonly onError?: OnError | undefined
}

/**
 * Options of synchronous (CPU) stages.
 * @typeParam E  type of `env`, the values that the function needs and that travel with it to a worker
 */
export interface CpuOptions<E = undefined> extends FunctionOptions {
  /** Default: the planner's choice (the caller's loop first, the pool when the work is worth it). */
  readonly lane?: Lane | undefined
  /** Values given to the function as its last argument; they must survive structured clone. */
  readonly env?: E | undefined
}
