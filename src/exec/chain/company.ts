/**
 * Items on their way to the pool that wait for company, so that a morsel is worth its crossing; plain data, no clock of its own.
 *
 *   add ──▶ held ──▶ next(most) ──▶ taken(n)          a batch that meets nobody is not copied
 *
 * Called by handout.ts, which decides when they leave.
 */
import { joined, type Held } from '../../prelude/items.ts'

export class Company {
  #items: Held = []
  #from = 0
  /** Index of the first item at the task's inlet. */
  base = 0
  /** When the first item came, in milliseconds. */
  since = 0

  get size(): number {
    return this.#items.length - this.#from
  }

  /** `base` is the index of the first item: what is added in turn follows on. */
  add(items: Held, base: number, now: number): void {
    if (items.length === 0) return
    if (this.size > 0) this.#items = joined(this.#items, this.#from, items)
    else {
      this.#items = items
      this.base = base
      this.since = now
    }
    this.#from = 0
  }

  /** The oldest items, at most so many: a part of a list. */
  next(most: number): { readonly items: Held; readonly from: number; readonly to: number } {
    return { items: this.#items, from: this.#from, to: Math.min(this.#items.length, this.#from + most) }
  }

  /** So many of the oldest items have left; those behind them begin to wait `now`. */
  took(count: number, now: number): void {
    this.#from += count
    this.base += count
    this.since = now
    if (this.size === 0) this.clear()
  }

  clear(): void {
    this.#items = []
    this.#from = 0
  }
}
