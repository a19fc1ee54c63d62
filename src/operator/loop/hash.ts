/**
 * The hash of a key: the same on every thread and in every process, and equal for keys that a `Map` holds to be equal.
 *
 * Strings by FNV-1a over their UTF-16 units (Fowler, Noll, Vo), numbers by their bits, both mixed by the finaliser of MurmurHash3
 * (A. Appleby), so that keys that differ little, 1, 2, 3 …, spread over few partitions evenly. Not for keys that an adversary chooses.
 * Called by the loops of stages that are partitioned by key. Loaded by workers.
 */
import type { Key } from '../keyed/keys.ts'

const mixed = (hash: number): number => {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const ofText = (text: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h
}

const float = new Float64Array(1)
const bits = new Int32Array(float.buffer)

const ofNumber = (n: number): number => {
  if ((n | 0) === n) return n | 0 // -0 too, which is 0 to a Map
  float[0] = n === n ? n : Number.NaN // one NaN, whatever its payload
  return bits[0]! ^ Math.imul(bits[1]!, 31)
}

/** A whole number from 0 to 2³²−1. */
export const hashKey = (key: Key): number => {
  switch (typeof key) {
    case 'string':
      return mixed(ofText(key))
    case 'number':
      return mixed(ofNumber(key))
    default:
      return mixed(ofText(`${typeof key} ${String(key)}`))
  }
}
