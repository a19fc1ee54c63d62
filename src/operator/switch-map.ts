/**
 * Makes a stream of the newest item, and leaves that of the one before.
 *
 *     in    a-----b--------|      a ▶ a1--a2--a3|    b ▶ b1--b2|
 *     out   a1--a2-b1--b2--|
 *     lane async                  state one inner stream, one item of it
 */
import { flowOf, type Flow, type Source } from '../graph/source.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { callable, stageOptions } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { InnerStream, type Inner, type InnerContext } from './waiting/inner.ts'
import { processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'
import { Sending } from './waiting/sending.ts'

const switching =
  (fn: (item: unknown, context: InnerContext) => unknown, onError: PlainPolicy) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const sending = new Sending(outlets[0]!, bell)
    const refusals = new Refusals(context, onError)
    let current: InnerStream | undefined

    /** Leaves the stream that is read, and begins that of the newest item. */
    const change = async (): Promise<void> => {
      await current?.close()
      current = undefined
      let item: unknown
      do item = feed.take(Infinity).at(-1)
      while (feed.want())
      try {
        current = new InnerStream('switchMap', context, fn, item, feed.taken - 1, bell)
      } catch (error) {
        refusals.refuse(item, feed.taken - 1, error)
      }
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        if (feed.want()) await change()
        const out: unknown[] = []
        if (sending.free) {
          if (sending.gone) return
          current?.take(out) // not while the reader is busy: what a stream has emitted is not stale when it leaves
          if (current?.over === true) {
            const { item, index, failure } = current
            current = undefined
            if (failure !== undefined) refusals.refuse(item, index, failure.error)
          }
          if (out.length > 0) sending.send(out)
        }
        context.underWay?.(current !== undefined)
        if (refusals.letter !== undefined) await refusals.taken()
        else if (current === undefined && feed.over && sending.free) return
        else if (feed.size === 0) await bell.next()
      }
    } finally {
      await current?.close()
    }
  }

/**
 * Emits the items of the source, async iterable or iterable that `fn` makes of the newest item; that of the item before is closed
 * first, and its signal aborted. Of items that come together only the last has a stream. At the end of the input the last stream
 * is read to its end. A `Source` is a run of its own, which ends when the run around drains; what its stages set aside is a dead letter
 * of that run, of the stage `switchMap.NAME`.
 *
 * **Order**   kept
 * **Cost**    one promise per item of an asynchronous inner stream; a source costs a run
 * **Errors**  what `fn` throws, and an inner stream that fails, is handled by `onError`: the outer item is skipped or set aside.
 *             A stream that does not close within 300 ms is left alone
 * **Memory**  one inner stream with one item, and one batch of the input
 * **Source**  RxJS, Pekko and Effect `switchMap`
 * @example
 * await from(['mi', 'mill']).pipe(switchMap((text) => [text.length])).toArray() // => [4]
 */
export const switchMap = <A, B>(
  fn: (item: A, context: InnerContext) => Source<B> | Inner<B>,
  options: WaitingOptions = {}
): Flow<A, B> => {
  callable('switchMap', 'fn', fn)
  stageOptions('switchMap', options)
  const run = switching(fn as (item: unknown, context: InnerContext) => unknown, plainPolicy('switchMap', options.onError))
  return flowOf(processSpec('switchMap', atHand(run), options), options.name)
}
