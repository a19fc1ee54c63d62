/**
 * Items of a batch in the forms in which a generated loop reads them: a list, a column of numbers, or numbers or records that nobody has
 * made yet.
 *
 *     list [1, 'a']      column Float64Array | Int32Array, maybe memory that is shared      progression { start, step, first, length }
 *     rows: the columns of a frame of records, and the text that makes one of them
 *
 * All of them have a `length`, and `slice`, which answers items of one's own. Made by sources and frames, read by operator/loop/compile.ts.
 * Pure data, on every thread.
 */

export type Column = Float64Array | Int32Array

/** Numbers at equal distances: the `k`-th is `start + (first + k) * step`, from the start, since adding up would not be exact. */
export class Progression {
  readonly start: number
  readonly step: number
  readonly first: number
  readonly length: number

  constructor(start: number, step: number, first: number, length: number) {
    this.start = start
    this.step = step
    this.first = first
    this.length = length
  }

  /** The numbers from `from` to `to`, made. */
  slice(from = 0, to = this.length): number[] {
    const { start, step, first } = this
    const items = new Array<number>(Math.max(0, to - from))
    for (let i = 0; i < items.length; i++) items[i] = start + (first + from + i) * step
    return items
  }

  /** A part of it; nothing is made. */
  part(from: number, to: number): Progression {
    return new Progression(this.start, this.step, this.first + from, to - from)
  }
}

/** The text of a loop that makes records of a frame: one object for all frames that are laid out alike. */
export interface Making {
  /** Statements before the loop, which goes from `from` on: they take what they need of `items`. Names begin with `$`. */
  readonly before: string
  /** The expression that makes item `i`. To be evaluated once for each, in order. */
  readonly item: string
}

/**
 * Records of a frame where they are, as columns: a loop makes each as it comes to it, so that V8 leaves out what nobody keeps. Valid as
 * long as the frame is.
 */
export class Rows {
  readonly length: number
  readonly making: Making
  /** For the text. */
  readonly views: unknown
  readonly sources: unknown
  readonly tools: unknown
  readonly #make: () => unknown[]
  #made: unknown[] | undefined

  constructor(
    length: number, making: Making, { views, sources, tools }: { readonly views: unknown; readonly sources: unknown; readonly tools: unknown },
    make: () => unknown[]
  ) {
    this.length = length
    this.making = making
    this.views = views
    this.sources = sources
    this.tools = tools
    this.#make = make
  }

  /** All of them, made: once. */
  list(): unknown[] {
    return (this.#made ??= this.#make())
  }

  slice(from?: number, to?: number): unknown[] {
    return this.list().slice(from, to)
  }
}

export type Items = readonly unknown[] | Column | Progression | Rows

/** Items that are there. */
export type Held = readonly unknown[] | Column

export const isColumn = (items: Items): items is Column => items instanceof Float64Array || items instanceof Int32Array

/** Those of `a` from `from` on, and `b` behind them, in memory of their own. */
export const joined = (before: Held, from: number, b: Held): Held => {
  const a = isColumn(before) ? before.subarray(from) : before.slice(from)
  if (!isColumn(a) || !isColumn(b)) return (listOf(a) as unknown[]).concat(listOf(b))
  const both = a instanceof Int32Array && b instanceof Int32Array ? new Int32Array(a.length + b.length) : new Float64Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** The items as a list; those of a column are copied. */
export const listOf = (items: Items): readonly unknown[] => {
  if (items instanceof Progression) return items.slice()
  if (items instanceof Rows) return items.list()
  return isColumn(items) ? Array.from<number>(items) : items
}
