/**
 * The strings of a column in one frame: one run of characters, or a dictionary, a code of one byte for each string.
 *
 *   GET PUT GET GET …   words GET PUT, codes 0 1 0 0 …          /a/1 /a/2 /a/3 …   /a/1/a/2/a/3…
 *
 * A dictionary is tried first and kept as long as it pays; a column that has given it up is looked at again now and then. The
 * memory of that is the family's ({@link Packing}).
 * Called by lay-out.ts; families.ts keeps the memory.
 */
import { isLatin1 } from '../prelude/own-string.ts'
import type { Layout } from './layout.ts'
import { PACKED, PLAIN } from './shape.ts'

/** How the columns of a family are laid out of late, by number of column. */
export interface Packing {
  readonly of: number[]
  /** Frames until plain text is looked at again; how often a dictionary was given up; how many frames in a row took too long. */
  readonly rests: number[]
  readonly failures: number[]
  readonly slow: number[]
  /** Frames through a dictionary, for taking the time of some. */
  readonly frames: number[]
  /** Whether words of any length were found cheap. */
  readonly long: boolean[]
}

export const createPacking = (layout: Layout): Packing => ({
  of: layout.nodes.map((node) => (node.kind === 'number' || node.kind === 'string' ? PACKED : PLAIN)),
  rests: layout.nodes.map(() => 0),
  failures: layout.nodes.map(() => 0),
  slow: layout.nodes.map(() => 0),
  frames: layout.nodes.map(() => 0),
  long: layout.nodes.map(() => false)
})

/**
 * Longer words are often views of other strings (V8), whose comparison takes ten times what a dictionary saves; when they are
 * the same few strings again and again it takes nothing. Which of the two it is only the clock tells: long words are in a
 * dictionary as long as a word takes less than SLOW_MS, by the sample and then by one frame in TIMED.
 */
const LONG_WORD = 12
const SLOW_MS = 60e-6
/** The same for the sample, whose code runs too seldom to be compiled. */
const SLOW_LOOK_MS = 250e-6
/** So many timed frames in a row must have been too slow: one may have been interrupted. */
const MAX_SLOW = 2
const TIMED = 4
/** Words of a dictionary, at most: a code is a byte. */
const MAX_WORDS = 256
/** Fewer strings than this say nothing about whether a dictionary pays: the layout stays as it is. */
const FEW = 16
/** Strings looked at before a dictionary is tried. */
const SAMPLE = 32
/** Frames between two looks, and how often a column's dictionary may fail before it stays plain. */
const REST = 16
const MAX_FAILURES = 4

/** What one column's strings became. */
export interface Text {
  /** Characters of the run, or of the words. */
  readonly text: string
  readonly wide: boolean
  /** The code of each string, the ends of the words; none for a run. */
  readonly codes: Uint8Array | undefined
  readonly ends: readonly number[]
}

/** The codes of one column: shared, since only one frame is laid out at a time, as long as each column has its own. */
const codeBuffers: Uint8Array[] = []
const codesFor = (id: number, entries: number): Uint8Array => {
  const codes = codeBuffers[id]
  return codes !== undefined && codes.length >= entries ? codes : (codeBuffers[id] = new Uint8Array(Math.max(1024, entries)))
}

/** Places of a table of the words seen last, so that most strings need no hash. */
const TABLE = 64
const table = new Array<string | undefined>(TABLE)
const tableCodes = new Uint8Array(TABLE)

const place = (word: string): number => {
  const { length } = word
  return length === 0 ? 0 : (word.charCodeAt(0) * 3 + word.charCodeAt(length - 1) * 5 + length * 7) & (TABLE - 1)
}

/** Strings through a dictionary; none when they are too long or too different. */
const throughWords = (id: number, values: readonly unknown[], count: number, longest: number): Text | undefined => {
  const codes = codesFor(id, count)
  const words = new Map<string, number>()
  const most = count < FEW ? FEW : Math.min(MAX_WORDS, count >> 2)
  table.fill(undefined)
  let last: string | undefined
  let lastCode = 0
  for (let i = 0; i < count; i++) {
    const word = values[i] as string
    if (word === last) {
      codes[i] = lastCode
      continue
    }
    if (word.length > longest) return undefined
    const at = place(word)
    last = word
    if (table[at] === word) {
      codes[i] = lastCode = tableCodes[at]!
      continue
    }
    let code = words.get(word)
    if (code === undefined) {
      code = words.size
      if (code === most) return undefined
      words.set(word, code)
    }
    table[at] = word
    codes[i] = tableCodes[at] = lastCode = code
  }
  const all = [...words.keys()]
  let end = 0
  const text = all.join('')
  return { text, wide: !isLatin1(text), codes, ends: all.map((word) => (end += word.length)) }
}

/** Whether a sample of a column's strings makes a dictionary probable; says whether long ones are cheap to compare. */
const looksLikeWords = (packing: Packing, id: number, values: readonly unknown[], count: number): boolean => {
  const step = Math.max(1, Math.floor(count / SAMPLE))
  const seen = new Set<unknown>()
  let longest = 0
  let looked = 0
  const began = performance.now()
  for (let i = 0; i < count; i += step) {
    const word = values[i] as string
    longest = Math.max(longest, word.length)
    seen.add(word)
    looked++
  }
  const isFast = performance.now() - began < SLOW_LOOK_MS * looked
  packing.long[id] = isFast && longest > LONG_WORD
  return seen.size * 3 <= looked && (isFast || longest <= LONG_WORD)
}

/** Text through the dictionary of a column that has one; none when it does not pay any more. */
const packedText = (packing: Packing, id: number, values: readonly unknown[], count: number): Text | undefined => {
  if (packing.long[id] !== true) return throughWords(id, values, count, LONG_WORD)
  if (packing.frames[id]!++ % TIMED !== 0) return throughWords(id, values, count, Infinity)
  const began = performance.now()
  const text = throughWords(id, values, count, Infinity)
  const isSlow = performance.now() - began > SLOW_MS * count
  packing.slow[id] = isSlow ? packing.slow[id]! + 1 : 0
  return packing.slow[id] < MAX_SLOW ? text : undefined
}

/** What the strings of a column become. */
export const textOf = (packing: Packing, id: number, values: unknown[], count: number): Text => {
  if (packing.of[id] === PLAIN && packing.failures[id]! < MAX_FAILURES && --packing.rests[id]! < 0 && count >= FEW) {
    packing.rests[id] = REST
    if (looksLikeWords(packing, id, values, count)) packing.of[id] = PACKED
  }
  if (packing.of[id] === PACKED) {
    const text = packedText(packing, id, values, count)
    if (text !== undefined) return text
    packing.of[id] = PLAIN
    packing.rests[id] = REST
    packing.slow[id] = 0
    packing.failures[id]!++
  }
  values.length = count
  const text = values.join('') // 19 ns a string; adding them up while they are gathered takes 25
  return { text, wide: !isLatin1(text), codes: undefined, ends: [] }
}
