/** How a receiver of a lagging channel is told of what it has missed. Called by ends.ts and the logs. */

/**
 * What a receiver of a lagging channel gets in place of items that were dropped before it took them.
 *
 * @example
 * const sender = broadcast<string>({ capacity: 1, whenFull: 'lag' })
 * const receiver = sender.subscribe()
 * for (const item of ['a', 'b', 'c']) sender.trySend(item)
 * const got = receiver.tryRecv()
 * got instanceof Lagged ? got.skipped : 0 // => 2
 */
export class Lagged {
  /** How many were dropped since it last received. */
  readonly skipped: number

  constructor(skipped: number) {
    this.skipped = skipped
  }
}

/**
 * What a loop over a lagging channel throws when it was asked to, with `items({ onLag: 'throw' })`.
 *
 * @example
 * const sender = broadcast<string>({ capacity: 1, whenFull: 'lag' })
 * const receiver = sender.subscribe()
 * for (const item of ['a', 'b']) sender.trySend(item)
 * const next = receiver.items({ onLag: 'throw' }).next()
 * const error: unknown = await next.catch((reason: unknown) => reason)
 * error instanceof LaggedError ? error.skipped : 0 // => 1
 */
export class LaggedError extends Error {
  readonly code = 'ERR_MILLRACE_LAGGED'
  /** How many items were dropped since the receiver last received. */
  readonly skipped: number

  constructor({ skipped }: Lagged) {
    super(
      `broadcast: ${skipped} items were dropped before this receiver took them, since it was further behind than the capacity. ` +
        "Read faster, give a larger capacity, or let the senders wait with whenFull: 'wait'"
    )
    this.name = 'LaggedError'
    this.skipped = skipped
  }
}
