/**
 * A sum of doubles without rounding: a list of doubles that do not overlap, whose sum is exactly the sum of all that was added.
 * Only the answer is rounded, once. So it is the same whatever the order of the items, however they were split into parts, and
 * whatever was deducted on the way: no other sum of doubles is associative.
 *
 * Cost: whole numbers are one number, and adding one takes ten operations; others are two to three as a rule (at most about 40), and
 * adding one takes as many steps.
 * Infinity and NaN are counted apart, so that they too can be deducted. A sum that on its way exceeds the largest double
 * (1.8e308) stays infinite.
 * Source: J. R. Shewchuk, Adaptive precision floating-point arithmetic, 1997, as Python's math.fsum uses it; the error of one addition
 * without a comparison: D. E. Knuth, The Art of Computer Programming 2, 4.2.2.
 * Called by sum.ts and mean.ts.
 */

export interface ExactSum {
  /** The largest of the doubles: a field of its own, which V8 changes in place. */
  most: number
  /** The others, in the order of their size, the least first. */
  rest: number[]
  /** How many of the values that no finite sum has: NaN, Infinity, -Infinity. */
  nan: number
  up: number
  down: number
}

export const createSum = (): ExactSum => ({ most: 0, rest: [], nan: 0, up: 0, down: 0 })

const addOdd = (sum: ExactSum, value: number, times: number): void => {
  if (value > 0) sum.up += times
  else if (value < 0) sum.down += times
  else sum.nan += times
}

/** What `high`, the double nearest to x + y, lacks of it. */
const lost = (x: number, y: number, high: number): number => {
  const part = high - x
  return x - (high - part) + (y - part)
}

const addThrough = (sum: ExactSum, value: number): void => {
  const { rest } = sum
  let x = value
  let kept = 0
  const held = rest.length
  for (let i = 0; i <= held; i++) {
    const y = i < held ? rest[i]! : sum.most
    const high = x + y
    const low = lost(x, y, high)
    if (low !== 0) rest[kept++] = low // NaN too, where `high` is infinite
    x = high
  }
  sum.most = x
  if (kept < held) rest.length = kept
  if (x - x === 0) return
  addOdd(sum, x, 1)
  sum.most = 0
  rest.length = 0
}

const addAny = (sum: ExactSum, value: number): void => {
  if (value - value === 0) addThrough(sum, value)
  else addOdd(sum, value, 1)
}

/** Small, so that V8 takes it into the loop that calls it. Of what is not finite nothing is exact. */
export const addTo = (sum: ExactSum, value: number): void => {
  const { most } = sum
  const high = most + value
  if (lost(most, value, high) === 0 && sum.rest.length === 0) sum.most = high
  else addAny(sum, value)
}

/** Adds, or with `sign` -1 takes away, another sum. */
export const addSum = (sum: ExactSum, other: ExactSum, sign: 1 | -1): void => {
  for (const part of other.rest) addTo(sum, sign * part)
  addTo(sum, sign * other.most)
  sum.nan += sign * other.nan
  sum.up += sign * other.up
  sum.down += sign * other.down
}

/** The double that is nearest to the exact sum; of two as near, the even one. */
export const roundSum = ({ most, rest: parts, nan, up, down }: ExactSum): number => {
  if (nan > 0 || (up > 0 && down > 0)) return NaN
  if (up > 0) return Infinity
  if (down > 0) return -Infinity
  let n = parts.length
  let high = most
  let low = 0
  while (n > 0 && low === 0) {
    const [x, y] = [high, parts[--n]!]
    high = x + y
    low = y - (high - x)
  }
  // half way between two doubles the rest decides
  const rest = n > 0 ? parts[n - 1]! : 0
  if ((low > 0 && rest > 0) || (low < 0 && rest < 0)) {
    const twice = low * 2
    const next = high + twice
    if (next - high === twice) return next
  }
  return high
}
