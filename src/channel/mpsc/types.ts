/** What a user sees of an mpsc channel: its options, its ends, its permits. No code. Read by the doors and the files beside it. */
import type { Closed, Empty, Full, NotSent } from '../../sync/outcome.ts'
import type { BlockingOptions } from '../../sync/blocking.ts'
import type { WaitOptions } from '../../sync/waiters.ts'

export interface MpscOptions<A> {
  /** Permits of the channel: how much may be in it, in items, or in what `weigh` says. A whole number from 1 to 2³¹−1. */
  readonly capacity: number
  /**
   * Permits that an item takes; rounded up, at least 1. Asked once for each `trySend`, `send` and use of a permit.
   * A function stays in its thread: senders of a channel that weighs do not cross to another one, the receiver does.
   */
  readonly weigh?: ((item: A) => number) | undefined
}

export interface ReserveOptions extends WaitOptions {
  /** What the item will weigh at most; default 1. */
  readonly weight?: number | undefined
}

export interface RecvManyOptions<A> extends WaitOptions {
  /** The array that items are appended to, and that is the answer; default: a new one. */
  readonly into?: A[] | undefined
}

export interface BlockingRecvManyOptions<A> extends BlockingOptions, Pick<RecvManyOptions<A>, 'into'> {}

/** Why an item was not sent in time, and the item. */
export interface NotSentInTime<A> {
  readonly _tag: 'Timeout' | 'Closed'
  readonly value: A
}

/** The right to put one item into a channel: held, then used or released, once. `using` releases what was not used. It outlives its sender. */
export interface Permit<A> extends Disposable {
  /** Permits of the channel that it holds; 0 when it was used or released. */
  readonly weight: number
  /**
   * Sends without waiting; also after the receiver was closed. `NotSent` only when the receiver was disposed.
   * An item that weighs less gives the rest back; one that weighs more is a RangeError, and the permit can still be used.
   */
  send(item: A): NotSent<A> | undefined
  /** Gives the room back. Does nothing when it was used. */
  release(): void
}

/** What senders of both kinds can do. */
interface AnySender<Self, Weak> extends Disposable {
  /** One more sender of the same channel. */
  clone(): Self
  /** A handle that makes senders of the same channel, but does not keep it going. */
  downgrade(): Weak
  /** This sender sends no more. What it has sent, and sends that wait, are still received. */
  close(): void
  /** Resolves when the receiver is closed; stays resolved. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether another sender leads to the same receiver. */
  sameChannel(other: Self): boolean
  /** Whether the receiver, or this sender, is closed. */
  readonly isClosed: boolean
  /** Open senders of the channel. */
  readonly strongCount: number
  /** Open weak senders of the channel. */
  readonly weakCount: number
}

/** An end that sends. The channel goes on as long as one of its senders is open. `using` closes it. */
export interface Sender<A> extends AnySender<Sender<A>, WeakSender<A>> {
  /** Sends if there is room and nobody waits for it; says why not, with the item, otherwise. */
  trySend(item: A): NotSent<A> | undefined
  /**
   * Sends, waiting for room.
   *
   * **Order**   that of the calls, over all senders of a thread; over threads, that in which the calls took their place
   * **Cancel**  by `signal`: nothing was sent, the caller still has the item
   * **Errors**  rejects with `ClosedError`, which carries the item, when the receiver is, or gets, closed
   */
  send(item: A, options?: WaitOptions): Promise<void>
  /**
   * As {@link send}, for at most `ms` milliseconds of the current clock; 0 looks once. Says why the item was not sent, with the item.
   *
   * **Errors**  RangeError for `ms` that is not a number from 0 on
   */
  sendTimeout(item: A, ms: number, options?: WaitOptions): Promise<NotSentInTime<A> | undefined>
  /**
   * As {@link send}, blocking this thread while it waits; for threads that may block: workers of the blocking lane.
   *
   * **Errors**  throws `ClosedError`, which carries the item, when the receiver is, or gets, closed;
   *             `ERR_MILLRACE_WOULD_BLOCK_LOOP` on a thread with an event loop, and where nobody else could make room; `TimeoutError` after
   *             `timeoutMs`: it was not sent
   */
  blockingSend(item: A, options?: BlockingOptions): void
  /** Reserves room for one item if there is some and nobody waits for it. */
  tryReserve(weight?: number): Permit<A> | Full | Closed
  /**
   * Reserves room for one item, waiting for it.
   *
   * **When to use**  to do expensive work only once there is room for its result
   * **Cancel**       by `signal`
   * **Errors**       rejects with `ClosedError` when the receiver is, or gets, closed
   */
  reserve(options?: ReserveOptions): Promise<Permit<A>>
  /** As {@link reserve}, blocking this thread while it waits; see {@link blockingSend}. */
  blockingReserve(weight?: number, options?: BlockingOptions): Permit<A>
  /** Reserves room for `n` items of weight 1 together; `Full` also when the channel could never hold so many. */
  tryReserveMany(n: number): readonly Permit<A>[] | Full | Closed
  /** As {@link reserve}, for `n` items of weight 1 together. More than the channel can ever hold is a RangeError. */
  reserveMany(n: number, options?: WaitOptions): Promise<readonly Permit<A>[]>
  /** Permits that are free now; 0 while anybody waits for some. */
  readonly capacity: number
  /** Permits of the channel. */
  readonly maxCapacity: number
}

