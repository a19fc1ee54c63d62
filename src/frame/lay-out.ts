/**
 * Laying out: gathered columns become a frame's bytes.
 *
 *   bytes = [text's length, directory's words][text of the shape][directory][section] … [section]
 *
 * A section starts at a multiple of 8. The directory says where: `counts, which` (only where there are several variants), then for
 * each column in order of appearance `mask?` and what its layout needs, last the one serialisation of all `mix` and `any`.
 *
 *   float64 int32 bigint64 date flag   at                        text         ends, characters, bytes × 2 + wide
 *   bytes                              ends, at                  dictionary   codes, words, ends, characters, bytes × 2 + wide
 *   list                               ends, then its elements
 *
 * Packing is decided by what is there and remembered in the family: numbers are int32 until one of a frame is not, strings go
 * through a dictionary as long as it pays (see {@link LONG_WORD}). A frame says itself how it is packed.
 * Called by families.ts; scatter.ts reads it.
 */
import { serialize } from 'node:v8'
import { isLatin1 } from '../prelude/own-string.ts'
import { byteLengthOf } from './kind-checks.ts'
import { children, type Layout, type Node, type Scratch } from './layout.ts'
import { PACKED, PLAIN } from './shape.ts'
import { viewsOf, type Views } from './views.ts'

/** Words before the text. */
const HEAD_WORDS = 2

/** How the columns of a family are laid out of late, by number of column. */
export interface Packing {
  readonly of: number[]
  /** Frames until plain text is looked at again; how often a dictionary was given up; how many frames in a row took too long. */
  readonly rests: number[]
  readonly failures: number[]
  readonly slow: number[]
  /** Whether words of any length were found cheap. */
  readonly long: boolean[]
}

export const createPacking = (layout: Layout): Packing => ({
  of: layout.nodes.map((node) => (node.kind === 'number' || node.kind === 'string' ? PACKED : PLAIN)),
  rests: layout.nodes.map(() => 0),
  failures: layout.nodes.map(() => 0),
  slow: layout.nodes.map(() => 0),
  long: layout.nodes.map(() => false)
})

/**
 * Longer words are often views of other strings (V8), whose comparison takes ten times what a dictionary saves; when they are
 * the same few strings again and again it takes nothing. Which of the two it is only the clock tells: long words are in a
 * dictionary as long as a word takes less than SLOW_MS, by the sample and then by every frame.
 */
