/** What a user sees of a broadcast channel: its options and its ends. No code. Read by the doors and the files beside it. */
import type { BlockingOptions } from '../../sync/blocking.ts'
import type { Closed, Empty, NotSent } from '../../sync/outcome.ts'
import type { WaitOptions } from '../../sync/waiters.ts'

export interface BroadcastOptions<A = unknown> {
  /** What is retained for receivers that have not taken it: in items, or in what `weigh` says. A whole number from 1 to 2³¹−1. */
  readonly capacity: number
  /**
   * What an item takes of the capacity; rounded up, at least 1, and all of it when it is heavier. Asked once for each send.
   * A function stays in its thread: the ends of a channel that weighs do not cross to another one.
   */
  readonly weigh?: ((item: A) => number) | undefined
  /** What a send does when the slowest receiver is `capacity` items behind: wait for it (default), or drop the oldest. */
  readonly whenFull?: 'wait' | 'lag' | undefined
}

/** An end that sends. The channel goes on as long as one of its senders is open. `using` closes it. */
export interface BroadcastSender<A, L = never> extends Disposable {
  /** Sends if there is room and nobody waits for it; says why not, with the item, otherwise. Never `Full` with 'lag'. */
  trySend(item: A): NotSent<A> | undefined
  /**
   * Sends, waiting for room with 'wait'; answers how many receivers will get the item.
   *
   * **Order**   that of the calls, over all senders
   * **Cancel**  by `signal`: nothing was sent, the caller still has the item
   * **Errors**  rejects with `ClosedError`, which carries the item, when there is no receiver, or none is left
   */
  send(item: A, options?: WaitOptions): Promise<number>
  /**
   * As {@link send}, blocking this thread while it waits; for threads that may block: workers of the blocking lane.
   *
   * **Errors**  throws `ClosedError`, which carries the item, when there is no receiver, or none is left;
   *             `ERR_MILLRACE_WOULD_BLOCK_LOOP` on a thread with an event loop, and where nobody else could make room; `TimeoutError` after
   *             `timeoutMs`: it was not sent
   */
  blockingSend(item: A, options?: BlockingOptions): number
  /** A new receiver: of all items that are sent from now on. */
  subscribe(): BroadcastReceiver<A, L>
  /** One more sender of the same channel. */
  clone(): BroadcastSender<A, L>
  /** A handle that makes senders while there is one, and does not keep the channel going by itself. */
  downgrade(): WeakBroadcastSender<A, L>
  /** This sender sends no more. What it has sent, and sends that wait, are still received. */
  close(): void
  /** Resolves when there is no receiver; at once when there is none now. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether the other is a sender of this channel. */
  sameChannel(other: BroadcastSender<A, L>): boolean
  /** Whether there is no receiver, or this sender is closed. */
  readonly isClosed: boolean
  readonly receiverCount: number
  /** Items that the slowest receiver has not taken; at most the capacity. */
  readonly length: number
  readonly isEmpty: boolean
  /** Open senders of the channel, and weak ones. */
  readonly strongCount: number
  readonly weakCount: number
}

/** A sender that does not keep its channel going: for whoever sends only as long as somebody else does. `using` closes it. */
export interface WeakBroadcastSender<A, L = never> extends Disposable {
  /** A sender, while one is open or a send waits; else `undefined`, for good. */
  upgrade(): BroadcastSender<A, L> | undefined
  clone(): WeakBroadcastSender<A, L>
  /** Makes no senders any more. */
  close(): void
  readonly strongCount: number
  readonly weakCount: number
}

export interface ItemsOptions extends WaitOptions {
  /** What the loop does with a lag: gives the `Lagged` in its place (default), or throws a `LaggedError`. */
  readonly onLag?: 'yield' | 'throw' | undefined
}

/** An end that receives. `for await` reads to the end; leaving the loop, like `using`, closes the receiver. */
export interface BroadcastReceiver<A, L = never> extends Disposable, AsyncIterable<A | L> {
  /** The next item, if there is one; `Lagged` when items were dropped since; `Closed` at the end, else `Empty`. */
  tryRecv(): A | L | Empty | Closed
  /**
   * As {@link tryRecv}, waiting for an item.
   *
   * **Order**   waiting calls are served in the order of the calls, each with an item of its own
   * **Cancel**  by `signal`: no item was taken
   */
  recv(options?: WaitOptions): Promise<A | L | Closed>
  /**
   * As {@link recv}, blocking this thread while it waits; for threads that may block: workers of the blocking lane.
   *
   * **Errors**  throws `ERR_MILLRACE_WOULD_BLOCK_LOOP` on a thread with an event loop, and where nobody else could send; `TimeoutError` after `timeoutMs`
   */
  blockingRecv(options?: BlockingOptions): A | L | Closed
  /**
   * The items, to the end: what `for await` over the receiver reads, with a choice of what a lag is. Leaving the loop closes the
   * receiver; a throw of the loop's own, for a lag or an abort, does not, so that another loop can go on.
   */
  items(options: ItemsOptions & { readonly onLag: 'throw' }): AsyncIterableIterator<A>
  items(options?: ItemsOptions): AsyncIterableIterator<A | L>
  /** A new receiver of the same channel, of what is sent from now on. */
  resubscribe(): BroadcastReceiver<A, L>
  /** Takes no more: what only this receiver has not taken is let go. */
  close(): void
  /** Whether nobody can send any more, or this receiver is closed. */
  readonly isClosed: boolean
  /** Items that it has not taken; until `Lagged` has told of them, the dropped ones too. */
  readonly length: number
  readonly isEmpty: boolean
  /** Open senders of the channel. */
  readonly senderCount: number
  /** Open weak senders of the channel. */
  readonly weakSenderCount: number
}
