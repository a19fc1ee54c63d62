/**
 * Makes a stream of every item, and puts the items of several of them into one.
 *
 *     in    a-----b-----|      a ▶ a1--a2--a3|    b ▶ b1--b2|
 *     out   a1--a2-b1-a3-b2--|           concurrency: 1    a1--a2--a3--b1--b2|
 *     lane async               state `concurrency` inner streams, one item of each
 */
import { flowOf, type Flow, type Source } from '../graph/source.ts'
import { atHand, type AtHand } from './at-hand.ts'
import { callable, wholeNumber, stageOptions } from './check.ts'
import { Feed } from './feed.ts'
import { InnerStream, type Inner, type InnerContext } from './inner.ts'
import { processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'

export interface MergeMapOptions extends WaitingOptions {
  /** Inner streams that are read at a time. A whole number >= 1. Default 16; 1 reads one after the other, in order. */
  readonly concurrency?: number | undefined
}

interface Plan {
  readonly fn: (item: unknown, context: InnerContext) => unknown
  readonly concurrency: number
  readonly onError: PlainPolicy
}

const merging =
  ({ fn, concurrency, onError }: Plan) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const refusals = new Refusals(context, onError)
    let live: InnerStream[] = []
    let stoppedAt = Infinity

    const begin = (): void => {
      const index = feed.taken
      const item = feed.next()
      try {
        live.push(new InnerStream('mergeMap', context.stage, fn, item, index, bell))
      } catch (error) {
        refusals.refuse(item, index, error)
      }
    }

    /** What the inner streams have, in turn; those that are over make room. One that has failed waits for the letter of another. */
    const gather = (out: unknown[]): void => {
      for (const inner of live) inner.take(out)
      live = live.filter((inner) => {
        if (!inner.over) return true
        if (inner.failure !== undefined && refusals.letter !== undefined) return true
        if (inner.failure !== undefined) refused(inner)
        return false
      })
    }

    /** Where that ends the input, what was begun of later items goes with it. */
    const refused = ({ item, index, failure }: InnerStream): void => {
      if (index > stoppedAt) return
      refusals.refuse(item, index, failure!.error)
      if (refusals.stopped) stoppedAt = index
    }

    /** Leaves the streams of items behind the one that has ended the input. */
    const leave = async (): Promise<void> => {
      const left = live.filter((inner) => inner.index > stoppedAt)
      live = live.filter((inner) => inner.index < stoppedAt)
      await Promise.all(left.map((inner) => inner.close()))
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        const out: unknown[] = []
        const before = live.length
        gather(out)
        if (refusals.stopped && live.some((inner) => inner.index > stoppedAt)) await leave()
        const room = live.length < concurrency && refusals.letter === undefined && feed.want()
        if (room) begin()
        context.underWay?.(live.length > 0)
        if (out.length > 0) {
          if (!(await outlets[0]!.push(out))) return
        } else if (refusals.letter !== undefined) await refusals.taken()
        else if (live.length === 0 && feed.over) return
        else if (!room && live.length === before) await bell.next()
      }
    } finally {
      await Promise.all(live.map((inner) => inner.close()))
    }
  }

/**
 * Emits, for every item, the items of the source, async iterable or iterable that `fn` makes of it, of `concurrency` of them at a
 * time, as they come. The signal in `fn`'s second argument is aborted when the inner stream is not wanted any more. A `Source` is
 * a run of its own, with dead letters of its own.
 *
 * **Order**   that of each inner stream is kept; with `concurrency: 1` that of the items too
 * **Cost**    one promise per item of an asynchronous inner stream; a source costs a run: for many short ones use `mapAsync`
 * **Errors**  what `fn` throws, and an inner stream that fails, is handled by `onError`: the outer item is skipped or set aside, and
 *             what the inner stream has emitted stays. Streams that are left early are closed, and waited for up to 300 ms
 * **Memory**  `concurrency` inner streams with one item each, and one batch of the input
 * **Source**  RxJS `mergeMap` and `concatMap` (concurrency 1), Pekko `flatMapMerge`, Effect `flatMap`
 * @example
 * await from([1, 2]).pipe(mergeMap((n) => range(0, n), { concurrency: 1 })).toArray() // => [0, 0, 1]
 */
export const mergeMap = <A, B>(
  fn: (item: A, context: InnerContext) => Source<B> | Inner<B>,
  options: MergeMapOptions = {}
): Flow<A, B> => {
  callable('mergeMap', 'fn', fn)
  stageOptions('mergeMap', options)
  const concurrency = wholeNumber('mergeMap', 'concurrency', options.concurrency ?? 16, 1)
  const plan: Plan = { fn: fn as Plan['fn'], concurrency, onError: plainPolicy('mergeMap', options.onError) }
  return flowOf(processSpec('mergeMap', atHand(merging(plan)), options, { concurrency }), options.name)
}
