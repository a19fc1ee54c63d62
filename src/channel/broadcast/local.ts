/**
 * The items of a broadcast channel in the heap, by reference: for the tasks of one thread.
 *
 *     base ───────────────── tail        held: each item with its weight and the number of receivers that have not taken it
 *      ├─ b's cursor  ├─ a's cursor      line: sends that wait, 'wait' only
 *
 * Invariants
 *   L1  `needed` of an item is the number of open receivers whose cursor is at it or before: who needs an item needs all
 *       later ones, so only the oldest can be let go
 *   L2  nobody is in the line while there is room for the first of them; no send passes those who wait
 *   L4  the weights of what is held are at most the capacity
 *   L3  who waits at a receiver has taken everything: an item is handed to it in the moment it is sent
 * Called by ends.ts.
 */
import { waitsForItself } from '../../error/wording-sync.ts'
import { blockingCheck } from '../../sync/blocking.ts'
import { ready } from '../../sync/budget.ts'
import { receiverGone } from '../../sync/closed-error.ts'
import { Closed, Empty } from '../../sync/outcome.ts'
import type { Log, Members, Place, Reader, Receiving } from './log.ts'
import { Lagged } from './lagged.ts'
import { Ring } from '../ring.ts'
import { fitWeight } from '../weight.ts'
import type { Sending } from './sending.ts'

/** A retained item, what it takes of the capacity, and how many receivers have not taken it. */
interface Held<A> {
  readonly item: A
  readonly weight: number
  needed: number
}

/** A receiver's cursor: the item that it takes next, behind `base` when it has missed some. */
export class LocalPlace<A> implements Place<A> {
  readonly #log: LocalLog<A>
  readonly reader: Reader<A>
  readonly waiting: Receiving<A>
  cursor: number

  constructor(log: LocalLog<A>, reader: Reader<A>) {
    this.#log = log
    this.reader = reader
    this.waiting = reader.waiting
    this.cursor = log.tail
  }

  take(): A | Lagged | Empty | Closed {
    const log = this.#log
    if (this.cursor < log.base) {
      const skipped = log.base - this.cursor
      this.cursor = log.base
      return new Lagged(skipped)
    }
    if (this.cursor < log.tail) return log.take(this.cursor++)
    return log.ended ? Closed : Empty
  }

  /** An item was published: the call that waits longest gets it. Called by the log. */
  serve(): void {
    if (this.waiting.first === undefined) return
    const item = this.#log.hand(this.cursor++)
    this.waiting.shift().settle(item)
  }

  get length(): number {
    return this.#log.tail - this.cursor
  }

  leave(): void {
    this.#log.leave(this)
  }

  depart(): never {
    throw new Error('a receiver of one thread cannot leave it: the channel has to be shared first')
  }
}

export class LocalLog<A> implements Log<A> {
  readonly capacity: number
  /** A send waits for room; else the oldest item makes room. */
  readonly waits: boolean
  /** Items `base` … `tail` − 1, counted from the first that was ever sent. */
  readonly #held = new Ring<Held<A>>()
  base = 0
  /** What they weigh together. */
  #weight = 0
  readonly #weigh: ((item: A) => number) | undefined
  readonly places = new Set<LocalPlace<A>>()
  readonly #members: Members<A>

  constructor(capacity: number, waits: boolean, members: Members<A>, weigh: ((item: A) => number) | undefined) {
    this.capacity = capacity
    this.waits = waits
    this.#members = members
    this.#weigh = weigh
  }

  /** Items are weighed by a function, which stays in this thread. */
  get weighs(): boolean {
    return this.#weigh !== undefined
  }

