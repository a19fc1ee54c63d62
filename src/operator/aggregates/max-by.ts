/**
 * The item whose value is the greatest.
 *
 *     a3--b1--c2--|  aggregate(maxBy(value))  ---------a3|        state the item and its value        combine the greater
 */
import type { Aggregate } from '../combiner.ts'
import type { Rank } from './core.ts'
import { extremeCore } from './extremes.ts'
import { needed, ready } from './ready.ts'

export const maxByCore = extremeCore('maxBy', true, true)

/**
 * The item for which `by` answers the greatest; of several the first. Of nothing: `undefined`. Which of several came
 * first is known in one place: where workers gather parts, it is any of the first of each.
 *
 * **Errors**  a value that has no place in an order (NaN, an object) is refused
 * **Memory**  one item
 * @example
 * await from(['one', 'three', 'x']).pipe(aggregate(maxBy((word) => word.length))).toArray() // => ['three']
 */
export const maxBy = <A, E = unknown>(by: (item: A, env: E) => Rank): Aggregate<A, A | undefined, E> => ready(maxByCore, {}, needed('maxBy', by))
