/**
 * The calls of an asynchronous function that are in flight, each with its timeout, its retries and its end.
 *
 *   start(item) ──▶ fn ──▶ a value at once: `undefined` is answered, the value is in `value`
 *                    └──▶ a promise, or a failure to be tried again: a place is answered, OPEN until `settled(place)` is called
 *
 *   OPEN ──value──▶ DONE      OPEN ──failure──▶ (waits, calls again)* ──▶ DROPPED | DEAD | STOPPED | FAILED, by the policy
 *
 * Per item there is one place with the two callbacks of its promise, used again for other items when its owner says so (`free`); timers
 * and abort controllers exist only where a timeout or a retry asks for them, by the clock of the runtime that they run in. A call that has
 * timed out is told by its signal; what it answers later is not heard.
 * Invariant  a place that is used again has no promise left that may still call back: where calls time out, none is used again
 * Called by calling.ts, enrich.ts and recurse.ts.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as later } from 'node:timers/promises'
import { noAnswer } from '../../error/wording-time.ts'
import type { Afterwards, OnError } from '../../graph/options.ts'
import { clock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { inTurn, weather } from '../../prelude/weather.ts'
import { backoffMs } from '../loop/compile.ts'
import type { ConcurrencyLimit } from './concurrency-limit.ts'
import { afterFailure } from '../loop/decision.ts'
import { CircuitOpenError } from './refused-call.ts'

export const OPEN = 0
export const DONE = 1
export const DROPPED = 2
export const DEAD = 3
export const FAILED = 4
export const STOPPED = 5

/** An item whose call has not answered at once. */
export interface Place {
  item: unknown
  index: number
  state: typeof OPEN | typeof DONE | typeof DROPPED | typeof DEAD | typeof FAILED | typeof STOPPED
  /** The answer, or what the last try failed with. */
  value: unknown
  /** Number of the call that is heard. */
  call: number
  /** Retries so far. */
  tries: number
  /** What is under way is the fallback. */
  instead: boolean
  /** Instant of the call that is heard, where calls are measured. */
  began: number
  /** The user's: in which round of the event loop its call was made. */
  round: number
  alarm: Alarm | undefined
  /** The next of those that are used again. */
  next: Place | undefined
  /** The ends of the promise of a call without a timeout; made with the first one. */
  answered: ((value: unknown) => void) | undefined
  refused: ((error: unknown) => void) | undefined
}

/** What a call is given besides its item. */
export interface CallContext {
  /** Aborted when the answer is not wanted any more: the run is over, nobody reads, or the call took too long. */
  readonly signal: AbortSignal
}

export interface CallOptions {
  readonly stage: string
  readonly fn: (item: unknown, context: CallContext) => unknown
  readonly timeoutMs: number | undefined
  readonly onError: OnError
  /** Answers for an item that would fail the run. */
  readonly fallback?: ((item: unknown, error: unknown, context: CallContext) => unknown) | undefined
  /** Is told how long calls take. */
  readonly limit?: ConcurrencyLimit | undefined
  /** A place that was answered OPEN is not any more. */
  readonly settled: (place: Place) => void
}

/** Calls that are told to stop have so long before they are left alone, in milliseconds. */
const GRACE_MS = 300

export const placeOf = (item: unknown, index: number, state: Place['state'] = OPEN, value?: unknown): Place => ({
  item, index, state, value, call: 0, tries: 0, instead: false, began: 0, round: 0, alarm: undefined, next: undefined, answered: undefined, refused: undefined
})

const STATES = { fail: FAILED, skip: DROPPED, deadLetter: DEAD, stop: STOPPED } as const

