/** What a user sees of a watch channel: its ends. No code. Read by the doors and the files beside it. */
import type { BlockingOptions } from '../../sync/blocking.ts'
import type { Closed, NotSent } from '../../sync/outcome.ts'
import type { WaitOptions } from '../../sync/waiters.ts'

/** The place of the value, for those who change it. Not to be kept. */
export interface WatchCell<A> {
  value: A
}

/** An end that changes the value. The channel goes on as long as one of its senders is open. `using` closes it. */
export interface WatchSender<A> extends Disposable {
  /** Sets the value and tells the receivers; `Closed`, and nothing stored, when there is no receiver. */
  send(value: A): NotSent<A> | undefined
  /** Sets the value, receivers or not, and tells them; answers the old one. */
  sendReplace(value: A): A
  /**
   * Lets `change` set or change the value in its place, then tells the receivers. If it throws, what it did stays, untold.
   * Across threads it changes a copy, and is called again, with the newer value, when another thread has changed it meanwhile.
   */
  sendModify(change: (cell: WatchCell<A>) => void): void
  /** As {@link sendModify}, and tells the receivers only if `change` answers true. */
  sendIfModified(change: (cell: WatchCell<A>) => boolean): boolean
  /** The value. */
  borrow(): A
  /** A new receiver, which has seen the value as it is. */
  subscribe(): WatchReceiver<A>
  /** One more sender of the same channel. */
  clone(): WatchSender<A>
  /** A handle that makes senders while there is one, and does not keep the channel going by itself. */
  downgrade(): WeakWatchSender<A>
  /** This sender changes nothing any more. */
  close(): void
  /** Resolves when there is no receiver; at once when there is none now. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether the other is a sender of this channel. */
  sameChannel(other: WatchSender<A>): boolean
  /** Whether there is no receiver, or this sender is closed. */
  readonly isClosed: boolean
  readonly receiverCount: number
  /** Open senders of the channel, and weak ones. */
  readonly strongCount: number
  readonly weakCount: number
}

/** A sender that does not keep its channel going. `using` closes it. */
export interface WeakWatchSender<A> extends Disposable {
  /** A sender, while one is open; else `undefined`, for good. */
  upgrade(): WatchSender<A> | undefined
  clone(): WeakWatchSender<A>
  /** Makes no senders any more. */
  close(): void
  readonly strongCount: number
  readonly weakCount: number
}

/** An end that sees the value. `for await` reads its changes; leaving the loop, like `using`, closes the receiver. */
export interface WatchReceiver<A> extends Disposable, AsyncIterable<A> {
  /** The value; does not mark it as seen. */
  borrow(): A
  /** The value, now seen. */
  borrowAndUpdate(): A
  /** Whether there is an unseen value; `Closed` when no sender is left. Marks nothing. */
  hasChanged(): boolean | Closed
  /**
   * The next value that it has not seen, waiting for one, now seen; `Closed` when none will come.
   *
   * **Cancel**  by `signal`: nothing is marked as seen
   */
  changed(options?: WaitOptions): Promise<A | Closed>
  /**
   * The first value, from the current one on, for which `test` holds, now seen; `Closed` when none will come.
   * Values that are replaced before it gets to look at them are passed over.
   *
   * **Cancel**  by `signal`
   * **Errors**  rejects with what `test` throws
   */
  waitFor(test: (value: A) => boolean, options?: WaitOptions): Promise<A | Closed>
  /**
   * As {@link changed}, blocking this thread while it waits; for threads that may block: workers of the blocking lane.
   *
   * **Errors**  throws `ERR_MILLRACE_WOULD_BLOCK_LOOP` on a thread with an event loop, and where nobody else could send; `TimeoutError` after `timeoutMs`
   */
  blockingChanged(options?: BlockingOptions): A | Closed
  /** As {@link waitFor}, blocking this thread while it waits; see {@link blockingChanged}. Throws what `test` throws. */
  blockingWaitFor(test: (value: A) => boolean, options?: BlockingOptions): A | Closed
  /** Takes the value as not seen. */
  markChanged(): void
  /** Takes the value as seen. */
  markUnchanged(): void
  /** One more receiver, which has seen what this one has. */
  clone(): WatchReceiver<A>
  /** Sees no more changes. */
  close(): void
  /** Whether the other is a receiver of this channel. */
  sameChannel(other: WatchReceiver<A>): boolean
  /** Whether no sender is left, or this receiver is closed. */
  readonly isClosed: boolean
}

/** Both ends of a channel. */
export interface Watch<A> {
  readonly sender: WatchSender<A>
  readonly receiver: WatchReceiver<A>
}
