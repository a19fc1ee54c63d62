/**
 * Makes a stream of every item, and puts the items of several of them into one.
 *
 *     in    a-----b-----|      a ▶ a1--a2--a3|    b ▶ b1--b2|
 *     out   a1--a2-b1-a3-b2--|           concurrency: 1    a1--a2--a3--b1--b2|
 *           ordered: true              a1--a2----a3-b1-b2--|
 *     lane async               state `concurrency` inner streams, one item of each; with `ordered` `prefetch` of each
 */
import { flowOf, type Flow, type Source } from '../graph/source.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { callable, flag, stageOptions, wholeNumber } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { InnerStream, type Inner, type InnerContext } from './waiting/inner.ts'
import { processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'

export interface MergeMapOptions extends WaitingOptions {
  /** Inner streams that are read at a time. A whole number >= 1. Default 16; 1 reads one after the other, in order. */
  readonly concurrency?: number | undefined
  /** Whether the items of an inner stream wait until all before it have ended. Default false. */
  readonly ordered?: boolean | undefined
  /** With `ordered`: items that are read ahead of each inner stream that waits. A whole number >= 1. Default 16. */
  readonly prefetch?: number | undefined
}

interface Plan {
  readonly fn: (item: unknown, context: InnerContext) => unknown
  readonly concurrency: number
  /** Items that are read ahead of a stream whose turn has not come; `undefined`: all have it. */
  readonly prefetch: number | undefined
  readonly onError: PlainPolicy
}

/** An inner stream, and what it holds until its turn comes. */
class Turn {
  readonly inner: InnerStream
  readonly #held: unknown[] = []

  constructor(inner: InnerStream) {
    this.inner = inner
  }

  /** Its turn has come: all that it has leaves. */
  leave(out: unknown[]): void {
    for (const item of this.#held.splice(0)) out.push(item)
    if (!this.inner.over) this.inner.take(out)
  }

  readAhead(most: number): void {
    this.inner.readAhead(this.#held, most)
  }
}

const merging =
  ({ fn, concurrency, prefetch, onError }: Plan) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const refusals = new Refusals(context, onError)
    let live: Turn[] = []
    let stoppedAt = Infinity

    const begin = (): void => {
      const index = feed.taken
      const item = feed.next()
      try {
        live.push(new Turn(new InnerStream('mergeMap', context, fn, item, index, bell)))
      } catch (error) {
        refusals.refuse(item, index, error)
      }
    }

    /** Whether a stream that is over makes room. One that has failed waits for the letter of another. */
    const isDone = ({ inner }: Turn): boolean => {
      if (!inner.over || (inner.failure !== undefined && refusals.letter !== undefined)) return false
      if (inner.failure !== undefined) refused(inner)
      return true
    }

    /** What the inner streams have, in turn. */
    const gather = (out: unknown[]): void => {
      for (const turn of live) turn.leave(out)
      live = live.filter((turn) => !isDone(turn))
    }

    /** What the first has, and the next one as soon as it is over; the others read ahead. */
    const gatherInOrder = (out: unknown[], most: number): void => {
      while (live.length > 0) {
        live[0]!.leave(out)
        if (!isDone(live[0]!)) break
        live.shift()
        if (refusals.stopped) return
      }
      for (const turn of live.slice(1)) turn.readAhead(most)
    }

    /** Where that ends the input, what was begun of later items goes with it. */
    const refused = ({ item, index, failure }: InnerStream): void => {
      if (index > stoppedAt) return
      refusals.refuse(item, index, failure!.error)
      if (refusals.stopped) stoppedAt = index
    }

    /** Leaves the streams of items behind the one that has ended the input. */
    const leave = async (): Promise<void> => {
      const left = live.filter(({ inner }) => inner.index > stoppedAt)
      live = live.filter(({ inner }) => inner.index < stoppedAt)
      await Promise.all(left.map(({ inner }) => inner.close()))
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        const out: unknown[] = []
        const before = live.length
        if (prefetch === undefined) gather(out)
        else gatherInOrder(out, prefetch)
        if (refusals.stopped && live.some(({ inner }) => inner.index > stoppedAt)) await leave()
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
      await Promise.all(live.map(({ inner }) => inner.close()))
    }
  }

/**
 * Emits, for every item, the items of the source, async iterable or iterable that `fn` makes of it, of `concurrency` of them at a
 * time, as they come. The signal in `fn`'s second argument is aborted when the inner stream is not wanted any more. A `Source` is
 * a run of its own; what its stages set aside is a dead letter of the run around, of the stage `mergeMap.NAME`. It ends when that run
 * drains, and items whose source has not been opened are `dropped`; iterables are read to their end.
 *
 * **Order**   that of each inner stream is kept; with `concurrency: 1` that of the items too, and with `ordered`, where the streams of later
 *             items are read ahead, up to `prefetch` items of each, while an earlier one goes on
 * **Cost**    one promise per item of an asynchronous inner stream; a source costs a run: for many short ones use `mapAsync`
 * **Errors**  what `fn` throws, and an inner stream that fails, is handled by `onError`: the outer item is skipped or set aside, and
 *             what the inner stream has emitted stays. With `ordered` a failure waits for its turn as items do. Streams that are left early are closed, and waited for up to 300 ms
 * **Memory**  `concurrency` inner streams with one item each (with `ordered`: `prefetch`), and one batch of the input
 * **Source**  RxJS `mergeMap` and `concatMap` (concurrency 1), Pekko `flatMapMerge`, Effect `flatMap`; with `ordered` Reactor's `flatMapSequential`
 * @example
 * await from([1, 2]).pipe(mergeMap((n) => range(0, n), { concurrency: 1 })).toArray() // => [0, 0, 1]
 * @example
 * await from([3, 1]).pipe(mergeMap((n) => interval(n).pipe(take(2), map((k) => `${n}: ${k}`)), { ordered: true })).toArray() // => ['3: 0', '3: 1', '1: 0', '1: 1']
 */
export const mergeMap = <A, B>(
  fn: (item: A, context: InnerContext) => Source<B> | Inner<B>,
  options: MergeMapOptions = {}
): Flow<A, B> => {
  callable('mergeMap', 'fn', fn)
  stageOptions('mergeMap', options)
  const concurrency = wholeNumber('mergeMap', 'concurrency', options.concurrency ?? 16, 1)
  const ordered = flag('mergeMap', 'ordered', options.ordered)
  const prefetch = wholeNumber('mergeMap', 'prefetch', options.prefetch ?? 16, 1)
  const plan: Plan = { fn: fn as Plan['fn'], concurrency, prefetch: ordered ? prefetch : undefined, onError: plainPolicy('mergeMap', options.onError) }
  const args = { concurrency, ...(ordered ? { ordered, prefetch } : {}) }
  return flowOf(processSpec('mergeMap', atHand(merging(plan)), options, args), options.name)
}
