/**
 * One thing to wait for, where several may happen: results, input, a timer, the end of the run.
 *
 * A ring while nobody waits is remembered, so that nothing is missed between looking and waiting; many rings are one.
 * Called by the operators that wait. Holds a listener on the signal until `close`.
 */
export class Bell {
  /** The signal has aborted. To be asked often: a signal is of a shape of its own, which V8 would compile anew for each run. */
  over: boolean
  readonly #signal: AbortSignal
  #rung = false
  #wake: (() => void) | undefined

  constructor(signal: AbortSignal) {
    this.#signal = signal
    this.over = signal.aborted
    signal.addEventListener('abort', this.#end, { once: true })
  }

  ring(): void {
    if (this.#rung) return
    this.#rung = true
    this.#wake?.()
    this.#wake = undefined
  }

  /** Resolves at the next ring, or at once if there was one since the last wait. One waiter at a time. */
  async next(): Promise<void> {
    if (!this.#rung && !this.over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#rung = false
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#end)
  }

  readonly #end = (): void => {
    this.over = true
    this.ring()
  }
}

/** A bell that the signal rings too; after that it never lets anyone wait. */
export const bellOf = (signal: AbortSignal): Bell => new Bell(signal)
