/** Our side of bench/one-brc.ts for a user who reads bytes: `fs.blocks` and a hash table of typed arrays. Loaded by main and by workers. */
import { aggregate } from 'millrace'
import * as fs from 'millrace/fs'
import { portable } from 'millrace/portable'
import type { Station } from './brc-by-hand.ts'

/** Slots of the table, and stations that it may hold. */
const SLOTS = 1 << 14
const STATIONS = SLOTS / 2
const SEMICOLON = 59
const NEWLINE = 10
const MINUS = 45
const DOT = 46
const ZERO = 48

/** Plain arrays: what a worker has gathered goes to the others by structured clone. */
interface Table {
  /** The station in each slot, or -1. */
  readonly slots: Int16Array
  /** The bytes of their names, with the semicolon. */
  readonly names: Uint8Array[]
  readonly min: Int16Array
  readonly max: Int16Array
  readonly sum: Float64Array
  readonly count: Int32Array
}

const same = (name: Uint8Array, bytes: Uint8Array, from: number, length: number): boolean => {
  if (name.length !== length) return false
  for (let i = 0; i < length; i++) if (name[i] !== bytes[from + i]) return false
  return true
}

/** The number of the station whose name begins at `from`, and ends with a semicolon. */
const stationAt = ({ slots, names }: Table, bytes: Uint8Array, from: number): number => {
  let hash = 0
  let to = from
  for (let byte = bytes[to]!; byte !== SEMICOLON; byte = bytes[++to]!) hash = (Math.imul(hash, 31) + byte) | 0
  for (let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
    const station = slots[slot]!
    if (station < 0) return (slots[slot] = names.push(bytes.slice(from, to + 1)) - 1)
    if (same(names[station]!, bytes, from, to + 1 - from)) return station
  }
}

const create = portable(import.meta, 'create', (): Table => ({
  slots: new Int16Array(SLOTS).fill(-1),
  names: [],
  min: new Int16Array(STATIONS).fill(0x7fff),
  max: new Int16Array(STATIONS).fill(-0x7fff),
  sum: new Float64Array(STATIONS),
  count: new Int32Array(STATIONS)
}))

/** The lines of a block: `Oslo;-3.5` is one, of -35 tenths. */
const add = portable(import.meta, 'add', (table: Table, block: Uint8Array): Table => {
  const { names, min, max, sum, count } = table
  for (let i = 0; i < block.length; i++) {
    const station = stationAt(table, block, i)
    i += names[station]!.length
    const negative = block[i] === MINUS
    if (negative) i++
    let tenths = 0
    for (; i < block.length && block[i] !== NEWLINE; i++) if (block[i] !== DOT) tenths = tenths * 10 + block[i]! - ZERO
    if (negative) tenths = -tenths
    if (tenths < min[station]!) min[station] = tenths
    if (tenths > max[station]!) max[station] = tenths
    sum[station]! += tenths
    count[station]!++
  }
  return table
})

const combine = portable(import.meta, 'combine', (a: Table, b: Table): Table => {
  b.names.forEach((name, i) => {
    const station = stationAt(a, name, 0)
    a.min[station] = Math.min(a.min[station]!, b.min[i]!)
    a.max[station] = Math.max(a.max[station]!, b.max[i]!)
    a.sum[station]! += b.sum[i]!
    a.count[station]! += b.count[i]!
  })
  return a
})

export const stationsOf = async (file: string): Promise<readonly Station[]> => {
  const [table] = await fs.blocks(file).pipe(aggregate({ create, add, combine })).toArray({ workers: 2 })
  const { names, min, max, sum, count } = table!
  const text = new TextDecoder()
  return names.map((name, i) => [text.decode(name.subarray(0, -1)), min[i]!, max[i]!, sum[i]!, count[i]!])
}
