/**
 * Count, mean and the sum of squared distances from it, in one pass: what variance and standard deviation are made of.
 *
 * Rounding stays small also where the numbers are large and close to each other, where a sum of squares would lose everything.
 * There is no `deduct`: taking away would let rounding grow.
 * Source: Welford 1962; combined as in Chan, Golub and LeVeque, 1979. Called by variance.ts and stddev.ts.
 */
import { checkNumber, type Args, type Core } from './core.ts'

export interface Moments {
  n: number
  mean: number
  m2: number
}

export interface SpreadOptions {
  /**
   * `'sample'` (default): the items are some of many, and the squares are divided by n - 1; `'population'`: they are all there are,
   * and the squares are divided by n.
   */
  readonly of?: 'sample' | 'population' | undefined
}

const varianceOf = ({ n, m2 }: Moments, args: Args): number => {
  const by = args['of'] === 'population' ? n : n - 1
  return by < 1 ? NaN : m2 / by
}

/** The core of an answer that is made of the variance. */
export const spreadCore = (name: string, answer: (variance: number) => number): Core<Moments> => ({
  name,
  create: () => ({ n: 0, mean: 0, m2: 0 }),
  check: (value) => checkNumber(name, value),
  add: (state, value) => {
    const x = value as number
    const off = x - state.mean
    state.n++
    state.mean += off / state.n
    state.m2 += off * (x - state.mean)
    return state
  },
  combine: (a, b) => {
    if (b.n === 0) return a
    const n = a.n + b.n
    const off = b.mean - a.mean
    a.m2 += b.m2 + off * off * ((a.n * b.n) / n)
    a.mean += off * (b.n / n)
    a.n = n
    return a
  },
  finish: (state, args) => answer(varianceOf(state, args))
})
