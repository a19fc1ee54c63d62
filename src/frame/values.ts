/**
 * Values of any kind by `node:v8`: the one serialisation that was found equal to structured clone (undefined, -0, holes, lone
 * surrogates, BigInt, Date, Map, Set, typed arrays, cycles, Errors).
 *
 * What cannot be cloned is an error that names the place inside the item. Called by frame.ts.
 */
import { serialize } from 'node:v8'
import { notCloneable } from '../error/wording-frame.ts'
import type { FrameCodec } from './codec.ts'
import { revive } from './revive.ts'

/** Bytes per item of late, so that a first try seldom serialises more than the frame holds. Shared by all writers of a thread. */
let bytesPerItem = 64


/** Path to what cannot be cloned inside a value, or `undefined` when plain walking does not find it. */
export const culprit = (value: unknown, path: string, seen: Set<object>): { readonly path: string; readonly what: string } | undefined => {
  if (typeof value === 'function' || typeof value === 'symbol') return { path, what: `a ${typeof value}` }
  if (value === null || typeof value !== 'object' || seen.has(value)) return undefined
  seen.add(value)
  if (value instanceof Promise) return { path, what: 'a Promise' }
  if (value instanceof WeakMap || value instanceof WeakSet) return { path, what: `a ${value.constructor.name}` }
  const members: Iterable<readonly [string, unknown]> =
    value instanceof Map ? [...value].flatMap(([k, v], i) => [[`.keys()[${i}]`, k], [`.values()[${i}]`, v]] as const)
    : value instanceof Set ? [...value].map((v, i) => [`[${i}]`, v] as const)
    : Object.entries(value).map(([k, v]) => [Array.isArray(value) ? `[${k}]` : `.${k}`, v] as const)
  for (const [step, member] of members) {
    const found = culprit(member, path + step, seen)
    if (found !== undefined) return found
  }
  return undefined
}

/** Says which item, and what in it, cannot be cloned. */
const explain = (items: readonly unknown[], from: number, to: number, error: unknown): never => {
  for (let i = from; i < to; i++) {
    try {
      serialize(items[i])
    } catch (cause) {
      throw notCloneable(culprit(items[i], 'item', new Set()), cause, i - from)
    }
  }
  throw notCloneable(undefined, error)
}

const serialized = (items: readonly unknown[], from: number, to: number): Buffer => {
  try {
    return serialize(from === 0 && to === items.length ? items : items.slice(from, to))
  } catch (error) {
    return explain(items, from, to, error)
  }
}

export const values: FrameCodec = {
  kind: 5,
  suits: () => true,
  encode: (items, from, to, target, written) => {
    let n = Math.max(1, Math.min(to - from, Math.floor(target.byteLength / bytesPerItem)))
    for (;;) {
      const bytes = serialized(items, from, from + n)
      bytesPerItem = Math.max(8, bytes.byteLength / n)
      if (bytes.byteLength <= target.byteLength) {
        target.set(bytes)
        written.bytes = bytes.byteLength
        return n
      }
      if (n === 1) return 0
      n = Math.max(1, Math.min(n >> 1, Math.floor(target.byteLength / bytesPerItem)))
    }
  },
  decode: (bytes) => revive(bytes) as unknown[]
}

/** The bytes of one run of values, however large. */
export const serializeAll = serialized
