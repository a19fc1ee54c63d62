/**
 * Reading frames of columns: the directory, then the items, by a loop that is kept for each text of a shape (scatter.ts), or
 * interpreted as long as few items of that text have come, when there are too many texts, and where code is not to be generated.
 *
 * The state is the thread's: a table of texts, bounded. Called by records.ts.
 */
import type { Making, Rows } from '../prelude/items.ts'
import { children, layOut, type Layout, type Node } from './layout.ts'
import { compileScatter, makingOf, rowsOf, type Scatter, type Source } from './scatter.ts'
import { revive } from './revive.ts'
import { plainScatter } from './scatter-plain.ts'
import { PACKED, shapeOf } from './shape.ts'
import { viewsOf, type Views } from './views.ts'

/** Items of one text that are made without a loop of their own: compiling one costs as much as a few hundred. */
const WARM = 256
/** Items of one text behind which loops of tasks make them: it is here to stay, and what it costs to compile a loop anew is earned. */
const SETTLED = 16_384
/** Loops that a thread compiles in its life, and texts that it knows at a time. */
const MAX_COMPILED = 256
const MAX_TEXTS = 1024

interface Reader {
  readonly layout: Layout
  readonly packing: readonly number[]
  scatter: Scatter
  /** Items that it has made. */
  made: number
  compiled: boolean
  /** How a loop of a task makes its items, once it has settled. */
  making: Making | undefined
  settled: boolean
}

/** A method of every Buffer that skips the sorting out of arguments; not in the published types. */
interface Latin1Source extends Buffer {
  latin1Slice(start: number, end: number): string
}

const NO_TEXT = ''
const NOTHING: readonly never[] = []

/** Takes the words of a frame's directory one by one. */
class Directory {
  readonly #bytes: Buffer
  readonly #views: Views
  readonly #packing: readonly number[]
  readonly #sources: Source[]
  #next: number

  constructor(bytes: Buffer, views: Views, { packing, layout }: Reader, firstWord: number) {
    this.#bytes = bytes
    this.#views = views
    this.#packing = packing
    this.#sources = new Array<Source>(layout.nodes.length)
    this.#next = firstWord
  }

  get sources(): readonly Source[] {
    return this.#sources
  }

  word(): number {
    return this.#views.u32[this.#next++]!
  }

  /** Index of a section in the view of numbers of `1 << shift` bytes. */
  section(shift: number): number {
    return (this.#bytes.byteOffset + this.word()) >>> shift
  }

  #characters(): string {
    const at = this.word()
    const bytes = this.word()
    const end = at + (bytes >>> 1)
    return (bytes & 1) === 1 ? this.#bytes.toString('utf16le', at, end) : (this.#bytes as Latin1Source).latin1Slice(at, end)
  }

