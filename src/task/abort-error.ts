/** The default reason of an abort. Called by task-cell.ts, cancellation.ts, first-of.ts and join.ts. */

/** An error like those that Node's own functions reject with when their signal aborts; a DOMException takes several times as long to make. */
export const abortError = (message: string): Error => {
  const error = Object.assign(new Error(message), { code: 'ABORT_ERR' })
  error.name = 'AbortError'
  return error
}

/** How deep a cancellation may be wrapped by errors that have it as their cause. */
const DEEPEST = 8

/** Whether what was thrown is the abort, as it is or inside of other errors. What cannot even be looked at is not. */
export const isAbort = (error: unknown, reason: unknown): boolean => {
  let inner = error
  try {
    for (let depth = 0; depth < DEEPEST; depth++) {
      if (inner === reason) return true
      if (typeof inner !== 'object' || inner === null) return false
      if ((inner as Partial<Error>).name === 'AbortError') return true
      inner = (inner as Partial<Error>).cause
    }
  } catch {
    // a getter of the user's that throws, or a proxy that was revoked
  }
  return false
}
