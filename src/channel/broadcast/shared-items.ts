/**
 * The items of a broadcast channel in shared memory: which are shown, which wait, and what is done when there is room.
 *
 *     BASE ─────────────── SHOWN ─────────────── tail of the carrier
 *      │ shown: each with    │ waiting: sends that found no room, in the order of the calls, each with
 *      │ the number of those │ the slot where its result will be; or taken back
 *      │ who need it         │
 *      ├─ b's cursor  ├─ a's cursor
 *
 * Invariants, whenever the gate is free
 *   S1  what is true is said by single words: the carrier (which items there are), SHOWN (two copies, and a word that says which of
 *       them holds) and each receiver's own row (where it is). All else is counted from these by `mend`: a thread may die anywhere
 *   S2  the tag of a shown item is the number of receivers whose cursor is at it or before; only the oldest are let go
 *   S3  the first of those that wait was not taken back, and there is no room for it
 *   S4  who waits is told by an event after the gate was left: of what is shown, of results, of the last receiver that leaves
 * All methods but `locked` are called inside the gate, or as a moment's guess. Called by the other files named shared-*.
 */
import { living } from '../../atomic/threads.ts'
import { Event } from '../../sync/event.ts'
import { Gate } from '../../sync/gate.ts'
import { Carrier } from '../carrier.ts'
import { SeatCounts } from '../seats.ts'
import {
  BASE, CAPACITY, CARRIER, CURSORS, DESERTED, ENDS, FLIP, GATE, ITEMS, MARK, RECEIVERS, REFUSED, RESULT, RESULTS, ROWS_USED, SHOWN, SLOTS_USED,
  TAKEN_BACK, WAITING, doublesOf, rowAt, slotAt, slotOf, wordsOf, type Memories
} from './shared-layout.ts'

export class SharedItems {
  readonly doubles: Float64Array
  readonly words: Int32Array
  readonly carrier: Carrier
  /** Told of items that are shown, and of the end; of results of sends that have waited; of the last receiver that has left. */
  readonly arrivals: Event
  readonly results: Event
  readonly deserted: Event
  readonly counts: SeatCounts
  readonly #gate: Gate
  /** What is to be told when the gate is left. */
  #newItems = false
  #newResults = false
  #nobody = false

