/**
 * How often each text was seen, in so little memory that there may be millions of them.
 *
 *     bytes   h o s t a h o s t b …          the texts, one after another, one byte a character
 *     ends    5         10        …          where each of them ends
 *     counts  17        3         …
 *
 * About 30 bytes a text, where a map of strings takes 100; and what travels is three runs of bytes, not a string for each. It
 * is found in two ways: while gathering by a map from text to place (looking up is what happens for every record), while
 * merging by a table of hashes over the bytes (so that no text is made of them). Both are kept under symbols: they are
 * not cloned, so they stay in the thread that made them.
 * Imported by workers: loads nothing else. Called by summary.ts.
 */

const PLACES = Symbol('places')
const TABLE = Symbol('table')

export interface Tally {
  /** How many texts there are. */
  n: number
  bytes: Uint8Array
  ends: Uint32Array
  counts: Uint32Array
  [PLACES]?: Map<string, number> | undefined
  /** Place + 1 of the text with that hash; 0 for none. Its length is a power of two, at least twice `n`. */
  [TABLE]?: Int32Array | undefined
}

const FIRST_TEXTS = 64
const FIRST_BYTES = 1024

export const emptyTally = (): Tally => ({
  n: 0,
  bytes: new Uint8Array(FIRST_BYTES),
  ends: new Uint32Array(FIRST_TEXTS),
  counts: new Uint32Array(FIRST_TEXTS)
})

const startOf = (tally: Tally, place: number): number => (place === 0 ? 0 : tally.ends[place - 1]!)

const grown = <T extends Uint8Array | Uint32Array>(old: T, fresh: T): T => {
  fresh.set(old)
  return fresh
}

/** Room for one more text of so many bytes; answers where its bytes go. */
const makeRoom = (tally: Tally, length: number): number => {
  const { n, bytes, ends, counts } = tally
  const start = startOf(tally, n)
  if (n === ends.length) {
    tally.ends = grown(ends, new Uint32Array(2 * n))
    tally.counts = grown(counts, new Uint32Array(2 * n))
  }
  if (start + length > bytes.length) tally.bytes = grown(bytes, new Uint8Array(Math.max(2 * bytes.length, start + length)))
  return start
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength)

/** The texts of a tally that has arrived from elsewhere, or been merged into. */
const placesOf = (tally: Tally): Map<string, number> => {
  const places = new Map<string, number>()
  for (let place = 0; place < tally.n; place++) places.set(textAt(tally, place), place)
  return places
}

/** Counts a text once more; its characters are bytes. */
export const addText = (tally: Tally, text: string): void => {
  const places = (tally[PLACES] ??= placesOf(tally))
  const place = places.get(text)
  if (place !== undefined) {
    tally.counts[place]!++
    return
  }
  tally[TABLE] = undefined // it would not know this one
  const start = makeRoom(tally, text.length)
  const end = start + bufferOf(tally.bytes).write(text, start, 'latin1')
  tally.ends[tally.n] = end
  tally.counts[tally.n] = 1
  places.set(bufferOf(tally.bytes).toString('latin1', start, end), tally.n++) // not `text`: it may be a view of a whole chunk of a file
}

export const textAt = (tally: Tally, place: number): string => bufferOf(tally.bytes).toString('latin1', startOf(tally, place), tally.ends[place])

/** FNV-1a. */
const hashOf = (bytes: Uint8Array, from: number, to: number): number => {
  let hash = 0x811c9dc5
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

const enter = (table: Int32Array, hash: number, place: number): void => {
  const mask = table.length - 1
  let at = hash & mask
  while (table[at] !== 0) at = (at + 1) & mask
  table[at] = place + 1
}

/** The table, with room for one more. */
const tableOf = (tally: Tally): Int32Array => {
  const old = tally[TABLE]
  if (old !== undefined && 2 * (tally.n + 1) <= old.length) return old
  let length = old === undefined ? 2 * FIRST_TEXTS : old.length
  while (length < 2 * (tally.n + 1)) length *= 2
  const table = new Int32Array(length)
  for (let place = 0; place < tally.n; place++) enter(table, hashOf(tally.bytes, startOf(tally, place), tally.ends[place]!), place)
  tally[TABLE] = table
  return table
}

const sameBytes = (a: Uint8Array, aFrom: number, b: Uint8Array, bFrom: number, length: number): boolean => {
  for (let i = 0; i < length; i++) if (a[aFrom + i] !== b[bFrom + i]) return false
  return true
}

/** Adds the counts of another tally. */
export const mergeTally = (into: Tally, from: Tally): void => {
  into[PLACES] = undefined // texts that come in here are not in it
  for (let other = 0; other < from.n; other++) {
    const start = startOf(from, other)
    const end = from.ends[other]!
    const place = placeOf(into, from.bytes, start, end)
    into.counts[place]! += from.counts[other]!
  }
}

/** Where a text is, after it has been put there if need be. */
const placeOf = (tally: Tally, bytes: Uint8Array, from: number, to: number): number => {
  const table = tableOf(tally)
  const mask = table.length - 1
  const hash = hashOf(bytes, from, to)
  for (let at = hash & mask; table[at] !== 0; at = (at + 1) & mask) {
    const place = table[at]! - 1
    const start = startOf(tally, place)
    if (tally.ends[place]! - start === to - from && sameBytes(tally.bytes, start, bytes, from, to - from)) return place
  }
  const start = makeRoom(tally, to - from)
  tally.bytes.set(bytes.subarray(from, to), start)
  tally.ends[tally.n] = start + to - from
  tally.counts[tally.n] = 0
  enter(table, hash, tally.n)
  return tally.n++
}
