/**
 * Handles that cross threads: a channel's end or a lock is sent as what it is made of, and arrives as another handle of the same thing.
 *
 *     { tx, rules: [...] } ──pack──▶ { packed tx, rules: [...] } ══ postMessage ══▶ ──unpack──▶ { tx′, rules: [...] }
 *
 * `pack` looks into plain objects and arrays only, and copies only those that hold a handle. What a handle is made of may hold
 * shared memory and ports, so it is for `postMessage`, never for `node:v8` serialize. Called by whoever sends an `env`
 * or arguments (exec/, runtime/); handles are in sync/, channel/ and task/.
 */

import { perThread } from './per-thread.ts'

/** The method by which a handle says what it is made of. */
export const travel = Symbol.for('millrace.travel')

/** What a handle is sent as. */
export interface Luggage {
  /** Which reviver makes a handle of it again. */
  readonly kind: string
  /** Accepted by structured clone. */
  readonly parts: unknown
  /** What of it is moved, not copied. */
  readonly transfer?: readonly unknown[] | undefined
}

/** A handle that can cross threads. */
export interface Traveller {
  /** Throws a TypeError that says why, when this one cannot. May change the handle: a receiver is moved. */
  [travel](): Luggage
}

const KEY = '\u0000millrace.travel'

const revivers = perThread('revivers.1', () => new Map<string, (parts: never) => unknown>())

/** Says how a kind of luggage becomes a handle; once per kind, by the module that has the handle's class. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the parts are of its own `travel`'s making
export const arrives = <P>(kind: string, revive: (parts: P) => unknown): void => {
  revivers.set(kind, revive)
}

export const isTraveller = (value: unknown): value is Traveller =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Traveller>)[travel] === 'function'

const isPlain = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false
  const proto = Object.getPrototypeOf(value) as object | null
  return proto === null || proto === Object.prototype
}

/** What `postMessage` takes. */
export interface Packed {
  readonly value: unknown
  readonly transfer: readonly unknown[]
}

/** What was packed will not be sent: its handles are told by their ports that they will not arrive. */
export const forsake = (transfer: readonly unknown[]): void => {
  for (const moved of transfer) (moved as { close?(): void }).close?.()
}

/** Replaces every handle in a value by its luggage. Cycles without handles are left alone. Throws what a handle throws that cannot travel. */
export const pack = (value: unknown): Packed => {
  const transfer: unknown[] = []
  const onPath = new Set<object>()
  const walk = (part: unknown): unknown => {
    if (isTraveller(part)) {
      const { kind, parts, transfer: moved = [] } = part[travel]()
      transfer.push(...moved)
      return { [KEY]: kind, parts: walk(parts) }
    }
    if (!Array.isArray(part) && !isPlain(part)) return part
    if (onPath.has(part)) return part
    onPath.add(part)
    try {
      return Array.isArray(part) ? walkArray(part) : walkObject(part)
    } finally {
      onPath.delete(part)
    }
  }
  const walkArray = (list: readonly unknown[]): unknown => {
    const copy = list.map(walk)
    return copy.some((item, i) => item !== list[i]) ? copy : list
  }
  const walkObject = (from: Record<string, unknown>): unknown => {
    let copy: Record<string, unknown> | undefined
    for (const key of Object.keys(from)) {
      const walked = walk(from[key])
      if (walked === from[key]) continue
      copy ??= { ...from }
      Object.defineProperty(copy, key, { value: walked, enumerable: true, configurable: true, writable: true })
    }
    return copy ?? from
  }
  try {
    return { value: walk(value), transfer }
  } catch (error) {
    forsake(transfer) // those before it
    throw error
  }
}

/** Makes handles of their luggage again, in place; for what `pack` made, on the other side. */
export const unpack = (value: unknown, seen = new Set<unknown>()): unknown => {
  if (!Array.isArray(value) && !isPlain(value)) return value
  if (seen.has(value)) return value
  seen.add(value)
  if (!Array.isArray(value) && Object.hasOwn(value, KEY)) {
    const kind = value[KEY] as string
    const revive = revivers.get(kind) as ((parts: unknown) => unknown) | undefined
    if (revive === undefined) throw new TypeError(`a ${kind} arrived in a thread that does not know how to make one. Load the same millrace in both threads`)
    return revive(unpack(value['parts'], seen))
  }
  const record = value as Record<string, unknown>
  for (const key of Object.keys(record)) {
    const whole = unpack(record[key], seen)
    if (whole !== record[key]) Object.defineProperty(record, key, { value: whole, enumerable: true, configurable: true, writable: true })
  }
  return value
}
