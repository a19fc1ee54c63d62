/**
 * Frames: runs of items laid out in a slot of the arena, or in a buffer of their own when one item is larger than a slot.
 *
 * The codec is chosen by the first item of a run; a run ends where the next item is of another kind. Codecs are a list: the
 * first that can encode at least one item wins, the last takes everything.
 * Text is different: strings leave as UTF-8 lines for a sink that writes bytes, and nobody makes strings of them again.
 * Called by exec/ on both sides of the threads.
 */
import type { Arena } from './arena.ts'
import { WORD_BYTES, WORD_COUNT, WORD_KIND } from './arena.ts'
import type { Column, Items, Progression, Rows } from '../prelude/items.ts'
import { byteArrays } from './byte-arrays.ts'
import type { FrameCodec, Written } from './codec.ts'
import type { Hint } from './hint.ts'
import { MAX_ITEMS } from './layout.ts'
import { copyFloats, floatsIn, numbers } from './numbers.ts'
import { PROGRESSION, readNumbersOf, writeNumbersOf } from './progression.ts'
import { records, rowsIn } from './records.ts'
import type { Project } from './project.ts'
import type { Shape } from './shape.ts'
import { copyInts, intsIn, smallInts } from './small-ints.ts'
import { latin1Strings, wideStrings } from './strings.ts'
import { serializeAll, values } from './values.ts'

const codecs: readonly FrameCodec[] = [smallInts, numbers, latin1Strings, wideStrings, byteArrays, records, values]
const byKind: readonly (FrameCodec | undefined)[] = codecs.reduce<(FrameCodec | undefined)[]>((table, codec) => {
  table[codec.kind] = codec
  return table
}, [])

/** Kind of a frame of UTF-8 lines. */
const TEXT = 6

const written: Written = { bytes: 0 }

const seal = (arena: Arena, slot: number, kind: number, count: number, bytes: number): void => {
  const words = arena.words(slot)
  words[WORD_KIND] = kind
  words[WORD_COUNT] = count
  words[WORD_BYTES] = bytes
}

/** Encodes `items[from…)` as one frame, as many as fit: the codec; none when not even one item does. `encoded.count` says how many. */
const encode = (items: readonly unknown[], from: number, to: number, target: Buffer, shape?: Shape): FrameCodec | undefined => {
  const first = items[from]
  for (const codec of codecs) {
    if (!codec.suits(first)) continue
    encoded.count = codec.encode(items, from, to, target, written, shape)
    if (encoded.count > 0) return codec
  }
  return undefined
}
const encoded = { count: 0 }

/** A run as it is laid out: without the fields that nobody reads. */
interface Run {
  readonly items: readonly unknown[]
  readonly from: number
  readonly to: number
}

const projected = (items: readonly unknown[], from: number, to: number, project: Project): Run => {
  const run = project(items, from, Math.min(to, from + MAX_ITEMS))
  return { items: run, from: 0, to: run.length }
}

/** Writes `items[from…to)` into a slot, as many as fit in one frame: how many; 0 when not even one does. */
export const writeFrame = (arena: Arena, slot: number, items: readonly unknown[], from: number, to: number, hint?: Hint): number => {
  const run = hint?.project === undefined ? { items, from, to } : projected(items, from, to, hint.project)
  const codec = encode(run.items, run.from, run.to, arena.payload(slot), hint?.shape)
  if (codec === undefined) return 0
  seal(arena, slot, codec.kind, encoded.count, written.bytes)
  return encoded.count
}

/** Writes a part of a column into a slot, as many numbers as fit: how many. Integers of 32 bits if they are all that: see small-ints.ts. */
export const writeColumn = (arena: Arena, slot: number, column: Column, from: number, to: number): number => {
  const target = arena.payload(slot)
  const ints = copyInts(column, from, to, target)
  if (ints > 0) seal(arena, slot, smallInts.kind, ints, ints * 4)
  if (ints > 0) return ints
  const floats = copyFloats(column, from, to, target)
  seal(arena, slot, numbers.kind, floats, floats * 8)
  return floats
}

export const writeProgression = (arena: Arena, slot: number, progression: Progression): void => {
  seal(arena, slot, PROGRESSION, progression.length, writeNumbersOf(progression, arena.payload(slot)))
}

const decode = (kind: number, bytes: Buffer, count: number): unknown[] => {
  if (kind === PROGRESSION) return readNumbersOf(bytes, count).slice()
  if (kind === TEXT) return bytes.toString('utf8').split('\n').slice(0, count)
  return byKind[kind]!.decode(bytes, count)
}

