/**
 * An inlet that one can look into without waiting: a batch at a time, the next one asked for only when it is wanted.
 *
 *   want() ── items are here? ──▶ true: next(), take()
 *        └─ no: a pull is under way (one at most); the bell rings when it has answered
 *
 * Called by the operators that wait for more than their input (mapAsync, zip, batch with maxMs, throttle …).
 */
import type { Inlet } from '../../graph/spec.ts'
import type { Bell } from './bell.ts'

export class Feed {
  /** Items taken so far: the position of the next one. */
  taken = 0
  readonly #inlet: Inlet
  readonly #bell: Bell
  #items: readonly unknown[] = []
  #at = 0
  #ended = false
  #pulling = false
  #failure: { readonly error: unknown } | undefined

  constructor(inlet: Inlet, bell: Bell) {
    this.#inlet = inlet
    this.#bell = bell
  }

  /** Items that are here. */
  get size(): number {
    return this.#inlet.stopped === true ? 0 : this.#items.length - this.#at
  }

  /** The input has ended and every item has been taken. */
  get over(): boolean {
    return this.#inlet.stopped === true || (this.#ended && this.size === 0)
  }

  /** Whether items are here; if not, sees to it that they are asked for. Throws what the pull failed with. */
  want(): boolean {
    if (this.size > 0) return true
    if (this.#failure !== undefined) throw this.#failure.error
    if (this.#ended || this.#pulling || this.#inlet.stopped === true) return false
    const now = this.#inlet.tryPull()
    if (now !== undefined && now.items.length > 0) {
      this.#put(now.items)
      return true
    }
    this.#pulling = true
    this.#inlet.pull().then(
      (batch) => {
        this.#pulling = false
        if (batch === undefined) this.#ended = true
        else this.#put(batch.items)
        this.#bell.ring()
      },
      (error: unknown) => {
        this.#failure = { error }
        this.#bell.ring()
      }
    )
    return false
  }

  /** The next item; only after `want()` said that there is one. */
  next(): unknown {
    this.taken++
    return this.#items[this.#at++]
  }

  /** At most so many of the items that are here. */
  take(most: number): readonly unknown[] {
    const items = this.#at === 0 && this.#items.length <= most ? this.#items : this.#items.slice(this.#at, this.#at + most)
    this.#at += items.length
    this.taken += items.length
    return items
  }

  #put(items: readonly unknown[]): void {
    this.#items = items
    this.#at = 0
  }
}
