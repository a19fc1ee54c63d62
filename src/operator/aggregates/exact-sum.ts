/**
 * A sum of doubles without rounding: a list of doubles that do not overlap, whose sum is exactly the sum of all that was added.
 * Only the answer is rounded, once. So it is the same whatever the order of the items, however they were split into parts, and
 * whatever was deducted on the way: no other sum of doubles is associative.
 *
 * Cost: two to three numbers are held as a rule (at most about 40), and adding one takes as many steps of six operations.
 * Infinity and NaN are counted apart, so that they too can be deducted. A sum that on its way exceeds the largest double
 * (1.8e308) stays infinite.
 * Source: J. R. Shewchuk, Adaptive precision floating-point arithmetic, 1997, as Python's math.fsum uses it.
 * Called by sum.ts and mean.ts.
 */

export interface ExactSum {
  /** In the order of their size, the largest last. */
  parts: number[]
  /** How many of the values that no finite sum has: NaN, Infinity, -Infinity. */
  nan: number
  up: number
  down: number
}

export const createSum = (): ExactSum => ({ parts: [], nan: 0, up: 0, down: 0 })

const addOdd = (sum: ExactSum, value: number, times: number): void => {
  if (value > 0) sum.up += times
  else if (value < 0) sum.down += times
  else sum.nan += times
}

const addFinite = (sum: ExactSum, value: number): void => {
  const { parts } = sum
  let x = value
  if (parts.length === 1) {
    // as a rule, with whole numbers: the sum is one number, and stays one
    const y = parts[0]!
    const high = x + y
    const low = Math.abs(x) < Math.abs(y) ? x - (high - y) : y - (high - x)
    if (low === 0 && high !== 0) {
      parts[0] = high
      return
    }
  }
  let kept = 0
  for (let i = 0; i < parts.length; i++) {
    let y = parts[i]!
    if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x]
    const high = x + y
    const low = y - (high - x)
    if (low !== 0) parts[kept++] = low
    x = high
  }
  parts.length = kept
  if (x === 0) return
  if (Math.abs(x) === Infinity) {
    parts.length = 0
    addOdd(sum, x, 1)
  } else parts.push(x)
}

export const addTo = (sum: ExactSum, value: number): void => {
  if (value - value === 0) addFinite(sum, value)
  else addOdd(sum, value, 1)
}

/** Adds, or with `sign` -1 takes away, another sum. */
export const addSum = (sum: ExactSum, other: ExactSum, sign: 1 | -1): void => {
  for (const part of other.parts) addFinite(sum, sign * part)
  sum.nan += sign * other.nan
  sum.up += sign * other.up
  sum.down += sign * other.down
}

/** The double that is nearest to the exact sum; of two as near, the even one. */
export const roundSum = ({ parts, nan, up, down }: ExactSum): number => {
  if (nan > 0 || (up > 0 && down > 0)) return NaN
  if (up > 0) return Infinity
  if (down > 0) return -Infinity
  let n = parts.length
  if (n === 0) return 0
  let high = parts[--n]!
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
