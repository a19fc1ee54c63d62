/**
 * A source with another one to go on with, should it fail.
 *
 *     a  1--2--X
 *     b        7--8--|       orElse(a, () => b)    out  1--2--7--8--|
 */
import type { StageOptions } from '../../graph/options.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { ItemBatch, RunContext, SourceCursor } from '../../graph/spec.ts'
import { callable, sources, stageOptions } from '../../operator/check.ts'
import { STAGE } from '../option-names.ts'
import { closed, cursorOf } from './nested.ts'

/** Says what to go on with; `undefined`: nothing, the failure ends the run. */
export type OrElse<B> = (error: unknown, emitted: number) => Source<B> | undefined

class Continued implements SourceCursor {
  readonly #context: RunContext
  readonly #other: OrElse<unknown>
  #source: Source<unknown>
  #cursor: SourceCursor | undefined
  #emitted = 0
  #isOther = false
  #closed = false

  constructor(context: RunContext, source: Source<unknown>, other: OrElse<unknown>) {
    this.#context = context
    this.#source = source
    this.#other = other
    context.gauges?.(() => ({ source: this.#isOther ? 'other' : 'first' }))
  }

  get drains(): boolean {
    return this.#cursor?.drains === true
  }

  async pull(): Promise<ItemBatch | undefined> {
    for (;;) {
      try {
        this.#cursor ??= await this.#open()
        if (this.#closed) return undefined
        const batch = await this.#cursor.pull()
        this.#emitted += batch?.items.length ?? 0
        return batch
      } catch (error) {
        if (this.#closed || this.#isOther) throw error
        if (this.#context.around?.draining() === true) return undefined // nothing more is wanted than what was read
        await this.#change(error)
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#cursor?.close()
  }

  async #open(): Promise<SourceCursor> {
    const cursor = await cursorOf(this.#source, this.#context)
    if (this.#closed) await closed(cursor) // it was left meanwhile
    return cursor
  }

  async #change(error: unknown): Promise<void> {
    const failed = this.#cursor
    this.#cursor = undefined
    await closed(failed)
    const other = this.#other(error, this.#emitted)
    if (other === undefined) throw error
    sources('orElse', [other], 1)
    this.#source = other
    this.#isOther = true
  }
}

/**
 * The items of `source` and, should it fail, those of the source that `other` makes of the failure and of how many items had been taken:
 * behind those that came before, not instead of them. What the other one fails with ends the run; it may be an `orElse` in its turn.
 *
 * A source with stages behind it, or that workers read, is opened as a run of its own here, whose dead letters are those of the run around,
 * of the stage `orElse.NAME`: put the stages behind `orElse` where you can. For items that fail see `onError`; for a source that is to be tried again, {@link reopen}.
 *
 * **Order**   kept
 * **Cost**    one promise per batch; a source that is a run of its own costs a run, and a promise per item
 * **Errors**  what `other` throws, and what its source fails with, ends the run. The gauge `source` of the stage says which of them is read
 * **Memory**  that of the source. What a run of its own had read and not handed over when it failed is lost; `emitted` does not count it
 * **Source**  RxJS `catchError`, Pekko `recoverWith`, Effect `catchAll`, fp-ts `orElse`
 * @example
 * const flaky = from((function* () { yield 1; yield 2; throw new Error('gone') })())
 * await orElse(flaky, (error, emitted) => from([-emitted])).toArray() // => [1, 2, -2]
 */
export const orElse = <A, B = A>(source: Source<A>, other: OrElse<B>, options: StageOptions = {}): Source<A | B> => {
  sources('orElse', [source], 1)
  callable('orElse', 'other', other)
  stageOptions('orElse', options, STAGE)
  const open = (context: RunContext): SourceCursor => new Continued(context, source, other)
  return sourceOf<A | B>({ role: 'source', kind: 'orElse', args: {}, open }, options.name)
}
