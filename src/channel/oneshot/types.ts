/** What a user sees of a oneshot channel. No code. Read by the doors and the files beside it. */
import type { BlockingOptions } from '../../sync/blocking.ts'
import type { Closed, Empty, NotSent } from '../../sync/outcome.ts'
import type { WaitOptions } from '../../sync/waiters.ts'

/** The end that sends, once. `using` closes it if nothing was sent. It can go to another thread, and is none here then. */
export interface OneshotSender<A> extends Disposable {
  /** Sends the value, without waiting; `Closed`, with the value, when the receiver is closed or a value was sent before. */
  send(value: A): NotSent<A> | undefined
  /** Sends nothing: the receiver is told. Does nothing after `send`. */
  close(): void
  /** Resolves when the receiver is closed before a value was sent. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether a value can not be sent any more: the receiver is closed, or this sender is used up. */
  readonly isClosed: boolean
}

/** The end that receives. `using` closes it. It can go to another thread, and is none here then. */
export interface OneshotReceiver<A> extends Disposable {
  /** `Empty`, then the value, then `Closed`; `Closed` at once when none will come. */
  tryRecv(): A | Empty | Closed
  /**
   * The value, waiting for it; `Closed` when none will come. The same answer for every call.
   *
   * **Cancel**  by `signal`: the value is there for the next call
   */
  recv(options?: WaitOptions): Promise<A | Closed>
  /**
   * As {@link recv}, blocking this thread while it waits; for threads that may block: workers of the blocking lane.
   *
   * **Errors**  throws `ERR_MILLRACE_WOULD_BLOCK_LOOP` on a thread with an event loop, and where nobody else could send; `TimeoutError` after `timeoutMs`
   */
  blockingRecv(options?: BlockingOptions): A | Closed
  /** Takes no value any more, unless it was sent before. */
  close(): void
  /** Whether the answer, or that there is none, has been received. */
  readonly isTerminated: boolean
  /** False only between the send and its receipt. */
  readonly isEmpty: boolean
}

/** Both ends of a channel. */
export interface Oneshot<A> {
  readonly sender: OneshotSender<A>
  readonly receiver: OneshotReceiver<A>
}
