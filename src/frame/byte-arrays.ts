/**
 * Byte arrays (`Uint8Array`, `Buffer`) as one run of bytes and a column of ends; they arrive as `Uint8Array`s that own
 * their memory, as structured clone makes them.
 *
 *   bytes = [ends: count × uint32][bytes]
 *
 * Called by frame.ts.
 */
import type { FrameCodec } from './codec.ts'

/** A plain byte array without a field of its own; a subclass other than Buffer is for the codec of all values. */
const isBytes = (item: unknown): item is Uint8Array =>
  item instanceof Uint8Array && (item.constructor === Uint8Array || Buffer.isBuffer(item))

export const byteArrays: FrameCodec = {
  kind: 4,
  suits: isBytes,
  encode: (items, from, to, target, written) => {
    let left = target.byteLength
    let n = 0
    for (let i = from; i < to; i++) {
      const item = items[i]
      if (!isBytes(item)) break
      left -= 4 + item.byteLength
      if (left < 0) break
      n++
    }
    if (n === 0) return 0
    const ends = new Uint32Array(target.buffer, target.byteOffset, n)
    let end = 0
    for (let i = 0; i < n; i++) {
      const item = items[from + i] as Uint8Array
      target.set(item, n * 4 + end)
      ends[i] = end += item.byteLength
    }
    written.bytes = n * 4 + end
    return n
  },
  decode: (bytes, count) => {
    const ends = new Uint32Array(bytes.buffer, bytes.byteOffset, count)
    const items = new Array<unknown>(count)
    let start = count * 4
    for (let i = 0; i < count; i++) {
      const end = count * 4 + ends[i]!
      items[i] = Uint8Array.prototype.slice.call(bytes, start, end) // a Buffer's own slice would be a view
      if (Buffer.isBuffer(items[i])) items[i] = new Uint8Array(bytes.subarray(start, end))
      start = end
    }
    return items
  }
}
