/**
 * Applies an asynchronous function to every item, several at a time.
 *
 *     in  a--b--c--|     calls in flight  ≤ concurrency     out  f(a)--f(b)--f(c)--|
 *     lane async         state the calls in flight, and answers that wait for an earlier one
 *
 *   feed ──▶ start, while places are free ──▶ calls ──▶ answers ──▶ out (gathered, sent when there is nothing to start)
 *                                                 ordered: a place is kept until all before it have been gathered
 *
 * A round is one turn of the event loop, counted while calls are in flight. A call that took longer than its round waited for a timer or
 * a socket, and others may be answered in the same round: all of them are taken up when it is over, as one batch. One that answers in
 * the round that it began in is followed by the next at once, and its answer waits for those of the others that began in it.
 *
 * An item has its place from its call until its answer is gathered, so what is held is bounded by `concurrency` in both orders,
 * and a reader that is slow holds back the calls. Answers that are no promises are gathered at once, without a place.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { stageFailed } from '../error/wording-run.ts'
import { mayStop, type FunctionOptions, type OnError } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import type { ProcessContext, ProcessSpec } from '../graph/spec.ts'
import { clock, realClock } from '../prelude/clock.ts'
import { gaugesOf } from '../prelude/gauges.ts'
import { weather } from '../prelude/weather.ts'
import { concurrencyOf, type Adaptive } from './adaptive.ts'
import { bellOf } from './waiting/bell.ts'
import { Calls, DEAD, DONE, DROPPED, FAILED, OPEN, STOPPED, type CallContext, type Place } from './waiting/calls.ts'
import { callable, milliseconds, policyOf, stageOptions } from './check.ts'
import { ConcurrencyLimit } from './waiting/concurrency-limit.ts'
import { Feed } from './waiting/feed.ts'
import { processSpec } from './process.ts'
import { Rounds } from './waiting/rounds.ts'

export interface MapAsyncOptions<A = unknown, B = never> extends FunctionOptions {
  /** Calls in flight at most. A whole number >= 1, or `adaptive({ max })`. Default 16. */
  readonly concurrency?: number | Adaptive | undefined
  /** Whether answers leave in the order of the items. Default true; without it, as they come. */
  readonly ordered?: boolean | undefined
  /** The longest that one call may take, in milliseconds; then it has failed, with `ERR_MILLRACE_TIMEOUT`. Default: no limit. */
  readonly timeoutMs?: number | undefined
  /**
   * Answers for an item that would fail the run: after the retries, and with `onError: 'fail'`. What it throws or rejects with, and a call
   * of it that takes longer than `timeoutMs`, fails the run.
   */
  readonly fallback?: ((item: A, error: unknown, context: CallContext) => B | PromiseLike<B>) | undefined
}

interface Plan {
  readonly fn: (item: unknown, context: CallContext) => unknown
  readonly concurrency: number
  readonly ordered: boolean
  readonly timeoutMs: number | undefined
  readonly onError: OnError
  readonly fallback: ((item: unknown, error: unknown, context: CallContext) => unknown) | undefined
  readonly adaptive: Adaptive | undefined
}

/** Answers that gather before they are sent. */
const GATHERED = 512
/** After so long without a turn the event loop gets one: calls that answer at once are work too, in milliseconds. */
const TURN_MS = 8
/** Calls between two looks at the clock. */
const LOOK_EVERY = 16

/** Places that have been gathered before the queue lets go of them. */
const FORGET_AT = 64

/** The place of a value that was there at once. */
const answered = (place: Place, value: unknown): Place => {
  place.state = DONE
  place.value = value
  return place
}

/** Places in the order in which they may be gathered. */
class Queue {
  #places: Place[] = []
  #head = 0

  get size(): number {
    return this.#places.length - this.#head
  }

  push(place: Place): void {
    this.#places.push(place)
  }

  /** The next place, if its call has come to its end. */
  settled(): Place | undefined {
    const place = this.#places[this.#head]
    if (place === undefined || place.state === OPEN) return undefined
    this.#head++
    if (this.#head >= FORGET_AT && this.#head * 2 >= this.#places.length) {
      this.#places = this.#places.slice(this.#head)
      this.#head = 0
    }
    return place
  }
}

