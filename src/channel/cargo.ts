/**
 * Items as bytes, for channels whose ends are in several threads: each is cloned once, when it is sent.
 *
 *     item ──load──▶ cargo ──stow──▶ bytes in shared memory ──lift──▶ raw ──unwrap──▶ item
 *            user code may run        under the channel's lock         user code may not run
 *
 * number              8 bytes              undefined, null, booleans   their kind alone
 * string              latin1, else UTF-16  byte array                  its bytes; arrives as a Uint8Array of its own
 * record              record.ts: a plain object whose fields are numbers, strings, booleans, null and undefined
 * anything else       `node:v8`, as in frame/values.ts; what that refuses is a TypeError that names the path
 *
 * `load` may run code of the user (getters), so it comes before the lock; `unwrap` comes after it, since it takes long.
 * Called by carrier.ts and by channels that keep what waits to be sent.
 */
import { itemStays } from '../error/wording-channel.ts'
import { revive } from '../frame/revive.ts'
import { culprit, serializeAll } from '../frame/values.ts'
import { isLatin1 } from '../prelude/own-string.ts'
import { isTraveller } from '../prelude/travel.ts'
import { putTogether, sizeOf, takeApart, type Parts } from './record.ts'

/** An item, ready to be stowed. */
export interface Cargo {
  readonly kind: number
  readonly bytes: number
  readonly body: unknown
}

/** Where cargo is stowed: the same memory thrice. Every place begins on 8 bytes. */
export interface Hold {
  readonly bytes: Buffer & Slices
  readonly doubles: Float64Array
}

/** Methods of every Buffer that skip the sorting out of arguments; not in the published types. */
export interface Slices {
  latin1Write(text: string, at: number): number
  ucs2Write(text: string, at: number): number
  latin1Slice(from: number, to: number): string
  ucs2Slice(from: number, to: number): string
}

const UNDEFINED = 1
const NULL = 2
const TRUE = 3
const FALSE = 4
const NUMBER = 5
const LATIN1 = 6
const WIDE = 7
const BYTES = 8
const RECORD = 9
const VALUE = 11
/** A {@link VALUE} with byte arrays in it, which become views of the memory that it is read from. */
const VIEWS = 12

const plain = (kind: number): Cargo => ({ kind, bytes: 0, body: undefined })
const CONSTANTS = { undefined: plain(UNDEFINED), null: plain(NULL), true: plain(TRUE), false: plain(FALSE) }

const textual = (text: string, latin1: number, wide: number): Cargo =>
  isLatin1(text) ? { kind: latin1, bytes: text.length, body: text } : { kind: wide, bytes: text.length * 2, body: text }

const isBytes = (item: object): item is Uint8Array =>
  item instanceof Uint8Array && (item.constructor === Uint8Array || Buffer.isBuffer(item))

/**
 * Path to a handle in an item, in plain objects and arrays: `node:v8` would make an empty object of it.
 */
const handleIn = (item: unknown, path: string, seen: Set<object>): string | undefined => {
  if (isTraveller(item)) return path
  if (typeof item !== 'object' || item === null || seen.has(item)) return undefined
  if (Array.isArray(item)) return handleAmong(item, path, seen)
  if (Object.getPrototypeOf(item) !== Object.prototype) return undefined
  seen.add(item)
  for (const key of Object.keys(item)) {
    const member = (item as Record<string, unknown>)[key]
    if (typeof member !== 'object' || member === null) continue
    const found = handleIn(member, `${path}.${key}`, seen)
    if (found !== undefined) return found
  }
  return undefined
}

