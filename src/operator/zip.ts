/**
 * Puts the items of several sources side by side: first with first, second with second.
 *
 *     a  1--2--3--|
 *     b  x-----y--|       zip(a, b)    out  [1,x]-----[2,y]|
 *     lane async          state what is left of one batch per source
 */
import type { StageOptions } from '../graph/options.ts'
import type { Source } from '../graph/source.ts'
import type { ProcessContext } from '../graph/spec.ts'
import { bellOf } from './waiting/bell.ts'
import { Feed } from './waiting/feed.ts'
import { inputsOf, joined, processSpec, type ItemOf } from './process.ts'

const run = async ({ inlets, outlets, signal }: ProcessContext): Promise<void> => {
  const bell = bellOf(signal)
  const feeds = inlets.map((inlet) => new Feed(inlet, bell))
  try {
    for (;;) {
      signal.throwIfAborted()
      // All of them are asked before any is waited for; one that is over ends it, however long the others take.
      const waiting = feeds.filter((feed) => !feed.want())
      if (waiting.some((feed) => feed.over)) return
      if (waiting.length > 0) {
        await bell.next()
        continue
      }
      const rows = Array.from({ length: Math.min(...feeds.map((feed) => feed.size)) }, () => feeds.map((feed) => feed.next()))
      if (!(await outlets[0]!.push(rows))) return
    }
  } finally {
    bell.close()
    for (const inlet of inlets) inlet.close()
  }
}

/** Two sources or more. */
export type Several = readonly [Source<unknown>, Source<unknown>, ...Source<unknown>[]]

/** A row of one item of each. */
export type Row<S extends Several> = { readonly [K in keyof S]: ItemOf<S[K]> }

/**
 * One row for the first items of all sources, one for the second, and so on. Ends when the shortest source has ended; the
 * others are closed, and what of them has no partner is thrown away. Options come last.
 *
 * **Order**   kept
 * **Memory**  what is left of one batch per source
 * **Source**  RxJS `zip` (whose buffers have no bound)
 * @example
 * await zip(range(0, 100), from(['a', 'b'])).toArray() // => [[0, 'a'], [1, 'b']]
 */
export function zip<S extends Several>(...inputs: S): Source<Row<S>>
export function zip<S extends Several>(...given: readonly [...inputs: S, options: StageOptions]): Source<Row<S>>
export function zip(...given: readonly unknown[]): Source<unknown> {
  const [inputs, options] = inputsOf(given)
  return joined(processSpec('zip', run, options), inputs, 2, options.name)
}
