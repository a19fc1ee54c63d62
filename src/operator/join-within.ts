/**
 * Pairs items of two sources that have the same key and lie near each other in time, in whatever order they come.
 *
 *     left   --1-----7---|     (numbers: times)
 *     right  -----2---------20--|     joinWithin({ withinMs: 3, type: 'left' })    out  -----[1,2]-------[7,-]--|
 *     lane async                       state the items of both sides that may still find a partner
 *
 *   each side   watermark = latest time seen − outOfOrderMs       both: the smaller one; of a side that has ended, ∞
 *   an item     pairs with all partners that are there, is held, and let go when the watermark says that no partner can come
 *
 * The side that is behind in time is read first, so that what is held is bounded by time and not by which source is faster.
 */
import type { Source } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { bellOf } from './waiting/bell.ts'
import { numberFrom, oneOf } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { boundOf, checkJoin, joinFull, joinKey, pairOf, timeOf, type JoinOptions } from './join.ts'
import type { Key } from './keyed/keys.ts'
import { joined, processSpec } from './process.ts'
import { Refusals, type PlainPolicy } from './refusals.ts'

export interface JoinWithinOptions<A, B, K extends Key> extends JoinOptions<A, B, K> {
  /** The time of an item of the left, and of the right, in milliseconds. */
  readonly at: readonly [left: (item: A) => number, right: (item: B) => number]
  /** How far apart in time two partners may be, either way, in milliseconds >= 0. */
  readonly withinMs: number
  /** How much later than a later one an item of a source may come, in milliseconds >= 0. Default 0: in order. */
  readonly outOfOrderMs?: number | undefined
  /** `'inner'` (default): pairs only; `'left'`: items of the left without a partner too; `'full'`: those of both sides. */
  readonly type?: 'inner' | 'left' | 'full' | undefined
  /** What becomes of an item that comes after the watermark has passed it. Default `'drop'`: it is counted as dropped. */
  readonly late?: 'drop' | 'deadLetter' | undefined
  /** Items that are held, of both sides together. A whole number >= 1. Default 100 000. */
  readonly maxItems?: number | undefined
}

type Fn = (item: unknown) => unknown

interface Plan {
  readonly keys: readonly [Fn, Fn]
  readonly at: readonly [Fn, Fn]
  readonly withinMs: number
  readonly outOfOrderMs: number
  readonly type: 'inner' | 'left' | 'full'
  readonly late: 'drop' | 'deadLetter'
  readonly onError: PlainPolicy
  readonly maxItems: number
}

interface Held {
  readonly item: unknown
  readonly key: Key
  readonly at: number
  matched: boolean
}

const GATHERED = 1024
/** What has been let go before the list lets go of the places. */
const FORGET_AT = 1024

/** The items of one side that are held: by key, and in the order of their times. */
class Side {
  readonly byKey = new Map<Key, Held[]>()
  latest = -Infinity
  size = 0
  #sorted: Held[] = []
  #front = 0

