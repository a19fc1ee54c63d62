/**
 * Ticks at equal distances, for those who ask for them.
 *
 *     due ──▶ tick() answers the instant that it was due at, and due moves on by the period
 *
 * What happens to ticks that were due while nobody asked (period 300, nobody asks from 300 to 950):
 *
 *     burst   600 900 at once, then 1200 1500 …      as many as there would have been
 *     delay   600 at once, then 1250 1550 …          a period after the late one
 *     skip    600 at once, then 1200 1500 …          the next multiples
 *
 * Called by users. The source of ticks for pipelines is `interval` of millrace itself.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { clock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { ready } from '../../sync/budget.ts'
import { ClosedError } from '../../sync/closed-error.ts'
import { abandoned, Waiters, type WaitOptions } from '../../sync/waiters.ts'
import { duration, instant } from './check.ts'

/** A tick that comes no later than this is not a missed one, in milliseconds. */
const LATE_MS = 5

/** What happens when ticks were missed. */
export type Missed = 'burst' | 'delay' | 'skip'

export interface IntervalOptions {
  /** What happens when ticks were missed. Default `'burst'`. */
  readonly missed?: Missed | undefined
  /** The instant of the first tick, on {@link time.now}'s clock. Default: now. */
  readonly startAt?: number | undefined
  /** Whether a tick that is waited for keeps the process from ending. Default true. */
  readonly ref?: boolean | undefined
}

const nextDue: Readonly<Record<Missed, (due: number, now: number, period: number) => number>> = {
  burst: (due, _now, period) => due + period,
  delay: (_due, now, period) => now + period,
  skip: (due, now, period) => now + period - ((now - due) % period)
}

const intervalClosed = (): ClosedError => new ClosedError('interval: it was closed, so it ticks no more. Make a new one')

/** Made by {@link interval}. Async-iterable: the instants at which its ticks were due, without end. */
export class Interval implements AsyncIterable<number>, Disposable {
  /** Milliseconds from tick to tick. */
  readonly period: number
  readonly missed: Missed
  readonly #clock: Clock = clock()
  readonly #ref: boolean
  readonly #waiters = new Waiters<number>(() => {
    this.#set()
  })
  #due: number
  #alarm: Alarm | undefined
  #closed = false

  /** For {@link interval}, which checks. */
  constructor(period: number, { missed = 'burst', startAt, ref = true }: IntervalOptions) {
    this.period = period
    this.missed = missed
    this.#ref = ref
    this.#due = startAt ?? this.#clock.now()
  }

  /**
   * Resolves at the next tick, with the instant at which it was due; at once when that is past. Several calls get a tick each.
   *
   * **Cancel**  by `signal`: the tick is there for the next call
   * **Errors**  rejects with ClosedError when it is closed
   */
  tick({ signal }: WaitOptions = {}): Promise<number> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (this.#closed) return Promise.reject(intervalClosed())
    if (this.#waiters.first === undefined && this.#due <= this.#clock.now()) return ready(this.#take())
    const waiting = this.#waiters.wait(undefined, signal)
    if (this.#alarm === undefined) this.#set()
    return waiting
  }

  /** The next tick is a period from now. */
  reset(): void {
    this.#move(this.#clock.now() + this.period)
  }

  /** The next tick is now. */
  resetImmediately(): void {
    this.#move(this.#clock.now())
  }

  /** The next tick is `ms` milliseconds from now. */
  resetAfter(ms: number): void {
    this.#move(this.#clock.now() + duration('interval.resetAfter', 'ms', ms))
  }

  /** The next tick is at an instant, past or to come. */
  resetAt(due: number): void {
    this.#move(instant('interval.resetAt', 'due', due))
  }

  /** Ends the calls that wait, with ClosedError. */
  close(): void {
    this.#closed = true
    this.#waiters.refuseAll(intervalClosed)
    this.#set()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number, void, undefined> {
    while (!this.#closed) yield await this.tick()
  }

  /** The tick that is due. */
  #take(): number {
    const due = this.#due
    const now = this.#clock.now()
    this.#due = now > due + LATE_MS ? nextDue[this.missed](due, now, this.period) : due + this.period
    return due
  }

  #move(due: number): void {
    this.#due = due
    this.#set()
  }

  /** The clock's alarm is set while somebody waits. */
  #set(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    if (this.#waiters.first === undefined) return
    this.#alarm = this.#clock.at(
      this.#due,
      () => {
        this.#waiters.shift().settle(this.#take())
        this.#set()
      },
      (reason) => {
        this.#alarm = undefined
        this.#waiters.refuseAll(() => reason)
      }
    )
    if (!this.#ref) this.#alarm.unref()
  }
}

/**
 * Ticks every `ms` milliseconds, the first one at once: `await ticks.tick()`, or `for await (const due of ticks)`.
 *
 * **When to use**  to do something again and again, at a pace that does not drift. For a pipeline, `interval` of millrace is a source
 * **Order**        calls of `tick` are served in their order, a tick each
 * **Cost**         a timer while somebody waits, and none else
 * **Errors**       RangeError when `ms` is not more than 0, or an option makes no sense
 * **Source**       tokio `time::interval`, `interval_at`; up to 5 ms late is not a missed tick there either
 * @example
 * const ticks = interval(5, { missed: 'skip' })
 * const first = await ticks.tick()
 * const second = await ticks.tick()
 * second - first // => 5
 */
export const interval = (ms: number, options: IntervalOptions = {}): Interval => {
  if (duration('interval', 'ms', ms) === 0) {
    throw argumentError('range', 'interval: ms must be more than 0', 'got 0', 'for every turn of the event loop, use yieldNow()')
  }
  const { missed, startAt } = options
  if (missed !== undefined && !Object.hasOwn(nextDue, missed)) {
    throw argumentError('range', 'interval: missed must be burst, delay or skip', `got ${missed}`, 'correct the option')
  }
  if (startAt !== undefined) instant('interval', 'startAt', startAt)
  return new Interval(ms, options)
}
