/**
 * The strings of a column in one frame: one run of characters, or a dictionary, a code of one byte for each string.
 *
 *   GET PUT GET GET …   words GET PUT, codes 0 1 0 0 …          /a/1 /a/2 /a/3 …   /a/1/a/2/a/3…
 *
 * A dictionary is tried first and kept as long as it pays; a column that has given it up is looked at again now and then, and for good
 * only when it gave up soon, again and again: clocks err, and what a busy machine did to one frame is not to be paid by all that follow.
 * The memory of that is the family's ({@link Packing}).
 * Called by lay-out.ts; families.ts keeps the memory.
 */
import { isLatin1 } from '../prelude/own-string.ts'
import type { Layout } from './layout.ts'
import { PACKED, PLAIN } from './shape.ts'

/** How the columns of a family are laid out of late, by number of column. */
export interface Packing {
  readonly of: number[]
  /** Frames until plain text is looked at again; how often a dictionary was soon given up; how many timed frames in a row took too long. */
  readonly rests: number[]
  readonly failures: number[]
  readonly slow: number[]
  /** Frames through the dictionary since it was taken up. */
  readonly frames: number[]
  /** Whether a sample was taken, ever. */
  readonly looked: boolean[]
  /** Whether words of any length were found cheap. */
  readonly long: boolean[]
}

export const createPacking = (layout: Layout): Packing => ({
  of: layout.nodes.map((node) => (node.kind === 'number' || node.kind === 'string' ? PACKED : PLAIN)),
  rests: layout.nodes.map(() => 0),
  failures: layout.nodes.map(() => 0),
  slow: layout.nodes.map(() => 0),
  frames: layout.nodes.map(() => 0),
  looked: layout.nodes.map(() => false),
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
/** So many timed frames in a row must have been too slow: with more threads than cores one in a hundred is interrupted. */
const MAX_SLOW = 3
const TIMED = 4
/** Words of a dictionary, at most: a code is a byte. */
const MAX_WORDS = 256
/** Fewer strings than this say nothing about whether a dictionary pays: the layout stays as it is. */
const FEW = 16
/** Strings looked at before a dictionary is tried. */
const SAMPLE = 32
/** Frames between two looks, and how often a column's dictionary may fail before it stays plain; one that has lasted is forgiven. */
const REST = 16
const MAX_FAILURES = 4
const LASTED = 256

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

interface Sample {
  /** Whether they are few enough that a dictionary is probable. */
  readonly areFew: boolean
  readonly areLong: boolean
  /** Whether they are cheap to compare. */
  readonly isFast: boolean
}

/** A sample of a column's strings. */
const sampled = (values: readonly unknown[], count: number): Sample => {
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
  return { areFew: seen.size * 3 <= looked, areLong: longest > LONG_WORD, isFast: performance.now() - began < SLOW_LOOK_MS * looked }
}

/** The first look: short words are tried whatever the sample says, long ones when they are few and cheap. */
const lookFirst = (packing: Packing, id: number, values: readonly unknown[], count: number): void => {
  const { areFew, areLong, isFast } = sampled(values, count)
  packing.looked[id] = true
  packing.long[id] = areLong && isFast
  if (!areLong || (areFew && isFast)) return
  packing.of[id] = PLAIN
  packing.rests[id] = REST
}

const lookAgain = (packing: Packing, id: number, values: readonly unknown[], count: number): void => {
  const { areFew, areLong, isFast } = sampled(values, count)
  packing.rests[id] = REST
  packing.long[id] = areLong && isFast
  if (!areFew || (areLong && !isFast)) return
  packing.of[id] = PACKED
  packing.frames[id] = 0
}

const giveUp = (packing: Packing, id: number): void => {
  packing.of[id] = PLAIN
  packing.rests[id] = REST
  packing.slow[id] = 0
  packing.failures[id] = packing.frames[id]! > LASTED ? 0 : packing.failures[id]! + 1
}

/** Text through the dictionary of a column that has one; none when it does not pay any more. */
const packedText = (packing: Packing, id: number, values: readonly unknown[], count: number): Text | undefined => {
  const frame = packing.frames[id]!++
  if (packing.long[id] !== true) return throughWords(id, values, count, LONG_WORD)
  if (frame % TIMED !== 0) return throughWords(id, values, count, Infinity)
  const began = performance.now()
  const text = throughWords(id, values, count, Infinity)
  const isSlow = performance.now() - began > SLOW_MS * count
  packing.slow[id] = isSlow ? packing.slow[id]! + 1 : 0
  return packing.slow[id] < MAX_SLOW ? text : undefined
}

/** What the strings of a column become. */
export const textOf = (packing: Packing, id: number, values: unknown[], count: number): Text => {
  if (count >= FEW) {
    if (!packing.looked[id]) lookFirst(packing, id, values, count)
    else if (packing.of[id] === PLAIN && packing.failures[id]! < MAX_FAILURES && --packing.rests[id]! < 0) lookAgain(packing, id, values, count)
  }
  if (packing.of[id] === PACKED) {
    const text = packedText(packing, id, values, count)
    if (text !== undefined) return text
    giveUp(packing, id)
  }
  values.length = count
  const text = values.join('') // 19 ns a string; adding them up while they are gathered takes 25
  return { text, wide: !isLatin1(text), codes: undefined, ends: [] }
}
