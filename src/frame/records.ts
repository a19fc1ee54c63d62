/**
 * Objects as columns: items that are alike, one column per field.
 *
 *   {ts: 17, method: 'GET', ua: 'curl'}          ts      17 18 19 …          int32
 *   {ts: 18, method: 'PUT', ua: 'curl'}   ──▶    method  0 1 0 …             dictionary: GET PUT
 *   {ts: 19, method: 'GET', ua: 'wget'}          ua      curlcurlwget… 4 8 12 …
 *
 * What is in a column: numbers, strings, booleans, bigints of 64 bits, dates, byte arrays, plain objects and arrays of these, null,
 * undefined and missing fields, up to eight shapes in one frame. What is not, goes by `node:v8`: primitives of several kinds and
 * other objects in the item's own fields as one serialisation for all of them, items that are no such records as values.
 * What arrives equals structured clone of each item: order of keys, -0 and NaN, an object that an item holds twice (such an item
 * goes as a value). As with values, whether items that hold the same object still do is not promised. A proxy in front of a plain
 * object cannot be cloned; the first item of a frame is asked, a later one is read through its traps. Strings are views of their
 * column's characters, as in strings.ts.
 * An `encode` for each thread's shapes (families.ts), a `decode` that needs nothing but the frame (columns-in.ts). Called by frame.ts.
 */
import type { Rows } from '../prelude/items.ts'
import type { FrameCodec } from './codec.ts'
import { createColumnsReader } from './columns-in.ts'
import { createColumnsWriter } from './families.ts'

const writer = createColumnsWriter()
const reader = createColumnsReader()

export const records: FrameCodec = {
  kind: 7,
  suits: (first) => typeof first === 'object' && first !== null && !ArrayBuffer.isView(first),
  encode: (items, from, to, target, written, shape) => writer.write(items, from, to, target, written, shape),
  decode: (bytes, count) => reader.read(bytes, count)
}

/** The items of a frame of {@link records} for a loop that makes them itself; valid as long as the bytes are. */
export const rowsIn = (bytes: Buffer, count: number): Rows | undefined => reader.rows(bytes, count)