const handleAmong = (list: readonly unknown[], path: string, seen: Set<object>): string | undefined => {
  seen.add(list)
  for (let i = 0; i < list.length; i++) {
    const found = typeof list[i] === 'object' ? handleIn(list[i], `${path}[${i}]`, seen) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** What `node:v8` writes before a byte array, or any other view of memory. */
const VIEW_TAG = 0x5c

const serialized = (item: unknown, channel: string): Cargo => {
  const handle = typeof item === 'object' ? handleIn(item, 'item', new Set()) : undefined
  if (handle !== undefined) throw itemStays(channel, { path: handle, what: 'a handle' }, undefined)
  try {
    const body = serializeAll([item], 0, 1)
    return { kind: body.includes(VIEW_TAG) ? VIEWS : VALUE, bytes: body.byteLength, body }
  } catch (error) {
    throw itemStays(channel, culprit(item, 'item', new Set()), (error as Error).cause ?? error)
  }
}

/** Makes cargo of an item. Throws a TypeError, which names the channel and the path in the item, for what cannot be cloned. */
export const load = (item: unknown, channel: string): Cargo => {
  switch (typeof item) {
    case 'number':
      return { kind: NUMBER, bytes: 8, body: item }
    case 'string':
      return textual(item, LATIN1, WIDE)
    case 'boolean':
      return item ? CONSTANTS.true : CONSTANTS.false
    case 'undefined':
      return CONSTANTS.undefined
    case 'object':
      if (item === null) return CONSTANTS.null
      if (isBytes(item)) return { kind: BYTES, bytes: item.byteLength, body: item }
      if (Object.getPrototypeOf(item) === Object.prototype) {
        const parts = takeApart(item)
        if (parts !== undefined) return { kind: RECORD, bytes: sizeOf(parts), body: parts }
      }
  }
  return serialized(item, channel)
}

/** Cargo that stays as it is though its item may change: for what has to wait. */
export const kept = (cargo: Cargo): Cargo => (cargo.kind === BYTES ? { ...cargo, body: new Uint8Array(cargo.body as Uint8Array) } : cargo)

/** Writes cargo at a byte of the hold, where it has room. */
export const stow = ({ kind, body }: Cargo, { bytes, doubles }: Hold, at: number): void => {
  switch (kind) {
    case NUMBER:
      doubles[at >>> 3] = body as number
      return
    case LATIN1:
      bytes.latin1Write(body as string, at)
      return
    case WIDE:
      bytes.ucs2Write(body as string, at)
      return
    case RECORD:
      stowRecord(body as Parts, bytes, doubles, at)
      return
    case BYTES:
    case VALUE:
    case VIEWS:
      bytes.set(body as Uint8Array, at)
  }
}

const stowRecord = ({ numbers, kinds, text }: Parts, bytes: Buffer & Slices, doubles: Float64Array, at: number): void => {
  for (let i = 0; i < numbers.length; i++) doubles[(at >>> 3) + i] = numbers[i]!
  let next = at + numbers.length * 8
  for (let i = 0; i < kinds.length; i++) bytes[next++] = kinds[i]!
  bytes.latin1Write(text, next)
}

const liftRecord = (size: number, bytes: Buffer & Slices, doubles: Float64Array, at: number): Parts => {
  const first = at >>> 3
  const numbers: number[] = []
  for (let i = 0; i < doubles[first]!; i++) numbers.push(doubles[first + i]!)
  const kinds: number[] = []
  let next = at + numbers.length * 8
  for (const end = next + numbers[1]!; next < end; next++) kinds.push(bytes[next]!)
  return { numbers, kinds, text: bytes.latin1Slice(next, at + size) }
}

/** An item that has been read, but not been made yet. */
class Wrapped {
  readonly #body: Parts | Buffer

  constructor(body: Parts | Buffer) {
    this.#body = body
  }

  item(): unknown {
    return Buffer.isBuffer(this.#body) ? (revive(this.#body) as readonly unknown[])[0] : putTogether(this.#body)
  }
}

/** Reads what was stowed; to be made an item of by {@link unwrap}, when the lock is free. Shares no memory with the hold. */
export const lift = (kind: number, size: number, { bytes, doubles }: Hold, at: number): unknown => {
  switch (kind) {
    case UNDEFINED:
      return undefined
    case NULL:
      return null
    case TRUE:
      return true
    case FALSE:
      return false
    case NUMBER:
      return doubles[at >>> 3]
    case LATIN1:
      return bytes.latin1Slice(at, at + size)
    case WIDE:
      return bytes.ucs2Slice(at, at + size)
    case BYTES:
      return new Uint8Array(bytes.subarray(at, at + size))
    case RECORD:
      return new Wrapped(liftRecord(size, bytes, doubles, at))
  }
  const copy = kind === VIEWS ? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafe(size)
  copy.set(bytes.subarray(at, at + size))
  return new Wrapped(copy)
}

export const unwrap = (raw: unknown): unknown => (raw instanceof Wrapped ? raw.item() : raw)