/** An end that sends into a channel without bound. The channel goes on as long as one of its senders is open. `using` closes it. */
export interface UnboundedSender<A> extends AnySender<UnboundedSender<A>, WeakUnboundedSender<A>> {
  /** Sends, never waiting; `Closed`, with the item, when the receiver is closed, or this sender. */
  send(item: A): NotSent<A> | undefined
}

interface AnyWeakSender<Self, Strong> extends Disposable {
  /** A sender, if there is one or something else keeps the channel going: a permit, or a send that waits. */
  upgrade(): Strong | undefined
  clone(): Self
  /** This handle makes no senders any more. `using` closes it. */
  close(): void
  readonly strongCount: number
  readonly weakCount: number
}

/** A handle that makes senders of a bounded channel, but does not keep it going. */
export type WeakSender<A> = AnyWeakSender<WeakSender<A>, Sender<A>>

/** A handle that makes senders of an unbounded channel, but does not keep it going. */
export type WeakUnboundedSender<A> = AnyWeakSender<WeakUnboundedSender<A>, UnboundedSender<A>>

/** The end that receives. `for await` reads to the end; leaving the loop, like `using`, disposes the receiver. */
export interface Receiver<A> extends Disposable, AsyncIterable<A> {
  /** The oldest item if there is one; `Closed` when the channel has ended, else `Empty`. */
  tryRecv(): A | Empty | Closed
  /**
   * The oldest item, waiting for one; `Closed` when the channel has ended.
   *
   * **Order**   waiting calls are served in the order of the calls
   * **Cancel**  by `signal`: no item was taken
   * An item that is itself a promise is awaited, as by every promise; `tryRecv` gives it as it is.
   */
  recv(options?: WaitOptions): Promise<A | Closed>
  /** Waits for one item, then takes what is there, up to `limit`. None: the channel has ended, or `limit` is 0. */
  recvMany(limit: number, options?: RecvManyOptions<A>): Promise<A[]>
  /**
   * As {@link recv}, blocking this thread while it waits; for threads that may block: workers of the blocking lane.
   *
   * **Errors**  throws `ERR_MILLRACE_WOULD_BLOCK_LOOP` on a thread with an event loop, and where nobody else could send; `TimeoutError` after `timeoutMs`
   */
  blockingRecv(options?: BlockingOptions): A | Closed
  /** As {@link recvMany}, blocking this thread while it waits; see {@link blockingRecv}. */
  blockingRecvMany(limit: number, options?: BlockingRecvManyOptions<A>): A[]
  /** Takes no more: later and waiting sends are refused; what is buffered or reserved can still be received. */
  close(): void
  /** Whether nobody can send any more, but for permits that are out when the receiver has closed. */
  readonly isClosed: boolean
  /** Items that are buffered. */
  readonly length: number
  readonly isEmpty: boolean
  /** Open senders of the channel. */
  readonly senderCount: number
  /** Open weak senders of the channel. */
  readonly weakSenderCount: number
}

/** Both ends of a channel. */
export interface Mpsc<A> {
  readonly sender: Sender<A>
  readonly receiver: Receiver<A>
}

/** Both ends of a channel without bound. */
export interface UnboundedMpsc<A> {
  readonly sender: UnboundedSender<A>
  readonly receiver: Receiver<A>
}
