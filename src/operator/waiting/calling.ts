/**
 * A stage that calls an asynchronous function with every item, several at a time: what begins when, and what leaves when.
 *
 *   feed ──▶ begin, while places are free ──▶ calls ──▶ settled ──▶ queue ──▶ gather ──▶ out ── sent when there is nothing to begin
 *                                                 ordered: a place is in the queue from its call on; otherwise from its end on
 *
 * A round is one turn of the event loop, counted while calls are in flight. A call that took longer than its round waited for a timer or
 * a socket, and others may be answered in the same round: all of them are taken up when it is over, as one batch. Those that answer in
 * the round that they began in are followed by the next at once, and their answers wait for those of the others that began in it: the
 * stage sleeps on, and what it would do is done by a callback, until it has to send, to pull, to fail or to let the event loop turn.
 *
 * Methods of classes, and no closures over a run: what V8 has compiled for one run holds for the next.
 * Called by map-async.ts. Knows calls.ts, which has timeouts, retries and fallbacks.
 */
import { performance } from 'node:perf_hooks' // as a binding: the global is looked up at each use
import { setImmediate as turn } from 'node:timers/promises'
import { stageFailed } from '../../error/wording-run.ts'
import { mayStop, type OnError } from '../../graph/options.ts'
import type { ProcessContext } from '../../graph/spec.ts'
import { clock, realClock } from '../../prelude/clock.ts'
import { gaugesOf } from '../../prelude/gauges.ts'
import { weather } from '../../prelude/weather.ts'
import { bellOf, type Bell } from './bell.ts'
import { Calls, DEAD, DONE, DROPPED, FAILED, OPEN, STOPPED, type CallContext, type CallOptions, type Place } from './calls.ts'
import { ConcurrencyLimit, type LimitOptions } from './concurrency-limit.ts'
import { Feed } from './feed.ts'
import { Places } from './places.ts'
import { Rounds } from './rounds.ts'

export interface CallingPlan {
  readonly fn: (item: unknown, context: CallContext) => unknown
  readonly concurrency: number
  readonly ordered: boolean
  readonly timeoutMs: number | undefined
  readonly onError: OnError
  readonly fallback: ((item: unknown, error: unknown, context: CallContext) => unknown) | undefined
  readonly adaptive: LimitOptions | undefined
}

/** Answers that gather before they are sent. */
const GATHERED = 1024
/** After so long without a turn the event loop gets one: calls that answer at once are work too, in milliseconds. */
const TURN_MS = 8
/** Calls between two looks at the clock. */
const LOOK_EVERY = 16

const SOON = Promise.resolve()

/** The place of a value that was there at once. */
const answered = (place: Place, value: unknown): Place => {
  place.state = DONE
  place.value = value
  return place
}

export class Calling implements CallOptions {
  readonly stage: string
  readonly fn: CallOptions['fn']
  readonly timeoutMs: number | undefined
  readonly onError: OnError
  readonly fallback: CallOptions['fallback']
  readonly limit: ConcurrencyLimit | undefined
  readonly #c: ProcessContext
  readonly #concurrency: number
  readonly #ordered: boolean
  readonly #stops: boolean
  readonly #bell: Bell
  readonly #feed: Feed
  readonly #calls: Calls
  readonly #rounds: Rounds
  readonly #queue = new Places()
  /** Calls in flight, where answers are gathered as they come and one of them may end the input: a guard has a word of its own. */
  readonly #open: Set<Place> | undefined
  /** Where a test decides whose turn it is, or what time it is, answers are taken up one by one, and nothing goes by the machine's time. */
  readonly #gathers = weather() === undefined && clock() === realClock
  readonly #turnMs = weather() === undefined ? TURN_MS : Infinity
  /** Items whose answers have not been gathered. */
  #places = 0
  #out: unknown[] = []
  /** A dead letter that is not taken yet: no more are made. */
  #letter: Promise<void> | undefined
  #failed: Place | undefined
  /** The earliest item that has ended the input, under the policy `stop`: what is behind it has not come. */
  #last: Place | undefined
  /** In order: all before {@link #last} has been gathered. */
  #reached = false
  #lastTurn = performance.now()
  #looked = 0
  /** The stage waits for its bell. */
  #waits = false
  /** {@link #goOn} is about to be called. */
  #soon = false
  #fellBack = 0

