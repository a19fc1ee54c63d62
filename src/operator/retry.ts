/**
 * The policy of trying again, made from options: for the `onError` of a stage. Plain data, but for `decide`; the loops and mapAsync carry it out.
 */
import type { Decide, Retry } from '../graph/options.ts'
import { checkRetry, optionsObject } from './check.ts'

/** Options of {@link retry}: the fields of {@link Retry}, with defaults. */
export interface RetryOptions {
  /** Tries after the first one; a whole number >= 1. */
  readonly times: number
  /** Wait before the first retry, in milliseconds. Default 100. */
  readonly initialMs?: number | undefined
  /** Each wait is this many times the one before. Default 2. */
  readonly factor?: number | undefined
  /** No wait is longer than this, in milliseconds. Default 30 000. */
  readonly maxMs?: number | undefined
  /** The part of each wait that is random, 0 (none) to 1 (all of it). Default 0.5: who failed together does not return together. */
  readonly jitter?: number | undefined
  /** What happens when the last try has failed too. Default `'fail'`. */
  readonly then?: Retry['then'] | undefined
  /**
   * Called with every failure and the number of tries so far: `'retry'` (while tries are left), or what is to become of the item at once.
   * Default: every failure is tried again. On a worker it travels like the stage's function: it can use what it is given, and globals.
   */
  readonly decide?: Decide | undefined
}

/**
 * A policy that calls the function again, after waits that grow, before it gives up on the item.
 *
 * **When to use**  for failures that pass. A synchronous stage on a worker blocks its worker while it waits
 * **Errors**       RangeError or TypeError at declaration when an option makes no sense. What `decide` throws, or an answer that is none
 *                  of the words, ends the run as the item's failure
 * **Source**       exponential backoff with jitter, Brooker 2015
 * @example
 * mapAsync(fetchUser, { onError: retry({ times: 5, then: 'deadLetter' }) })
 * mapAsync(fetchUser, { onError: retry({ times: 5, decide: (error) => (error instanceof TypeError ? 'fail' : 'retry') }) })
 */
export const retry = (options: RetryOptions): Retry => {
  optionsObject('retry', options)
  const { times, initialMs = 100, factor = 2, maxMs = 30_000, jitter = 0.5, then = 'fail', decide } = options
  return Object.freeze(checkRetry('retry', { policy: 'retry', times, initialMs, factor, maxMs, jitter, then, ...(decide === undefined ? {} : { decide }) }))
}
