/**
 * Strings as one run of characters and a column of ends: latin1 where all of them fit in it, else UTF-16, so that every
 * string there is (lone surrogates too) arrives as it was.
 *
 *   bytes = [ends: count × uint32][characters: 1 or 2 bytes each]
 *
 * Decoding makes one string of the run and slices it: items of 13 characters or more are views of it (V8), so one that is
 * kept for long keeps the frame's run alive. Operators that keep keys copy them (prelude/own-string.ts).
 * Called by frame.ts.
 */
import type { FrameCodec } from './codec.ts'
import { isLatin1 } from '../prelude/own-string.ts'

/** See numbers.ts. */
const WORTH = 8

/** How many strings fit at `width` bytes a character, from `from` on: the first that is not a string ends the run. */
const fitting = (items: readonly unknown[], from: number, to: number, room: number, width: number): number => {
  let left = room
  let n = 0
  for (let i = from; i < to; i++) {
    const item = items[i]
    if (typeof item !== 'string') break
    left -= 4 + item.length * width
    if (left < 0) break
    n++
  }
  return n
}

const joined = (items: readonly unknown[], from: number, n: number): string =>
  (from === 0 && n === items.length ? items : items.slice(from, from + n)).join('')

const put = (items: readonly unknown[], from: number, n: number, text: string, target: Buffer, latin1: boolean): number => {
  const ends = new Uint32Array(target.buffer, target.byteOffset, n)
  let end = 0
  for (let i = 0; i < n; i++) ends[i] = end += (items[from + i] as string).length
  return n * 4 + target.write(text, n * 4, latin1 ? 'latin1' : 'utf16le')
}

const take = (bytes: Buffer, count: number, text: string): unknown[] => {
  const ends = new Uint32Array(bytes.buffer, bytes.byteOffset, count)
  const items = new Array<unknown>(count)
  let start = 0
  for (let i = 0; i < count; i++) {
    const end = ends[i]!
    items[i] = text.substring(start, end)
    start = end
  }
  return items
}

const isRun = (n: number, from: number, to: number): boolean => n > 0 && n >= Math.min(WORTH, to - from)

export const latin1Strings: FrameCodec = {
  kind: 2,
  suits: (first) => typeof first === 'string',
  encode: (items, from, to, target, written) => {
    const n = fitting(items, from, to, target.byteLength, 1)
    if (!isRun(n, from, to)) return 0
    const text = joined(items, from, n)
    if (!isLatin1(text)) return 0
    written.bytes = put(items, from, n, text, target, true)
    return n
  },
  decode: (bytes, count) => take(bytes, count, bytes.toString('latin1', count * 4))
}

export const wideStrings: FrameCodec = {
  kind: 3,
  suits: (first) => typeof first === 'string',
  encode: (items, from, to, target, written) => {
    const n = fitting(items, from, to, target.byteLength, 2)
    if (!isRun(n, from, to)) return 0
    written.bytes = put(items, from, n, joined(items, from, n), target, false)
    return n
  },
  decode: (bytes, count) => take(bytes, count, bytes.toString('utf16le', count * 4))
}
