/**
 * Numbers that look random and are the same on every machine: the minimal standard generator (S. Park and K. Miller, "Random
 * number generators: good ones are hard to find", 1988), in whole numbers below 2^53. Touches nothing.
 */

/** A sequence from a seed from 1 to 2^31 - 2: every call answers a whole number from 0 to `below` - 1. */
export const draws = (seed: number): ((below: number) => number) => {
  let x = seed
  return (below) => {
    x = (x * 16_807) % 2_147_483_647
    return x % below
  }
}
