/**
 * The standard deviation of numbers.
 *
 *     1--2--6--|  aggregate(stddev())  ---------2.65|        state three numbers (moments.ts)        combine by Chan
 */
import type { Aggregate } from '../combiner.ts'
import { spreadCore, type SpreadOptions } from './moments.ts'
import { ready } from './ready.ts'
import { spreadArgs } from './variance.ts'

export const stddevCore = spreadCore('stddev', Math.sqrt)

/**
 * The standard deviation of what `by` answers: the root of {@link variance}, with the same options.
 *
 * **Errors**  a value that is no number is refused
 * **Memory**  three numbers
 * @example
 * await from([2, 4, 4, 4, 5, 5, 7, 9]).pipe(aggregate(stddev((n) => n, { of: 'population' }))).toArray() // => [2]
 */
export function stddev(): Aggregate<number, number>
export function stddev<A, E = unknown>(by: (item: A, env: E) => number, options?: SpreadOptions): Aggregate<A, number, E>
export function stddev(by?: (item: never, env: never) => number, options: SpreadOptions = {}): Aggregate<never, number, never> {
  return ready(stddevCore, spreadArgs('stddev', options), by)
}
