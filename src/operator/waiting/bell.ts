/**
 * One thing to wait for, where several may happen: results, input, a timer, the end of the run.
 *
 * A ring while nobody waits is remembered, so that nothing is missed between looking and waiting; many rings are one.
 * Called by the operators that wait. Holds a listener on the signal until `close`.
 */
export interface Bell {
  ring(): void
  /** Resolves at the next ring, or at once if there was one since the last wait. One waiter at a time. */
  next(): Promise<void>
  close(): void
}

/** A bell that the signal rings too; after that it never lets anyone wait. */
export const bellOf = (signal: AbortSignal): Bell => {
  let rung = false
  let wake: (() => void) | undefined
  const ring = (): void => {
    rung = true
    wake?.()
    wake = undefined
  }
  signal.addEventListener('abort', ring, { once: true })
  return {
    ring,
    next: async () => {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      rung = false
    },
    close: () => {
      signal.removeEventListener('abort', ring)
    }
  }
}
