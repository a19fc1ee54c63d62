/**
 * Places of calls in the order in which they may be gathered: a ring that doubles when it is full, and does not shrink.
 *
 * What was taken is forgotten at once; what is held is bounded by the calls in flight. Called by calling.ts.
 */
import { OPEN, type Place } from './calls.ts'

/** Room at first; a power of two, as always. */
const ROOM = 16

export class Places {
  size = 0
  #places = new Array<Place | undefined>(ROOM).fill(undefined)
  #head = 0

  push(place: Place): void {
    if (this.size === this.#places.length) this.#grow()
    this.#places[(this.#head + this.size++) & (this.#places.length - 1)] = place
  }

  /** Takes the next place, if its call has come to its end. */
  settled(): Place | undefined {
    const place = this.#places[this.#head]
    if (place === undefined || place.state === OPEN) return undefined
    this.#places[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#places.length - 1)
    this.size--
    return place
  }

  #grow(): void {
    const { size } = this
    const places = new Array<Place | undefined>(size * 2).fill(undefined)
    for (let i = 0; i < size; i++) places[i] = this.#places[(this.#head + i) & (size - 1)]
    this.#places = places
    this.#head = 0
  }
}
