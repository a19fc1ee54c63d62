/**
 * A source that is fed by calls, for programs that have callbacks and no stream.
 *
 *     offer(a) ─▶ 'accepted'    offer(b) ─▶ waits for room, or what the policy says     end() ─▶ |
 *        └──────▶ held (at most `capacity`) ──▶ one run
 *
 * Q1  an offer is answered once: when its item is held or lost, or when nobody will take it any more
 * Q2  items come in the order of the offers, those that had to wait too
 * Called by users; the cursor by the run.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { bufferOverflow } from '../../error/wording-run.ts'
import { sourceUsed } from '../../error/wording-sources.ts'
import type { StageOptions } from '../../graph/options.ts'
import type { Overflow } from '../../graph/observe.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { ItemBatch, RunContext, SourceCursor } from '../../graph/spec.ts'
import { oneOf, stageOptions, wholeNumber } from '../../operator/check.ts'
import { HOLD } from '../option-names.ts'

export interface QueueOptions extends StageOptions {
  /** Items held. A whole number >= 1. Default 1024. */
  readonly capacity?: number | undefined
  /**
   * What happens to an item that finds it full: `'wait'` (default) lets the offer wait; `'dropOldest'`, `'dropNewest'` and `'latest'`
   * (holds one) lose items, and count them in the report; `'fail'` ends the run.
   */
  readonly overflow?: Overflow | 'latest' | undefined
}

/**
 * What became of an offer: the queue has it; it was lost to the policy; there is no room at the moment (`tryOffer` only); nobody takes
 * it any more, since the queue has ended or failed, or its run has.
 */
export type Offered = 'accepted' | 'dropped' | 'full' | 'closed'

/** A source, and what feeds it. The functions need no `this`: they may be handed on as callbacks. */
export interface Queue<A> {
  /** Can be run once, also after the first offers. */
  readonly source: Source<A>
  /** Puts an item in. The promise never rejects; wait for it before the next one, and the run sets the pace. */
  readonly offer: (item: A) => Promise<Exclude<Offered, 'full'>>
  /** The same without waiting: where `offer` would wait it answers `'full'`, and the item is still yours. */
  readonly tryOffer: (item: A) => Offered
  /** Ends the source behind what is held and what waits. */
  readonly end: () => void
  /** Ends the run with an error, behind what is held and what waits. */
  readonly fail: (error: unknown) => void
}

type End = { readonly type: 'open' } | { readonly type: 'ended' } | { readonly type: 'failed'; readonly error: unknown }

interface Waiting {
  readonly item: unknown
  readonly answer: (offered: 'accepted' | 'closed') => void
}

class Feeding implements SourceCursor {
  readonly #capacity: number
  readonly #overflow: Overflow
  #held: unknown[] = []
  #waiting: Waiting[] = []
  #end: End = { type: 'open' }
  /** Lost before there was a run to count them. */
  #lost = 0
  #context: RunContext | undefined
  #left = false
  #wake: () => void = () => undefined

  constructor(capacity: number, overflow: Overflow) {
    this.#capacity = capacity
    this.#overflow = overflow
  }

  open(context: RunContext): SourceCursor {
    if (this.#context !== undefined) throw sourceUsed(context.stage, 'a queue')
    this.#context = context
    if (this.#lost > 0) context.dropped(this.#lost)
    return this
  }

  offer(item: unknown): Promise<Exclude<Offered, 'full'>> {
    const offered = this.tryOffer(item)
    if (offered !== 'full') return Promise.resolve(offered)
    return new Promise((answer) => {
      this.#waiting.push({ item, answer })
    })
  }

  tryOffer(item: unknown): Offered {
    if (this.#left || this.#end.type !== 'open') return 'closed'
    if (this.#held.length >= this.#capacity) {
      switch (this.#overflow) {
        case 'wait':
          return 'full'
        case 'fail':
          this.#held = []
          this.end({ type: 'failed', error: bufferOverflow(this.#context?.stage ?? 'queue', this.#capacity) })
          return 'closed'
        case 'dropNewest':
          this.#drop()
          return 'dropped'
        case 'dropOldest':
          this.#held.shift()
          this.#drop()
      }
    }
    this.#held.push(item)
    this.#wake()
    return 'accepted'
  }

  end(end: End): void {
    if (this.#end.type === 'open') this.#end = end
    this.#wake()
  }

  async pull(): Promise<ItemBatch | undefined> {
    while (this.#held.length === 0 && !this.#left) {
      if (this.#end.type === 'failed') throw this.#end.error
      if (this.#end.type === 'ended') return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#left) return undefined
    const items = this.#held
    const admitted = this.#waiting.splice(0, this.#capacity)
    this.#held = admitted.map(({ item }) => item)
    for (const { answer } of admitted) answer('accepted')
    return { items }
  }

  close(): void {
    this.#left = true
    this.#held = []
    for (const { answer } of this.#waiting.splice(0)) answer('closed')
    this.#wake()
  }

  #drop(): void {
    if (this.#context === undefined) this.#lost++
    else this.#context.dropped(1)
  }
}

/**
 * A source that is fed by `offer`, which answers what became of the item. What is offered before the run is held for it.
 *
 * **Order**   that of the offers
 * **Cost**    one promise per offer; `tryOffer` makes none
 * **Errors**  what `fail` was given ends the run; ERR_MILLRACE_BUFFER_OVERFLOW under `overflow: 'fail'`;
 *             ERR_MILLRACE_SOURCE_USED when it is run a second time
 * **Memory**  `capacity` items, as many on their way into the run, and one for each offer that waits
 * **Source**  Pekko `Source.queue`, Effect `Stream.fromQueue`
 * @example
 * const numbers = queue<number>({ capacity: 2 })
 * const all = numbers.source.toArray()
 * for (const n of [1, 2, 3]) await numbers.offer(n)
 * numbers.end()
 * await all // => [1, 2, 3]
 */
export const queue = <A>(options: QueueOptions = {}): Queue<A> => {
  stageOptions('queue', options, HOLD)
  const asked = oneOf('queue', 'overflow', options.overflow ?? 'wait', ['wait', 'dropOldest', 'dropNewest', 'latest', 'fail'])
  const given = wholeNumber('queue', 'capacity', options.capacity ?? 1024, 1)
  const [capacity, overflow]: [number, Overflow] = asked === 'latest' ? [1, 'dropOldest'] : [given, asked]
  const feeding = new Feeding(capacity, overflow)
  return Object.freeze({
    source: sourceOf<A>({ role: 'source', kind: 'queue', args: { capacity, overflow }, open: (context) => feeding.open(context) }, options.name),
    offer: (item: A) => feeding.offer(item),
    tryOffer: (item: A) => feeding.tryOffer(item),
    end: () => {
      feeding.end({ type: 'ended' })
    },
    fail: (error: unknown) => {
      if (error === undefined) throw argumentError('type', 'queue: fail needs an error', 'got undefined', 'say what went wrong')
      feeding.end({ type: 'failed', error })
    }
  })
}
