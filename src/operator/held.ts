/**
 * Items that wait for their reader, of a writer that has no demand signal: bounded, with a named policy for what finds it full.
 *
 *   put ──▶ held (at most `capacity`) ──▶ take          full: fail, or drop the oldest, the newest, or all but the newest
 *
 * Called by rx.ts, and by the connectors that listen (memory/hold.ts, memory/queue.ts). Touches nothing.
 */
import { bufferOverflow } from '../error/wording-run.ts'
import type { RunContext } from '../graph/spec.ts'
import { oneOf, wholeNumber } from './check.ts'

/** What happens to an item that finds the buffer full, where the writer cannot be told to wait. */
export type HoldOverflow = 'fail' | 'dropOldest' | 'dropNewest' | 'latest'

export interface Bound {
  readonly capacity: number
  readonly overflow: HoldOverflow
}

/** How to hold the items of a writer that cannot be told to wait. */
export interface HoldOptions {
  /** Items held. A whole number >= 1. Default 1024. */
  readonly capacity?: number | undefined
  /**
   * `'fail'` (default) ends the run when an item finds the buffer full; `'dropOldest'`, `'dropNewest'` and `'latest'` (holds one)
   * lose items, and count them in the report.
   */
  readonly overflow?: HoldOverflow | undefined
}

export const DEFAULT_BOUND: Bound = { capacity: 1024, overflow: 'fail' }

/** The bound that options ask for, checked at declaration. */
export const boundOf = (operator: string, options: HoldOptions): Bound => ({
  capacity: wholeNumber(operator, 'capacity', options.capacity ?? DEFAULT_BOUND.capacity, 1),
  overflow: oneOf(operator, 'overflow', options.overflow ?? DEFAULT_BOUND.overflow, ['fail', 'dropOldest', 'dropNewest', 'latest'])
})

export class Held {
  readonly #capacity: number
  readonly #overflow: HoldOverflow
  readonly #context: Pick<RunContext, 'dropped' | 'stage'>
  #items: unknown[] = []

  constructor({ capacity, overflow }: Bound, context: Pick<RunContext, 'dropped' | 'stage'>) {
    this.#capacity = overflow === 'latest' ? 1 : capacity
    this.#overflow = overflow
    this.#context = context
  }

  get size(): number {
    return this.#items.length
  }

  /** Throws, and holds nothing any more, when it is full and its policy is `'fail'`. */
  put(item: unknown): void {
    if (this.#items.length >= this.#capacity) {
      if (this.#overflow === 'fail') {
        this.#items = []
        throw bufferOverflow(this.#context.stage, this.#capacity)
      }
      this.#context.dropped(1)
      if (this.#overflow === 'dropNewest') return
      this.#items.shift()
    }
    this.#items.push(item)
  }

  take(): unknown[] {
    const items = this.#items
    this.#items = []
    return items
  }
}
