/**
 * The greatest value.
 *
 *     3--1--2--|  aggregate(max())  ---------3|        state the value        combine the greater
 */
import type { Aggregate } from '../combiner.ts'
import type { Rank } from './core.ts'
import { extremeCore } from './extremes.ts'
import { ready } from './ready.ts'

export const maxCore = extremeCore('max', true, false)

/**
 * The greatest item, or the greatest of what `by` answers: numbers, bigints, or strings by their UTF-16 code units. Of nothing:
 * `undefined`.
 *
 * **Errors**  a value that has no place in an order (NaN, an object) is refused
 * **Memory**  one value
 * @example
 * await from([3, 1, 2]).pipe(aggregate(max())).toArray() // => [3]
 */
export function max<A extends Rank>(): Aggregate<A, A | undefined>
export function max<A, V extends Rank, E = unknown>(by: (item: A, env: E) => V): Aggregate<A, V | undefined, E>
export function max(by?: (item: never, env: never) => Rank): Aggregate<never, unknown, never> {
  return ready(maxCore, {}, by)
}