const LONG_WORD = 12
const SLOW_MS = 60e-6
/** The same for the sample, whose code runs too seldom to be compiled. */
const SLOW_LOOK_MS = 250e-6
/** So many frames in a row must have been too slow: one may have been interrupted. */
const MAX_SLOW = 2
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
interface Text {
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
  for (let i = 0; i < count; i++) {
    const word = values[i] as string
    if (word.length > longest) return undefined
    const at = place(word)
    if (table[at] === word) {
      codes[i] = tableCodes[at]!
      continue
    }
    let code = words.get(word)
    if (code === undefined) {
      code = words.size
      if (code === most) return undefined
      words.set(word, code)
    }
    table[at] = word
    codes[i] = tableCodes[at] = code
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
  const began = performance.now()
  const text = throughWords(id, values, count, Infinity)
  const isSlow = performance.now() - began > SLOW_MS * count
  packing.slow[id] = isSlow ? packing.slow[id]! + 1 : 0
  return packing.slow[id] < MAX_SLOW ? text : undefined
}

const textOf = (packing: Packing, id: number, values: unknown[], count: number): Text => {
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
  const text = values.join('')
  return { text, wide: !isLatin1(text), codes: undefined, ends: [] }
}

const allInt32 = (numbers: Float64Array, count: number): boolean => {
  for (let i = 0; i < count; i++) {
    const number = numbers[i]!
    if ((number | 0) !== number || (number === 0 && 1 / number < 0)) return false
  }
  return true
}

/** The run as it will be laid out. */
interface Plan {
  readonly layout: Layout
  readonly scratch: Scratch
  readonly packing: Packing
  readonly texts: (Text | undefined)[]
  serialized: Buffer | undefined
}

const aligned = (bytes: number): number => (bytes + 7) & ~7

/** Entries of a list's elements when it has `count`; likewise characters and bytes. */
const endOf = (scratch: Scratch, id: number, count: number): number => (count === 0 ? 0 : scratch.columns[id]!.ends[count - 1]!)

const decide = ({ scratch, packing, texts }: Plan, node: Node, count: number): void => {
  const { id, kind } = node
  const { numbers, values } = scratch.columns[id]!
  if (kind === 'number' && packing.of[id] === PACKED && !allInt32(numbers, count)) packing.of[id] = PLAIN
  if (kind === 'string') texts[id] = textOf(packing, id, values, count)
  for (const child of children(node)) decide({ scratch, packing, texts } as Plan, child, kind === 'list' ? endOf(scratch, id, count) : count)
}

/** Bytes of the sections of a column with so many entries. */
const measure = (plan: Plan, node: Node, count: number): number => {
  const { scratch, packing, texts } = plan
  const { id, kind } = node
  const mask = node.masked && kind !== 'flag' && kind !== 'nil' ? aligned(count) : 0
  switch (kind) {
    case 'number': return mask + aligned(count * (packing.of[id] === PACKED ? 4 : 8))
    case 'bigint': case 'date': return mask + count * 8
    case 'flag': case 'nil': return aligned(count)
    case 'bytes': return mask + aligned(count * 4) + aligned(endOf(scratch, id, count))
    case 'string': {
      const { text, wide, codes, ends } = texts[id]!
      const width = wide ? 2 : 1
      if (codes !== undefined) return mask + aligned(count) + aligned(ends.length * 4) + aligned(text.length * width)
      return mask + aligned(count * 4) + aligned(endOf(scratch, id, count) * width)
    }
    case 'list': return mask + aligned(count * 4) + measure(plan, node.parts[0]!, endOf(scratch, id, count))
    case 'mix': case 'any': return mask
    default: return children(node).reduce((sum, child) => sum + measure(plan, child, count), mask)
  }
}

/** A copy that V8 knows to be without holes: an array that might have some is serialised key by key. */
const dense = (values: readonly unknown[], count: number): readonly unknown[] => {
  const copy: unknown[] = []
  for (let i = 0; i < count; i++) copy.push(values[i])
  return copy
}

/** All `mix` and `any` columns in one serialisation, in order of appearance; throws when one cannot be cloned. */
const serializeMixed = ({ layout, scratch }: Plan, counts: readonly number[]): Buffer => {
  const all: unknown[] = []
  const collect = (node: Node, count: number): void => {
    if (node.kind === 'mix' || node.kind === 'any') all.push(dense(scratch.columns[node.id]!.values, count))
    for (const child of children(node)) collect(child, node.kind === 'list' ? endOf(scratch, node.id, count) : count)
  }
  layout.variants.forEach(({ node }, v) => {
    collect(node, counts[v]!)
  })
  return serialize(all)
}

/** Words of the directory of a column. */
const wordsOf = (packing: Packing, node: Node): number => {
  const { id, kind } = node
  const mask = node.masked && kind !== 'flag' && kind !== 'nil' ? 1 : 0
  const own =
    kind === 'string' ? (packing.of[id] === PACKED ? 5 : 3)
    : kind === 'bytes' ? 2
    : kind === 'mix' || kind === 'any' || kind === 'record' || kind === 'tuple' ? 0
    : 1
  return children(node).reduce((sum, child) => sum + wordsOf(packing, child), mask + own)
}

const countsAt = (scratch: Scratch, variants: number, n: number): readonly number[] => {
  if (variants === 1) return [n]
  const counts = new Array<number>(variants).fill(0)
  for (let i = 0; i < n; i++) counts[scratch.which[i]!]!++
  return counts
}

/** The text of the shape as it is packed now. */
export type TextOf = (packing: readonly number[]) => Buffer

/** Writes sections one after the other, and says where in the directory. */
class Pen {
  readonly #plan: Plan
  readonly #target: Buffer
  readonly #views: Views
  /** Index of the next word of the directory. */
  #word: number
  /** Next free byte of the payload. */
  at: number

  constructor(plan: Plan, target: Buffer, directoryAt: number, at: number) {
    this.#plan = plan
    this.#target = target
    this.#views = viewsOf(target.buffer)
    this.#word = (target.byteOffset + directoryAt) >>> 2
    this.at = at
  }

  say(word: number): void {
    this.#views.u32[this.#word++] = word
  }

  /** A section of so many bytes: its index in the view of numbers of `1 << shift` bytes. */
  #section(bytes: number, shift: number): number {
    const { at } = this
    this.say(at)
    this.at = aligned(at + bytes)
    return (this.#target.byteOffset + at) >>> shift
  }

  bytes(source: Uint8Array, count: number): void {
    this.#views.u8.set(source.subarray(0, count), this.#section(count, 0))
  }

  #ends(source: Uint32Array, count: number): void {
    this.#views.u32.set(source.subarray(0, count), this.#section(count * 4, 2))
  }

