/**
 * Receivers of a broadcast channel in shared memory: each has a row that says where it is, and calls of this thread that wait there.
 * A receiver that travels keeps its row, which is another thread's from when it has arrived. Called by shared.ts.
 */
import { me } from '../../atomic/threads.ts'
import { argumentError } from '../../error/pipeline-error.ts'
import { Closed, Empty } from '../../sync/outcome.ts'
import { outside } from '../../sync/scope.ts'
import { unwrap } from '../cargo.ts'
import { Carrier } from '../carrier.ts'
import { Lagged } from './lagged.ts'
import type { Passage, Place, Reader } from './log.ts'
import type { SharedItems } from './shared-items.ts'
import { BASE, CURSORS, KEY, KEYS, MARK, POSITION, RECEIVERS, ROWS, ROWS_USED, TAKEN_BACK, rowAt } from './shared-layout.ts'

/** A receiver's place: a row of the table. */
class SharedPlace<A> implements Place<A> {
  readonly #receivers: SharedReceivers<A>
  readonly #row: number

  constructor(receivers: SharedReceivers<A>, row: number) {
    this.#receivers = receivers
    this.#row = row
  }

  take(): A | Lagged | Empty | Closed {
    return this.#receivers.take(this.#row)
  }

  get length(): number {
    return this.#receivers.behind(this.#row)
  }

  leave(): void {
    this.#receivers.leave(this.#row)
  }

  depart(): Passage {
    return this.#receivers.depart(this.#row)
  }
}

export class SharedReceivers<A> {
  readonly #items: SharedItems
  /** Receivers of this thread where a call waits. */
  readonly #served = new Set<Reader<A>>()

  constructor(items: SharedItems) {
    this.#items = items
  }

  /** A receiver of this thread where a call waits. */
  get waiting(): boolean {
    return this.#served.size > 0
  }

  enter(): Place<A> {
    const items = this.#items
    return items.locked(() => this.seat(items.next, items.edge))
  }

  /** A row for a receiver of this thread. Inside the gate. */
  seat(next: number, position: number): Place<A> {
    const { words, doubles } = this.#items
    for (let row = 0; row < ROWS; row++) {
      const at = rowAt(row)
      if (words[at + MARK] !== 0) continue
      doubles[CURSORS + row] = next
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
    const items = this.#items
    const { words, doubles, carrier } = items
    const at = rowAt(row)
    let raw: unknown
    items.enter()
    try {
      const number = doubles[CURSORS + row]!
      const base = doubles[BASE]!
      if (number < base) {
        doubles[CURSORS + row] = base
        words[at + POSITION] = carrier.head
        return new Lagged(base - number)
      }
      if (number === items.next) return items.isEnded ? Closed : Empty
      const position = items.shownAt(words[at + POSITION]!)
      raw = carrier.read(position)
      const needed = carrier.tag(position) - 1
      carrier.setTag(position, needed)
      doubles[CURSORS + row] = number + 1
      words[at + POSITION] = carrier.next(position)
      if (needed === 0 && number === base) items.makeRoom()
    } finally {
      items.exit()
    }
    return unwrap(raw) as A
  }

  /** Items that a receiver has not taken. */
  behind(row: number): number {
    const items = this.#items
    return items.locked(() => items.next - items.doubles[CURSORS + row]!)
  }

  leave(row: number): void {
    this.#items.locked(() => {
      this.#leave(row)
      if (this.waiting) this.#items.tellReceivers() // a call may have waited there
    })
  }

  #leave(row: number): void {
    const items = this.#items
    const { words, doubles, carrier } = items
    const at = rowAt(row)
    words[at + MARK] = 0
    if (--words[RECEIVERS]! === 0) {
      items.refuseAll()
      return
    }
    const from = doubles[CURSORS + row]! < doubles[BASE]! ? carrier.head : items.retained(words[at + POSITION]!)
    for (let position = carrier.at(from); Carrier.before(position, items.edge); position = carrier.next(position)) {
      const needed = carrier.tag(position)
      if (needed !== TAKEN_BACK) carrier.setTag(position, needed - 1)
    }
    items.makeRoom()
  }

  /** A call has begun to wait at a receiver. */
  await(reader: Reader<A>): void {
    if (this.#served.has(reader)) return
    this.#served.add(reader)
    void outside(() => this.#items.arrivals.until(() => this.#serve(reader)))
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

  blockingRecv(reader: Reader<A>, deadline: number): A | Lagged | Closed {
    const look = (): { readonly item: A | Lagged | Closed } | { readonly error: unknown } | undefined => {
      if (reader.waiting.first !== undefined && this.#serve(reader) === undefined) return undefined
      try {
        const item = reader.place.take()
        return item === Empty ? undefined : { item }
      } catch (error) {
        return { error }
      }
    }
    const got = this.#items.arrivals.blockingUntil('broadcast: blockingRecv', look, deadline)
    if ('error' in got) throw got.error
    return got.item
  }

  /** A receiver leaves for another thread. */
  depart(row: number): Passage {
    return { row, key: this.#items.words[rowAt(row) + KEY]! }
  }

  /** A receiver has come to this thread; `undefined` when it has been elsewhere, or the thread that it comes from has ended before. */
  arrive({ row, key }: Passage): Place<A> | undefined {
    const { words } = this.#items
    return this.#items.locked(() => {
      const at = rowAt(row)
      if (words[at + MARK] === 0 || words[at + KEY] !== key) return undefined
      words[at + KEY] = ++words[KEYS]!
      words[at + MARK] = me()
      return new SharedPlace(this, row)
    })
  }
}
