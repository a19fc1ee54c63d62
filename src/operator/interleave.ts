/**
 * Takes from several sources in turn.
 *
 *     a  1--2--3--|
 *     b  x-----y--|       interleave(a, b)    out  1--x--2--y--3--|
 *     lane async          state one batch per source in hand
 */
import type { StageOptions } from '../graph/options.ts'
import type { Source } from '../graph/source.ts'
import type { ProcessSpec } from '../graph/spec.ts'
import { atHand } from './waiting/at-hand.ts'
import { wholeNumber } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { inputsOf, joined, passesAll, processSpec, type ItemOf } from './process.ts'

export interface InterleaveOptions extends StageOptions {
  /** Items of one source before it is the next one's turn. A whole number >= 1. Default 1. */
  readonly segment?: number | undefined
}

/** Items that gather before they are sent. */
const GATHERED = 512

const run = (segment: number): ProcessSpec['run'] =>
  atHand(async ({ context: { signal, inlets, outlets }, bell }) => {
    let feeds = inlets.map((inlet) => new Feed(inlet, bell))
    let at = 0
    let left = segment

    const next = (): void => {
      at = (at + 1) % feeds.length
      left = segment
    }

    /** Takes what is here, source by source, until one has to be waited for. */
    const take = (out: unknown[]): void => {
      while (feeds.length > 0 && out.length < GATHERED) {
        const feed = feeds[at]!
        if (feed.want()) {
          out.push(feed.next())
          if (--left === 0) next()
        } else if (feed.over) {
          feeds = feeds.filter((other) => other !== feed)
          if (at === feeds.length) at = 0
          left = segment
        } else return
      }
    }

    for (;;) {
      signal.throwIfAborted()
      for (const feed of feeds) feed.want() // all are asked, whoever's turn it is
      const out: unknown[] = []
      take(out)
      if (out.length > 0) {
        if (!(await outlets[0]!.push(out))) return
      } else if (feeds.length === 0) return
      else await bell.next()
    }
  })

/**
 * One item of the first source (`segment` items), then one of the second, and so on, and again. It waits for the source whose turn
 * it is; one that has ended has no more turns. Options come last.
 *
 * **Order**   kept, and the same in every run
 * **Cost**    one comparison per item
 * **Errors**  sources that share a stage may wait for each other when their turns do not fit; the run says so and ends
 * **Memory**  one batch per source
 * **Source**  Pekko and Effect `interleave`
 * @example
 * await interleave(range(0, 4), from(['a', 'b'])).toArray() // => [0, 'a', 1, 'b', 2, 3]
 */
export function interleave<S extends readonly Source<unknown>[]>(...inputs: S): Source<ItemOf<S[number]>>
export function interleave<S extends readonly Source<unknown>[]>(
  ...given: readonly [...inputs: S, options: InterleaveOptions]
): Source<ItemOf<S[number]>>
export function interleave(...given: readonly unknown[]): Source<unknown> {
  const [inputs, options] = inputsOf<InterleaveOptions>(given)
  const segment = wholeNumber('interleave', 'segment', options.segment ?? 1, 1)
  return joined(passesAll(processSpec('interleave', run(segment), options, { segment })), inputs, 1, options.name)
}
