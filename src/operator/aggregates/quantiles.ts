/**
 * Medians, percentiles: the values below which given parts of the items lie.
 *
 *     1--2-- … --100--|  aggregate(quantiles([0.5, 0.99]))  ---------[50, 99]|        state counts by magnitude (dd-sketch.ts)
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { numberFrom, optionsObject, wholeNumber } from '../check.ts'
import type { Aggregate } from '../combiner.ts'
import { checkNumber, type Args, type Core } from './core.ts'
import { addNumber, addSketch, createSketch, quantilesOf, type Sketch, type SketchBounds } from './dd-sketch.ts'
import { ready } from './ready.ts'

export interface QuantileOptions {
  /** How far an answer may be from the true one, as a part of it. More than 0, less than 1; default 0.01. */
  readonly relativeError?: number | undefined
  /** Counters that are kept for numbers of each sign. A whole number >= 1; default 2048. */
  readonly maxBins?: number | undefined
}

const boundsOf = (args: Args): SketchBounds => args as unknown as SketchBounds

export const quantilesCore: Core<Sketch> = {
  name: 'quantiles',
  create: createSketch,
  check: (value) => {
    if (Number.isFinite(checkNumber('quantiles', value))) return value
    throw new TypeError(`quantiles: it gathers finite numbers, and this is ${String(value)}; filter such items out before`)
  },
  add: (state, value, _, args) => {
    addNumber(state, value as number, boundsOf(args))
    return state
  },
  combine: (a, b, args) => {
    addSketch(a, b, boundsOf(args))
    return a
  },
  finish: (state, args) => quantilesOf(state, args['quantiles'] as readonly number[], boundsOf(args))
}

const partOf = (name: string, value: unknown, least: boolean): number => {
  const part = numberFrom('quantiles', name, value, 0)
  if (part > 1 || (!least && (part === 0 || part === 1))) {
    throw argumentError('range', `quantiles: ${name} must be ${least ? 'from 0 to 1' : 'more than 0 and less than 1'}`, `got ${part}`, 'correct the argument')
  }
  return part
}

/**
 * Quantiles of the items, or of what `by` answers, one for each of `quantiles` (0 the least, 0.5 the median, 1 the greatest): each
 * within `relativeError` of the item that has that rank. Of nothing: NaN.
 *
 * With the defaults, numbers down to 10^-17 of the greatest are told apart; smaller ones count as that.
 *
 * **Cost**    a logarithm and a count in a map per item
 * **Errors**  a value that is no finite number is refused
 * **Memory**  at most `maxBins` counters for each sign; as many as there are magnitudes among the items
 * **Source**  DDSketch, Masson, Rim and Lee, VLDB 2019
 * @example
 * const [p50, p99] = (await range(1, 101).pipe(aggregate(quantiles([0.5, 0.99]))).toArray())[0]!
 */
export function quantiles(quantiles: readonly number[]): Aggregate<number, readonly number[]>
export function quantiles<A, E = unknown>(
  quantiles: readonly number[],
  by: (item: A, env: E) => number,
  options?: QuantileOptions
): Aggregate<A, readonly number[], E>
export function quantiles(
  asked: readonly number[],
  by?: (item: never, env: never) => number,
  options: QuantileOptions = {}
): Aggregate<never, readonly number[], never> {
  optionsObject('quantiles', options)
  if (!Array.isArray(asked)) throw argumentError('type', 'quantiles: the quantiles must be an array', `got ${typeof asked}`, 'pass [0.5, 0.99]')
  const args = {
    quantiles: asked.map((q, i) => partOf(`quantile ${i}`, q, true)),
    relativeError: partOf('relativeError', options.relativeError ?? 0.01, false),
    maxBins: wholeNumber('quantiles', 'maxBins', options.maxBins ?? 2048, 1)
  }
  return ready(quantilesCore, args, by)
}
