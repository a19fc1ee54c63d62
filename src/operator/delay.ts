/**
 * Emits every item a while after it has come.
 *
 *     in  a--bc---d--|   delay({ ms: 4 })    out  ----a--bc---d--|
 *     lane async         state the items that wait
 */
import { flowOf, type Flow } from '../graph/source.ts'
import type { StageOptions } from '../graph/options.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { milliseconds, stageOptions, wholeNumber } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { passesAll, processSpec } from './process.ts'
import { Sending } from './waiting/sending.ts'

export interface DelayOptions extends StageOptions {
  /** In milliseconds. */
  readonly ms: number
  /** Items that wait at a time; when there are so many, the input waits too, and its items are later. A whole number >= 1. Default 1024. */
  readonly capacity?: number | undefined
}

/** Items that came together. */
interface Together {
  readonly items: readonly unknown[]
  readonly due: number
}

const delaying =
  (ms: number, capacity: number) =>
  async ({ context: { signal, inlets, outlets, underWay }, bell, time, wake }: AtHand): Promise<void> => {
    const feed = new Feed(inlets[0]!, bell)
    const sending = new Sending(outlets[0]!, bell)
    const waiting: Together[] = []
    let count = 0

    const due = (now: number): unknown[] => {
      const later = waiting.findIndex((together) => together.due > now)
      const ripe = waiting.splice(0, later < 0 ? waiting.length : later).flatMap((together) => together.items)
      count -= ripe.length
      return ripe
    }

    for (;;) {
      signal.throwIfAborted()
      const now = time.now()
      while (count < capacity && feed.want()) {
        const items = feed.take(capacity - count)
        count += items.length
        waiting.push({ items, due: now + ms })
      }
      if (sending.free) {
        if (sending.gone) return
        const [next] = waiting
        if (next !== undefined && next.due <= now) {
          sending.send(due(now))
          continue
        }
        if (next !== undefined) wake.at(next.due)
        else if (feed.over) return
      }
      underWay?.(count > 0)
      await bell.next()
    }
  }

/**
 * Emits every item `ms` after the stage has taken it, or later when the reader is slow. At the end of the input what waits is
 * waited for.
 *
 * **Order**   kept
 * **Cost**    one timer at a time; items that come together leave together
 * **Memory**  `capacity` items that wait, and as many on their way to the reader
 * **Source**  RxJS `delay`; Pekko `delay`, whose buffer is bounded too
 * @example
 * await from(['tick']).pipe(delay({ ms: 10 })).toArray() // => ['tick']
 */
export const delay = <A>(options: DelayOptions): Flow<A, A> => {
  stageOptions('delay', options)
  const ms = milliseconds('delay', 'ms', options.ms, 0)
  const capacity = wholeNumber('delay', 'capacity', options.capacity ?? 1024, 1)
  return flowOf({ ...passesAll(processSpec('delay', atHand(delaying(ms, capacity)), options, { ms, capacity })), holds: `items, at most ${capacity}` }, options.name)
}
