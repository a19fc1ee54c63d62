/**
 * Goes on with the source that is first to have an item.
 *
 *     a  -----1--2--|
 *     b  ---x--y--|       race(a, b)    out  ---x--y--|
 *     lane async          state one batch per source in hand
 */
import type { StageOptions } from '../graph/options.ts'
import type { Source } from '../graph/source.ts'
import { atHand } from './waiting/at-hand.ts'
import { Feed } from './waiting/feed.ts'
import { inputsOf, joined, passesAll, processSpec, type ItemOf } from './process.ts'

const run = atHand(async ({ context: { signal, inlets, outlets }, bell }) => {
  const feeds = inlets.map((inlet) => new Feed(inlet, bell))
  let winner: Feed | undefined
  for (;;) {
    signal.throwIfAborted()
    if (winner === undefined) {
      const ready = feeds.map((feed) => feed.want()) // all are asked
      winner = feeds[ready.indexOf(true)]
      if (winner !== undefined) inlets.forEach((inlet, i) => { if (feeds[i] !== winner) inlet.close() })
    }
    if (winner?.want() === true) {
      if (!(await outlets[0]!.push(winner.take(Infinity)))) return
    } else if (winner === undefined ? feeds.every((feed) => feed.over) : winner.over) return
    else await bell.next()
  }
})

/**
 * The items of the source that has one first; the others are closed then. Of sources that have one at the same time the earlier
 * wins. A source that ends without an item is out; when all have, it ends. Options come last.
 *
 * **Order**   kept
 * **Cost**    none per item
 * **Errors**  a source that fails before anyone has won ends the run
 * **Memory**  one batch per source, and one when one has won
 * **Source**  RxJS and Effect `race`
 * @example
 * await race(from(['slow']).pipe(delay({ ms: 1000 })), from(['fast'])).toArray() // => ['fast']
 */
export function race<S extends readonly Source<unknown>[]>(...inputs: S): Source<ItemOf<S[number]>>
export function race<S extends readonly Source<unknown>[]>(
  ...given: readonly [...inputs: S, options: StageOptions]
): Source<ItemOf<S[number]>>
export function race(...given: readonly unknown[]): Source<unknown> {
  const [inputs, options] = inputsOf(given)
  return joined(passesAll(processSpec('race', run, options)), inputs, 1, options.name)
}
