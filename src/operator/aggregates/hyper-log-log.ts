/**
 * How many different keys there are, in 2^precision bytes: each key's hash picks a register and leaves the length of its longest
 * run of zeros there.
 *
 * The relative standard error is 1.04 / sqrt(2^precision), at any count: the estimate needs no tables of corrections.
 * Registers are the greatest of all that were left, so parts combine in any order into what one pass would have made.
 * Source: Flajolet, Fusy, Gandouet and Meunier, HyperLogLog, 2007; the estimate is that of O. Ertl, New cardinality estimation
 * algorithms for HyperLogLog sketches, 2017 (arXiv:1702.01284), algorithm 6; the mixing of bits is that of MurmurHash3 (A. Appleby).
 * Called by distinct-count.ts, on workers too: a key has the same hash in every thread.
 */
import type { Key } from '../keyed/keys.ts'

/** Bits of a hash that runs of zeros are looked for in, at most. */
const RUN_BITS = 32

const mix = (hash: number): number => {
  let h = hash
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

const step = (hash: number, word: number): number => {
  const k = Math.imul(word, 0xcc9e2d51)
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)

/** 32 bits of hash by a seed. The kind of a key takes part: 1 is not '1'. */
const hashOf = (key: Key, seed: number): number => {
  if (typeof key === 'number') {
    double[0] = key === 0 ? 0 : key // -0 is the same key
    return mix(step(step(seed ^ 1, words[0]!), words[1]!))
  }
  const text = String(key)
  const kind = typeof key === 'string' ? 2 : typeof key === 'bigint' ? 3 : 4
  let h = seed ^ kind
  for (let i = 0; i < text.length; i++) h = step(h, text.charCodeAt(i))
  return mix(h ^ text.length)
}

const PICK_SEED = 0x9747b28c
const RUN_SEED = 0x2f0b4c47

export const addKey = (registers: Uint8Array, precision: number, key: Key): void => {
  const at = hashOf(key, PICK_SEED) >>> (32 - precision)
  const run = Math.clz32(hashOf(key, RUN_SEED)) + 1
  if (run > registers[at]!) registers[at] = run
}

export const mergeRegisters = (registers: Uint8Array, other: Uint8Array): void => {
  for (let i = 0; i < registers.length; i++) if (other[i]! > registers[i]!) registers[i] = other[i]!
}

const sigma = (part: number): number => {
  if (part === 1) return Infinity
  let [x, y, z, before] = [part, 1, part, NaN]
  while (z !== before) {
    before = z
    x *= x
    z += x * y
    y += y
  }
  return z
}

const tau = (part: number): number => {
  if (part === 0 || part === 1) return 0
  let [x, y, z, before] = [part, 1, 1 - part, NaN]
  while (z !== before) {
    before = z
    x = Math.sqrt(x)
    y /= 2
    z -= (1 - x) ** 2 * y
  }
  return z / 3
}

/** The estimate of how many different keys were added. */
export const estimate = (registers: Uint8Array): number => {
  const m = registers.length
  const having = new Float64Array(RUN_BITS + 2)
  for (const run of registers) having[run]!++
  let z = m * tau(1 - having[RUN_BITS + 1]! / m)
  for (let run = RUN_BITS; run >= 1; run--) z = (z + having[run]!) / 2
  z += m * sigma(having[0]! / m)
  return Math.round((m * m) / (2 * Math.LN2 * z))
}
