/**
 * Waiting until something has changed: whoever waits looks again.
 *
 *     next() next() ── tell() ──▶ both resolve, and look for themselves
 *
 * Called by connection.ts, listener.ts and process/. Waits are abandoned by a signal, whose listener is there as long as the wait.
 */

/** How long a call may wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export class Changes {
  readonly #waiting = new Set<() => void>()

  tell(): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }

  /** Resolves at the next `tell`; rejects with the signal's reason. */
  next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        this.#waiting.delete(wake)
        signal?.removeEventListener('abort', abort)
      }
      const wake = (): void => {
        over()
        resolve()
      }
      const abort = (): void => {
        over()
        // what a signal gives as its reason is passed on as it is, an Error or not
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(signal?.reason)
      }
      this.#waiting.add(wake)
      signal?.addEventListener('abort', abort)
      if (signal?.aborted === true) abort()
    })
  }
}