  /** Over shared memory that is there. */
  constructor(memories: Memories) {
    this.doubles = doublesOf(memories.words)
    const words = (this.words = wordsOf(memories.words))
    this.#gate = new Gate(words, GATE, () => {
      this.#mend()
    })
    this.carrier = new Carrier('broadcast', words, CARRIER, memories.items)
    this.arrivals = Event.attach(words, ITEMS)
    this.results = Event.attach(words, RESULTS)
    this.deserted = Event.attach(words, DESERTED)
    const [enter, exit] = [() => { this.enter() }, () => { this.exit() }]
    this.counts = new SeatCounts(words, ENDS, { enter, exit })
  }

  enter(): void {
    this.#gate.enter()
  }

  /** Leaves the gate, and tells those who wait of what has changed. */
  exit(): void {
    const [items, results, nobody] = [this.#newItems, this.#newResults, this.#nobody]
    this.#newItems = this.#newResults = this.#nobody = false
    this.#gate.exit()
    if (results) this.results.tell()
    if (items) this.arrivals.tell()
    if (nobody) this.deserted.tell()
  }

  locked<T>(body: () => T): T {
    this.enter()
    try {
      return body()
    } finally {
      this.exit()
    }
  }

  /** Who waits for items looks again, when the gate is left. */
  tellReceivers(): void {
    this.#newItems = true
  }

  /** Who waits to send looks again, when the gate is left. */
  tellSenders(): void {
    this.#newResults = true
  }

  /** The number of the next item to be shown. */
  get next(): number {
    return this.doubles[SHOWN + 2 * this.words[FLIP]!]!
  }

  /** Its position, or one of pads before it. */
  get edge(): number {
    return this.doubles[SHOWN + 2 * this.words[FLIP]! + 1]!
  }

  /** Changes both by one store (S1). */
  show(next: number, edge: number): void {
    const other = 1 - this.words[FLIP]!
    if (next !== this.next) this.#newItems = true
    this.doubles[SHOWN + 2 * other] = next
    this.doubles[SHOWN + 2 * other + 1] = edge
    this.words[FLIP] = other
  }

  get isFull(): boolean {
    return this.next - this.doubles[BASE]! >= this.words[CAPACITY]!
  }

  /** Something waits. */
  get presses(): boolean {
    return this.carrier.at(this.edge) !== this.carrier.tail
  }

  /** Nothing can come any more. */
  get isEnded(): boolean {
    return this.counts.strongInside === 0 && !this.presses
  }

  /** Lets go of the oldest item. */
  drop(): void {
    this.carrier.shift()
    this.doubles[BASE]!++
  }

  /** Lets go of what nobody needs, and shows those that wait for the room. */
  makeRoom(): void {
    const { carrier, words } = this
    for (;;) {
      for (let head = carrier.head; Carrier.before(head, this.edge); head = carrier.head) {
        const needed = carrier.tag(head)
        if (needed === TAKEN_BACK) carrier.shift()
        else if (needed === 0) this.drop()
        else break
      }
      const position = carrier.at(this.edge)
      if (position === carrier.tail) break
      const tag = carrier.tag(position)
      if (tag === TAKEN_BACK) {
        this.show(this.next, carrier.next(position))
        continue
      }
      if (this.isFull) return
      const receivers = words[RECEIVERS]!
      carrier.setTag(position, receivers)
      this.show(this.next + 1, carrier.next(position))
      this.result(slotOf(tag), receivers)
    }
    if (this.counts.strongInside === 0) this.#newItems = true // none will come: who waits is told
  }

  result(slot: number, result: number): void {
    this.words[slotAt(slot) + RESULT] = result
    this.#newResults = true
  }

  /** The last receiver has left: nobody needs anything, and what waits is refused. */
  refuseAll(): void {
    const { words } = this
    for (let slot = 0; slot < words[SLOTS_USED]!; slot++) {
      const at = slotAt(slot)
      if (words[at + MARK] !== 0 && words[at + RESULT] === WAITING) this.result(slot, REFUSED)
    }
    this.show(this.next, this.carrier.tail)
    this.carrier.clear()
    this.doubles[BASE] = this.next
    this.#newResults = this.#nobody = true
  }

  /** A cursor's position; the oldest where all that was in between has been let go: it was taken back. */
  retained(position: number): number {
    const { head } = this.carrier
    return Carrier.before(position, head) ? head : position
  }

  /** The item at a position or behind it, of those that are shown; without those that were taken back. */
  shownAt(position: number): number {
    const { carrier } = this
    let at = carrier.at(this.retained(position))
    while (at !== carrier.tail && carrier.tag(at) === TAKEN_BACK) at = carrier.next(at)
    return at
  }

  /** Some thread has died, maybe inside the gate: what the dead had is let go, and what is derived is made anew (S1). */
  #mend(): void {
    const { words, carrier } = this
    carrier.repair()
    this.counts.mend()
    const cursors: number[] = []
    for (let row = 0; row < words[ROWS_USED]!; row++) {
      this.#bury(rowAt(row))
      if (words[rowAt(row) + MARK] !== 0) cursors.push(this.doubles[CURSORS + row]!)
    }
    words[RECEIVERS] = cursors.length
    for (let slot = 0; slot < words[SLOTS_USED]!; slot++) this.#bury(slotAt(slot))
    this.#newItems = this.#newResults = true
    if (cursors.length === 0) {
      this.refuseAll()
      return
    }
    const waiting = this.#mendWaiting()
    for (let slot = 0; slot < words[SLOTS_USED]!; slot++) {
      const at = slotAt(slot)
      if (words[at + MARK] !== 0 && words[at + RESULT] === WAITING && !waiting.has(slot)) this.result(slot, cursors.length)
    }
    this.#recount(cursors)
    this.makeRoom()
  }

  /** Frees a row or a slot of a dead thread. */
  #bury(at: number): void {
    const mark = this.words[at + MARK]!
    if (mark !== 0 && !living(mark)) this.words[at + MARK] = 0
  }

  /** What had been about to be shown is shown; what waits for the dead is taken back. Answers the slots of those that wait. */
  #mendWaiting(): ReadonlySet<number> {
    const { carrier, words } = this
    const waiting = new Set<number>()
    for (let position = carrier.at(this.edge); position !== carrier.tail; position = carrier.next(position)) {
      const tag = carrier.tag(position)
      if (tag >= 0) this.show(this.next + 1, carrier.next(position))
      else if (tag !== TAKEN_BACK && words[slotAt(slotOf(tag)) + MARK] === 0) carrier.setTag(position, TAKEN_BACK)
      else if (tag !== TAKEN_BACK) waiting.add(slotOf(tag))
    }
    return waiting
  }

  /** Who needs what of what is shown, by the cursors. */
  #recount(cursors: readonly number[]): void {
    const { carrier } = this
    const shown: number[] = []
    for (let position = carrier.head; Carrier.before(position, this.edge); position = carrier.next(position)) {
      if (carrier.tag(position) !== TAKEN_BACK) shown.push(position)
    }
    const base = (this.doubles[BASE] = this.next - shown.length)
    const begin = new Int32Array(shown.length + 1)
    for (const cursor of cursors) begin[Math.max(cursor, base) - base]!++
    let needed = 0
    for (const [i, position] of shown.entries()) carrier.setTag(position, (needed += begin[i]!))
  }
}
