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
 * through a dictionary as long as it pays (words.ts). A frame says itself how it is packed.
 * First the run is decided on and measured, then it is written (pen.ts). Called by families.ts; scatter.ts reads it.
 */
import { serialize } from 'node:v8'
import { children, endOf, hasMask, type Gathered, type Layout, type Node, type Scratch } from './layout.ts'
import { Pen, aligned, type Decided } from './pen.ts'
import { PACKED, PLAIN } from './shape.ts'
import { viewsOf } from './views.ts'
import { textOf, type Packing, type Text } from './words.ts'

/** Words before the text. */
const HEAD_WORDS = 2

/** The run as it will be laid out. */
interface Plan extends Decided {
  readonly layout: Layout
  readonly texts: (Text | undefined)[]
  serialized: Buffer | undefined
}

/** The numbers as 32-bit integers, in one pass; false when one of them is none. */
const toIntegers = (numbers: Float64Array, integers: Int32Array, count: number): boolean => {
  for (let i = 0; i < count; i++) {
    const number = numbers[i]!
    const integer = number | 0
    if (integer !== number || (integer === 0 && 1 / number < 0)) return false
    integers[i] = integer
  }
  return true
}

const areIntegers = (column: Gathered, count: number): boolean => {
  if (column.integers.length < count) column.integers = new Int32Array(column.numbers.length)
  return toIntegers(column.numbers, column.integers, count)
}

const decide = (plan: Plan, node: Node, count: number): void => {
  const { id, kind } = node
  const { scratch, packing, texts } = plan
  const column = scratch.columns[id]!
  if (kind === 'number' && packing.of[id] === PACKED) packing.of[id] = areIntegers(column, count) ? PACKED : PLAIN
  else if (kind === 'string') texts[id] = textOf(packing, id, column.values, count)
  for (const child of children(node)) decide(plan, child, kind === 'list' ? endOf(scratch, id, count) : count)
}

/** Bytes of the sections of a column with so many entries. */
const measure = (plan: Plan, node: Node, count: number): number => {
  const { scratch, packing, texts } = plan
  const { id, kind } = node
  const mask = hasMask(node) && kind !== 'flag' && kind !== 'nil' ? aligned(count) : 0
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
    default: {
      let sum = mask
      for (const child of children(node)) sum += measure(plan, child, count)
      return sum
    }
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
