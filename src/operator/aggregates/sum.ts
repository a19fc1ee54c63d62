/**
 * The sum of numbers, exact but for one rounding at the end.
 *
 *     0.1--0.2--0.3--|  aggregate(sum())  -------------0.6|        state see exact-sum.ts        combine, deduct exact
 */
import type { Aggregate } from '../combiner.ts'
import { checkNumber, type Core } from './core.ts'
import { addSum, addTo, createSum, roundSum, type ExactSum } from './exact-sum.ts'
import { ready } from './ready.ts'

export const sumCore: Core<ExactSum> = {
  name: 'sum',
  create: createSum,
  check: (value) => checkNumber('sum', value),
  add: (state, value) => {
    addTo(state, value as number)
    return state
  },
  combine: (a, b) => {
    addSum(a, b, 1)
    return a
  },
  deduct: (a, b) => {
    addSum(a, b, -1)
    return a
  },
  finish: roundSum
}

/**
 * Adds up items, or what `by` answers for them. The answer is the double nearest to the true sum: the same for any order of the
 * items, any number of workers and any window that slides. Of nothing: 0.
 *
 * **Cost**    about ten operations per number that is held, of which there are one to three; whole numbers need one
 * **Errors**  a value that is no number is refused; NaN and infinities are added as JavaScript adds them; a sum that exceeds
 *             1.8e308 on its way stays infinite
 * **Memory**  a few numbers
 * **Source**  Shewchuk 1997; Python's `math.fsum`
 * @example
 * await from([0.1, 0.2, 0.3]).pipe(aggregate(sum())).toArray() // => [0.6]
 */
export function sum(): Aggregate<number, number>
export function sum<A, E = unknown>(by: (item: A, env: E) => number): Aggregate<A, number, E>
export function sum(by?: (item: never, env: never) => number): Aggregate<never, number, never> {
  return ready(sumCore, {}, by)
}
