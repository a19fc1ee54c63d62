/**
 * A queue of items in shared memory, for channels whose ends are in several threads. Every call is made under the channel's lock.
 *
 *     record = [units, kind, bytes, tag][the item, as cargo.ts writes it]      a unit is 8 bytes; `tag` is the channel's own word
 *
 *     ┌──────────────┬───────────┬───────────┬─────┬──────────────┐
 *     │ free         │ record    │ record    │ pad │ free         │     a ring: a record that does not fit before the end begins anew
 *     └──────────────┴▲──────────┴───────────┴─────┴▲─────────────┘
 *                     HEAD                          TAIL
 *
 * Positions are counted on and on, modulo 2³² units; where one lies is its remainder by the ring's size, a power of two. So a ring
 * that doubles changes no position: what the new size puts elsewhere is copied into the new half.
 * The memory is a growable SharedArrayBuffer: 64 KiB at first, at most 1 GiB, of which only what is used is the machine's.
 * Invariants
 *   I1  HEAD … TAIL are whole records and pads; TAIL − HEAD ≤ SIZE
 *   I2  each call takes effect by one store (of TAIL, HEAD or SIZE): a thread that dies in the middle of one leaves the queue as it
 *       was before it or is after it, but for COUNT, which `repair` counts anew
 * Memory  does not shrink: it stays at what the most that was ever in the channel has taken, until the channel is let go.
 * Called by mpsc, broadcast and watch.
 */
import { channelOverflows } from '../error/wording-channel.ts'
import { lift, stow, type Cargo, type Hold, type Slices } from './cargo.ts'

/** Words that a carrier takes among its channel's. */
export const CARRIER_WORDS = 4
const HEAD = 0
const TAIL = 1
const COUNT = 2
/** Units of the ring. */
const SIZE = 3

const UNIT = 8
const FIRST_BYTES = 65_536
/** Bytes that a ring can have. */
export const MOST_BYTES = 2 ** 30

const HEADER = 2 // units
const PAD = 0
// words of a record's header
const UNITS = 0
const KIND = 1
const BYTES = 2
const TAG = 3

interface Growable extends SharedArrayBuffer {
  grow(bytes: number): void
}

type MakesGrowable = new (bytes: number, options: { readonly maxByteLength: number }) => Growable

export class Carrier {
  /** The kind of channel, as errors name it. */
  readonly #channel: string
  readonly #words: Int32Array
  readonly #at: number
  readonly #memory: Growable
  #size = 0
  #headers: Int32Array
  #hold: Hold

  /** One over words and memory that exist: of {@link Carrier.create}, in whatever thread. */
  constructor(channel: string, words: Int32Array, at: number, memory: SharedArrayBuffer) {
    this.#channel = channel
    this.#words = words
    this.#at = at
    this.#memory = memory as Growable
    this.#headers = new Int32Array(0)
    this.#hold = { bytes: Buffer.alloc(0) as Buffer & Slices, doubles: new Float64Array(0) }
  }

  /** A new one, over `CARRIER_WORDS` zeroed words, of `bytes` at first: a power of two. */
  static create(channel: string, words: Int32Array, at: number, bytes = FIRST_BYTES): Carrier {
    words[at + SIZE] = bytes / UNIT
    const memory = new (SharedArrayBuffer as unknown as MakesGrowable)(bytes, { maxByteLength: MOST_BYTES })
    return new Carrier(channel, words, at, memory)
  }

  /** What another thread needs besides the words. */
  get memory(): SharedArrayBuffer {
    return this.#memory
  }

  /** Items. */
  get count(): number {
    return this.#words[this.#at + COUNT]!
  }

  /** The position behind the newest item. */
  get tail(): number {
    return this.#words[this.#at + TAIL]!
  }

  /** The position of the oldest item; `tail` when there is none. */
  get head(): number {
    return this.#skip(this.#words[this.#at + HEAD]!)
  }

  /** Whether a position is before another. */
  static before(a: number, b: number): boolean {
    return ((a - b) | 0) < 0
  }

  /** The position of the item that a cursor stands at, which may have been the `tail` of its time; `tail` when there is none. */
  at(cursor: number): number {
    return this.#skip(cursor)
  }

  /** The position of the item behind the one at `position`; `tail` when there is none. */
  next(position: number): number {
    return this.#skip((position + this.#word(position, UNITS)) | 0)
  }

  tag(position: number): number {
    return this.#word(position, TAG)
  }

  setTag(position: number, tag: number): void {
    this.#attach()
    this.#headers[this.#placeOf(position) * 2 + TAG] = tag
  }

