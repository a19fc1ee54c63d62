/**
 * What channels and locks answer when something did not happen: constants that are compared by identity, so that an item
 * may be anything at all, `undefined` and look-alikes with a `_tag` included.
 *
 * Symbols of the process-wide registry: two copies of millrace in one program agree, and TypeScript narrows on `===`.
 * Called by sync/ and channel/; users compare with them.
 */

/** There is nothing to take now; there may be later. */
export const Empty: unique symbol = Symbol.for('millrace.Empty')
export type Empty = typeof Empty

/** There is no room now; there may be later. */
export const Full: unique symbol = Symbol.for('millrace.Full')
export type Full = typeof Full

/** The other side is gone: nothing will come, or be taken, any more. */
export const Closed: unique symbol = Symbol.for('millrace.Closed')
export type Closed = typeof Closed

/** The semaphore has too few permits now; there may be enough later. */
export const NoPermits: unique symbol = Symbol.for('millrace.NoPermits')
export type NoPermits = typeof NoPermits

/** Somebody has the lock now; it may be free later. */
export const Locked: unique symbol = Symbol.for('millrace.Locked')
export type Locked = typeof Locked

/** Why an item was not sent, and the item. */
export interface NotSent<A> {
  readonly _tag: 'Full' | 'Closed'
  readonly value: A
}
