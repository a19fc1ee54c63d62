/**
 * The items of a broadcast channel in shared memory, as bytes: for the tasks and threads of a program.
 *
 *     BASE ─────────────── SHOWN ─────────────── tail of the carrier
 *      │ shown: each with    │ waiting: sends that found no room, in the order of the calls, each with
 *      │ the number of those │ the slot where its result will be; or taken back
 *      │ who need it         │
 *      ├─ b's cursor  ├─ a's cursor
 *
 * A send that finds no room puts its item behind those that are shown, and waits for its result. Whoever makes room shows the next,
 * whichever thread that is, so that nobody has to be woken for the items to go on, and the order is that of the calls.
 * Invariants, whenever the lock is free
 *   S1  what is true is said by single words: the carrier (which items there are), SHOWN (two copies, and a word that says which of
 *       them holds) and each receiver's own row (where it is). All else is counted from these by `repair`: a thread may die anywhere
 *   S2  the tag of a shown item is the number of receivers whose cursor is at it or before; only the oldest are let go
 *   S3  the first of those that wait was not taken back, and there is no room for it
 *   S4  who waits is told by an event after the gate was left: of what is shown, of results, of the last receiver that leaves
 * Each thread has one of these per channel. Called by ends.ts.
 */
import { fixed } from '../../atomic/shared-memory.ts'
import { living, me } from '../../atomic/threads.ts'
import { argumentError } from '../../error/pipeline-error.ts'
import { ready } from '../../sync/budget.ts'
import { receiverGone } from '../../sync/closed-error.ts'
import { EVENT_WORDS, Event } from '../../sync/event.ts'
import { GATE_WORDS, Gate } from '../../sync/gate.ts'
import { Closed, Empty } from '../../sync/outcome.ts'
import { outside } from '../../sync/scope.ts'
import { CARRIER_WORDS, Carrier } from '../carrier.ts'
import { kept, load, unwrap, type Cargo } from '../cargo.ts'
import { SEAT_WORDS, SeatCounts } from '../seats.ts'
import { Lagged } from './lagged.ts'
import type { LocalLog } from './local.ts'
import type { Log, Members, Passage, Place, Reader } from './log.ts'
import type { Sending } from './sending.ts'

/** Receivers that a channel can have, over all threads. */
const ROWS = 1024
/** Sends that can wait in shared memory; more wait in their thread, until some of these have gone. */
const SLOTS = 512

// Numbers of items, counted from the first that was ever sent: more than a word holds
const BASE = 0
/** Two copies of SHOWN: the number of the next item to be shown, and its position in the carrier. */
const SHOWN = 1
const CURSORS = 5
const DOUBLES = CURSORS + ROWS
const WORDS_AT = DOUBLES * Float64Array.BYTES_PER_ELEMENT

// Words
const CAPACITY = 0
/** Whether a send waits for room; else the oldest item makes room. */
const WAITS = 1
/** Which copy of SHOWN holds. */
const FLIP = 2
/** Open receivers; and how far the rows, and the slots, go that are in use. */
const RECEIVERS = 3
const ROWS_USED = 4
const SLOTS_USED = 5
/** Grows with every row that is taken, so that a receiver that arrives knows its own. */
const KEYS = 6
/** A send waits that has found no slot. */
const CROWDED = 7
const GATE = 8
const CARRIER = GATE + GATE_WORDS
const ITEMS = CARRIER + CARRIER_WORDS
const RESULTS = ITEMS + EVENT_WORDS
const DESERTED = RESULTS + EVENT_WORDS
const ENDS = DESERTED + EVENT_WORDS
const ROW = ENDS + SEAT_WORDS
// words of a row
/** Mark of its thread; 0 when the row is free. */
const MARK = 0
const POSITION = 1
const KEY = 2
const ROW_WORDS = 3
const SLOT = ROW + ROWS * ROW_WORDS
// words of a slot; the first as in a row
const RESULT = 1
const SLOT_WORDS = 2
const WORDS = SLOT + SLOTS * SLOT_WORDS

