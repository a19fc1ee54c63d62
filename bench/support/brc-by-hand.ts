/**
 * The job of bench/one-brc.ts by hand, over one part of the file: bytes are read where they lie, stations are found by a hash of their bytes,
 * and no string is made but one per station. Loaded by main and by workers by hand.
 */
import { eachRun } from './line-parts.ts'

/** Slots of the table; at most half of them may be taken. */
const SLOTS = 1 << 14
const SEMICOLON = 59
const NEWLINE = 10
const MINUS = 45
const DOT = 46
const ZERO = 48

/** What a part came to: per station its name, lowest, highest, sum (in tenths of a degree) and count. */
export type Station = readonly [name: string, min: number, max: number, sum: number, count: number]

export const stationsOfPart = (file: string, start: number, end: number): readonly Station[] => {
  const names: Buffer[] = []
  const at = new Int16Array(SLOTS).fill(-1)
  const [min, max, count] = [new Int16Array(SLOTS / 2), new Int16Array(SLOTS / 2), new Int32Array(SLOTS / 2)]
  const sum = new Float64Array(SLOTS / 2)

  const same = (name: Buffer, bytes: Buffer, from: number, length: number): boolean => {
    if (name.length !== length) return false
    for (let i = 0; i < length; i++) if (name[i] !== bytes[from + i]) return false
    return true
  }

  const find = (bytes: Buffer, from: number, to: number, hash: number): number => {
    for (let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const station = at[slot]!
      if (station >= 0) {
        if (same(names[station]!, bytes, from, to - from)) return station
        continue
      }
      at[slot] = names.length
      min[names.length] = 0x7fff
      max[names.length] = -0x7fff
      return names.push(Buffer.from(bytes.subarray(from, to))) - 1
    }
  }

  eachRun(file, start, end, (bytes, from, to) => {
    for (let i = from; i < to; i++) {
      const name = i
      let hash = 0
      for (let byte = bytes[i]!; byte !== SEMICOLON; byte = bytes[++i]!) hash = (Math.imul(hash, 31) + byte) | 0
      const station = find(bytes, name, i, hash)
      let byte = bytes[++i]!
      const negative = byte === MINUS
      if (negative) byte = bytes[++i]!
      let tenths = 0
      for (; byte !== NEWLINE; byte = bytes[++i]!) if (byte !== DOT) tenths = tenths * 10 + byte - ZERO
      if (negative) tenths = -tenths
      if (tenths < min[station]!) min[station] = tenths
      if (tenths > max[station]!) max[station] = tenths
      sum[station]! += tenths
      count[station]!++
    }
  })
  return names.map((name, i) => [name.toString(), min[i]!, max[i]!, sum[i]!, count[i]!])
}
