/**
 * Any operators of RxJS as a stage.
 *
 *     in    a--b--c--|          in$.pipe(map(f), pairwise())
 *     out   ---ab-bc-|
 *     lane async               state what the operators hold, and at most twice `capacity` items that they have made
 *
 * RxJS pushes; a pipeline pulls. The items of the input are pushed one by one, only while somebody is subscribed and at most half of
 * `capacity` waits for the reader: operators that answer at once are held back like any other stage. What they make by themselves
 * (timers, one item for many) cannot be held back, and `overflow` is for that.
 * Nothing of RxJS is loaded here but what prelude/observable.ts has.
 */
import type { Observable, Subscribable, Subscriber } from 'rxjs'
import type { StageOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { observable } from '../prelude/observable.ts'
import { atHand, type AtHand } from './waiting/at-hand.ts'
import type { Bell } from './waiting/bell.ts'
import { callable, stageOptions } from './check.ts'
import { Feed } from './waiting/feed.ts'
import { boundOf, Held, type Bound, type HoldOptions } from './held.ts'
import { processSpec } from './process.ts'

/** How much of what the operators make may wait for the reader, and what happens to more. */
export interface RxOptions extends StageOptions, HoldOptions {}

type Project = (items: Observable<unknown>) => Subscribable<unknown>

/** The input as a hot observable: each item goes to all who are subscribed at the time. */
class Input {
  readonly observable: Observable<unknown>
  readonly #subscribers = new Set<Subscriber<unknown>>()
  ended = false

  constructor(bell: Bell) {
    this.observable = observable((subscriber) => {
      if (this.ended) {
        subscriber.complete()
        return
      }
      this.#subscribers.add(subscriber)
      bell.ring()
      return () => this.#subscribers.delete(subscriber)
    })
  }

  get wanted(): boolean {
    return this.#subscribers.size > 0
  }

  /** Who subscribes on account of this item does not get it. */
  next(item: unknown): void {
    for (const subscriber of [...this.#subscribers]) subscriber.next(item)
  }

  end(): void {
    this.ended = true
    for (const subscriber of [...this.#subscribers]) subscriber.complete()
  }
}

/** What the operators make. */
class Made {
  over = false
  failure: { readonly error: unknown } | undefined
  readonly held: Held
  readonly #bell: Bell

  constructor(held: Held, bell: Bell) {
    this.held = held
    this.#bell = bell
  }

  next(item: unknown): void {
    if (this.over) return
    try {
      this.held.put(item)
    } catch (error) {
      this.error(error)
    }
    this.#bell.ring()
  }

  error(error: unknown): void {
    if (!this.over) this.failure = { error }
    this.complete()
  }

  complete(): void {
    this.over = true
    this.#bell.ring()
  }
}

const subscribable = (made: unknown): Subscribable<unknown> => {
  if (typeof (made as { subscribe?: unknown } | null | undefined)?.subscribe === 'function') return made as Subscribable<unknown>
  throw new TypeError(`rx: fn must answer an Observable, not ${made === null ? 'null' : typeof made}`)
}

const piping =
  (fn: Project, bound: Bound) =>
  async ({ context, bell }: AtHand): Promise<void> => {
    const { signal, inlets, outlets } = context
    const feed = new Feed(inlets[0]!, bell)
    const input = new Input(bell)
    const held = new Held(bound, context)
    const made = new Made(held, bell)
    const most = bound.overflow === 'latest' ? 0 : bound.capacity >> 1

    /** Gives the operators what is here, as long as the reader will have room for what they make of it. */
    const give = (): void => {
      while (held.size <= most && input.wanted && !made.over && feed.size > 0) input.next(feed.next())
    }

    context.underWay?.(true) // timers of the operators, of which nothing is known
    const subscription = subscribable(fn(input.observable)).subscribe({
      next: (item) => {
        made.next(item)
      },
      error: (error: unknown) => {
        made.error(error)
      },
      complete: () => {
        made.complete()
      }
    })
    try {
      for (;;) {
        signal.throwIfAborted()
        if (held.size > 0) {
          if (!(await outlets[0]!.push(held.take()))) return
        } else if (made.failure !== undefined) throw made.failure.error
        else if (made.over) return
        else if (input.wanted && feed.want()) give()
        else if (feed.over && !input.ended) input.end()
        else await bell.next()
      }
    } finally {
      made.over = true
      subscription.unsubscribe()
    }
  }

/**
 * Emits what the observable emits that `fn` makes of the input. `fn` is called once per run, with a hot observable that emits
 * each item to whoever is subscribed, completes at the end of the input, and emits nothing while nobody is subscribed: what comes
 * later is not lost. When the observable that `fn` made completes, the input is closed; when the reader leaves, or the run ends, it
 * is unsubscribed from.
 *
 * **Order**   that of the operators
 * **Cost**    one call of every operator per item, on the event loop; a stage of millrace's own fuses, and can move to a worker
 * **Errors**  what the observable fails with ends the run, after the items before it, as a stage that failed with that cause; RxJS's
 *             `retry` inside `fn` goes on with the item behind. ERR_MILLRACE_BUFFER_OVERFLOW when operators make more by themselves
 *             than `capacity`, under `overflow: 'fail'`
 * **Memory**  at most twice `capacity` items on their way out, one batch of the input, and what the operators hold: an operator
 *             that takes everything and answers later (`mergeMap` without a concurrency, `concatMap`) holds everything, since RxJS
 *             cannot say that it is full; use `mapAsync` or `mergeMap` of millrace there
 * **Source**  Reactive Streams bridges: Reactor `transform`, RxJava `compose`
 * @example
 * import { bufferCount, map } from 'rxjs'
 * await range(0, 5).pipe(rx((n$) => n$.pipe(bufferCount(2), map((pair) => pair.join())))).toArray() // => ['0,1', '2,3', '4']
 */
export const rx = <A, B>(fn: (items: Observable<A>) => Observable<B>, options: RxOptions = {}): Flow<A, B> => {
  callable('rx', 'fn', fn)
  stageOptions('rx', options)
  const bound = boundOf('rx', options)
  return flowOf({ ...processSpec('rx', atHand(piping(fn as Project, bound)), options, { ...bound }), restless: true }, options.name)
}
