/**
 * Waiting for a point in time.
 *
 *   alarm of the clock ──▶ resolve        signal, or the end of the task ──▶ alarm cancelled, reject        clock closed ──▶ reject
 *
 * Called by users, and by whoever in task/ waits.
 */
import { clock, type Alarm } from '../../prelude/clock.ts'
import { follow, ignore, listen, type Ends, type Listener } from '../../sync/abort.ts'
import { abandoned, type WaitOptions } from '../../sync/waiters.ts'
import { duration, instant } from './check.ts'

export interface SleepOptions extends WaitOptions {
  /** Whether it keeps the process from ending. Default true. */
  readonly ref?: boolean | undefined
}

class Sleep implements Listener {
  readonly #signal: AbortSignal | undefined
  readonly #resolve: () => void
  readonly #reject: (reason: unknown) => void
  readonly #alarm: Alarm
  /** Of the task that called. */
  readonly #ends: Ends | undefined

  constructor(deadline: number, { signal, ref = true }: SleepOptions, resolve: () => void, reject: (reason: unknown) => void) {
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    this.#alarm = clock().at(
      deadline,
      () => {
        this.#over()
        this.#resolve()
      },
      (reason) => {
        this.aborted(reason)
      }
    )
    if (!ref) this.#alarm.unref()
    if (signal !== undefined) listen(signal, this)
    this.#ends = follow(this)
  }

  aborted(reason: unknown): void {
    this.#alarm.cancel()
    this.#over()
    this.#reject(reason)
  }

  left(): void {
    // nothing had been collected
  }

  #over(): void {
    if (this.#signal !== undefined) ignore(this.#signal, this)
    this.#ends?.ignore(this)
  }
}

const until = (deadline: number, options: SleepOptions): Promise<void> =>
  abandoned(options.signal) ??
  new Promise((resolve, reject) => {
    new Sleep(deadline, options, resolve, reject)
  })

/**
 * Resolves after `ms` milliseconds, never earlier; on the machine's clock parts of one are rounded up, and a busy event loop
 * makes it later. `sleep(0)` lets the event loop turn; `sleep(Infinity)` ends by its signal only.
 *
 * **Cost**    one timer. By the clock of the runtime that it is called in: paused time moves it
 * **Cancel**  by `signal`: rejects with its reason, and the timer is gone
 * **Errors**  RangeError when `ms` is negative or no number; rejects with the runtime's error when that is shut down
 * **Source**  tokio `time::sleep`
 * @example
 * await sleep(5)
 */
export const sleep = (ms: number, options: SleepOptions = {}): Promise<void> => until(clock().now() + duration('sleep', 'ms', ms), options)

/**
 * Resolves at an instant of {@link time.now}'s clock; at once, but not before the event loop has turned, when it is past.
 *
 * **Cancel**  by `signal`
 * **Errors**  as {@link sleep}
 * **Source**  tokio `time::sleep_until`
 * @example
 * const start = time.now()
 * await sleepUntil(start + 5)
 * time.now() - start >= 5 // => true
 */
export const sleepUntil = (deadline: number, options: SleepOptions = {}): Promise<void> =>
  until(instant('sleepUntil', 'deadline', deadline), options)