/** What a slot says: the send waits, or was refused; else it went to so many receivers. */
const WAITING = 0
const REFUSED = -1

// The tag of an item that waits says in which slot its result goes, or that it was taken back; from when it is (about to be) shown, how
// many receivers need it. One that was taken back is no item any more, wherever it lies.
const TAKEN_BACK = -1
const tagOf = (slot: number): number => -2 - slot
const slotOf = (tag: number): number => -2 - tag


/** What another thread makes a log of. */
export interface Memories {
  readonly words: SharedArrayBuffer
  readonly items: SharedArrayBuffer
}

/** What became of a send that waited. */
type Outcome = { readonly sent: number } | { readonly refused: unknown }

/** A receiver's place: a row of the table. */
class SharedPlace<A> implements Place<A> {
  readonly #log: SharedLog<A>
  readonly row: number

  constructor(log: SharedLog<A>, row: number) {
    this.#log = log
    this.row = row
  }

  take(): A | Lagged | Empty | Closed {
    return this.#log.take(this.row)
  }

  get length(): number {
    return this.#log.behind(this.row)
  }

  leave(): void {
    this.#log.leave(this.row)
  }

  depart(): Passage {
    return this.#log.depart(this.row)
  }
}

export class SharedLog<A> implements Log<A> {
  readonly memories: Memories
  readonly counts: SeatCounts
  readonly #members: Members<A>
  readonly #doubles: Float64Array
  readonly #words: Int32Array
  readonly #gate: Gate
  readonly #carrier: Carrier
  readonly #items: Event
  readonly #results: Event
  readonly #deserted: Event
  /** Receivers of this thread where a call waits. */
  readonly #served = new Set<Reader<A>>()
  /** Receivers that have come from another log. */
  #readers: Reader<A>[] = []
  /** This thread waits for results of its sends; for the last receiver to leave. */
  #collecting = false
  #watching = false
  /** What is to be told when the gate is left. */
  #newItems = false
  #newResults = false
  #nobody = false

