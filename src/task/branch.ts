/**
 * Running a part of a task that can be ended for itself: a branch of a `select`, the work of `runUntilCancelled`.
 *
 *     the task's scope ─▶ the same, with ends of its own: ended with the task, or alone, never the task with it
 *
 * Called by select.ts, join.ts and cancellation-token.ts, and by task/time/.
 */
import { Ends, ignore, listen, type Listener } from '../sync/abort.ts'
import { scope, scopeWith } from '../sync/scope.ts'
import { held } from './held.ts'

/** What can be waited for: an asynchronous function, which is told by its signal to stop; or a promise, which cannot be. */
export type Work<T> = ((signal: AbortSignal) => T | PromiseLike<T>) | PromiseLike<T>

/** Ends of its own inside those of the task that calls; `close` when the branch is over. */
export class Branch extends Ends {
  readonly #outer: Ends | undefined

  constructor() {
    super()
    this.#outer = scope()?.ends
    if (this.#outer === undefined) return
    if (this.#outer.isOver) this.end(this.#outer.reason)
    else this.#outer.listen(this)
  }

  /** The task does not end it any more. */
  close(): void {
    this.#outer?.ignore(this)
  }

  /** Starts work whose waits this ends; what it throws at once is a rejection. */
  run<T>(work: Work<T>): Promise<T> {
    if (typeof work !== 'function') return Promise.resolve(work)
    try {
      return held(scopeWith({ ends: this }), () => Promise.resolve(work(this.signal)))
    } catch (error) {
      // what the user's code threw is passed on as it is
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
  }
}

/** Calls back when the task that calls is ended, or the signal aborts; answers how to stop listening. */
export const whenGivenUp = (signal: AbortSignal | undefined, tell: (reason: unknown) => void): (() => void) => {
  const listener: Listener = { aborted: tell, left: () => undefined }
  const ends = scope()?.ends
  ends?.listen(listener)
  if (signal !== undefined) listen(signal, listener)
  return () => {
    ends?.ignore(listener)
    if (signal !== undefined) ignore(signal, listener)
  }
}