const run =
  ({ fn, concurrency, ordered, timeoutMs, onError, fallback, adaptive }: Plan) =>
  async (context: ProcessContext): Promise<void> => {
    const { signal, inlets, outlets } = context
    const bell = bellOf(signal)
    const feed = new Feed(inlets[0]!, bell)
    const queue = new Queue()
    let letter: Promise<void> | undefined // one that is not taken yet: no more are made
    let failed: Place | undefined
    /** The earliest item that has ended the input, under the policy `stop`: what is behind it has not come. */
    let last: Place | undefined
    const stops = mayStop(onError)
    const own = gaugesOf(fn)
    /** Calls in flight, where answers are gathered as they come and one of them may end the input: a guard has a word of its own. */
    const open = !ordered && (stops || own !== undefined) ? new Set<Place>() : undefined
    let places = 0
    let out: unknown[] = []
    const turnMs = weather() === undefined ? TURN_MS : Infinity // where a test decides whose turn it is, nothing goes by the machine's time
    let lastTurn = performance.now()
    let looked = 0
    const rounds = new Rounds(() => { bell.ring() })
    /** Where a test decides whose turn it is, or what time it is, answers are taken up one by one. */
    const gathers = weather() === undefined && clock() === realClock

    /** A place has come to its end. In order a failure waits for its turn, where an earlier item may end the input. */
    const noticed = (place: Place): void => {
      const { state, index } = place
      if (state === FAILED && !(ordered && stops) && (last === undefined || index < last.index)) failed ??= place
      if (state !== STOPPED || (last !== undefined && last.index < index)) return
      last = place
      inlets[0]!.close()
    }

    const settled = (place: Place): void => {
      noticed(place)
      if (!ordered) {
        open?.delete(place)
        queue.push(place)
      }
      const atOnce = rounds.isSame(place.round)
      if (atOnce || !gathers || failed !== undefined || last !== undefined || calls.open === 0) bell.ring()
      else rounds.ringAtEnd()
    }

    /** The input has ended at a failure, and all before it has been answered. */
    const isOver = (): boolean => {
      if (last === undefined) return false
      if (ordered) return reached
      for (const place of open ?? []) if (place.index < last.index) return false
      return queue.size === 0
    }
    let reached = false

    const limit = adaptive === undefined ? undefined : new ConcurrencyLimit(adaptive)
    let fellBack = 0
    const calls = new Calls(signal, {
      stage: context.stage, fn, timeoutMs, onError, settled, limit,
      fallback: fallback && ((item, error, callContext) => { fellBack++; return fallback(item, error, callContext) })
    })
    context.gauges?.(() => ({
      ...own?.(),
      ...(limit && { concurrency: limit.now, inFlight: limit.inFlight, latencyMs: limit.latencyMs }),
      ...(fallback && { fallbacks: fellBack })
    }))
    /** Whether another call may begin. */
    const isFree = (): boolean => places < concurrency && limit?.free !== false && last === undefined

    const gather = (place: Place): void => {
      if (last !== undefined && place.index > last.index) return
      if (place.state === FAILED) failed ??= place
      else if (place.state === STOPPED) reached = true
      else if (place.state === DONE) out.push(place.value)
      else if (place.state === DROPPED) context.skipped(1)
      else if (place.state === DEAD) {
        const set = context.deadLetter(place.item, place.value, place.index, place.tries + 1)
        if (set instanceof Promise) letter = set
      }
    }

    const gatherAll = (): void => {
      while (failed === undefined && letter === undefined && !(ordered && reached)) {
        const place = queue.settled()
        if (place === undefined) break
        places--
        gather(place)
        if (place !== failed && place !== last) calls.free(place)
      }
      if (failed !== undefined) throw stageFailed(context.stage, context.site, { index: failed.index }, failed.value)
    }

    const begin = (): void => {
      const index = feed.taken
      const item = feed.next()
      const place = calls.start(item, index)
      if (place === undefined && (!ordered || queue.size === 0)) {
        out.push(calls.value)
        return
      }
      places++
      const kept = place ?? answered(calls.place(item, index), calls.value)
      noticed(kept)
      if (kept.state === OPEN) kept.round = rounds.begin()
      if (ordered || kept.state !== OPEN) queue.push(kept)
      else open?.add(kept)
    }

    const loopIsDue = (): boolean => ++looked % LOOK_EVERY === 0 && performance.now() - lastTurn > turnMs

    /** Starts what may be started. Answers whether there was anything. */
    const startSome = (): boolean => {
      if (!isFree() || out.length >= GATHERED || !feed.want()) return false
      do begin()
      while (isFree() && out.length < GATHERED && feed.size > 0 && failed === undefined && !loopIsDue())
      return true
    }

    try {
      for (;;) {
        signal.throwIfAborted()
        gatherAll()
        if (letter !== undefined) {
          await letter
          letter = undefined
        } else if (performance.now() - lastTurn > turnMs) {
          context.underWay?.(true)
          await turn()
          lastTurn = performance.now()
        } else if (!startSome()) {
          if (out.length > 0 && (out.length >= GATHERED || !gathers || !rounds.lasts || isOver())) {
            const items = out
            out = []
            if (!(await outlets[0]!.push(items))) return
          } else if (isOver()) {
            context.stop(last!.item, last!.value, last!.index, last!.tries + 1)
            return
          } else if (feed.over && places === 0) return
          else {
            context.underWay?.(places > 0)
            if (out.length > 0) rounds.ringAtEnd()
            rounds.wait()
            await bell.next()
          }
        }
      }
    } finally {
      rounds.close()
      await calls.close()
      bell.close()
    }
  }