  #weightOf(item: A): number {
    return this.#weigh === undefined ? 1 : fitWeight('broadcast', this.#weigh(item), this.capacity, 'weigh must answer a number >= 0')
  }

  #hasRoom(weight: number): boolean {
    return this.#weight + weight <= this.capacity
  }

  get tail(): number {
    return this.base + this.#held.size
  }

  get length(): number {
    return this.#held.size
  }

  get receivers(): number {
    return this.places.size
  }

  get pressed(): boolean {
    return this.#members.line.first !== undefined
  }

  get ended(): boolean {
    return this.#members.ends.count.strong === 0 && !this.pressed
  }

  get starving(): boolean {
    for (const place of this.places) if (place.waiting.first !== undefined) return true
    return false
  }

  offer(item: A): number | undefined {
    return this.places.size === 0 ? 0 : this.#offer(item, this.#weightOf(item))
  }

  #offer(item: A, weight: number): number | undefined {
    if (this.places.size === 0) return 0
    if (this.waits && (this.pressed || !this.#hasRoom(weight))) return undefined
    while (!this.#hasRoom(weight)) this.#drop()
    const count = this.#publish(item, weight)
    this.#trim()
    return count
  }

  send(item: A, signal: AbortSignal | undefined): Promise<number> {
    const weight = this.#weightOf(item)
    const sent = this.#offer(item, weight)
    if (sent === undefined) {
      return this.#members.line.wait(item, signal, (sending) => {
        sending.weight = weight
      })
    }
    return sent === 0 ? Promise.reject(receiverGone('broadcast', item)) : ready(sent)
  }

  blockingSend(item: A): number {
    blockingCheck('broadcast: blockingSend')
    const sent = this.offer(item)
    if (sent === 0) throw receiverGone('broadcast', item)
    if (sent === undefined) throw waitsForItself('broadcast: blockingSend', 'all its receivers are in this thread')
    return sent
  }

  withdraw(sending: Sending<A>): boolean {
    this.#members.line.remove(sending)
    return true
  }

  enter(reader: Reader<A>): Place<A> {
    const place = new LocalPlace(this, reader)
    this.places.add(place)
    return place
  }

  await(): void {
    // an item is handed over in the moment it is sent
  }

  blockingRecv({ place }: Reader<A>): A | Lagged | Closed {
    blockingCheck('broadcast: blockingRecv')
    const item = place.take()
    if (item === Empty) throw waitsForItself('broadcast: blockingRecv', 'all its senders are in this thread')
    return item
  }

  watched(): void {
    // `leave` tells
  }

  /** Everything that is retained, oldest first. */
  get items(): readonly A[] {
    return Array.from({ length: this.#held.size }, (_, i) => this.#held.at(i).item)
  }

  /** The item at a cursor, for one receiver, which does not need it any more. While the receivers are served nothing is let go. */
  hand(cursor: number): A {
    const held = this.#held.at(cursor - this.base)
    held.needed--
    return held.item
  }

  /** As {@link hand}, and lets go of what nobody needs. */
  take(cursor: number): A {
    const item = this.hand(cursor)
    if (cursor === this.base) this.#makeRoom()
    return item
  }

  leave(place: LocalPlace<A>): void {
    this.places.delete(place)
    if (this.places.size === 0) {
      const { ends, line } = this.#members
      // before the room that is made below could be theirs
      for (let sending = line.first; sending !== undefined; sending = line.first) {
        line.remove(sending)
        sending.refuse(receiverGone('broadcast', sending.item))
      }
      ends.watching.settleAll()
    }
    for (let at = Math.max(place.cursor, this.base); at < this.tail; at++) this.#held.at(at - this.base).needed--
    this.#makeRoom()
  }

  settle(): void {
    if (this.ended) for (const { waiting } of this.places) waiting.settleAll(Closed)
  }

  /** Hands an item to the receivers that wait and retains it for the others; answers how many there are. */
  #publish(item: A, weight: number): number {
    const count = this.places.size
    this.#held.push({ item, weight, needed: count })
    this.#weight += weight
    for (const place of this.places) place.serve()
    return count
  }

  /** Lets go of what nobody needs, and lets those in who wait for the room. */
  #makeRoom(): void {
    this.#trim()
    const { line } = this.#members
    if (line.first === undefined) return
    while (line.first !== undefined && this.#hasRoom(line.first.weight)) {
      const sending = line.shift()
      sending.settle(this.#publish(sending.item, sending.weight))
      this.#trim()
    }
    this.settle() // the last one may have been let in
  }

  /** Lets go of the oldest items that nobody needs (L1). */
  #trim(): void {
    while (this.#held.size > 0 && this.#held.at(0).needed === 0) this.#drop()
  }

  #drop(): void {
    this.#weight -= this.#held.shift().weight
    this.base++
  }
}
