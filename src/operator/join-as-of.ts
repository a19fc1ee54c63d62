/**
 * Puts beside every item the latest one of another source that is not later than it and has its key.
 *
 *     trades  -----1----3-------6--|     (numbers: times)
 *     quotes  --0----2-----5-------|     joinAsOf    out  -----[1,0]----[3,2]-------[6,5]--|
 *     lane async                         state the latest item of each key of the right
 */
import type { Source } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { bellOf } from './waiting/bell.ts'
import { numberFrom } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { boundOf, checkJoin, joinFull, joinKey, pairOf, timeOf, type JoinOptions } from './join.ts'
import type { Key } from './keyed/keys.ts'
import { joined, processSpec } from './process.ts'
import { Refusals, type PlainPolicy } from './refusals.ts'

export interface JoinAsOfOptions<A, B, K extends Key> extends JoinOptions<A, B, K> {
  /** The time of an item of the left, and of the right, in milliseconds. Each source must be in the order of its times. */
  readonly at: readonly [left: (item: A) => number, right: (item: B) => number]
  /** How much older than the item its partner may be, in milliseconds >= 0. Default: any age. */
  readonly withinMs?: number | undefined
  /** `'inner'` (default): an item without a partner is dropped; `'left'`: it is emitted with `undefined`. */
  readonly type?: 'inner' | 'left' | undefined
  /** Keys of the right that are held. A whole number >= 1. Default 1 000 000. */
  readonly maxKeys?: number | undefined
}

type Fn = (item: unknown) => unknown

interface Plan {
  readonly keys: readonly [Fn, Fn]
  readonly at: readonly [Fn, Fn]
  readonly type: 'inner' | 'left'
  readonly onError: PlainPolicy
  readonly withinMs: number
  readonly maxKeys: number
}

interface Stamped {
  readonly item: unknown
  readonly key: Key
  readonly at: number
}

const GATHERED = 1024

/** One source in the order of its times, with its head stamped. */
class Timed {
  head: Stamped | undefined
  readonly #feed: Feed
  readonly #key: Fn
  readonly #at: Fn
  #latest = -Infinity

  constructor(feed: Feed, key: Fn, at: Fn) {
    this.#feed = feed
    this.#key = key
    this.#at = at
  }

  get over(): boolean {
    return this.head === undefined && this.#feed.over
  }

