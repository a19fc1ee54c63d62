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
 * that grows changes no position: what the new size puts elsewhere is copied there.
 * The ring begins with 1 KiB among the channel's words, which is all that most channels need. When that is not enough it is 64 KiB of
 * memory of its own, that doubles, to 1 GiB at most. That memory is reserved from the beginning, since it has to travel with the words:
 * a thread that a handle comes to later could not be given it; but it has not a byte until then (atomic/shared-memory.ts).
 * Invariants
 *   I1  HEAD … TAIL are whole records and pads; TAIL − HEAD ≤ SIZE
 *   I2  each call takes effect by one store (of TAIL, HEAD or SIZE): a thread that dies in the middle of one leaves the queue as it
 *       was before it or is after it, but for COUNT, which `repair` counts anew
 * Memory  does not shrink: it stays at what the most that was ever in the channel has taken, until the channel is let go.
 * Called by mpsc, broadcast and watch.
 */
import { extend, reserved } from '../atomic/shared-memory.ts'
import { channelOverflows } from '../error/wording-channel.ts'
import { lift, stow, type Cargo, type Hold, type Slices } from './cargo.ts'

const HEAD = 0
const TAIL = 1
const COUNT = 2
/** Units of the ring. */
const SIZE = 3

const RING = 4

const UNIT = 8
const FIRST_BYTES = 1024
/** Of the ring when it has memory of its own. */
const OWN_BYTES = 65_536
/** Words that a carrier takes among its channel's; one of them is spent on the ring's beginning where a unit does. */
export const CARRIER_WORDS = RING + 1 + FIRST_BYTES / Int32Array.BYTES_PER_ELEMENT
/** Bytes that a ring can have. */
export const MOST_BYTES = 2 ** 30

const HEADER = 2 // units
const PAD = 0
// words of a record's header
const UNITS = 0
const KIND = 1
const BYTES = 2
const TAG = 3

export class Carrier {
  /** The kind of channel, as errors name it. */
  readonly #channel: string
  readonly #words: Int32Array
  readonly #at: number
  readonly #memory: SharedArrayBuffer
  #size = 0
  #headers: Int32Array
  #hold: Hold

  /** One over words and memory that exist: of {@link Carrier.create}, in whatever thread. */
  constructor(channel: string, words: Int32Array, at: number, memory: SharedArrayBuffer) {
    this.#channel = channel
    this.#words = words
    this.#at = at
    this.#memory = memory
    this.#headers = new Int32Array(0)
    this.#hold = { bytes: Buffer.alloc(0) as Buffer & Slices, doubles: new Float64Array(0) }
  }

  /** A new one, over `CARRIER_WORDS` zeroed words. */
  static create(channel: string, words: Int32Array, at: number): Carrier {
    words[at + SIZE] = FIRST_BYTES / UNIT
    return new Carrier(channel, words, at, reserved(MOST_BYTES))
  }

  /** What another thread needs besides the words: memory of which there is none while the ring lies among these. */
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

  /** Sees the ring as large as it is by now. */
  #attach(): void {
    const size = this.#words[this.#at + SIZE]!
    if (size === this.#size) return
    this.#size = size
    const [memory, from] = this.#placeFor(size)
    this.#headers = new Int32Array(memory, from, size * 2)
    const bytes: Buffer = Buffer.from(memory, from, size * UNIT)
    this.#hold = { bytes: bytes as Buffer & Slices, doubles: new Float64Array(memory, from, size) }
  }

  /** Where a ring of this size lies: its memory, and its first byte there. */
  #placeFor(size: number): readonly [SharedArrayBuffer, number] {
    if (size * UNIT > FIRST_BYTES) return [this.#memory, 0]
    const { buffer, byteOffset } = this.#words
    return [buffer as SharedArrayBuffer, (byteOffset + (this.#at + RING) * Int32Array.BYTES_PER_ELEMENT + UNIT - 1) & -UNIT]
  }

  /** Makes the ring larger, for one record more. */
  #grow(used: number, units: number): void {
    const words = this.#words
    const old = this.#size
    const bytes = Math.max(old * 2 * UNIT, OWN_BYTES)
    if (bytes > MOST_BYTES || (used + units) * UNIT > MOST_BYTES) throw channelOverflows(this.#channel, (used + units) * UNIT, MOST_BYTES)
    extend(this.#memory, bytes)
    const size = bytes / UNIT
    const to = Buffer.from(this.#memory, 0, bytes)
    const from = this.#hold.bytes
    const moves = from.buffer !== to.buffer
    const tail = words[this.#at + TAIL]!
    for (let position = words[this.#at + HEAD]!; position !== tail; ) {
      const before = position & (old - 1)
      const after = position & (size - 1)
      const n = Math.min(old - before, (tail - position) >>> 0) // no more than that lies in one piece in either
      if (moves || before !== after) to.set(from.subarray(before * UNIT, (before + n) * UNIT), after * UNIT)
      position = (position + n) | 0
    }
    words[this.#at + SIZE] = size
    this.#attach()
  }
}
