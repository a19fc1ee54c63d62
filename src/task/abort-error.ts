/** The default reason of an abort. Called by task-cell.ts, cancellation.ts, first-of.ts and join.ts. */

/** An error like those that Node's own functions reject with when their signal aborts; a DOMException takes several times as long to make. */
export const abortError = (message: string): Error => {
  const error = Object.assign(new Error(message), { code: 'ABORT_ERR' })
  error.name = 'AbortError'
  return error
}
