/**
 * The seam between lock-free code and shared memory: every access has a name, and the name is its ordering.
 *
 * `get` and `put` are plain; all others are sequentially consistent. A structure written over `Memory` can be run by a
 * spec that stops one actor at any access and lets another go (spec/support/explore.ts).
 * Facts that the callers rely on: an aligned plain access to an integer array of 32 bits or fewer does not tear
 * (`Float64Array` and plain `BigInt64Array` may); a plain access is ordered by the seq-cst accesses around it only when
 * another thread has seen one of these. Idea: tokio's `loom/`, and JCTools, whose method names are the ordering.
 * Only this folder says `Atomics`.
 */

/** Access to 32-bit words that may be shared between threads. */
export interface Memory {
  /** Plain read. */
  get(words: Int32Array, index: number): number
  /** Plain write. */
  put(words: Int32Array, index: number, value: number): void
  /** Sequentially consistent read. */
  load(words: Int32Array, index: number): number
  /** Sequentially consistent write. */
  store(words: Int32Array, index: number, value: number): void
  /** Writes `value` if the word holds `expected`; answers whether it did. */
  cas(words: Int32Array, index: number, expected: number, value: number): boolean
  /** Adds, modulo 2³²; answers the word's former value. */
  add(words: Int32Array, index: number, value: number): number
  /** Writes; answers the word's former value. */
  exchange(words: Int32Array, index: number, value: number): number
}

/** The real thing. */
export const shared: Memory = {
  get: (words, index) => words[index]!,
  put: (words, index, value) => {
    words[index] = value
  },
  load: (words, index) => Atomics.load(words, index),
  store: (words, index, value) => {
    Atomics.store(words, index, value)
  },
  cas: (words, index, expected, value) => Atomics.compareExchange(words, index, expected, value) === expected,
  add: (words, index, value) => Atomics.add(words, index, value),
  exchange: (words, index, value) => Atomics.exchange(words, index, value)
}
