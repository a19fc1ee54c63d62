/**
 * An output of a run as an observable: a stream of items for `observe()`, one result for every other sink.
 *
 * The buffer between the run and the subscribers is bounded and follows the policy of `observe`: items wait here while
 * there is no subscriber. Several subscribers share what comes after they have subscribed. Items of a batch are handed
 * over synchronously; the next batch is taken when the handlers have returned.
 * Called by run.ts and sink-task.ts.
 */
import type { Observable, Subscriber } from 'rxjs'
import { bufferOverflow, noSubscriber } from '../error/wording-run.ts'
import type { SinkWriter } from '../graph/spec.ts'
import type { Overflow } from '../graph/observe.ts'
import { observable } from '../prelude/observable.ts'

/** How long an output may hold a run back for want of a subscriber before the process is warned, in milliseconds. */
const WARN_AFTER_MS = 1000

type State = { readonly type: 'open' } | { readonly type: 'done' } | { readonly type: 'failed'; readonly error: unknown }

export class Output {
  readonly name: string
  readonly observable: Observable<unknown>
  dropped = 0
  /** What the sink answered, for the report. */
  result: unknown
  readonly #capacity: number
  readonly #overflow: Overflow
  readonly #streams: boolean
  readonly #subscribers = new Set<Subscriber<unknown>>()
  #held: unknown[] = []
  #state: State = { type: 'open' }
  #room: (() => void) | undefined
  #cancelled = false
  #leave: () => void = () => undefined
  #everSubscribed = false
  /** The last subscriber has gone: nothing is kept for anybody. */
  #left = false

  constructor(name: string, streams: boolean, capacity: number, overflow: Overflow, onSubscribe: () => void = () => undefined) {
    this.name = name
    this.#streams = streams
    this.#capacity = capacity
    this.#overflow = overflow
    this.observable = observable((subscriber) => {
      onSubscribe()
      return this.#subscribe(subscriber)
    })
  }

  /** The writer of an `observe` stage; `leave` tells the run that the last subscriber has gone. */
  writer(leave: () => void): SinkWriter<undefined> {
    this.#leave = leave
    return {
      write: (items) => this.#write(items),
      finish: () => undefined,
      abort: () => undefined
    }
  }

  /** The sink has answered; an `observe` output is complete once what it holds has been seen. */
  finish(result: unknown): void {
    this.result = result
    if (!this.#streams) this.#held = [result]
    this.#state = { type: 'done' }
    this.#settle()
  }

  fail(error: unknown): void {
    if (this.#state.type !== 'open') return
    this.#state = { type: 'failed', error }
    this.#held = []
    this.#settle()
  }

  /** The run is over: a writer that waits for room gives up. */
  wake(): void {
    this.#cancelled = true
    this.#room?.()
  }

  #subscribe(subscriber: Subscriber<unknown>): () => void {
    this.#everSubscribed = true
    this.#subscribers.add(subscriber)
    if (this.#streams) {
      for (const item of this.#held.splice(0)) subscriber.next(item)
      this.#room?.()
    }
    this.#settle()
    return () => {
      this.#subscribers.delete(subscriber)
      if (this.#subscribers.size > 0 || this.#state.type !== 'open' || !this.#streams) return
      this.#left = true
      this.#held = []
      this.#leave()
      this.#room?.()
    }
  }

  #settle(): void {
    const state = this.#state
    if (state.type === 'open' || this.#subscribers.size === 0) return
    for (const subscriber of [...this.#subscribers]) {
      if (state.type === 'failed') subscriber.error(state.error)
      else {
        if (!this.#streams && !subscriber.closed && this.#held.length > 0 && !this.#seen.has(subscriber)) {
          this.#seen.add(subscriber)
          subscriber.next(this.#held[0])
        }
        subscriber.complete()
      }
    }
  }
  readonly #seen = new WeakSet<Subscriber<unknown>>()

  #write(items: readonly unknown[]): void | Promise<void> {
    if (this.#subscribers.size > 0) {
      for (const item of items) for (const subscriber of this.#subscribers) subscriber.next(item)
      return
    }
    if (this.#left) return
    return this.#hold(items, 0)
  }

  /** Nobody listens: the policy decides. */
  #hold(items: readonly unknown[], from: number): void | Promise<void> {
    for (let i = from; i < items.length; i++) {
      if (this.#held.length < this.#capacity) {
        this.#held.push(items[i])
        continue
      }
      switch (this.#overflow) {
        case 'wait':
          return this.#wait(items, i)
        case 'dropOldest':
          this.#held.shift()
          this.#held.push(items[i])
          this.dropped++
          break
        case 'dropNewest':
          this.dropped++
          break
        case 'fail':
          throw bufferOverflow(this.name, this.#capacity)
      }
    }
  }

  async #wait(items: readonly unknown[], from: number): Promise<void> {
    if (this.#cancelled) return
    const late = setTimeout(() => {
      if (!this.#everSubscribed) noSubscriber(this.name)
    }, WARN_AFTER_MS)
    late.unref()
    await new Promise<void>((resolve) => {
      this.#room = resolve
    })
    this.#room = undefined
    clearTimeout(late)
    if (this.#cancelled) return
    await this.#write(items.slice(from))
  }
}
