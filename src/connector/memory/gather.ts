/**
 * Items of an asynchronous iterator in batches: what is ready in this turn of the event loop goes together, and an item is
 * never held back for the ones behind it.
 *
 *   next() next() next() ── resolved before the loop turns ──▶ one batch
 *   next() ── still pending when it turns ─────────────────▶ kept for the next pull
 *
 * Called by from.ts, for async iterables and web streams.
 */
import type { ItemBatch, SourceCursor } from '../../graph/spec.ts'
import { settleWithin } from '../settle-within.ts'

/** Most items of a batch. */
const BATCH = 256

export interface Puller {
  readonly next: () => Promise<IteratorResult<unknown>>
  /** Ends it early. Called at most once, and not when it has ended or failed by itself. */
  readonly stop: () => Promise<unknown>
  /** `stop` also ends a `next` that is under way. */
  readonly stopsNext: boolean
}

const TURNED = Symbol('the event loop has turned')

export class Gathering implements SourceCursor {
  readonly drains: boolean
  readonly #puller: Puller
  #pending: Promise<IteratorResult<unknown>> | undefined
  #over = false

  constructor(puller: Puller, drains = false) {
    this.#puller = puller
    this.drains = drains
  }

  async pull(): Promise<ItemBatch | undefined> {
    if (this.#over) return undefined
    const first = await this.#settled(this.#ask())
    if (first.done === true) return undefined
    const items: unknown[] = [first.value]
    let timer: NodeJS.Immediate | undefined
    const turned = new Promise<typeof TURNED>((resolve) => {
      timer = setImmediate(resolve, TURNED)
    })
    while (items.length < BATCH) {
      const asked = this.#ask()
      const answer = await Promise.race([asked, turned]).catch(() => TURNED) // a failure waits for its own pull
      if (answer === TURNED) break
      const next = await this.#settled(asked)
      if (next.done === true) break
      items.push(next.value)
    }
    clearImmediate(timer)
    return { items }
  }

  async close(): Promise<void> {
    if (this.#over) return
    this.#over = true
    const { stop, stopsNext } = this.#puller
    const pending = this.#pending
    pending?.catch(() => undefined)
    // A generator finishes the item it is at before it hears of this; it may never.
    if (pending !== undefined && !stopsNext) await settleWithin(stop())
    else await stop()
  }

  #ask(): Promise<IteratorResult<unknown>> {
    return (this.#pending ??= this.#puller.next())
  }

  async #settled(asked: Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    try {
      const answer = await asked
      this.#pending = undefined
      if (answer.done === true) this.#over = true
      return answer
    } catch (error) {
      this.#over = true
      throw error
    }
  }
}
