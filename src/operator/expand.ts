/**
 * Goes on with what an item leads to, for as long as no other has come and the reader is free.
 *
 *     in      a-----------b--|   expand((x) => [x1, x2, x3 …])    out  a1-a2-a3-a4-b1--|
 *     reader  takes one every three
 *     lane async                 state one iterator
 */
import { setImmediate as turn } from 'node:timers/promises'
import { flowOf, type Flow } from '../graph/source.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import { callable, stageOptions } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { processSpec } from './process.ts'
import { plainPolicy, Refusals, type PlainPolicy, type WaitingOptions } from './refusals.ts'

const expanding =
  (fn: (item: unknown) => Iterable<unknown>, onError: PlainPolicy) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const refusals = new Refusals(context, onError)
    let item: unknown
    let more: Iterator<unknown> | undefined

    const leave = (): void => {
      const left = more
      more = undefined
      try {
        left?.return?.()
      } catch {
        // it fails while it is closed: what it would have said is not wanted any more
      }
    }

    /** The next of what the item leads to; `undefined` when there is none. */
    const next = (): { readonly value: unknown } | undefined => {
      try {
        const result = more?.next()
        if (result?.done === false) return { value: result.value }
      } catch (error) {
        more = undefined
        refusals.refuse(item, feed.taken - 1, error)
      }
      more = undefined
      return undefined
    }

    const begin = (): void => {
      leave()
      item = feed.next()
      try {
        more = fn(item)[Symbol.iterator]()
      } catch (error) {
        refusals.refuse(item, feed.taken - 1, error)
      }
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        if (refusals.letter !== undefined) await refusals.taken()
        const fresh = feed.want()
        if (fresh) begin()
        else if (feed.over) return
        const one = next()
        context.underWay?.(more !== undefined)
        if (one !== undefined) {
          if (!(await outlets[0]!.push([one.value]))) return
          if (!fresh) await turn() // a reader that is always free must not keep the input from coming
        } else if (!fresh) await bell.next()
      }
    } finally {
      leave()
    }
  }

/**
 * Emits, for every item, the first member of the iterable that `fn` makes of it; and then the others, one by one, whenever the reader
 * is free and no item has come. The next item leaves what is left. `(x) => [x]` changes nothing; one that repeats `x` for ever gives
 * a fast reader the newest value as often as it asks.
 *
 * **Order**   kept
 * **Cost**    one push and one turn of the event loop per item that is derived: a reader that never waits keeps it busy
 * **Errors**  what `fn` or the iterable throws is handled by `onError`
 * **Memory**  one iterator, and one batch of the input
 * **Source**  Pekko `expand`. RxJS `expand` is something else: it calls itself with what it emits
 * @example
 * await from(['a', 'b']).pipe(expand((x) => [x])).toArray() // => ['a', 'b']
 */
export const expand = <A, B>(fn: (item: A) => Iterable<B>, options: WaitingOptions = {}): Flow<A, B> => {
  callable('expand', 'fn', fn)
  stageOptions('expand', options)
  const run = expanding(fn as (item: unknown) => Iterable<unknown>, plainPolicy('expand', options.onError))
  return flowOf(processSpec('expand', atHand(run), options), options.name)
}
