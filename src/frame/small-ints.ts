/**
 * Numbers as a column of 32-bit integers, 4 bytes each, when all of a run are that: not `-0`, and no fraction among them.
 *
 * More than half the bytes is at stake. What comes out of 32-bit memory V8 holds as small integers, and it computes with those as the
 * function was compiled for on the side where they were made; out of 64-bit floats come floats, for which `%` alone costs five times as much.
 * Called by frame.ts, before numbers.ts, which takes what is refused here.
 */
import type { Column } from '../prelude/items.ts'
import type { FrameCodec } from './codec.ts'

/** A shorter run than this is not worth a frame of its own: the items go as values of any kind. */
const WORTH = 32

const isSmall = (item: number): boolean => (item | 0) === item && (item !== 0 || 1 / item > 0)

export const smallInts: FrameCodec = {
  kind: 8,
  suits: (first) => typeof first === 'number' && isSmall(first),
  encode: (items, from, to, target, written) => {
    const room = Math.min(to - from, target.byteLength >> 2)
    const column = new Int32Array(target.buffer, target.byteOffset, room)
    let n = 0
    for (; n < room; n++) {
      const item = items[from + n]
      if (typeof item !== 'number') break
      if (!isSmall(item)) return 0
      column[n] = item
    }
    if (n < Math.min(WORTH, room)) return 0
    written.bytes = n * 4
    return n
  },
  decode: (bytes, count) => {
    const column = new Int32Array(bytes.buffer, bytes.byteOffset, count)
    const items = new Array<unknown>(count)
    for (let i = 0; i < count; i++) items[i] = column[i]
    return items
  }
}

/** As `copyFloats`, where all that fit into a frame are small integers; 0 where one is not. */
export const copyInts = (column: Column, from: number, to: number, target: Buffer): number => {
  const count = Math.min(to - from, target.byteLength >> 2)
  const copy = new Int32Array(target.buffer, target.byteOffset, count)
  if (column instanceof Int32Array) {
    copy.set(column.subarray(from, from + count))
    return count
  }
  return allSmall(column, from, copy) ? count : 0
}

const allSmall = (column: Float64Array, from: number, copy: Int32Array): boolean => {
  for (let n = 0; n < copy.length; n++) {
    const item = column[from + n]!
    if (!isSmall(item)) return false
    copy[n] = item
  }
  return true
}

/** The numbers where they are. */
export const intsIn = (bytes: Buffer, count: number): Int32Array => new Int32Array(bytes.buffer, bytes.byteOffset, count)
