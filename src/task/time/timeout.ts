/**
 * Work that must be done by a deadline.
 *
 *   work(signal) ── settles ──────────────────────────▶ what it settled with
 *   alarm ── one turn of the event loop, for work that is ready in that moment ──▶ signal aborted, TimeoutError
 *   the caller's signal ─────────────────────────────▶ signal aborted, its reason
 *
 * Called by users, and by whoever in task/ waits with a deadline.
 */
import { setImmediate } from 'node:timers'
import { argumentError } from '../../error/pipeline-error.ts'
import { tookTooLong } from '../../error/wording-time.ts'
import { clock, type Alarm } from '../../prelude/clock.ts'
import { follow, ignore, listen, type Ends, type Listener } from '../../sync/abort.ts'
import { abandoned, type WaitOptions } from '../../sync/waiters.ts'
import { duration, instant } from './check.ts'

/** What is to be done: a function, which is told by its signal when it is too late; or a promise, which is not. */
export type Work<A> = ((signal: AbortSignal) => A | PromiseLike<A>) | PromiseLike<A>

class Deadline<A> implements Listener {
  readonly #ms: number
  readonly #signal: AbortSignal | undefined
  readonly #resolve: (value: A) => void
  readonly #reject: (reason: unknown) => void
  readonly #controller = new AbortController()
  #alarm: Alarm | undefined
  /** Of the task that called. */
  #task: Ends | undefined
  #over = false

  constructor(ms: number, { signal }: WaitOptions, resolve: (value: A) => void, reject: (reason: unknown) => void) {
    this.#ms = ms
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
  }

  start(work: Work<A>, deadline: number): void {
    if (this.#signal !== undefined) listen(this.#signal, this)
    this.#task = follow(this)
    try {
      this.#alarm = clock().at(
        deadline,
        () => {
          // what is ready at the deadline counts: who is woken in the same moment may go on first
          setImmediate(() => {
            this.#stop(tookTooLong(this.#ms))
          })
        },
        (reason) => {
          this.#stop(reason)
        }
      )
      const answer = typeof work === 'function' ? work(this.#controller.signal) : work
      Promise.resolve(answer).then(
        (value) => {
          if (this.#ends()) this.#resolve(value)
        },
        (reason: unknown) => {
          if (this.#ends()) this.#reject(reason)
        }
      )
    } catch (error) {
      if (this.#ends()) this.#reject(error)
    }
  }

  aborted(reason: unknown): void {
    this.#stop(reason)
  }

  left(): void {
    // nothing had been collected
  }

  #stop(reason: unknown): void {
    if (!this.#ends()) return
    this.#reject(reason)
    this.#controller.abort(reason)
  }

  /** Whether this is the end of it; there is one. */
  #ends(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#alarm?.cancel()
    if (this.#signal !== undefined) ignore(this.#signal, this)
    this.#task?.ignore(this)
    return true
  }
}

const by = <A>(call: string, deadline: number, ms: number, work: Work<A>, options: WaitOptions): Promise<A> => {
  if (typeof work !== 'function' && typeof (work as Partial<PromiseLike<A>> | null)?.then !== 'function') {
    throw argumentError('type', `${call}: work must be a function or a promise`, `got ${work === null ? 'null' : typeof work}`, 'pass (signal) => …')
  }
  return (
    abandoned(options.signal) ??
    new Promise<A>((resolve, reject) => {
      new Deadline<A>(ms, options, resolve, reject).start(work, deadline)
    })
  )
}

/**
 * Does `work`, if it takes no longer than `ms` milliseconds; else rejects with {@link TimeoutError} and aborts the signal that
 * `work` was given. Work that is ready at the deadline, or though the deadline is past, counts as done in time.
 *
 * **Cost**    one timer and one AbortController
 * **Cancel**  by `signal`: rejects with its reason, and aborts the work's signal with it. What the work does after that is not heard
 * **Errors**  what `work` throws or rejects with; TimeoutError (ERR_MILLRACE_TIMEOUT); RangeError when `ms` is negative or no number
 * **Source**  tokio `time::timeout`
 * @example
 * await timeout(1000, () => 'done') // => 'done'
 * await timeout(5, (signal) => sleep(60_000, { signal })) // => rejects with ERR_MILLRACE_TIMEOUT
 */
export const timeout = <A>(ms: number, work: Work<A>, options: WaitOptions = {}): Promise<A> =>
  by('timeout', clock().now() + duration('timeout', 'ms', ms), ms, work, options)

/**
 * As {@link timeout}, by an instant of {@link time.now}'s clock.
 *
 * **Cancel**  by `signal`
 * **Errors**  as {@link timeout}
 * **Source**  tokio `time::timeout_at`
 * @example
 * await timeoutAt(time.now() + 1000, Promise.resolve('done')) // => 'done'
 */
export const timeoutAt = <A>(deadline: number, work: Work<A>, options: WaitOptions = {}): Promise<A> =>
  by('timeoutAt', instant('timeoutAt', 'deadline', deadline), Math.max(0, deadline - clock().now()), work, options)
