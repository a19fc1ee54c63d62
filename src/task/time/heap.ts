/**
 * What is due when: a binary heap of entries by instant, from which any entry may be taken, or put at another instant.
 *
 *            first                       at the same instant: in the order in which they were put
 *           ╱     ╲                      put, take, move: log n      first: constant
 *
 * Called by virtual-clock.ts and delay-queue.ts. Knows neither clocks nor what is due.
 */

/** Something with an instant; the fields are the heap's. */
export interface Entry {
  due: number
  /** Number of the put: who is first among equals. */
  order: number
  /** Index in the heap; -1 when it is in none. */
  place: number
}

/** What an entry begins with. */
export const entry = (due: number): Entry => ({ due, order: 0, place: -1 })

const before = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.order < b.order)

export class Heap<E extends Entry> {
  readonly #entries: E[] = []
  #puts = 0

  get size(): number {
    return this.#entries.length
  }

  /** The one that is due first. */
  get first(): E | undefined {
    return this.#entries[0]
  }

  has(one: E): boolean {
    return this.#entries[one.place] === one
  }

  put(one: E): void {
    one.order = this.#puts++
    one.place = this.#entries.push(one) - 1
    this.#up(one)
  }

  /** Takes one out; whether it was in. */
  take(one: E): boolean {
    const { place } = one
    if (!this.has(one)) return false
    const last = this.#entries.pop()!
    if (last !== one) {
      this.#set(last, place)
      this.#down(last)
      this.#up(last)
    }
    one.place = -1
    return true
  }

  /** Takes all out, in no order. */
  takeAll(): readonly E[] {
    const all = this.#entries.splice(0)
    for (const one of all) one.place = -1
    return all
  }

  #set(one: E, place: number): void {
    this.#entries[place] = one
    one.place = place
  }

  #up(one: E): void {
    while (one.place > 0) {
      const parent = this.#entries[(one.place - 1) >> 1]!
      if (!before(one, parent)) return
      const { place } = parent
      this.#set(parent, one.place)
      this.#set(one, place)
    }
  }

  #down(one: E): void {
    for (;;) {
      const left = this.#entries[one.place * 2 + 1]
      const right = this.#entries[one.place * 2 + 2]
      const child = right !== undefined && before(right, left!) ? right : left
      if (child === undefined || !before(child, one)) return
      const { place } = child
      this.#set(child, one.place)
      this.#set(one, place)
    }
  }
}