/** The items of a frame; they share no memory with the slot. */
export const readFrame = (arena: Arena, slot: number): unknown[] => {
  const words = arena.words(slot)
  return decode(words[WORD_KIND]!, arena.payload(slot).subarray(0, words[WORD_BYTES]), words[WORD_COUNT]!)
}

/** The numbers of a frame of numbers, where they are in the slot: valid as long as that is one's own. None for another frame. */
export const columnIn = (arena: Arena, slot: number): Column | undefined => {
  const words = arena.words(slot)
  const count = words[WORD_COUNT]!
  const kind = words[WORD_KIND]
  return kind === numbers.kind ? floatsIn(arena.payload(slot), count) : kind === smallInts.kind ? intsIn(arena.payload(slot), count) : undefined
}

/** The records of a frame for a loop that makes them itself: valid as long as the slot is one's own. None where there is none. */
export const rowsOfFrame = (arena: Arena, slot: number): Rows | undefined => {
  const words = arena.words(slot)
  if (words[WORD_KIND] !== records.kind) return undefined
  return rowsIn(arena.payload(slot).subarray(0, words[WORD_BYTES]), words[WORD_COUNT]!)
}

/** The items of a frame in the form in which a loop reads them; valid as long as the slot is one's own. */
export const itemsIn = (arena: Arena, slot: number): Items => {
  const words = arena.words(slot)
  if (words[WORD_KIND] === PROGRESSION) return readNumbersOf(arena.payload(slot), words[WORD_COUNT]!)
  return columnIn(arena, slot) ?? rowsOfFrame(arena, slot) ?? readFrame(arena, slot)
}

/** A method of every Buffer that skips the sorting out of arguments; not in the published types. */
interface Utf8Target extends Buffer {
  utf8Write(text: string, at: number): number
}

const LINE_FEED = 10
/** UTF-8 takes at most so many bytes for one UTF-16 unit. */
const WIDEST = 3

/**
 * Writes strings as UTF-8 lines, each ended; as {@link writeFrame}. Line by line: joining them first would copy every
 * character once more, and strings that a stage has put together are flattened on their way anyway.
 */
export const writeText = (arena: Arena, slot: number, items: readonly string[], from: number, to: number): number => {
  const target = arena.payload(slot) as Utf8Target
  let at = 0
  let i = from
  for (; i < to; i++) {
    const line = items[i]!
    const room = target.byteLength - at - 1
    if (line.length * WIDEST > room && Buffer.byteLength(line) > room) break
    at += target.utf8Write(line, at)
    target[at++] = LINE_FEED
  }
  if (i > from) seal(arena, slot, TEXT, i - from, at)
  return i - from
}

/** A frame with memory of its own, as it travels by message. */
export interface AloneFrame {
  readonly kind: number
  readonly count: number
  readonly buffer: SharedArrayBuffer
}

const alone = (kind: number, count: number, bytes: Uint8Array): AloneFrame => {
  const buffer = new SharedArrayBuffer(bytes.byteLength)
  new Uint8Array(buffer).set(bytes)
  return { kind, count, buffer }
}

/** Where frames without a slot are laid out, made when the first one is. */
let bench: Buffer | undefined
const BENCH_BYTES = 256 * 1024

/** Runs without a slot are laid out as those with one; not a single item, which is here because it is large. */
const encodeRun = (items: readonly unknown[], from: number, to: number): AloneFrame | undefined => {
  if (to - from < 2) return undefined
  bench ??= Buffer.allocUnsafeSlow(BENCH_BYTES)
  const codec = encode(items, from, to, bench)
  return codec === undefined || encoded.count < to - from ? undefined : alone(codec.kind, encoded.count, bench.subarray(0, written.bytes))
}

/** A frame of exactly these items, however large. */
export const encodeAlone = (items: readonly unknown[], from: number, to: number, text: boolean, hint?: Hint): AloneFrame => {
  if (text) return alone(TEXT, to - from, Buffer.from(`${items.slice(from, to).join('\n')}\n`))
  if (hint?.project !== undefined) return encodeAlone(hint.project(items, from, to), 0, to - from, false)
  return encodeRun(items, from, to) ?? alone(values.kind, to - from, serializeAll(items, from, to))
}

export const decodeAlone = ({ kind, count, buffer }: AloneFrame): unknown[] => decode(kind, Buffer.from(buffer), count)
