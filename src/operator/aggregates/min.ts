/**
 * The least value.
 *
 *     3--1--2--|  aggregate(min())  ---------1|        state the value        combine the lesser
 */
import type { Aggregate } from '../combiner.ts'
import type { Rank } from './core.ts'
import { extremeCore } from './extremes.ts'
import { ready } from './ready.ts'

export const minCore = extremeCore('min', false, false)

/**
 * The least item, or the least of what `by` answers: numbers, bigints, or strings by their UTF-16 code units. Of nothing:
 * `undefined`.
 *
 * **Errors**  a value that has no place in an order (NaN, an object) is refused
 * **Memory**  one value
 * @example
 * await from([3, 1, 2]).pipe(aggregate(min())).toArray() // => [1]
 */
export function min<A extends Rank>(): Aggregate<A, A | undefined>
export function min<A, V extends Rank, E = unknown>(by: (item: A, env: E) => V): Aggregate<A, V | undefined, E>
export function min(by?: (item: never, env: never) => Rank): Aggregate<never, unknown, never> {
  return ready(minCore, {}, by)
}
