/**
 * The pen: writes the sections of a frame one after the other, and says where in the directory.
 *
 *   directory  … at … at bytes … ▏ sections, each from a multiple of 8 on
 *
 * What is written has been decided and measured before: nothing here looks for room. Called by lay-out.ts.
 */
import { byteLengthOf } from './kind-checks.ts'
import { children, endOf, hasMask, type Node, type Scratch } from './layout.ts'
import { PACKED } from './shape.ts'
import { viewsOf, type Views } from './views.ts'
import type { Packing, Text } from './words.ts'

/** The next multiple of 8. */
export const aligned = (bytes: number): number => (bytes + 7) & ~7

/** A run that has been decided on. */
export interface Decided {
  readonly scratch: Scratch
  readonly packing: Packing
  /** By number of column. */
  readonly texts: readonly (Text | undefined)[]
}

export class Pen {
  readonly #run: Decided
  readonly #target: Buffer
  readonly #views: Views
  /** Index of the next word of the directory. */
  #word: number
  /** Next free byte of the payload. */
  at: number

  constructor(run: Decided, target: Buffer, directoryAt: number, at: number) {
    this.#run = run
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
    const { scratch, packing } = this.#run
    const column = scratch.columns[id]!
    if (hasMask(node)) this.bytes(column.mask, count)
    switch (kind) {
      case 'number':
        if (packing.of[id] === PACKED) this.#views.i32.set(column.integers.subarray(0, count), this.#section(count * 4, 2))
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

  #string({ id }: Node, count: number): void {
    const { scratch, texts } = this.#run
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