  constructor({ fn, concurrency, ordered, timeoutMs, onError, fallback, adaptive }: CallingPlan, context: ProcessContext) {
    const { signal, inlets } = context
    this.stage = context.stage
    this.fn = fn
    this.timeoutMs = timeoutMs
    this.onError = onError
    this.fallback = fallback && ((item, error, callContext) => { this.#fellBack++; return fallback(item, error, callContext) })
    const limit = (this.limit = adaptive === undefined ? undefined : new ConcurrencyLimit(adaptive))
    this.#c = context
    this.#concurrency = concurrency
    this.#ordered = ordered
    this.#stops = mayStop(onError)
    const bell = (this.#bell = bellOf(signal))
    this.#feed = new Feed(inlets[0]!, bell)
    this.#rounds = new Rounds(() => { bell.ring() })
    const own = gaugesOf(fn)
    this.#open = !ordered && (this.#stops || own !== undefined) ? new Set() : undefined
    this.#calls = new Calls(signal, this)
    context.gauges?.(() => ({
      ...own?.(),
      ...(limit && { concurrency: limit.now, inFlight: limit.inFlight, latencyMs: limit.latencyMs }),
      ...(fallback && { fallbacks: this.#fellBack })
    }))
  }

  async run(): Promise<void> {
    const { signal, outlets } = this.#c
    const bell = this.#bell
    const rounds = this.#rounds
    try {
      for (;;) {
        if (bell.over) signal.throwIfAborted()
        if (this.#thrown !== undefined) throw this.#thrown.error
        this.#gather()
        if (this.#failed !== undefined) throw stageFailed(this.stage, this.#c.site, { index: this.#failed.index }, this.#failed.value)
        if (this.#letter !== undefined) {
          await this.#letter
          this.#letter = undefined
        } else if (performance.now() - this.#lastTurn > this.#turnMs) {
          this.#c.underWay?.(true)
          await turn()
          this.#lastTurn = performance.now()
        } else if (!this.#startSome()) {
          if (this.#isToSend()) {
            const items = this.#out
            this.#out = []
            if (!(await outlets[0]!.push(items))) return
            rounds.wait()
          } else if (this.#isOver()) {
            const last = this.#last!
            this.#c.stop(last.item, last.value, last.index, last.tries + 1)
            return
          } else if (this.#feed.over && this.#places === 0) return
          else {
            this.#c.underWay?.(this.#places > 0)
            if (this.#out.length > 0) rounds.ringAtEnd()
            rounds.wait()
            this.#waits = true
            await bell.next()
            this.#waits = false
          }
        }
      }
    } finally {
      rounds.close()
      await this.#calls.close()
      bell.close()
    }
  }

  /** For calls.ts: the call of a place that was OPEN has come to its end. */
  settled(place: Place): void {
    if (place.state !== DONE) this.#notice(place)
    if (!this.#ordered) {
      this.#open?.delete(place)
      this.#queue.push(place)
    }
    const atOnce = this.#rounds.isSame(place.round)
    if (this.#soon) return
    if (!atOnce && this.#gathers && this.#failed === undefined && this.#last === undefined && this.#calls.open > 0) this.#rounds.ringAtEnd()
    else if (!atOnce || !this.#waits || !this.#gathers) this.#bell.ring()
    else {
      this.#soon = true
      void SOON.then(this.#goOn)
    }
  }

  /** Answers have come while the stage waits: does what the stage would do, and wakes it only for what it has to do itself. */
  readonly #goOn = (): void => {
    this.#soon = false
    try {
      if (this.#waits && this.#goesOn()) return
    } catch (error) {
      this.#thrown = { error }
    }
    this.#bell.ring()
  }
  #thrown: { readonly error: unknown } | undefined

  /** Gathers and begins. Answers whether the stage may sleep on: there is nothing to send, to pull or to tell, and the loop need not turn. */
  #goesOn(): boolean {
    this.#gather()
    if (this.#failed !== undefined || this.#letter !== undefined || this.#last !== undefined || this.#bell.over) return false
    if (this.#isFree()) {
      if (this.#out.length >= GATHERED || this.#feed.size === 0 || this.#isLoopDue()) return false
      this.#beginSome()
    }
    if (this.#out.length > 0) this.#rounds.ringAtEnd()
    return this.#rounds.lasts
  }

  /** A place has come to its end. In order a failure waits for its turn, where an earlier item may end the input. */
  #notice(place: Place): void {
    const { state, index } = place
    const last = this.#last
    if (state === FAILED && !(this.#ordered && this.#stops) && (last === undefined || index < last.index)) this.#failed ??= place
    if (state !== STOPPED || (last !== undefined && last.index < index)) return
    this.#last = place
    this.#c.inlets[0]!.close()
  }

  /** Takes what has been answered, in order, until something is to be told first. */
  #gather(): void {
    while (this.#failed === undefined && this.#letter === undefined && !(this.#ordered && this.#reached)) {
      const place = this.#queue.settled()
      if (place === undefined) return
      this.#places--
      if (place.state === DONE && this.#last === undefined) this.#out.push(place.value)
      else this.#take(place)
      if (place !== this.#failed && place !== this.#last) this.#calls.free(place)
    }
  }

  #take(place: Place): void {
    if (this.#last !== undefined && place.index > this.#last.index) return
    if (place.state === FAILED) this.#failed ??= place
    else if (place.state === STOPPED) this.#reached = true
    else if (place.state === DONE) this.#out.push(place.value)
    else if (place.state === DROPPED) this.#c.skipped(1)
    else if (place.state === DEAD) {
      const set = this.#c.deadLetter(place.item, place.value, place.index, place.tries + 1)
      if (set instanceof Promise) this.#letter = set
    }
  }

  /** Whether another call may begin. */
  #isFree(): boolean {
    return this.#places < this.#concurrency && this.limit?.free !== false && this.#last === undefined
  }

  /** Starts what may be started. Answers whether there was anything. */
  #startSome(): boolean {
    if (!this.#isFree() || this.#out.length >= GATHERED || !this.#feed.want()) return false
    this.#beginSome()
    return true
  }

  #beginSome(): void {
    do this.#begin()
    while (this.#isFree() && this.#out.length < GATHERED && this.#feed.size > 0 && this.#failed === undefined && !this.#isLoopDue())
  }

  #begin(): void {
    const index = this.#feed.taken
    const item = this.#feed.next()
    const place = this.#calls.start(item, index)
    if (place === undefined && (!this.#ordered || this.#queue.size === 0)) {
      this.#out.push(this.#calls.value)
      return
    }
    this.#places++
    const kept = place ?? answered(this.#calls.place(item, index), this.#calls.value)
    if (kept.state === OPEN) kept.round = this.#rounds.begin()
    else this.#notice(kept)
    if (this.#ordered || kept.state !== OPEN) this.#queue.push(kept)
    else this.#open?.add(kept)
  }

  #isLoopDue(): boolean {
    return ++this.#looked % LOOK_EVERY === 0 && performance.now() - this.#lastTurn > this.#turnMs
  }

  #isToSend(): boolean {
    const { length } = this.#out
    return length > 0 && (length >= GATHERED || !this.#gathers || !this.#rounds.lasts || this.#isOver())
  }

  /** The input has ended at a failure, and all before it has been answered. */
  #isOver(): boolean {
    const last = this.#last
    if (last === undefined) return false
    if (this.#ordered) return this.#reached
    for (const place of this.#open ?? []) if (place.index < last.index) return false
    return this.#queue.size === 0
  }
}
