/**
 * The two ways of merging that look at all sources before they choose: one source first, and sorted.
 *
 *   preferred   a: ──▶ first ─┐           ordered   a: 1 4 ─▶ head 1 ┐
 *               b: ──▶ else ──┴▶ out                b: 2 3 ─▶ head 2 ┴ the least of all heads ▶ out
 *
 * Called by merge.ts.
 */
import type { ProcessSpec } from '../graph/spec.ts'
import { atHand } from './waiting/at-hand.ts'
import { Feed } from './waiting/feed.ts'
import type { Order } from './order.ts'

/** Items of a source that is not preferred that are sent before the preferred one is looked at again. */
const PIECE = 64
/** Items that gather before they are sent. */
const GATHERED = 512

export const mergePreferred = (prefer: number): ProcessSpec['run'] =>
  atHand(async ({ context: { signal, inlets, outlets }, bell }) => {
    const feeds = inlets.map((inlet) => new Feed(inlet, bell))
    let turn = 0
    for (;;) {
      signal.throwIfAborted()
      const ready = feeds.map((feed) => feed.want())
      let chosen = prefer
      for (let k = 0; k < feeds.length && !ready[chosen]; k++) chosen = turn = (turn + 1) % feeds.length
      if (ready[chosen]) {
        if (!(await outlets[0]!.push(feeds[chosen]!.take(chosen === prefer ? GATHERED : PIECE)))) return
      } else if (feeds.every((feed) => feed.over)) return
      else await bell.next()
    }
  })

interface Head {
  readonly item: unknown
  readonly key: unknown
}

/** The next item of one sorted source. */
class Sorted {
  head: Head | undefined
  readonly #feed: Feed
  readonly #order: Order
  readonly #number: number
  #last: Head | undefined

  constructor(feed: Feed, order: Order, number: number) {
    this.#feed = feed
    this.#order = order
    this.#number = number
  }

  /** Sees to it that there is a head. `false`: it has to be waited for. */
  ready(): boolean {
    if (this.head !== undefined) return true
    if (!this.#feed.want()) return this.#feed.over
    const item = this.#feed.next()
    const key = this.#order.keyOf(item)
    if (this.#last !== undefined && this.#order.compare(this.#last.key, key) > 0) {
      const which = `item ${this.#feed.taken - 1} of source ${this.#number}`
      throw new RangeError(`merge: ${which} belongs before the one in front of it; sort the source first, or merge without an order`)
    }
    this.head = this.#last = { item, key }
    return true
  }
}

export const mergeOrdered = (order: () => Order): ProcessSpec['run'] =>
  atHand(async ({ context: { signal, inlets, outlets }, bell }) => {
    const { keyOf, compare } = order()
    const sources = inlets.map((inlet, i) => new Sorted(new Feed(inlet, bell), { keyOf, compare }, i + 1))

    const least = (): Sorted | undefined => {
      let found: Sorted | undefined
      for (const source of sources) {
        if (source.head !== undefined && (found === undefined || compare(source.head.key, found.head!.key) < 0)) found = source
      }
      return found
    }

    for (;;) {
      signal.throwIfAborted()
      const out: unknown[] = []
      let waiting = false
      let next: Sorted | undefined
      while (out.length < GATHERED) {
        for (const source of sources) if (!source.ready()) waiting = true // all are asked before any is waited for
        next = waiting ? undefined : least()
        if (next === undefined) break
        out.push(next.head!.item)
        next.head = undefined
      }
      if (out.length > 0) {
        if (!(await outlets[0]!.push(out))) return
      } else if (waiting) await bell.next()
      else return
    }
  })
