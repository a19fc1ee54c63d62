/**
 * The variance of numbers.
 *
 *     1--2--6--|  aggregate(variance())  ---------7|        state three numbers (moments.ts)        combine by Chan
 */
import { oneOf, optionsObject } from '../check.ts'
import type { Aggregate } from '../combiner.ts'
import { spreadCore, type SpreadOptions } from './moments.ts'
import { ready } from './ready.ts'

export const varianceCore = spreadCore('variance', (variance) => variance)

/** The options of `variance` and `stddev`, checked. */
export const spreadArgs = (name: string, options: SpreadOptions): { readonly of: 'sample' | 'population' } => {
  optionsObject(name, options)
  return { of: oneOf(name, 'of', options.of ?? 'sample', ['sample', 'population']) }
}

/**
 * The variance of what `by` answers, of a sample unless `of: 'population'` is said. Of too few items (none; one, of a sample): NaN.
 *
 * **Errors**  a value that is no number is refused
 * **Memory**  three numbers
 * **Source**  Welford 1962; Chan, Golub and LeVeque 1979
 * @example
 * await from([1, 2, 6]).pipe(aggregate(variance())).toArray() // => [7]
 */
export function variance(): Aggregate<number, number>
export function variance<A, E = unknown>(by: (item: A, env: E) => number, options?: SpreadOptions): Aggregate<A, number, E>
export function variance(by?: (item: never, env: never) => number, options: SpreadOptions = {}): Aggregate<never, number, never> {
  return ready(varianceCore, spreadArgs('variance', options), by)
}