  add(held: Held): void {
    this.size++
    const list = this.byKey.get(held.key)
    if (list === undefined) this.byKey.set(held.key, [held])
    else list.push(held)
    // nearly in order: the place is near the end
    let place = this.#sorted.length
    while (place > this.#front && this.#sorted[place - 1]!.at > held.at) place--
    if (place === this.#sorted.length) this.#sorted.push(held)
    else this.#sorted.splice(place, 0, held)
  }

  /** Lets go of the oldest, if it is older than `before`. */
  release(before: number): Held | undefined {
    const held = this.#sorted[this.#front]
    if (held === undefined || held.at >= before) return undefined
    this.#front++
    if (this.#front >= FORGET_AT && this.#front * 2 >= this.#sorted.length) {
      this.#sorted = this.#sorted.slice(this.#front)
      this.#front = 0
    }
    this.size--
    const list = this.byKey.get(held.key)!
    if (list.length === 1) this.byKey.delete(held.key)
    else list.splice(list.indexOf(held), 1)
    return held
  }
}

const run =
  ({ keys, at, withinMs, outOfOrderMs, type, late, onError, maxItems }: Plan) =>
  async (context: ProcessContext): Promise<void> => {
    const { signal, inlets, outlets } = context
    const bell = bellOf(signal)
    const feeds = inlets.map((inlet) => new Feed(inlet, bell))
    const sides = [new Side(), new Side()] as const
    const refusals = new Refusals(context, onError)
    let out: unknown[] = []

    const watermarkOf = (side: number): number => (feeds[side]!.over ? Infinity : sides[side]!.latest - outOfOrderMs)
    const watermark = (): number => Math.min(watermarkOf(0), watermarkOf(1))

    const flush = async (): Promise<boolean> => {
      if (out.length === 0) return true
      const full = out
      out = []
      return outlets[0]!.push(full)
    }

    const emit = (side: number, mine: unknown, other: unknown): void => {
      out.push(side === 0 ? [mine, other] : [other, mine])
    }

    /** Lets go of what no partner can come for. An item at `t` waits until no item at `t + withinMs` can come any more. */
    const expire = async (): Promise<boolean> => {
      const before = watermark() - withinMs
      for (const side of [0, 1]) {
        const alone = type === 'full' || (type === 'left' && side === 0)
        for (let held = sides[side]!.release(before); held !== undefined; held = sides[side]!.release(before)) {
          if (alone && !held.matched) emit(side, held.item, undefined)
          if (out.length >= GATHERED && !(await flush())) return false
        }
      }
      return true
    }

    const take = async (side: number): Promise<void> => {
      const feed = feeds[side]!
      const index = feed.taken
      const item = feed.next()
      const [own, other] = [sides[side]!, sides[1 - side]!]
      let held: Held
      try {
        held = { item, key: joinKey('joinWithin', keys[side]!(item)), at: timeOf('joinWithin', at[side]!(item)), matched: false }
      } catch (error) {
        await refusals.refused(item, index, error)
        return
      }
      if (held.at < own.latest - outOfOrderMs) {
        if (late === 'drop') context.dropped(1)
        else await context.deadLetter(item, Object.assign(new RangeError(`joinWithin: the item of time ${held.at} is late: its side has come to ${own.latest}`), { code: 'ERR_MILLRACE_LATE' }), index)
        return
      }
      if (held.at > own.latest) own.latest = held.at
      for (const partner of other.byKey.get(held.key) ?? []) {
        if (Math.abs(partner.at - held.at) > withinMs) continue
        held.matched = partner.matched = true
        emit(side, item, partner.item)
      }
      if (sides[0].size + sides[1].size >= maxItems) {
        throw joinFull('joinWithin', 'items held', maxItems, 'maxItems', 'raise it if memory allows, or take a smaller withinMs or outOfOrderMs')
      }
      own.add(held)
    }

    /** The side to read: the one that is behind, if it has not ended; the other one does not run ahead of it while much is held. */
    const next = (): number | undefined => {
      const behind = watermarkOf(0) <= watermarkOf(1) ? 0 : 1
      if (feeds[behind]!.want()) return behind
      const ahead = 1 - behind
      const roomy = (sides[0].size + sides[1].size) * 2 < maxItems
      return (roomy || feeds[behind]!.over) && feeds[ahead]!.want() ? ahead : undefined
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        const side = next()
        if (side !== undefined) {
          await take(side)
          if (!(await expire())) return
          if (out.length >= GATHERED && !(await flush())) return
          continue
        }
        const over = feeds[0]!.over && feeds[1]!.over // as of now: an end that comes meanwhile has let go of nothing yet
        if (!(await expire()) || !(await flush()) || over) return
        await bell.next()
      }
    } finally {
      bell.close()
      for (const inlet of inlets) inlet.close()
    }
  }

/**
 * Pairs of an item of the left and one of the right with the same key, at most `withinMs` apart in time. Each item pairs with every
 * partner. With `'left'` and `'full'` items without a partner are emitted alone, when none can come any more.
 *
 * Time is that of the items. How far it has come is known by the latest item of each side, less `outOfOrderMs`; the side that is behind
 * counts, so a source that goes quiet keeps what waits for it, and holds back the other one when half of `maxItems` are held.
 *
 * **Order**   pairs come when the second of the two has come; there is no other order
 * **Cost**    on the event loop: two calls, a look-up and an entry per item; a look at every item of the key that is held
 * **Errors**  an item that a function throws on is handled by `onError`; one that is late by `late`; more than `maxItems` held at once
 *             are `ERR_MILLRACE_STATE_FULL`
 * **Memory**  the items of the last `2 × withinMs + outOfOrderMs` of time, at most `maxItems`
 * **Source**  Flink's interval join, Kafka Streams' `JoinWindows`
 * @example
 * const asked = from([{ id: 'a', at: 1 }, { id: 'b', at: 2 }])
 * const answered = from([{ id: 'a', at: 3 }, { id: 'b', at: 90 }])
 * const options = { withinMs: 10, type: 'left' } as const
 * const pairs = joinWithin(asked, answered, { ...options, keys: [(q) => q.id, (r) => r.id], at: [(q) => q.at, (r) => r.at] })
 * await pairs.pipe(map(([q, r]) => [q.id, r?.at])).toArray() // => [['a', 3], ['b', undefined]]
 */
export function joinWithin<A, B, K extends Key>(
  left: Source<A>,
  right: Source<B>,
  options: JoinWithinOptions<A, B, K> & { readonly type?: 'inner' | undefined }
): Source<readonly [A, B]>
export function joinWithin<A, B, K extends Key>(
  left: Source<A>,
  right: Source<B>,
  options: JoinWithinOptions<A, B, K> & { readonly type: 'left' }
): Source<readonly [A, B | undefined]>
export function joinWithin<A, B, K extends Key>(
  left: Source<A>,
  right: Source<B>,
  options: JoinWithinOptions<A, B, K> & { readonly type: 'full' }
): Source<readonly [A, B | undefined] | readonly [A | undefined, B]>
export function joinWithin<A, B, K extends Key>(left: Source<A>, right: Source<B>, options: JoinWithinOptions<A, B, K>): Source<never> {
  const checked = checkJoin('joinWithin', options as JoinWithinOptions<never, never, Key>, ['inner', 'left', 'full'])
  const at = pairOf('joinWithin', 'at', options.at)
  const withinMs = numberFrom('joinWithin', 'withinMs', options.withinMs, 0)
  const outOfOrderMs = numberFrom('joinWithin', 'outOfOrderMs', options.outOfOrderMs ?? 0, 0)
  const late = oneOf('joinWithin', 'late', options.late ?? 'drop', ['drop', 'deadLetter'])
  const maxItems = boundOf('joinWithin', 'maxItems', options.maxItems, 100_000)
  const args = { type: checked.type, withinMs, outOfOrderMs, maxItems }
  const spec = processSpec('joinWithin', run({ ...checked, at, withinMs, outOfOrderMs, late, maxItems }), options, args)
  return joined({ ...spec, holds: `items that may still find a partner, at most ${maxItems}` }, [left, right], 2, options.name)
}