  /** The item at a position, to be unwrapped when the lock is free. */
  read(position: number): unknown {
    this.#attach()
    const place = this.#placeOf(position)
    const headers = this.#headers
    return lift(headers[place * 2 + KIND]!, headers[place * 2 + BYTES]!, this.#hold, (place + HEADER) * UNIT)
  }

  /** Appends an item; answers its position. Throws, and has changed nothing, when the memory would be more than it may be. */
  push(cargo: Cargo, tag: number): number {
    const words = this.#words
    const at = this.#at
    const units = HEADER + ((cargo.bytes + UNIT - 1) >>> 3)
    this.#attach()
    for (;;) {
      const tail = words[at + TAIL]!
      const used = (tail - (words[at + HEAD] = this.head)) >>> 0
      const place = tail & (this.#size - 1)
      const toEnd = this.#size - place
      const headers = this.#headers
      if (units <= toEnd && used + units <= this.#size) {
        headers[place * 2 + UNITS] = units
        headers[place * 2 + KIND] = cargo.kind
        headers[place * 2 + BYTES] = cargo.bytes
        headers[place * 2 + TAG] = tag
        stow(cargo, this.#hold, (place + HEADER) * UNIT)
        words[at + TAIL] = (tail + units) | 0
        words[at + COUNT]!++
        return tail
      }
      if (units > toEnd && (used === 0 ? units <= this.#size : used + toEnd + units <= this.#size)) {
        headers[place * 2 + UNITS] = toEnd
        headers[place * 2 + KIND] = PAD
        words[at + TAIL] = (tail + toEnd) | 0
      } else this.#grow(used, units)
    }
  }

  /** Lets go of the oldest item; there must be one. */
  shift(): void {
    const head = this.head
    this.#words[this.#at + HEAD] = (head + this.#word(head, UNITS)) | 0
    this.#words[this.#at + COUNT]!--
  }

  /** Lets go of the item at a position, and of all that are behind it. */
  cut(position: number): void {
    let count = 0
    for (let at = this.at(position); at !== this.tail; at = this.next(at)) count++
    this.#words[this.#at + TAIL] = position
    this.#words[this.#at + COUNT]! -= count
  }

  /** Lets go of all items. */
  clear(): void {
    this.#words[this.#at + HEAD] = this.tail
    this.#words[this.#at + COUNT] = 0
  }

  /** After a thread has died inside a call. */
  repair(): void {
    let count = 0
    for (let position = this.head; position !== this.tail; position = this.next(position)) count++
    this.#words[this.#at + COUNT] = count
  }

  #placeOf(position: number): number {
    return position & (this.#size - 1)
  }

  #word(position: number, word: number): number {
    this.#attach()
    return this.#headers[this.#placeOf(position) * 2 + word]!
  }

  #skip(position: number): number {
    const tail = this.tail
    let at = position
    while (at !== tail && this.#word(at, KIND) === PAD) at = (at + this.#word(at, UNITS)) | 0
    return at
  }

  /** Sees the memory as large as it is by now. */
  #attach(): void {
    const size = this.#words[this.#at + SIZE]!
    if (size === this.#size) return
    this.#size = size
    this.#headers = new Int32Array(this.#memory, 0, size * 2)
    const bytes: Buffer = Buffer.from(this.#memory, 0, size * UNIT)
    this.#hold = { bytes: bytes as Buffer & Slices, doubles: new Float64Array(this.#memory, 0, size) }
  }

  /** Doubles the ring, for one record more. */
  #grow(used: number, units: number): void {
    const words = this.#words
    const old = this.#size
    const bytes = old * 2 * UNIT
    if (bytes > MOST_BYTES || (used + units) * UNIT > MOST_BYTES) throw channelOverflows(this.#channel, (used + units) * UNIT, MOST_BYTES)
    if (this.#memory.byteLength < bytes) this.#memory.grow(bytes)
    const all = Buffer.from(this.#memory, 0, bytes)
    // what the new size puts into the new half: the positions in which the old size is a bit
    const tail = words[this.#at + TAIL]!
    for (let from = words[this.#at + HEAD]!; from !== tail; ) {
      const place = from & (old - 1)
      const n = Math.min(old - place, (tail - from) >>> 0)
      if ((from & old) !== 0) all.copyWithin((old + place) * UNIT, place * UNIT, (place + n) * UNIT)
      from = (from + n) | 0
    }
    words[this.#at + SIZE] = old * 2
    this.#attach()
  }
}
