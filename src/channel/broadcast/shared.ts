/**
 * A broadcast channel whose items are in shared memory, as bytes: for the tasks and threads of a program.
 *
 *     ends ──▶ SharedLog ──sends──▶ shared-sends.ts ──────┐
 *                 └─receives──▶ shared-receivers.ts ──▶ shared-items.ts ──▶ shared-layout.ts
 *
 * Each thread has one of these per channel. Called by channel.ts, and by the ends.
 */
import type { Closed } from '../../sync/outcome.ts'
import { Carrier } from '../carrier.ts'
import { kept, load } from '../cargo.ts'
import type { SeatCounts } from '../seats.ts'
import type { Lagged } from './lagged.ts'
import type { LocalLog } from './local.ts'
import type { Log, Members, Passage, Place, Reader } from './log.ts'
import type { Sending } from './sending.ts'
import { SharedItems } from './shared-items.ts'
import { BASE, CAPACITY, CARRIER, RECEIVERS, WAITS, newWords, wordsOf, type Memories } from './shared-layout.ts'
import { SharedReceivers } from './shared-receivers.ts'
import { SharedSends } from './shared-sends.ts'

export type { Memories } from './shared-layout.ts'

export class SharedLog<A> implements Log<A> {
  readonly memories: Memories
  readonly #members: Members<A>
  readonly #items: SharedItems
  readonly #sends: SharedSends<A>
  readonly #receivers: SharedReceivers<A>
  /** Receivers that have come from another log. */
  #readers: Reader<A>[] = []

  /** One over shared memory that is there. */
  constructor(memories: Memories, members: Members<A>) {
    this.memories = memories
    this.#members = members
    this.#items = new SharedItems(memories)
    this.#sends = new SharedSends(this.#items, members.line)
    this.#receivers = new SharedReceivers(this.#items)
  }

  /** A new one, which goes on where a local one is. Throws, and has changed nothing, when an item cannot cross threads. */
  static create<A>(local: LocalLog<A>, members: Members<A>): SharedLog<A> {
    const { capacity, waits, base, items } = local
    const cargos = items.map((item) => load(item, 'broadcast'))
    const waiting = members.line.all.map((sending) => ({ sending, cargo: kept(load(sending.item, 'broadcast')) }))
    const memory = newWords()
    const words = wordsOf(memory)
    words[CAPACITY] = capacity
    words[WAITS] = Number(waits)
    const carrier = Carrier.create('broadcast', words, CARRIER)
    const log = new SharedLog({ words: memory, items: carrier.memory }, members)
    const places = [...local.places]
    const cursors = places.map(({ cursor }) => Math.max(cursor, base))
    const positions = cargos.map((cargo, i) => carrier.push(cargo, cursors.filter((cursor) => cursor <= base + i).length))
    log.#items.doubles[BASE] = base
    log.#items.show(base + items.length, carrier.tail)
    const moved = places.map(({ cursor }, i) => log.#receivers.seat(cursor, positions[cursors[i]! - base] ?? carrier.tail))
    for (const [i, { reader }] of places.entries()) reader.place = moved[i]!
    for (const { sending, cargo } of waiting) sending.cargo = cargo
    log.counts.begin(members.ends.count)
    log.#readers = places.map(({ reader }) => reader)
    return log
  }

  /** Goes on with the waits that another log had. */
  resume(): void {
    for (const reader of this.#readers.splice(0)) if (reader.waiting.first !== undefined) this.await(reader)
    this.#sends.resume()
    if (this.#members.ends.watching.first !== undefined) this.watched()
  }

  get counts(): SeatCounts {
    return this.#items.counts
  }

  offer(item: A): number | undefined {
    return this.#sends.offer(item)
  }

  send(item: A, signal: AbortSignal | undefined): Promise<number> {
    return this.#sends.send(item, signal)
  }

  blockingSend(item: A, deadline: number): number {
    return this.#sends.blockingSend(item, deadline)
  }

  withdraw(sending: Sending<A>): boolean {
    return this.#sends.withdraw(sending)
  }

  enter(): Place<A> {
    return this.#receivers.enter()
  }

  await(reader: Reader<A>): void {
    this.#receivers.await(reader)
  }

  blockingRecv(reader: Reader<A>, deadline: number): A | Lagged | Closed {
    return this.#receivers.blockingRecv(reader, deadline)
  }

  /** A receiver has come to this thread; see {@link SharedReceivers.arrive}. */
  arrive(passage: Passage): Place<A> | undefined {
    return this.#receivers.arrive(passage)
  }

  get ended(): boolean {
    return this.#items.locked(() => this.#items.isEnded)
  }

  /** Also asked inside of the gate, by the counts. */
  get pressed(): boolean {
    return this.#items.presses
  }

  get receivers(): number {
    return this.#items.locked(() => this.#items.words[RECEIVERS]!)
  }

  get length(): number {
    return this.#items.locked(() => this.#items.next - this.#items.doubles[BASE]!)
  }

  get starving(): boolean {
    return this.#receivers.waiting
  }

  settle(): void {
    this.#items.locked(() => {
      if (this.#items.isEnded) this.#items.tellReceivers()
    })
  }

  watched(): void {
    this.#members.ends.watchBy(this.#items.deserted)
  }
}
