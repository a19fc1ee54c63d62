/**
 * How many items.
 *
 *     1--2--3--|  aggregate(count())  ---------3|        state a number        combine +        deduct -
 */
import type { Aggregate } from '../combiner.ts'
import type { Core } from './core.ts'
import { ready } from './ready.ts'

export const countCore: Core<number> = {
  name: 'count',
  create: () => 0,
  add: (n) => n + 1,
  combine: (a, b) => a + b,
  deduct: (a, b) => a - b,
  finish: (n) => n
}

/**
 * Counts items. Of nothing: 0.
 *
 * **Memory**  a number
 * @example
 * await range(0, 5).pipe(aggregate(count())).toArray() // => [5]
 */
export const count = <A>(): Aggregate<A, number> => ready(countCore)
