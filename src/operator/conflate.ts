/**
 * Combines items into one for as long as the reader is busy.
 *
 *     in      1-2-3-4-5-6----7--|   conflate((sum, n) => sum + n)    out  1-----9-----11--7|
 *     reader  free when it has taken one          lane async         state one combined item
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { callable, stageOptions, wholeNumber } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'
import { Sending } from './waiting/sending.ts'

export interface ConflateOptions extends WaitingOptions {
  /** Items that are combined into one at most; then the input waits. A whole number >= 1. Default: no bound. */
  readonly maxCount?: number | undefined
}

interface Plan {
  readonly first: ((item: unknown) => unknown) | undefined
  readonly combine: (held: unknown, item: unknown) => unknown
  readonly maxCount: number
  readonly onError: PlainPolicy
}

const conflating =
  ({ first, combine, maxCount, onError }: Plan) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const sending = new Sending(outlets[0]!, bell)
    const refusals = new Refusals(context, onError)
    let count = 0
    let held: unknown

    const add = (item: unknown): void => {
      try {
        held = count === 0 ? (first === undefined ? item : first(item)) : combine(held, item)
        count++
      } catch (error) {
        refusals.refuse(item, feed.taken - 1, error)
      }
    }

    for (;;) {
      signal.throwIfAborted()
      while (count < maxCount && refusals.letter === undefined && feed.want()) add(feed.next())
      if (refusals.letter !== undefined) {
        await refusals.taken()
        continue
      }
      if (sending.free) {
        if (sending.gone) return
        if (count > 0) {
          sending.send([held])
          count = 0
          held = undefined
          continue
        }
        if (feed.over) return
      }
      await bell.next()
    }
  }

/**
 * Emits one item for all that have come since the reader took the last one: `combine` puts an item into what is held. `first`
 * makes what is held of the first item; without it that is the item itself. A reader that keeps up gets an item for every batch
 * that comes; one that does not gets fewer, and the input never waits for it, but for `maxCount`.
 *
 * **Order**   kept
 * **Cost**    one call per item; the items cross to the event loop
 * **Errors**  an item that `combine` or `first` throws on is handled by `onError` and leaves what is held as it was
 * **Memory**  one combined value, whose size is `combine`'s: if it gathers, give `maxCount`
 * **Source**  Pekko `conflate`, `conflateWithSeed` and `batch`
 * @example
 * await from([1, 2, 3]).pipe(conflate((sum, n) => sum + n)).toArray() // => [6]
 */
export function conflate<A>(combine: (held: A, item: A) => A, options?: ConflateOptions): Flow<A, A>
export function conflate<A, S>(first: (item: A) => S, combine: (held: S, item: A) => S, options?: ConflateOptions): Flow<A, S>
export function conflate(...given: readonly unknown[]): Flow<never, unknown> {
  const seeded = typeof given[1] === 'function'
  const [first, combine, options = {}] = (seeded ? given : [undefined, ...given]) as [Plan['first'], Plan['combine'], ConflateOptions?]
  callable('conflate', 'combine', combine)
  if (seeded) callable('conflate', 'first', first)
  stageOptions('conflate', options)
  const maxCount = options.maxCount === undefined ? Infinity : wholeNumber('conflate', 'maxCount', options.maxCount, 1)
  const plan: Plan = { first, combine, maxCount, onError: plainPolicy('conflate', options.onError) }
  return flowOf(processSpec('conflate', atHand(conflating(plan)), options, maxCount === Infinity ? {} : { maxCount }), options.name)
}
