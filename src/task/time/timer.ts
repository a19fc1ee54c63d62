/**
 * A sleep that can be put off, or brought forward, while somebody waits for it.
 *
 *   wait ──▶ waiting ── deadline passed ──▶ resolved        reset: the deadline moves, who waits goes on waiting
 *
 * The clock's alarm is set while somebody waits, and only then.
 */
import { clock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { ClosedError } from '../../sync/closed-error.ts'
import { abandoned, Waiters, type WaitOptions } from '../../sync/waiters.ts'
import { duration, instant } from './check.ts'

/**
 * A deadline that moves: for what should happen when nothing has happened for a while.
 *
 * **When to use**  where a `sleep` would be made anew again and again, such as an idle timeout that every message puts off
 * **Cost**         a reset while nobody waits is an assignment; while somebody waits, a timer
 * **Cancel**       each wait by its `signal`; `close` ends all of them with ClosedError
 * **Source**       tokio `time::Sleep`
 * @example
 * const idle = new Timer(5)
 * idle.reset(10)
 * await idle.wait()
 * idle.isElapsed // => true
 */
export class Timer implements Disposable {
  readonly #clock: Clock = clock()
  readonly #waiters = new Waiters<void>(() => {
    this.#nobodyWaits()
  })
  #deadline: number
  #alarm: Alarm | undefined
  #closed = false

  /** Elapses after `ms` milliseconds. */
  constructor(ms: number) {
    this.#deadline = this.#clock.now() + duration('Timer', 'ms', ms)
  }

  /** A timer that elapses at an instant of {@link time.now}'s clock. */
  static at(deadline: number): Timer {
    const timer = new Timer(0)
    timer.#deadline = instant('Timer.at', 'deadline', deadline)
    return timer
  }

  /** The instant at which it elapses, or has. */
  get deadline(): number {
    return this.#deadline
  }

  /** The deadline is past; a reset to a later one makes it false again. */
  get isElapsed(): boolean {
    return this.#clock.now() >= this.#deadline
  }

  /** Elapses `ms` milliseconds from now, whether it has elapsed or not. */
  reset(ms: number): void {
    this.#move(this.#clock.now() + duration('Timer.reset', 'ms', ms))
  }

  /** Elapses at an instant, which may be past. */
  resetAt(deadline: number): void {
    this.#move(instant('Timer.resetAt', 'deadline', deadline))
  }

  /** Resolves when the deadline is past: the one of then, after resets. */
  wait({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (this.#closed) return Promise.reject(timerClosed())
    if (this.isElapsed) return Promise.resolve()
    const waiting = this.#waiters.wait(undefined, signal)
    if (this.#alarm === undefined) this.#set()
    return waiting
  }

  /** Ends the waits, with ClosedError. */
  close(): void {
    this.#closed = true
    this.#nobodyWaits()
    this.#waiters.refuseAll(timerClosed)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #move(deadline: number): void {
    this.#deadline = deadline
    if (this.#waiters.first === undefined) return
    this.#alarm?.cancel()
    this.#set()
  }

  #set(): void {
    this.#alarm = this.#clock.at(
      this.#deadline,
      () => {
        this.#alarm = undefined
        this.#waiters.settleAll()
      },
      (reason) => {
        this.#alarm = undefined
        this.#waiters.refuseAll(() => reason)
      }
    )
  }

  #nobodyWaits(): void {
    if (this.#waiters.first !== undefined && !this.#closed) return
    this.#alarm?.cancel()
    this.#alarm = undefined
  }
}

const timerClosed = (): ClosedError => new ClosedError('Timer: it was closed, so it elapses no more. Make a new one')