/** The spec of a stage that calls `fn` with every item; `usual`: calls in flight at most, where the options do not say. */
export const callingSpec = (kind: string, fn: unknown, options: MapAsyncOptions<never, unknown>, usual: number): ProcessSpec => {
  callable(kind, 'fn', fn)
  stageOptions(kind, options)
  const { ordered = true, fallback } = options
  const { most, adaptive, told } = concurrencyOf(kind, options.concurrency, usual)
  const timeoutMs = options.timeoutMs === undefined ? undefined : milliseconds(kind, 'timeoutMs', options.timeoutMs, 1)
  const onError = policyOf(kind, options.onError)
  if (fallback !== undefined) callable(kind, 'fallback', fallback)
  const args = { concurrency: told, ordered, ...(timeoutMs === undefined ? {} : { timeoutMs }) }
  const plan: Plan = { fn: fn as Plan['fn'], concurrency: most, ordered, timeoutMs, onError, fallback: fallback as Plan['fallback'], adaptive }
  return processSpec(kind, run(plan), options, args)
}

/**
 * Applies `fn` to every item, with at most `concurrency` calls in flight. `fn` may answer a promise or a value; its second
 * argument has a `signal`, aborted when the answer is not wanted any more: pass it on to what `fn` waits for.
 *
 * **Order**   kept, unless `ordered` is false
 * **Cost**    a promise per item is heard by callbacks that are used again; with `timeoutMs` an abort controller, a timer and two callbacks
 *             per item. A value that is no promise costs the call only
 * **Errors**  what `fn` throws or rejects with, and a call that takes longer than `timeoutMs`, is handled by `onError`; a retry
 *             keeps its place while it waits. With `'stop'` items before the failing one are answered for, calls for later ones given up. With `fallback` an item that would fail the run is answered for by it. When the run ends, calls that listen to their signal are awaited, up to 300 ms
 * **Memory**  `concurrency` items and one batch of the input
 * **Source**  RxJS `mergeMap` and `concatMap`, Akka `mapAsync`
 * @example
 * from(urls).pipe(mapAsync(async (url, { signal }) => (await fetch(url, { signal })).text(), { concurrency: 64 }))
 */
export const mapAsync = <A, B>(
  fn: (item: A, context: CallContext) => B | PromiseLike<B>,
  options: MapAsyncOptions<NoInfer<A>, NoInfer<B>> = {}
): Flow<A, B> => flowOf(callingSpec('mapAsync', fn, options as MapAsyncOptions<never, unknown>, 16), options.name)
