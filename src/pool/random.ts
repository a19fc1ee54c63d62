/**
 * The random choices of one worker: xorshift32, from a seed and the worker's number, so that a seed repeats them.
 * Called by worker-loop.ts. Not for secrets.
 */

/** Answers a function that answers a whole number from 0 to below `n`. */
export const randomOf = (seed: number, worker: number): ((n: number) => number) => {
  let state = (Math.imul(worker + 1, 0x9e3779b1) ^ seed) | 0 || 1
  return (n) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % n
  }
}