  /** Whether the head is known; what is refused on the way is set aside. */
  async look(refusals: Refusals): Promise<boolean> {
    while (this.head === undefined) {
      if (!this.#feed.want()) return false
      const index = this.#feed.taken
      const item = this.#feed.next()
      try {
        const at = timeOf('joinAsOf', this.#at(item))
        if (at < this.#latest) throw new RangeError(`joinAsOf: an item of time ${at} came after one of ${this.#latest}; sort the source by its times first`)
        const key = joinKey('joinAsOf', this.#key(item))
        this.#latest = at
        this.head = { item, key, at }
      } catch (error) {
        await refusals.refused(item, index, error)
      }
    }
    return true
  }

  take(): Stamped {
    const head = this.head!
    this.head = undefined
    return head
  }
}

const run =
  ({ keys, at, type, onError, withinMs, maxKeys }: Plan) =>
  async (context: ProcessContext): Promise<void> => {
    const { signal, inlets, outlets } = context
    const bell = bellOf(signal)
    const left = new Timed(new Feed(inlets[0]!, bell), keys[0], at[0])
    const right = new Timed(new Feed(inlets[1]!, bell), keys[1], at[1])
    const refusals = new Refusals(context, onError)
    const latest = new Map<Key, Stamped>()
    let pairs: unknown[] = []

    const hold = (one: Stamped): void => {
      if (latest.size >= maxKeys && !latest.has(one.key)) {
        for (const [key, old] of latest) if (old.at + withinMs < one.at) latest.delete(key)
        if (latest.size >= maxKeys) throw joinFull('joinAsOf', 'keys of the right', maxKeys, 'maxKeys', 'raise it if memory allows, or give withinMs, so that old ones can be forgotten')
      }
      latest.set(one.key, one)
    }

    const answer = ({ item, key, at: now }: Stamped): void => {
      const known = latest.get(key)
      const partner = known !== undefined && known.at + withinMs >= now ? known : undefined
      if (partner !== undefined || type === 'left') pairs.push([item, partner?.item])
    }

    const flush = async (): Promise<boolean> => {
      if (pairs.length === 0) return true
      const full = pairs
      pairs = []
      return outlets[0]!.push(full)
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        const [hasLeft, hasRight] = [await left.look(refusals), await right.look(refusals)]
        if (left.over) {
          await flush()
          return
        }
        // of two at the same time the right one comes first: it is not later than the item
        if (hasRight && (!hasLeft || right.head!.at <= left.head!.at)) {
          if (!hasLeft) {
            // how far the left has come is not known: the right waits for it
            if (!(await flush())) return
            await bell.next()
            continue
          }
          hold(right.take())
        } else if (hasLeft && (hasRight || right.over)) {
          answer(left.take())
          if (pairs.length >= GATHERED && !(await flush())) return
        } else {
          if (!(await flush())) return
          await bell.next()
        }
      }
    } finally {
      bell.close()
      for (const inlet of inlets) inlet.close()
    }
  }

/**
 * Pairs of an item of the left and the latest item of the right with its key whose time is not later than its own.
 *
 * Both sources are read side by side in the order of their times: an item waits until the right has come past its time, or has ended.
 *
 * **Order**   that of the left
 * **Cost**    on the event loop: two calls and a look-up per item of either side, a pair per answer
 * **Errors**  an item that a function throws on, or that is earlier than the one before it in its source, is handled by `onError`; more
 *             than `maxKeys` keys of the right are `ERR_MILLRACE_STATE_FULL`
 * **Memory**  the latest item of each key of the right; with `withinMs` older ones make room
 * **Source**  kdb+ `aj`; SQL `FOR SYSTEM_TIME AS OF` as in Flink
 * @example
 * const trades = from([{ of: 'x', at: 1 }, { of: 'x', at: 6 }])
 * const prices = from([{ of: 'x', at: 0, price: 10 }, { of: 'x', at: 5, price: 12 }, { of: 'x', at: 7, price: 99 }])
 * const priced = joinAsOf(trades, prices, { keys: [(t) => t.of, (p) => p.of], at: [(t) => t.at, (p) => p.at] })
 * await priced.pipe(map(([trade, price]) => [trade.at, price.price])).toArray() // => [[1, 10], [6, 12]]
 */
export function joinAsOf<A, B, K extends Key>(
  left: Source<A>,
  right: Source<B>,
  options: JoinAsOfOptions<A, B, K> & { readonly type?: 'inner' | undefined }
): Source<readonly [A, B]>
export function joinAsOf<A, B, K extends Key>(
  left: Source<A>,
  right: Source<B>,
  options: JoinAsOfOptions<A, B, K> & { readonly type: 'left' }
): Source<readonly [A, B | undefined]>
export function joinAsOf<A, B, K extends Key>(left: Source<A>, right: Source<B>, options: JoinAsOfOptions<A, B, K>): Source<readonly [A, B | undefined]> {
  const checked = checkJoin('joinAsOf', options as JoinAsOfOptions<never, never, Key>, ['inner', 'left'])
  const at = pairOf('joinAsOf', 'at', options.at)
  const withinMs = numberFrom('joinAsOf', 'withinMs', options.withinMs ?? Infinity, 0)
  const maxKeys = boundOf('joinAsOf', 'maxKeys', options.maxKeys, 1_000_000)
  const args = { type: checked.type, withinMs, maxKeys }
  const spec = processSpec('joinAsOf', run({ ...checked, at, withinMs, maxKeys }), options, args)
  return joined({ ...spec, holds: `the latest item of each key of the right, at most ${maxKeys}` }, [left, right], 2, options.name)
}
