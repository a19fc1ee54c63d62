/**
 * Puts the newest items of several sources side by side, whenever one of them has a new one.
 *
 *     a  1-----2-----|
 *     b  ---x-----y-----z--|   combineLatest(a, b)    out  ---[1,x]--[2,x]--[2,y]--[2,z]--|
 *     lane async               state one item per source, and one batch per source in hand
 */
import type { StageOptions } from '../graph/options.ts'
import type { Source } from '../graph/source.ts'
import type { ProcessSpec } from '../graph/spec.ts'
import { atHand } from './waiting/at-hand.ts'
import { Feed } from './waiting/feed.ts'
import { inputsOf, joined, processSpec } from './process.ts'
import type { Row, Several } from './zip.ts'

/** Rows that gather before they are sent. */
const GATHERED = 512

/** `atFirst`: it ends with the first source that has ended, and not with the last. */
export const latest = (atFirst: boolean): ProcessSpec['run'] =>
  atHand(async ({ context: { signal, inlets, outlets }, bell }) => {
    const feeds = inlets.map((inlet) => new Feed(inlet, bell))
    const newest: unknown[] = feeds.map(() => undefined)
    const missing = new Set(feeds)

    /** One item of each source that has one. */
    const round = (rows: unknown[]): void => {
      feeds.forEach((feed, i) => {
        if (feed.size === 0) return
        newest[i] = feed.next()
        missing.delete(feed)
        if (missing.size === 0) rows.push([...newest])
      })
    }

    for (;;) {
      signal.throwIfAborted()
      const here = feeds.map((feed) => feed.want()).includes(true)
      const over = feeds.filter((feed) => feed.over)
      if ((atFirst && over.length > 0) || over.length === feeds.length || over.some((feed) => missing.has(feed))) return
      const rows: unknown[] = []
      // the end of one source, and an item that has come after it, are seen between two rounds
      while (here && rows.length < GATHERED && feeds.some((feed) => feed.size > 0) && !(atFirst && feeds.some((feed) => feed.over))) round(rows)
      if (rows.length > 0) {
        if (!(await outlets[0]!.push(rows))) return
      } else if (!here) await bell.next()
    }
  })

/**
 * A row of the newest item of each source, whenever a source has a new one, once all have had one. Ends when all have ended, or when
 * one has ended without an item. Of sources that have several items at once one each is taken in turn. Options come last.
 *
 * **Order**   that of each source is kept; between them it is that of arrival
 * **Cost**    one array per item
 * **Errors**  none of its own
 * **Memory**  one item and one batch per source
 * **Source**  RxJS `combineLatest`, Pekko `mergeLatest`
 * @example
 * await combineLatest(from(['a']), from([1, 2])).toArray() // => [['a', 1], ['a', 2]]
 */
export function combineLatest<S extends Several>(...inputs: S): Source<Row<S>>
export function combineLatest<S extends Several>(...given: readonly [...inputs: S, options: StageOptions]): Source<Row<S>>
export function combineLatest(...given: readonly unknown[]): Source<unknown> {
  const [inputs, options] = inputsOf(given)
  return joined(processSpec('combineLatest', latest(false), options), inputs, 2, options.name)
}
