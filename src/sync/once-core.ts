/**
 * The state and the value of a once cell, as all handles of one thread know it.
 *
 *     STATE   0 empty ──cas──▶ mark of the thread that fills it ──store──▶ 1 full ──take──▶ 0
 *                └◀──── fails, is abandoned, or its thread dies ────┘
 *     words   STATE · VERSION: grows with every filling · BYTES of the value · event · the value, if it is small
 * Invariants
 *   O1  one at a time fills: STATE goes from 0 to a mark by one cas
 *   O2  whoever sees STATE full sees the value: it is written before. Who reads bytes while the cell is taken and filled again finds another
 *       VERSION after, and reads again
 *   O3  nobody waits for one who is gone: a mark whose thread is dead is 0 again as soon as anybody looks, and a death makes all look
 * In one thread the value is as it is. Once the cell has travelled its value is bytes (`node:v8`) among the words, or in shared memory that
 * is reserved with them and is none until it is needed (atomic/shared-memory.ts); each thread makes its own copy, once.
 * Called by once-cell.ts.
 */
import { serialize } from 'node:v8'
import { extend, reserved, words as sharedWords } from '../atomic/shared-memory.ts'
import { shore } from '../atomic/shore.ts'
import { cellStays } from '../error/wording-sync.ts'
import { revive } from '../frame/revive.ts'
import { EVENT_WORDS, Event } from './event.ts'
import { Empty } from './outcome.ts'
import { reside, resident, type Name } from './residents.ts'

export const KIND = 'OnceCell'

const STATE = 0
const VERSION = 1
const BYTES = 2
const EVENT = 3
const SMALL = EVENT + EVENT_WORDS
/** Bytes of a value that is among the words. */
const SMALL_BYTES = 256
const WORDS = SMALL + SMALL_BYTES / Int32Array.BYTES_PER_ELEMENT

export const EMPTY = 0
export const FULL = 1

/** Bytes that a value can have: address space, of which only what is used is memory. */
const MOST_BYTES = 2 ** 28

export interface Parts {
  readonly name: Name
  readonly words: Int32Array
  /** For a value that is not small. */
  readonly memory: SharedArrayBuffer
}

export class Core<T> {
  #words: Int32Array = new Int32Array(EVENT)
  #parts: Parts | undefined
  #memory: SharedArrayBuffer | undefined
  readonly event: Event
  /** The value of this version; the value itself while the cell is in one thread. */
  #value: T | undefined
  #version = 0

  constructor(event: Event) {
    this.event = event
  }

  static arrive(parts: Parts): Core<unknown> {
    return resident(KIND, parts.name, () => {
      const core = new Core(Event.attach(parts.words, EVENT))
      core.#words = parts.words
      core.#memory = parts.memory
      core.#parts = parts
      return core
    })
  }

  pack(): Parts {
    if (this.#parts !== undefined) return this.#parts
    const words = sharedWords(WORDS)
    words.set(this.#words)
    const memory = reserved(MOST_BYTES)
    if (words[STATE] === FULL) words[BYTES] = write(words, memory, encode(this.#value))
    this.#words = words
    this.#memory = memory
    this.event.share(words, EVENT)
    return (this.#parts = { name: reside(this), words, memory })
  }

  /** EMPTY, FULL, or the mark of a living thread. */
  get state(): number {
    const state = shore.load(this.#words, STATE)
    if (state === EMPTY || state === FULL || shore.living(state)) return state
    if (shore.cas(this.#words, STATE, state, EMPTY)) this.event.tell()
    return EMPTY
  }

  /** It is this thread's to fill. */
  begin(): boolean {
    return this.state === EMPTY && shore.cas(this.#words, STATE, EMPTY, shore.me())
  }

  /** It stays empty. */
  fail(): void {
    shore.store(this.#words, STATE, EMPTY)
  }

  /** Fills it, with a value as {@link Core.stow} has made it. */
  fill(value: T, stowed: Buffer | undefined): void {
    const words = this.#words
    const version = (shore.load(words, VERSION) + 1) | 0
    shore.store(words, VERSION, version)
    // it may have begun to travel since it was stowed
    if (this.#memory !== undefined) shore.store(words, BYTES, write(words, this.#memory, stowed ?? encode(value)))
    this.#value = this.#memory === undefined ? value : undefined
    this.#version = this.#memory === undefined ? version : version - 1
    shore.store(words, STATE, FULL)
  }

  /** What other threads get; throws when they cannot. Runs code of the value's (getters). */
  stow(value: T): Buffer | undefined {
    return this.#memory === undefined ? undefined : encode(value)
  }

  /** The value, when it is full. */
  read(): T | Empty {
    while (this.state === FULL) {
      const version = shore.load(this.#words, VERSION)
      if (this.#memory === undefined || this.#version === version) return this.#value as T
      const bytes = this.#bytes(this.#memory)
      if (shore.load(this.#words, VERSION) !== version || this.state !== FULL) continue // O2
      this.#value = revive(bytes) as T
      this.#version = version
      return this.#value
    }
    return Empty
  }

  /** The value, which is gone from the cell then. */
  take(): T | Empty {
    const words = this.#words
    while (this.state === FULL) {
      if (!shore.cas(words, STATE, FULL, shore.me())) continue
      const known = this.#memory === undefined || this.#version === shore.load(words, VERSION)
      const value = known ? (this.#value as T) : (revive(this.#bytes(this.#memory!)) as T)
      this.#value = undefined
      this.#version = shore.load(words, VERSION) - 1
      this.fail()
      this.event.tell()
      return value
    }
    return Empty
  }

  #bytes(memory: SharedArrayBuffer): Buffer {
    const bytes = shore.load(this.#words, BYTES)
    return Buffer.from(placeFor(this.#words, memory, bytes))
  }
}

const encode = (value: unknown): Buffer => {
  try {
    return serialize(value)
  } catch (cause) {
    throw cellStays(cause)
  }
}

/** Where a value of so many bytes is. */
const placeFor = (words: Int32Array, memory: SharedArrayBuffer, bytes: number): Uint8Array =>
  bytes <= SMALL_BYTES
    ? new Uint8Array(words.buffer, words.byteOffset + SMALL * Int32Array.BYTES_PER_ELEMENT, bytes)
    : new Uint8Array(memory, 0, bytes)

const write = (words: Int32Array, memory: SharedArrayBuffer, value: Buffer): number => {
  const bytes = value.byteLength
  if (bytes > MOST_BYTES) throw cellStays(new RangeError(`${bytes} bytes are more than ${MOST_BYTES}`))
  if (bytes > SMALL_BYTES) extend(memory, bytes)
  placeFor(words, memory, bytes).set(value)
  return bytes
}
