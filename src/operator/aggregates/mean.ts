/**
 * The mean of numbers.
 *
 *     1--2--6--|  aggregate(mean())  ---------3|        state an exact sum and a count        combine, deduct exact
 */
import type { Aggregate } from '../combiner.ts'
import { checkNumber, type Core } from './core.ts'
import { addSum, addTo, createSum, roundSum, type ExactSum } from './exact-sum.ts'
import { ready } from './ready.ts'

interface Mean {
  readonly sum: ExactSum
  n: number
}

export const meanCore: Core<Mean> = {
  name: 'mean',
  create: () => ({ sum: createSum(), n: 0 }),
  check: (value) => checkNumber('mean', value),
  add: (state, value) => {
    addTo(state.sum, value as number)
    state.n++
    return state
  },
  combine: (a, b) => {
    addSum(a.sum, b.sum, 1)
    a.n += b.n
    return a
  },
  deduct: (a, b) => {
    addSum(a.sum, b.sum, -1)
    a.n -= b.n
    return a
  },
  finish: ({ sum, n }) => roundSum(sum) / n
}

/**
 * The mean of items, or of what `by` answers for them: an exact sum over a count. Of nothing: NaN.
 *
 * **Errors**  a value that is no number is refused
 * **Memory**  a few numbers
 * @example
 * await from([1, 2, 6]).pipe(aggregate(mean())).toArray() // => [3]
 */
export function mean(): Aggregate<number, number>
export function mean<A, E = unknown>(by: (item: A, env: E) => number): Aggregate<A, number, E>
export function mean(by?: (item: never, env: never) => number): Aggregate<never, number, never> {
  return ready(meanCore, {}, by)
}
