/** What a call answers when cancellation came first; compared by identity, like the outcomes of sync/outcome.ts. */

/** The token was cancelled before there was a value. */
export const Cancelled: unique symbol = Symbol.for('millrace.Cancelled')
export type Cancelled = typeof Cancelled
