/**
 * What a waiting call rejects with when the other side is gone for good; and the wording, in one place for all of
 * channel/ and sync/.
 */

/**
 * The other side of a channel is gone, or the semaphore is closed.
 *
 * @example
 * const { sender, receiver } = mpsc<string>({ capacity: 1 })
 * receiver.close()
 * const error: unknown = await sender.send('late').catch((reason: unknown) => reason)
 * error instanceof ClosedError ? error.value : undefined // => 'late'
 */
export class ClosedError extends Error {
  readonly code = 'ERR_MILLRACE_CLOSED'
  /** The item that was not sent; `undefined` where there was none. */
  readonly value: unknown

  constructor(message: string, value?: unknown) {
    super(message)
    this.name = 'ClosedError'
    this.value = value
  }
}

/** A send, or a wait for room. */
export const receiverGone = (channel: string, value?: unknown): ClosedError =>
  new ClosedError(
    `${channel}: nothing was sent, since no receiver is left. Stop sending; closed() tells it beforehand, and the item is the error's value`,
    value
  )

/** A call on a sender that its own holder has closed. */
export const senderClosed = (channel: string, value?: unknown): ClosedError =>
  new ClosedError(`${channel}: this sender was closed, so it sends nothing any more. Close it later, or send by a clone`, value)

export const semaphoreClosed = (): ClosedError =>
  new ClosedError('Semaphore: it was closed, so it gives out no permits any more. Stop acquiring, or make a new one')
