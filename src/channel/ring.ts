/**
 * A queue of items in memory: a ring that doubles when it is full. Push, shift and `at` in constant time, in order.
 *
 * Its length is a power of two; what was taken is forgotten at once, so that the ring keeps nothing alive. It does not
 * shrink: the channel around it is bounded. Called by the channels.
 */

const SMALLEST = 8

export class Ring<A> {
  #places: (A | undefined)[] = new Array<A | undefined>(SMALLEST).fill(undefined)
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: A): void {
    if (this.#size === this.#places.length) this.#grow()
    this.#places[(this.#head + this.#size) & (this.#places.length - 1)] = item
    this.#size++
  }

  /** Takes the oldest; there must be one. */
  shift(): A {
    const places = this.#places
    const item = places[this.#head] as A
    places[this.#head] = undefined
    this.#head = (this.#head + 1) & (places.length - 1)
    this.#size--
    return item
  }

  /** The item that is `ahead` of the oldest; 0 ≤ ahead < size. */
  at(ahead: number): A {
    return this.#places[(this.#head + ahead) & (this.#places.length - 1)] as A
  }

  clear(): void {
    this.#places = new Array<A | undefined>(SMALLEST).fill(undefined)
    this.#head = this.#size = 0
  }

  #grow(): void {
    const old = this.#places
    const places = new Array<A | undefined>(old.length * 2).fill(undefined)
    for (let i = 0; i < old.length; i++) places[i] = old[(this.#head + i) & (old.length - 1)]
    this.#places = places
    this.#head = 0
  }
}
