/**
 * The item whose value is the least.
 *
 *     a3--b1--c2--|  aggregate(minBy(value))  ---------b1|        state the item and its value        combine the lesser
 */
import type { Aggregate } from '../combiner.ts'
import type { Rank } from './core.ts'
import { extremeCore } from './extremes.ts'
import { needed, ready } from './ready.ts'

export const minByCore = extremeCore('minBy', false, true)

/**
 * The item for which `by` answers the least; of several the first. Of nothing: `undefined`. Which of several came
 * first is known in one place: where workers gather parts, it is any of the first of each.
 *
 * **Errors**  a value that has no place in an order (NaN, an object) is refused
 * **Memory**  one item
 * @example
 * await from(['one', 'three', 'x']).pipe(aggregate(minBy((word) => word.length))).toArray() // => ['x']
 */
export const minBy = <A, E = unknown>(by: (item: A, env: E) => Rank): Aggregate<A, A | undefined, E> => ready(minByCore, {}, needed('minBy', by))