/** What an item comes to that is given up. */
export const stateOf = (policy: Afterwards): Place['state'] => STATES[policy]

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  value instanceof Promise || (typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function')

const manyMayListen = (controller: AbortController): AbortController => {
  setMaxListeners(0, controller.signal)
  return controller
}

export class Calls {
  /** The answer of the last `start` that answered `undefined`. */
  value: unknown
  readonly #o: CallOptions
  readonly #fn: CallOptions['fn']
  readonly #clock: Clock = clock()
  readonly #sky = weather()
  readonly #parent: AbortSignal
  readonly #all = manyMayListen(new AbortController())
  readonly #shared: CallContext = { signal: this.#all.signal }
  /** One per call in flight, where calls can time out one by one. */
  readonly #controllers = new Set<AbortController>()
  readonly #waiting = new Set<Place>()
  /** Places to be used again. */
  #spare: Place | undefined
  #open = 0
  #closed = false
  #idle: () => void = () => undefined

  constructor(signal: AbortSignal, options: CallOptions) {
    this.#o = options
    this.#fn = this.#sky === undefined ? options.fn : (this.#sky.fn(options.stage, options.fn) as CallOptions['fn'])
    this.#parent = signal
    if (signal.aborted) this.#abort()
    else signal.addEventListener('abort', this.#abort, { once: true })
  }

  /** Calls the function. `undefined`: it has answered already, with {@link value}. */
  start(item: unknown, index: number): Place | undefined {
    const controller = this.#controller()
    const fn = this.#fn
    let answer: unknown
    try {
      answer = fn(item, this.#contextOf(controller))
    } catch (error) {
      this.#release(controller)
      return this.#refused(this.place(item, index), error)
    }
    if (isThenable(answer)) return this.#await(this.place(item, index), answer, controller)
    this.#release(controller)
    this.value = answer
    return undefined
  }

  /** Calls that have not come to their end. */
  get open(): number {
    return this.#open
  }

  /** A place for an item, OPEN. */
  place(item: unknown, index: number): Place {
    const place = this.#spare
    if (place === undefined) return placeOf(item, index)
    this.#spare = place.next
    place.item = item
    place.index = index
    place.state = OPEN
    return place
  }

  /** Nobody looks at this place any more, and its call has come to its end: it is used again. */
  free(place: Place): void {
    if (this.#o.timeoutMs !== undefined) return // what has timed out may call back
    place.item = place.value = undefined
    place.tries = 0
    place.instead = false
    place.next = this.#spare
    this.#spare = place
  }

  /** Tells the calls in flight to stop, and waits a moment for those that listen. */
  async close(): Promise<void> {
    this.#parent.removeEventListener('abort', this.#abort)
    this.#closed = true
    for (const place of this.#waiting) place.alarm?.cancel()
    this.#waiting.clear()
    if (this.#open === 0) return
    this.#abort()
    const idle = new Promise<void>((resolve) => {
      this.#idle = resolve
    })
    const grace = new AbortController()
    await Promise.race([idle, later(GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined)])
    grace.abort()
  }

  readonly #abort = (): void => {
    const reason: unknown = this.#parent.aborted ? this.#parent.reason : new Error('the stage has ended')
    this.#all.abort(reason)
    for (const controller of this.#controllers) controller.abort(reason)
  }

  #controller(): AbortController | undefined {
    if (this.#o.timeoutMs === undefined) return undefined
    const controller = manyMayListen(new AbortController())
    if (this.#all.signal.aborted) controller.abort(this.#all.signal.reason)
    this.#controllers.add(controller)
    return controller
  }

  #contextOf(controller: AbortController | undefined): CallContext {
    return controller === undefined ? this.#shared : { signal: controller.signal }
  }

  #release(controller: AbortController | undefined): void {
    if (controller !== undefined) this.#controllers.delete(controller)
  }

  #again(place: Place): void {
    const controller = this.#controller()
    const fn = this.#fn
    let answer: unknown
    try {
      answer = fn(place.item, this.#contextOf(controller))
    } catch (error) {
      this.#release(controller)
      if (this.#refused(place, error).state !== OPEN) this.#o.settled(place)
      return
    }
    if (isThenable(answer)) this.#await(place, answer, controller)
    else {
      this.#release(controller)
      place.state = DONE
      place.value = answer
      this.#o.settled(place)
    }
  }

  #await(place: Place, answer: PromiseLike<unknown>, controller: AbortController | undefined): Place {
    this.#open++
    if (this.#o.limit !== undefined && !place.instead) {
      place.began = this.#clock.now()
      this.#o.limit.began()
    }
    // A promise of the language's own calls back once; of others nobody knows.
    const promise = this.#sky === undefined ? Promise.resolve(answer) : inTurn(this.#sky, this.#o.stage, answer, 'hears an answer')
    if (controller === undefined) {
      promise.then(
        (place.answered ??= (value) => { this.#answered(place, value) }),
        (place.refused ??= (error: unknown) => { this.#failed(place, error) })
      )
      return place
    }
    const call = ++place.call
    this.#limit(place, call, controller)
    promise.then(
      (value) => { if (this.#isHeard(place, call, controller)) this.#answered(place, value) },
      (error: unknown) => { if (this.#isHeard(place, call, controller)) this.#failed(place, error) }
    )
    return place
  }

  /** A call has come to its end. */
  #ended(): void {
    this.#open--
    if (this.#closed && this.#open === 0) this.#idle()
  }

  #answered(place: Place, value: unknown): void {
    this.#ended()
    if (this.#closed) return
    if (this.#o.limit !== undefined) this.#measured(place)
    place.state = DONE
    place.value = value
    this.#o.settled(place)
  }

  #failed(place: Place, error: unknown): void {
    this.#ended()
    if (this.#closed) return
    this.#measured(place, { error })
    if (this.#refused(place, error).state !== OPEN) this.#o.settled(place)
  }

  #limit(place: Place, call: number, controller: AbortController): void {
    const ms = this.#o.timeoutMs!
    this.#waiting.add(place)
    place.alarm = this.#clock.at(this.#clock.now() + ms, () => {
      this.#waiting.delete(place)
      if (place.call !== call || place.state !== OPEN) return
      place.call++ // whatever it answers from now on is not heard
      const error = noAnswer(ms)
      this.#release(controller)
      controller.abort(error)
      this.#measured(place, { error })
      if (this.#refused(place, error).state !== OPEN) this.#o.settled(place)
    })
  }

  /** A call that may time out has come to its end: whether its answer is still of interest. */
  #isHeard(place: Place, call: number, controller: AbortController): boolean {
    this.#release(controller)
    if (this.#closed || place.call !== call) {
      this.#ended()
      return false
    }
    place.alarm?.cancel()
    place.alarm = undefined
    this.#waiting.delete(place)
    return true
  }

  #measured(place: Place, failure?: { readonly error: unknown }): void {
    if (!place.instead) this.#o.limit?.ended(this.#clock.now(), place.began, failure)
  }

  /** A try has failed: waits for the next one, or does what the policy says. */
  #refused(place: Place, error: unknown): Place {
    const { onError } = this.#o
    if (place.instead) return this.#end(place, 'fail', error)
    if (error instanceof CircuitOpenError && error.policy !== undefined) return this.#end(place, error.policy, error)
    if (typeof onError !== 'object') return this.#end(place, onError, error)
    if (this.#all.signal.aborted) return this.#end(place, onError.then, error)
    const end = afterFailure(onError, error, place.tries + 1)
    if (end !== undefined) return this.#end(place, end.policy, end.error)
    this.#waiting.add(place)
    place.alarm = this.#clock.at(this.#clock.now() + backoffMs(onError, place.tries++, Math.random), () => {
      this.#waiting.delete(place)
      place.alarm = undefined
      this.#again(place)
    })
    return place
  }

  /** There will be no other try. An item that would fail the run is answered for by the fallback, once. */
  #end(place: Place, policy: Afterwards, error: unknown): Place {
    place.value = error
    place.state = stateOf(policy)
    const { fallback } = this.#o
    if (place.state !== FAILED || fallback === undefined || place.instead || this.#all.signal.aborted) return place
    place.instead = true
    const controller = this.#controller()
    try {
      const answer = fallback(place.item, error, this.#contextOf(controller))
      if (isThenable(answer)) {
        place.state = OPEN
        return this.#await(place, answer, controller)
      }
      place.state = DONE
      place.value = answer
    } catch (thrown) {
      place.value = thrown
    }
    this.#release(controller)
    return place
  }
}
