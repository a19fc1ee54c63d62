/**
 * Words of 64 bits that threads share: whole numbers beyond 32 bits, and any number by its bits. Sequentially consistent.
 *
 * As `bigint`, since nothing else of that width is atomic in JavaScript; a number that is not safe as one is the caller's to refuse.
 * Called by sync/atomics.ts.
 */

export const wideLoad = (words: BigInt64Array, index: number): bigint => Atomics.load(words, index)

export const wideStore = (words: BigInt64Array, index: number, value: bigint): void => {
  Atomics.store(words, index, value)
}

/** Adds; answers the former value. */
export const wideAdd = (words: BigInt64Array, index: number, value: bigint): bigint => Atomics.add(words, index, value)

export const wideExchange = (words: BigInt64Array, index: number, value: bigint): bigint => Atomics.exchange(words, index, value)

/** Writes `value` if the word holds `expected`; answers whether it did. */
export const wideCas = (words: BigInt64Array, index: number, expected: bigint, value: bigint): boolean =>
  Atomics.compareExchange(words, index, expected, value) === expected

const both = new DataView(new ArrayBuffer(8))

/** The bits of a number. */
export const bitsOf = (value: number): bigint => {
  both.setFloat64(0, value)
  return both.getBigInt64(0)
}

export const numberOf = (bits: bigint): number => {
  both.setBigInt64(0, bits)
  return both.getFloat64(0)
}
