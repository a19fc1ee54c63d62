/**
 * Numbers as a column of 64-bit floats: every number there is, `-0` and `NaN` included, 8 bytes each.
 * Called by frame.ts, for runs that small-ints.ts does not take, and for columns that are there already.
 */
import type { Column } from '../prelude/items.ts'
import type { FrameCodec } from './codec.ts'

/** A shorter run than this is not worth a frame of its own: the items go as values of any kind. */
const WORTH = 32

export const numbers: FrameCodec = {
  kind: 1,
  suits: (first) => typeof first === 'number',
  encode: (items, from, to, target, written) => {
    const room = Math.min(to - from, target.byteLength >> 3)
    const column = new Float64Array(target.buffer, target.byteOffset, room)
    let n = 0
    for (; n < room; n++) {
      const item = items[from + n]
      if (typeof item !== 'number') break
      column[n] = item
    }
    if (n < Math.min(WORTH, room)) return 0
    written.bytes = n * 8
    return n
  },
  decode: (bytes, count) => {
    const column = new Float64Array(bytes.buffer, bytes.byteOffset, count)
    const items = new Array<unknown>(count)
    for (let i = 0; i < count; i++) items[i] = column[i]
    return items
  }
}

/** Copies a part of a column, as much as fits: how many numbers. */
export const copyFloats = (column: Column, from: number, to: number, target: Buffer): number => {
  const count = Math.min(to - from, target.byteLength >> 3)
  new Float64Array(target.buffer, target.byteOffset, count).set(column.subarray(from, from + count))
  return count
}

/** The numbers where they are. */
export const floatsIn = (bytes: Buffer, count: number): Float64Array => new Float64Array(bytes.buffer, bytes.byteOffset, count)
