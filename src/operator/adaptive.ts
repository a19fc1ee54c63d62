/**
 * Adaptive concurrency, made from options: for the `concurrency` of the stages and sinks that call something (mapAsync, enrich, forEach),
 * which carry it out (concurrency-limit.ts).
 */
import { argumentError, ownCode } from '../error/pipeline-error.ts'
import { callable, numberFrom, optionsObject, wholeNumber } from './check.ts'
import type { LimitOptions } from './waiting/concurrency-limit.ts'

export interface AdaptiveOptions {
  /** Calls in flight at most, however fast they are. A whole number >= 1. */
  readonly max: number
  /** Calls in flight that are always allowed. A whole number >= 1. Default 1. */
  readonly min?: number | undefined
  /** Calls in flight at first. Default `min`. */
  readonly initial?: number | undefined
  /** How many times longer than without load calls may take. A number > 1. Default 1.5. */
  readonly tolerance?: number | undefined
  /** What the limit is multiplied by when they take longer. A number > 0 and < 1. Default 0.9. */
  readonly backoff?: number | undefined
  /** Whether a failure says that what is called is overloaded: the limit shrinks. Default: one by `timeoutMs` does. */
  readonly overloaded?: ((error: unknown) => boolean) | undefined
}

export interface Adaptive extends LimitOptions {
  readonly concurrency: 'adaptive'
}

/** How many calls may be in flight, as a stage's options say it. */
export interface Concurrency {
  readonly most: number
  readonly adaptive: Adaptive | undefined
  /** As `explain()` says it. */
  readonly told: number | string
}

/** The `concurrency` of a stage, checked. */
export const concurrencyOf = (operator: string, given: number | Adaptive | undefined, usual: number): Concurrency => {
  if (typeof given !== 'object') {
    const most = wholeNumber(operator, 'concurrency', given ?? usual, 1)
    return { most, adaptive: undefined, told: most }
  }
  if ((given as unknown) !== null && given.concurrency === 'adaptive') return { most: given.max, adaptive: given, told: `${given.min} to ${given.max}` }
  throw argumentError('type', `${operator}: concurrency must be a number or adaptive({ max })`, 'got another object', 'call adaptive')
}

const between = (name: string, value: number, least: number, most: number): void => {
  numberFrom('adaptive', name, value, least)
  if (value > least && value < most) return
  const bounds = most === Infinity ? `> ${least}` : `> ${least} and < ${most}`
  throw argumentError('range', `adaptive: ${name} must be a number ${bounds}`, `got ${value}`, 'correct the argument')
}

/**
 * A number of calls in flight that grows by one while calls take about as long as without load, and shrinks when they take longer, or
 * one says that there are too many: as many as what is called can do with, found out anew all the time.
 *
 * Among the gauges of the stage, in `run.metrics()` and in the report: `concurrency` (the limit), `inFlight`, and `latencyMs` (the mean
 * of the last round).
 *
 * **Cost**    two readings of the clock per call that waits
 * **Errors**  RangeError or TypeError at declaration. A retry that is due does not wait for a place, so that there may be a few calls more
 * **Memory**  a few numbers; what the stage holds is bounded by `max`
 * **Source**  AIMD, Chiu and Jain 1989; Vector's adaptive request concurrency
 * @example
 * mapAsync(fetchUser, { concurrency: adaptive({ max: 200 }), timeoutMs: 5000 })
 */
export const adaptive = (options: AdaptiveOptions): Adaptive => {
  optionsObject('adaptive', options)
  const { max, min = 1, initial = min, tolerance = 1.5, backoff = 0.9 } = options
  const overloaded = options.overloaded ?? ((error: unknown) => ownCode(error) === 'ERR_MILLRACE_TIMEOUT')
  wholeNumber('adaptive', 'min', min, 1)
  wholeNumber('adaptive', 'max', max, min)
  if (wholeNumber('adaptive', 'initial', initial, min) > max) {
    throw argumentError('range', `adaptive: initial must be at most max, ${max}`, `got ${initial}`, 'correct the argument')
  }
  between('tolerance', tolerance, 1, Infinity)
  between('backoff', backoff, 0, 1)
  callable('adaptive', 'overloaded', overloaded)
  return Object.freeze({ concurrency: 'adaptive', max, min, initial, tolerance, backoff, overloaded })
}
