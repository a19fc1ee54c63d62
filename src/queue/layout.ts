/**
 * Where words go: arithmetic that keeps words written by different threads 128 bytes apart.
 *
 * Two words in one cache line cost each writer the other's traffic (false sharing); 128 bytes is a pair of lines, which
 * x86 fetches together, and one line of Apple silicon. Pure arithmetic: touches no memory.
 */

/** Int32 words in 128 bytes. */
export const LINE = 32

/** `words`, rounded up to whole lines. */
export const lines = (words: number): number => Math.ceil(words / LINE) * LINE

/** Smallest power of two ≥ `n` (and ≥ 1). */
export const powerOfTwo = (n: number): number => {
  let p = 1
  while (p < n) p *= 2
  return p
}

/** Where each named part begins, in words, and how many words all of them take. */
export interface Layout<K extends string> {
  readonly at: Readonly<Record<K, number>>
  readonly words: number
}

/**
 * Places named parts one after the other, each beginning on a line of its own.
 * @example place({ head: 1, tail: 1, items: 256 }).at.items === 64
 */
export const place = <K extends string>(parts: Readonly<Record<K, number>>): Layout<K> => {
  const at = {} as Record<K, number>
  let words = 0
  for (const name of Object.keys(parts) as K[]) {
    at[name] = words
    words += lines(parts[name])
  }
  return { at, words }
}
