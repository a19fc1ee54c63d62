/**
 * A wish that something stops, which many can look at and one can make come true; in all threads.
 *
 *     token ──cancel──▶ over ─┬─▶ waits of cancelled()      child()   ▶ over with its parent, never the parent with it
 *                             ├─▶ .signal aborts
 *                             ├─▶ children that somebody waits on; the others look up when they are asked
 *                             └─▶ a word of shared memory, once it has travelled ══▶ the same in other threads
 *
 * What holds of it is said in cancellation.ts.
 * Source: tokio-util `CancellationToken`. Called by users, through `millrace/runtime`, and by runtime/ for blocking jobs.
 */
import { arrives, travel, type Luggage, type Traveller } from '../prelude/travel.ts'
import { done } from '../sync/budget.ts'
import { reside, resident, type Name } from '../sync/residents.ts'
import { abandoned, type WaitOptions } from '../sync/waiters.ts'
import { Branch, type Work } from './branch.ts'
import { CancellationCore, defaultReason } from './cancellation.ts'
import { Cancelled } from './outcome.ts'

const KIND = 'CancellationToken'

/** What is sent of a token. */
interface Parts {
  readonly name: Name
  readonly words: Int32Array
}

/** Cancels its token at the end of a block, unless it is disarmed. */
export class CancelGuard implements Disposable {
  #token: CancellationToken | undefined

  /** Made by {@link CancellationToken.guard}. */
  constructor(token: CancellationToken) {
    this.#token = token
  }

  /** The guard does nothing any more; answers the token. */
  disarm(): CancellationToken | undefined {
    const token = this.#token
    this.#token = undefined
    return token
  }

  [Symbol.dispose](): void {
    this.disarm()?.cancel()
  }
}

/**
 * Tells any number of tasks and threads that they should stop.
 *
 * A handle can be sent to another thread, as a stage's `env` or an argument of a blocking task, and is a handle of the same token there: in a
 * busy loop ask `isCancelled`, which reads shared memory; the signal's `aborted` does so too.
 *
 * **When to use**  to stop a group of tasks together; for one task, `abort()` of its handle will do
 * **Cost**         a child: one small object, known to its parent only while it is waited on; `isCancelled`: one look for each ancestor
 * **Memory**       children and waits that have ended leave nothing behind. Who has asked a child of a long-lived token for its
 *                  `signal` disposes the child (`using`) or cancels it
 * **Source**       tokio-util `CancellationToken`
 * @example
 * const token = new CancellationToken()
 * const child = token.child()
 * token.cancel()
 * child.isCancelled // => true
 * child.signal.aborted // => true
 */
export class CancellationToken implements Traveller, Disposable {
  readonly #core: CancellationCore

  static {
    arrives<Parts>(KIND, ({ name, words }) => new CancellationToken(resident(KIND, name, () => new CancellationCore(undefined, words, name))))
  }

  /** A token of its own: without arguments. */
  constructor(core?: CancellationCore) {
    this.#core = core ?? new CancellationCore(undefined)
  }

  /** Whether it, or an ancestor, was cancelled; in any thread. */
  get isCancelled(): boolean {
    return this.#core.look()
  }

  /** The reason that was given; an AbortError by default, and in threads other than that which cancelled. `undefined` before. */
  get reason(): unknown {
    return this.#core.look() ? this.#core.reason : undefined
  }

  /** For code that takes an AbortSignal; the same each time. */
  get signal(): AbortSignal {
    return this.#core.shownSignal()
  }

  /**
   * Cancels the token, its children and theirs: all waits end and all signals abort in this call. Once; later calls do nothing.
   *
   * @param reason what waits reject with that end by the token's signal; stays in this thread. Default: an AbortError
   */
  cancel(reason?: unknown): void {
    if (!this.#core.look()) this.#core.end(reason ?? defaultReason())
  }

  /**
   * Resolves when the token is cancelled; at once when it is.
   *
   * **Cancel**  by `signal`
   */
  cancelled({ signal }: WaitOptions = {}): Promise<void> {
    return abandoned(signal) ?? (this.isCancelled ? done() : this.#core.cancelled(signal))
  }

  /** Throws the reason when the token is cancelled. */
  throwIfCancelled(): void {
    if (this.isCancelled) throw this.#core.reason
  }

  /** A token that is cancelled with this one, or alone. */
  child(): CancellationToken {
    return new CancellationToken(new CancellationCore(this.#core))
  }

  /**
   * Cancels the token at the end of a block: `using guard = token.guard()`.
   *
   * @example
   * const token = new CancellationToken()
   * token.guard()[Symbol.dispose]() // what `using` does
   * token.isCancelled // => true
   */
  guard(): CancelGuard {
    return new CancelGuard(this)
  }

  /**
   * The value of `work`, or `Cancelled` when the token is cancelled first: the work's signal has aborted then, and what comes
   * of it is not looked at. Work is never started by a token that is cancelled already, and cancellation goes before a
   * value of the same moment.
   *
   * **Cancel**  with the task that calls: rejects with its reason
   * **Errors**  rejects as `work` does
   * @example
   * const token = new CancellationToken()
   * await token.runUntilCancelled(() => Promise.resolve(1)) // => 1
   * token.cancel()
   * await token.runUntilCancelled(() => Promise.resolve(1)) // => Cancelled
   */
  async runUntilCancelled<T>(work: Work<T>): Promise<T | Cancelled> {
    const core = this.#core
    if (core.look()) return Cancelled
    const branch = new Branch()
    core.listen(branch)
    core.need()
    try {
      return await new Promise<T | Cancelled>((resolve, reject) => {
        branch.listen({
          aborted: (reason) => {
            if (core.look()) resolve(Cancelled)
            // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the task's, as it is
            else reject(reason)
          },
          left: () => undefined
        })
        branch.run(work).then((value) => {
          resolve(core.look() ? Cancelled : value)
        }, reject)
      })
    } finally {
      core.ignore(branch)
      core.unneed()
      branch.close()
    }
  }

  /** Leaves its parent and other threads: for a token that has been of use, and will not be cancelled any more. */
  [Symbol.dispose](): void {
    this.#core.close()
  }

  /** Another thread gets a handle of the same token. */
  [travel](): Luggage {
    const core = this.#core
    const words = core.share()
    return { kind: KIND, parts: { name: (core.name ??= reside(core)), words } satisfies Parts }
  }
}