  /** One over shared memory that is there. */
  constructor(memories: Memories, members: Members<A>) {
    this.memories = memories
    this.#members = members
    this.#doubles = new Float64Array(memories.words, 0, DOUBLES)
    const words = (this.#words = new Int32Array(memories.words, WORDS_AT, WORDS))
    this.#gate = new Gate(words, GATE, () => {
      this.#mend()
    })
    this.#carrier = new Carrier('broadcast', words, CARRIER, memories.items)
    this.#items = Event.attach(words, ITEMS)
    this.#results = Event.attach(words, RESULTS)
    this.#deserted = Event.attach(words, DESERTED)
    const [enter, exit] = [() => { this.#enter() }, () => { this.#exit() }]
    this.counts = new SeatCounts(words, ENDS, { enter, exit })
  }

  /** A new one, which goes on where a local one is. Throws, and has changed nothing, when an item cannot cross threads. */
  static create<A>(local: LocalLog<A>, members: Members<A>): SharedLog<A> {
    const { capacity, waits, base, items } = local
    const cargos = items.map((item) => load(item, 'broadcast'))
    const waiting = members.line.all.map((sending) => ({ sending, cargo: kept(load(sending.item, 'broadcast')) }))
    const memory = fixed(WORDS_AT + WORDS * Int32Array.BYTES_PER_ELEMENT)
    const words = new Int32Array(memory, WORDS_AT, WORDS)
    words[CAPACITY] = capacity
    words[WAITS] = Number(waits)
    const carrier = Carrier.create('broadcast', words, CARRIER)
    const log = new SharedLog({ words: memory, items: carrier.memory }, members)
    const places = [...local.places]
    const cursors = places.map(({ cursor }) => Math.max(cursor, base))
    const positions = cargos.map((cargo, i) => carrier.push(cargo, cursors.filter((cursor) => cursor <= base + i).length))
    log.#doubles[BASE] = base
    log.#show(base + items.length, carrier.tail)
    const moved = places.map(({ cursor }, i) => log.#seat(cursor, positions[cursors[i]! - base] ?? carrier.tail))
    for (const [i, { reader }] of places.entries()) reader.place = moved[i]!
    for (const { sending, cargo } of waiting) sending.cargo = cargo
    log.counts.begin(members.ends.count)
    log.#readers = places.map(({ reader }) => reader)
    return log
  }

  /** Goes on with the waits that another log had. */
  resume(): void {
    for (const reader of this.#readers.splice(0)) if (reader.waiting.first !== undefined) this.await(reader)
    if (this.#members.line.first !== undefined) this.#wait()
    if (this.#members.ends.watching.first !== undefined) this.watched()
  }

  // ---- the gate ----

  #enter(): void {
    this.#gate.enter()
  }

  /** Leaves the gate, and tells those who wait of what has changed. */
  #exit(): void {
    const [items, results, nobody] = [this.#newItems, this.#newResults, this.#nobody]
    this.#newItems = this.#newResults = this.#nobody = false
    this.#gate.exit()
    if (results) this.#results.tell()
    if (items) this.#items.tell()
    if (nobody) this.#deserted.tell()
  }

  // ---- sending ----

  offer(item: A): number | undefined {
    return this.#put(load(item, 'broadcast'), undefined)
  }

  send(item: A, signal: AbortSignal | undefined): Promise<number> {
    try {
      const cargo = load(item, 'broadcast')
      const sent = this.#put(cargo, undefined)
      if (sent !== undefined) return sent === 0 ? Promise.reject(receiverGone('broadcast', item)) : ready(sent)
      return this.#members.line.wait(item, signal, (sending) => {
        sending.cargo = kept(cargo)
        this.#wait()
      })
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
  }

  blockingSend(item: A): number {
    const cargo = load(item, 'broadcast')
    const sent = this.#put(cargo, undefined)
    if (sent === 0) throw receiverGone('broadcast', item)
    if (sent !== undefined) return sent
    let outcome: Outcome | undefined
    const sending = this.#members.line.add(
      item,
      undefined,
      (receivers) => {
        outcome = { sent: receivers }
      },
      (reason) => {
        outcome = { refused: reason }
      }
    )
    sending.cargo = kept(cargo)
    const look = (): Outcome | undefined => {
      this.#settleSends()
      return outcome
    }
    let got: Outcome
    try {
      got = this.#results.blockingUntil('broadcast: blockingSend', look)
    } catch (error) {
      this.withdraw(sending)
      throw error
    }
    if ('refused' in got) throw got.refused
    return got.sent
  }

  /**
   * Sends, and answers to how many; 0 when there is no receiver, `undefined` when there is no room, or others wait for it. Then
   * `sending` gets a slot and its item a place in the line, if there is a slot for it.
   */
  #put(cargo: Cargo, sending: Sending<A> | undefined): number | undefined {
    if (sending === undefined && this.#members.line.unplaced !== undefined) return undefined
    const words = this.#words
    const carrier = this.#carrier
    this.#enter()
    try {
      const receivers = words[RECEIVERS]!
      if (receivers === 0) return 0
      if (words[WAITS] === 0) {
        if (this.#isFull) this.#drop()
      } else if (this.#isFull || this.#presses) {
        if (sending !== undefined) this.#queue(cargo, sending)
        return undefined
      }
      carrier.push(cargo, receivers)
      this.#show(this.#next + 1, carrier.tail)
      return receivers
    } finally {
      this.#exit()
    }
  }

  /** Puts an item that waits behind the others, if there is a slot for its result. */
  #queue(cargo: Cargo, sending: Sending<A>): void {
    const words = this.#words
    for (let slot = 0; slot < SLOTS; slot++) {
      const at = SLOT + slot * SLOT_WORDS
      if (words[at + MARK] !== 0) continue
      words[at + RESULT] = WAITING
      words[at + MARK] = me()
      words[SLOTS_USED] = Math.max(words[SLOTS_USED]!, slot + 1)
      try {
        sending.position = this.#carrier.push(cargo, tagOf(slot))
      } catch (error) {
        words[at + MARK] = 0
        throw error
      }
      sending.slot = slot
      sending.cargo = undefined
      return
    }
    words[CROWDED] = 1
  }

  /** Sends of this thread wait: until none of them does, they are seen to. */
  #wait(): void {
    if (this.#collecting) {
      this.#joinLine()
      return
    }
    this.#collecting = true
    void outside(() => this.#results.until(() => this.#settleSends()))
  }

  /** Settles sends of this thread that have a result, and gives slots to those that have none; true when nothing waits. */
  #settleSends(): true | undefined {
    this.#collect()
    this.#joinLine()
    if (this.#members.line.first !== undefined) return undefined
    this.#collecting = false
    return true
  }

  /** Sends of this thread that have no slot get one, in the order of the calls, as long as there are some. */
  #joinLine(): void {
    const { line } = this.#members
    for (let sending = line.unplaced; sending !== undefined; sending = line.unplaced) {
      try {
        const sent = this.#put(sending.cargo!, sending)
        if (sent === undefined) {
          if (sending.slot < 0) return
          line.placed()
          continue
        }
        line.remove(sending)
        if (sent === 0) sending.refuse(receiverGone('broadcast', sending.item))
        else sending.settle(sent)
      } catch (error) {
        line.remove(sending)
        sending.refuse(error)
      }
    }
  }

  /** Takes the results that are there for sends of this thread: those of the first. */
  #collect(): void {
    const { line } = this.#members
    const settled: (readonly [Sending<A>, number])[] = []
    this.#locked(() => {
      for (let sending = line.first; sending !== undefined && sending.slot >= 0; sending = line.first) {
        const result = this.#words[SLOT + sending.slot * SLOT_WORDS + RESULT]!
        if (result === WAITING) break
        this.#free(sending.slot)
        line.remove(sending)
        settled.push([sending, result])
      }
    })
    for (const [sending, result] of settled) this.#end(sending, result)
  }

  #end(sending: Sending<A>, result: number): void {
    if (result === REFUSED) sending.refuse(receiverGone('broadcast', sending.item))
    else sending.settle(result)
  }

  withdraw(sending: Sending<A>): boolean {
    const { slot } = sending
    this.#members.line.remove(sending)
    if (slot < 0) return true
    const result = this.#locked(() => {
      const said = this.#words[SLOT + slot * SLOT_WORDS + RESULT]!
      if (said === WAITING) {
        this.#carrier.setTag(sending.position, TAKEN_BACK)
        if (this.#carrier.next(sending.position) === this.#carrier.tail) this.#cut()
        this.#makeRoom()
      }
      this.#free(slot)
      return said
    })
    if (result === WAITING) return true
    this.#end(sending, result)
    return false
  }

  /** Takes those out of the carrier that were taken back and have nobody behind them: who sends and gives up over and over fills no memory. */
  #cut(): void {
    const carrier = this.#carrier
    let last = carrier.at(this.#edge)
    for (let position = last; position !== carrier.tail; position = carrier.next(position)) {
      if (carrier.tag(position) !== TAKEN_BACK) last = carrier.next(position)
    }
    carrier.cut(last)
  }

  #free(slot: number): void {
    const words = this.#words
    words[SLOT + slot * SLOT_WORDS + MARK] = 0
    if (words[CROWDED] === 0) return
    words[CROWDED] = 0
    this.#newResults = true
  }

  // ---- what is shown, and room ----

  /** The number of the next item to be shown. */
  get #next(): number {
    return this.#doubles[SHOWN + 2 * this.#words[FLIP]!]!
  }

  /** Its position, or one of pads before it. */
  get #edge(): number {
    return this.#doubles[SHOWN + 2 * this.#words[FLIP]! + 1]!
  }

  /** Changes both by one store (S1). */
  #show(next: number, edge: number): void {
    const other = 1 - this.#words[FLIP]!
    if (next !== this.#next) this.#newItems = true
    this.#doubles[SHOWN + 2 * other] = next
    this.#doubles[SHOWN + 2 * other + 1] = edge
    this.#words[FLIP] = other
  }

  get #isFull(): boolean {
    return this.#next - this.#doubles[BASE]! >= this.#words[CAPACITY]!
  }

  /** Something waits. */
  get #presses(): boolean {
    return this.#carrier.at(this.#edge) !== this.#carrier.tail
  }

  /** Nothing can come any more. */
  get #isEnded(): boolean {
    return this.counts.strongInside === 0 && !this.#presses
  }

  /** Lets go of the oldest item. */
  #drop(): void {
    this.#carrier.shift()
    this.#doubles[BASE]!++
  }

  /** Lets go of what nobody needs, and shows those that wait for the room. */
  #makeRoom(): void {
    const carrier = this.#carrier
    const words = this.#words
    for (;;) {
      for (let head = carrier.head; Carrier.before(head, this.#edge); head = carrier.head) {
        const needed = carrier.tag(head)
        if (needed === TAKEN_BACK) carrier.shift()
        else if (needed === 0) this.#drop()
        else break
      }
      const position = carrier.at(this.#edge)
      if (position === carrier.tail) break
      const tag = carrier.tag(position)
      if (tag === TAKEN_BACK) {
        this.#show(this.#next, carrier.next(position))
        continue
      }
      if (this.#isFull) return
      const receivers = words[RECEIVERS]!
      carrier.setTag(position, receivers)
      this.#show(this.#next + 1, carrier.next(position))
      this.#result(slotOf(tag), receivers)
    }
    if (this.counts.strongInside === 0) this.#newItems = true // none will come: who waits is told
  }

  #result(slot: number, result: number): void {
    this.#words[SLOT + slot * SLOT_WORDS + RESULT] = result
    this.#newResults = true
  }

  /** A cursor's position; the oldest where all that was in between has been let go: it was taken back. */
  #retained(position: number): number {
    const { head } = this.#carrier
    return Carrier.before(position, head) ? head : position
  }

  /** The item at a position or behind it, of those that are shown; without those that were taken back. */
  #shownAt(position: number): number {
    const carrier = this.#carrier
    let at = carrier.at(this.#retained(position))
    while (at !== carrier.tail && carrier.tag(at) === TAKEN_BACK) at = carrier.next(at)
    return at
  }

  // ---- receiving ----

  enter(): Place<A> {
    return this.#locked(() => this.#seat(this.#next, this.#edge))
  }

  /** A row for a receiver of this thread. */
  #seat(next: number, position: number): SharedPlace<A> {
    const words = this.#words
    for (let row = 0; row < ROWS; row++) {
      const at = ROW + row * ROW_WORDS
      if (words[at + MARK] !== 0) continue
      this.#doubles[CURSORS + row] = next
      words[at + POSITION] = position
      words[at + KEY] = ++words[KEYS]!
      words[at + MARK] = me()
      words[RECEIVERS]!++
      words[ROWS_USED] = Math.max(words[ROWS_USED]!, row + 1)
      return new SharedPlace(this, row)
    }
    throw argumentError(
      'range',
      `broadcast: a channel across threads has at most ${ROWS} receivers`,
      'all of them are open',
      'close those that are not read any more, or pass the items on to a channel of one thread'
    )
  }

  /** What comes next for a receiver, taken. */
  take(row: number): A | Lagged | Empty | Closed {
    const doubles = this.#doubles
    const words = this.#words
    const carrier = this.#carrier
    const at = ROW + row * ROW_WORDS
    let raw: unknown
    this.#enter()
    try {
      const number = doubles[CURSORS + row]!
      const base = doubles[BASE]!
      if (number < base) {
        doubles[CURSORS + row] = base
        words[at + POSITION] = carrier.head
        return new Lagged(base - number)
      }
      if (number === this.#next) return this.#isEnded ? Closed : Empty
      const position = this.#shownAt(words[at + POSITION]!)
      raw = carrier.read(position)
      const needed = carrier.tag(position) - 1
      carrier.setTag(position, needed)
      doubles[CURSORS + row] = number + 1
      words[at + POSITION] = carrier.next(position)
      if (needed === 0 && number === base) this.#makeRoom()
    } finally {
      this.#exit()
    }
    return unwrap(raw) as A
  }

  /** Items that a receiver has not taken. */
  behind(row: number): number {
    return this.#locked(() => this.#next - this.#doubles[CURSORS + row]!)
  }

  leave(row: number): void {
    this.#locked(() => {
      this.#leave(row)
      if (this.#served.size > 0) this.#newItems = true // a call may have waited there
    })
  }

  #leave(row: number): void {
    const words = this.#words
    const carrier = this.#carrier
    const at = ROW + row * ROW_WORDS
    words[at + MARK] = 0
    if (--words[RECEIVERS]! === 0) {
      this.#refuseAll()
      return
    }
    const from = this.#doubles[CURSORS + row]! < this.#doubles[BASE]! ? carrier.head : this.#retained(words[at + POSITION]!)
    for (let position = carrier.at(from); Carrier.before(position, this.#edge); position = carrier.next(position)) {
      const needed = carrier.tag(position)
      if (needed !== TAKEN_BACK) carrier.setTag(position, needed - 1)
    }
    this.#makeRoom()
  }

  /** The last receiver has left: nobody needs anything, and what waits is refused. */
  #refuseAll(): void {
    const words = this.#words
    for (let slot = 0; slot < words[SLOTS_USED]!; slot++) {
      const at = SLOT + slot * SLOT_WORDS
      if (words[at + MARK] !== 0 && words[at + RESULT] === WAITING) this.#result(slot, REFUSED)
    }
    this.#show(this.#next, this.#carrier.tail)
    this.#carrier.clear()
    this.#doubles[BASE] = this.#next
    this.#newResults = this.#nobody = true
  }

  await(reader: Reader<A>): void {
    if (this.#served.has(reader)) return
    this.#served.add(reader)
    void outside(() => this.#items.until(() => this.#serve(reader)))
  }

  /** Gives those who wait at a receiver what there is; true when none does. */
  #serve(reader: Reader<A>): true | undefined {
    const { waiting, place } = reader
    while (waiting.first !== undefined) {
      try {
        const got = place.take()
        if (got === Empty) return undefined
        if (got === Closed) waiting.settleAll(Closed)
        else waiting.shift().settle(got)
      } catch (error) {
        waiting.shift().refuse(error) // it could not be made from its bytes, and is passed over
      }
    }
    this.#served.delete(reader)
    return true
  }

  blockingRecv(reader: Reader<A>): A | Lagged | Closed {
    const got = this.#items.blockingUntil<{ readonly item: A | Lagged | Closed } | { readonly error: unknown }>('broadcast: blockingRecv', () => {
      if (reader.waiting.first !== undefined && this.#serve(reader) === undefined) return undefined
      try {
        const item = reader.place.take()
        return item === Empty ? undefined : { item }
      } catch (error) {
        return { error }
      }
    })
    if ('error' in got) throw got.error
    return got.item
  }

  // ---- the whole ----

  get ended(): boolean {
    return this.#locked(() => this.#isEnded)
  }

  /** Also asked inside of the gate, by the counts. */
  get pressed(): boolean {
    return this.#presses
  }

  get receivers(): number {
    return this.#locked(() => this.#words[RECEIVERS]!)
  }

  get length(): number {
    return this.#locked(() => this.#next - this.#doubles[BASE]!)
  }

  get starving(): boolean {
    return this.#served.size > 0
  }

  settle(): void {
    this.#locked(() => {
      if (this.#isEnded) this.#newItems = true
    })
  }

  watched(): void {
    if (this.#watching) return
    this.#watching = true
    const { watching } = this.#members.ends
    void outside(() =>
      this.#deserted.until(() => {
        if (watching.first !== undefined && this.receivers > 0) return undefined
        this.#watching = false
        watching.settleAll()
        return true
      })
    )
  }

  #locked<T>(body: () => T): T {
    this.#enter()
    try {
      return body()
    } finally {
      this.#exit()
    }
  }

  // ---- travel ----

  /** A receiver leaves for another thread. */
  depart(row: number): Passage {
    return { row, key: this.#words[ROW + row * ROW_WORDS + KEY]! }
  }

  /** A receiver has come to this thread; `undefined` when it has been elsewhere, or the thread that it comes from has ended before. */
  arrive({ row, key }: Passage): Place<A> | undefined {
    return this.#locked(() => {
      const at = ROW + row * ROW_WORDS
      if (this.#words[at + MARK] === 0 || this.#words[at + KEY] !== key) return undefined
      this.#words[at + KEY] = ++this.#words[KEYS]!
      this.#words[at + MARK] = me()
      return new SharedPlace(this, row)
    })
  }

  /** Some thread has died, maybe inside the gate: what the dead had is let go, and what is derived is made anew (S1). In the gate. */
  #mend(): void {
    const words = this.#words
    const doubles = this.#doubles
    const carrier = this.#carrier
    carrier.repair()
    this.counts.mend()
    const cursors: number[] = []
    for (let row = 0; row < words[ROWS_USED]!; row++) {
      const at = ROW + row * ROW_WORDS
      if (words[at + MARK] !== 0 && !living(words[at + MARK]!)) words[at + MARK] = 0
      if (words[at + MARK] !== 0) cursors.push(doubles[CURSORS + row]!)
    }
    words[RECEIVERS] = cursors.length
    for (let slot = 0; slot < words[SLOTS_USED]!; slot++) {
      const at = SLOT + slot * SLOT_WORDS
      if (words[at + MARK] !== 0 && !living(words[at + MARK]!)) words[at + MARK] = 0
    }
    this.#newItems = this.#newResults = true
    if (cursors.length === 0) {
      this.#refuseAll()
      return
    }
    // what had been about to be shown is shown; what waits for the dead is taken back
    const waiting = new Set<number>()
    for (let position = carrier.at(this.#edge); position !== carrier.tail; position = carrier.next(position)) {
      const tag = carrier.tag(position)
      if (tag >= 0) this.#show(this.#next + 1, carrier.next(position))
      else if (tag !== TAKEN_BACK && words[SLOT + slotOf(tag) * SLOT_WORDS + MARK] === 0) carrier.setTag(position, TAKEN_BACK)
      else if (tag !== TAKEN_BACK) waiting.add(slotOf(tag))
    }
    for (let slot = 0; slot < words[SLOTS_USED]!; slot++) {
      const at = SLOT + slot * SLOT_WORDS
      if (words[at + MARK] !== 0 && words[at + RESULT] === WAITING && !waiting.has(slot)) this.#result(slot, cursors.length)
    }
    this.#recount(cursors)
    this.#makeRoom()
  }

  /** Who needs what of what is shown, by the cursors. */
  #recount(cursors: readonly number[]): void {
    const carrier = this.#carrier
    const shown: number[] = []
    for (let position = carrier.head; Carrier.before(position, this.#edge); position = carrier.next(position)) {
      if (carrier.tag(position) !== TAKEN_BACK) shown.push(position)
    }
    const base = (this.#doubles[BASE] = this.#next - shown.length)
    const begin = new Int32Array(shown.length + 1)
    for (const cursor of cursors) begin[Math.max(cursor, base) - base]!++
    let needed = 0
    for (const [i, position] of shown.entries()) carrier.setTag(position, (needed += begin[i]!))
  }
}