  #characters(text: string, wide: boolean): void {
    const { at } = this
    const bytes = text.length * (wide ? 2 : 1)
    this.#section(bytes, 0)
    this.say(bytes * 2 + (wide ? 1 : 0))
    if (bytes > 0) this.#target.write(text, at, wide ? 'utf16le' : 'latin1')
  }

  column(node: Node, count: number): void {
    const { id, kind } = node
    const { scratch, packing } = this.#plan
    const column = scratch.columns[id]!
    if (node.masked || kind === 'flag' || kind === 'nil') this.bytes(column.mask, count)
    switch (kind) {
      case 'number':
        if (packing.of[id] === PACKED) this.#integers(column.numbers, count)
        else this.#views.f64.set(column.numbers.subarray(0, count), this.#section(count * 8, 3))
        return
      case 'date':
        this.#views.f64.set(column.numbers.subarray(0, count), this.#section(count * 8, 3))
        return
      case 'bigint':
        this.#views.b64.set(column.bigints.subarray(0, count), this.#section(count * 8, 3))
        return
      case 'string':
        this.#string(node, count)
        return
      case 'bytes':
        this.#ends(column.ends, count)
        this.#byteArrays(column.values, column.ends, count)
        return
      case 'list':
        this.#ends(column.ends, count)
        this.column(node.parts[0]!, endOf(scratch, id, count))
        return
      case 'mix': case 'any':
        return
      default: // a flag has no children
        for (const child of children(node)) this.column(child, count)
    }
  }

  #integers(numbers: Float64Array, count: number): void {
    const at = this.#section(count * 4, 2)
    const { i32 } = this.#views
    for (let i = 0; i < count; i++) i32[at + i] = numbers[i]!
  }

  #string({ id }: Node, count: number): void {
    const { scratch, texts } = this.#plan
    const { text, wide, codes, ends } = texts[id]!
    if (codes === undefined) {
      this.#ends(scratch.columns[id]!.ends, count)
      const end = endOf(scratch, id, count)
      this.#characters(end === text.length ? text : text.slice(0, end), wide)
      return
    }
    this.bytes(codes, count)
    this.say(ends.length)
    this.#ends(Uint32Array.from(ends), ends.length)
    this.#characters(text, wide)
  }

  #byteArrays(values: readonly unknown[], ends: Uint32Array, count: number): void {
    const bytes = count === 0 ? 0 : ends[count - 1]!
    const to = this.#section(bytes, 0)
    let start = 0
    for (let i = 0; i < count; i++) {
      const end = ends[i]!
      if (end === start) continue
      const source = values[i] as Uint8Array
      if (byteLengthOf(source) !== end - start) throw new RangeError('a byte array changed its length while it was read')
      this.#views.u8.set(source, to + start)
      start = end
    }
  }
}

/**
 * Lays out the first `gathered` items of the scratch, or as many of them as there is room for: how many, 0 when not even one
 * fits. `written.bytes` says how much of the target is used.
 */
export const writeColumns = (
  layout: Layout, scratch: Scratch, packing: Packing, textOfShape: TextOf, gathered: number, target: Buffer, written: { bytes: number }
): number => {
  const { variants, mixed } = layout
  const plan: Plan = { layout, scratch, packing, texts: [], serialized: undefined }
  const all = countsAt(scratch, variants.length, gathered)
  variants.forEach(({ node }, v) => {
    decide(plan, node, all[v]!)
  })
  const several = variants.length > 1
  const text = textOfShape(packing.of)
  const directoryAt = HEAD_WORDS * 4 + ((text.byteLength + 3) & ~3)
  const words = variants.reduce((sum, { node }) => sum + wordsOf(packing, node), (several ? variants.length + 1 : 0) + (mixed ? 2 : 0))
  const start = aligned(directoryAt + words * 4)
  const bytesOf = (n: number): number => {
    const counts = n === gathered ? all : countsAt(scratch, variants.length, n)
    return variants.reduce((sum, { node }, v) => sum + measure(plan, node, counts[v]!), several ? aligned(n) : 0)
  }
  const room = target.byteLength - start
  let n = fitting(gathered, room, bytesOf)
  if (mixed) {
    for (;;) {
      if (n <= 0) return 0
      const { byteLength } = (plan.serialized = serializeMixed(plan, countsAt(scratch, variants.length, n)))
      const needed = bytesOf(n) + aligned(byteLength)
      if (needed <= room) break
      n = Math.min(n - 1, Math.floor((n * room) / needed))
    }
  }
  if (n <= 0) return 0
  const { u32 } = viewsOf(target.buffer)
  u32[target.byteOffset >>> 2] = text.byteLength
  u32[(target.byteOffset >>> 2) + 1] = words
  target.set(text, HEAD_WORDS * 4)
  const counts = countsAt(scratch, variants.length, n)
  const pen = new Pen(plan, target, directoryAt, start)
  if (several) {
    for (const count of counts) pen.say(count)
    pen.bytes(scratch.which, n)
  }
  variants.forEach(({ node }, v) => {
    pen.column(node, counts[v]!)
  })
  if (plan.serialized !== undefined) {
    const { byteLength } = plan.serialized
    pen.bytes(plan.serialized, byteLength)
    pen.say(byteLength)
  }
  written.bytes = pen.at
  return n
}

/** The most items, up to `n`, whose columns fit in the room. */
const fitting = (n: number, room: number, bytesOf: (n: number) => number): number => {
  if (room < 0) return 0
  if (bytesOf(n) <= room) return n
  let fits = 0
  let not = n
  while (not - fits > 1) {
    const middle = (fits + not) >> 1
    if (bytesOf(middle) <= room) fits = middle
    else not = middle
  }
  return fits
}