  /** Reads where a column of `count` entries is, and those below it. */
  column(node: Node, count: number): void {
    const { id, kind } = node
    const packed = this.#packing[id] === PACKED
    const mask = node.masked || kind === 'flag' || kind === 'nil' ? this.section(0) : 0
    let at = 0
    let ends = 0
    let text = NO_TEXT
    let words: readonly string[] = NOTHING
    if (kind === 'number') at = this.section(packed ? 2 : 3)
    else if (kind === 'date' || kind === 'bigint') at = this.section(3)
    else if (kind === 'list') ends = this.section(2)
    else if (kind === 'bytes') {
      ends = this.section(2)
      at = this.section(0)
    } else if (kind === 'string' && !packed) {
      ends = this.section(2)
      text = this.#characters()
    } else if (kind === 'string') {
      at = this.section(0)
      words = this.#words()
    }
    this.#sources[id] = { mask, at, ends, text, words, values: NOTHING }
    const inside = kind === 'list' ? (count === 0 ? 0 : this.#views.u32[ends + count - 1]!) : count
    for (const child of children(node)) this.column(child, inside)
  }

  #words(): readonly string[] {
    const count = this.word()
    const ends = this.section(2)
    const text = this.#characters()
    const words = new Array<string>(count)
    let start = 0
    for (let i = 0; i < count; i++) words[i] = text.substring(start, (start = this.#views.u32[ends + i]!))
    return words
  }

  /** The values of `mix` and `any`, which were serialised together. */
  mixed(nodes: readonly Node[]): void {
    const at = this.word()
    const length = this.word()
    const all = revive(this.#bytes.subarray(at, at + length)) as readonly (readonly unknown[])[]
    let next = 0
    for (const { id, kind } of nodes) {
      if (kind === 'mix' || kind === 'any') this.#sources[id] = { ...this.#sources[id]!, values: all[next++]! }
    }
  }
}

export interface ColumnsReader {
  read(bytes: Buffer, count: number): unknown[]
  /** The items as they are in the frame, for a loop that makes them itself; none where this is not worth it, or not possible. */
  rows(bytes: Buffer, count: number): Rows | undefined
}

/** A frame, whose directory has been read. */
interface Opened {
  readonly views: Views
  readonly sources: readonly Source[]
  /** Place of the variants' bytes, if there are several. */
  readonly which: number
}

/** A reader with a table of its own. `plain`: it never compiles; `settled`: items of a text after which loops of tasks may make them. */
export const createColumnsReader = (plain = false, settled = SETTLED): ColumnsReader => {
  const readers = new Map<string, Reader>()
  let compiled = 0

  const readerOf = (text: string): Reader => {
    let reader = readers.get(text)
    if (reader === undefined) {
      const { shape, packing } = shapeOf(text)
      const layout = layOut(shape)
      reader = { layout, packing, scatter: plainScatter(layout, packing), made: 0, compiled: plain, making: undefined, settled: plain }
      if (readers.size === MAX_TEXTS) readers.clear()
      readers.set(text, reader)
    }
    return reader
  }

  const warm = (reader: Reader, count: number): void => {
    reader.made += count
    if (reader.compiled || reader.made < WARM || compiled === MAX_COMPILED) return
    reader.compiled = true
    compiled++
    reader.scatter = compileScatter(reader.layout, reader.packing) ?? reader.scatter
  }

  const settle = (reader: Reader): void => {
    if (reader.settled || reader.made < settled) return
    reader.settled = true
    reader.making = makingOf(reader.layout, reader.packing)
  }

  const open = (bytes: Buffer, count: number, reader: Reader, firstWord: number): Opened => {
    const { layout } = reader
    const views = viewsOf(bytes.buffer)
    const directory = new Directory(bytes, views, reader, firstWord)
    const several = layout.variants.length > 1
    const counts = several ? layout.variants.map(() => directory.word()) : [count]
    const which = several ? directory.section(0) : 0
    layout.variants.forEach(({ node }, v) => {
      directory.column(node, counts[v]!)
    })
    if (layout.mixed) directory.mixed(layout.nodes)
    return { views, sources: directory.sources, which }
  }

  const begin = (bytes: Buffer): { readonly reader: Reader; readonly firstWord: number } => {
    const head = bytes.byteOffset >>> 2
    const textBytes = viewsOf(bytes.buffer).u32[head]!
    const reader = readerOf((bytes as Latin1Source).latin1Slice(8, 8 + textBytes))
    return { reader, firstWord: head + 2 + ((textBytes + 3) >>> 2) }
  }

  return {
    read: (bytes, count) => {
      const { reader, firstWord } = begin(bytes)
      warm(reader, count)
      const { views, sources, which } = open(bytes, count, reader, firstWord)
      return reader.scatter(views, sources, count, which)
    },
    rows: (bytes, count) => {
      const { reader, firstWord } = begin(bytes)
      settle(reader)
      const { making } = reader
      if (making === undefined) return undefined
      const { views, sources, which } = open(bytes, count, reader, firstWord)
      return rowsOf(making, views, sources, count, () => reader.scatter(views, sources, count, which))
    }
  }
}
