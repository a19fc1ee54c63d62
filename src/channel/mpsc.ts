/**
 * A bounded channel of many senders and one receiver, between the async tasks of one thread.
 *
 *     sender ──send──▶ ┌ capacity, in permits ────────────┐
 *     clone  ──send──▶ │ buffered items · permits held    │ ──recv──▶ receiver
 *     clone  ─reserve▶ └──────────────────────────────────┘
 *              waiting sends and reserves, oldest first          waiting receives, oldest first
 *
 * Bound        an item takes as many permits as it weighs (1 without `weigh`), from before it is buffered until it is
 *              received. One that weighs more than the capacity takes all: it goes through when the channel is empty
 * Order        items are received in the order in which their sends were called, a waiting send included (it is buffered in
 *              the moment it gets its permits, not when its promise is awaited); nobody passes those who wait
 * Ending       the channel has ended when all senders are closed, or the receiver is, and nothing is on the way: no
 *              buffered item, no waiting send, no permit that may still be sent. Then, and from then on, `recv` answers
 *              `Closed`. `receiver.close()` refuses who waits to send; disposing the receiver also throws away what is buffered
 * Cancel       a wait that its signal ends has sent nothing, taken nothing, and its permits are with the next
 * Fairness     a loop of ready sends or receives lets the event loop turn now and then: sync/budget.ts
 * Source       tokio `sync::mpsc`; one fair semaphore of permits carries it (sync/permits.ts)
 *
 * Called by exec/edge.ts and, through `millrace/sync`, by users.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { done, ready } from '../sync/budget.ts'
import { wholeNumber } from '../sync/check.ts'
import { receiverGone, senderClosed } from '../sync/closed-error.ts'
import { Closed, Empty, Full, type NotSent } from '../sync/outcome.ts'
import { Permits, type Claim } from '../sync/permits.ts'
import { Waiters, abandoned, type WaitOptions } from '../sync/waiters.ts'
import { iterate } from './iterate.ts'
import { Ring } from './ring.ts'

export interface MpscOptions<A> {
  /** Permits of the channel: how much may be in it, in items, or in what `weigh` says. A whole number from 1 to 2³¹−1. */
  readonly capacity: number
  /** Permits that an item takes; rounded up, at least 1. Asked once for each `trySend`, `send` and use of a permit. */
  readonly weigh?: ((item: A) => number) | undefined
}

export interface ReserveOptions extends WaitOptions {
  /** What the item will weigh at most; default 1. */
  readonly weight?: number | undefined
}

/** The right to put one item into a channel: held, then used or released, once. `using` releases what was not used. */
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

/** An end that sends. The channel goes on as long as one of its senders is open. `using` closes it. */
export interface Sender<A> extends Disposable {
  /** Sends if there is room and nobody waits for it; says why not, with the item, otherwise. */
  trySend(item: A): NotSent<A> | undefined
  /**
   * Sends, waiting for room.
   *
   * **Order**   that of the calls, over all senders
   * **Cancel**  by `signal`: nothing was sent, the caller still has the item
   * **Errors**  rejects with `ClosedError`, which carries the item, when the receiver is, or gets, closed
   */
  send(item: A, options?: WaitOptions): Promise<void>
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
  /** Reserves room for `n` items of weight 1 together; `Full` also when the channel could never hold so many. */
  tryReserveMany(n: number): readonly Permit<A>[] | Full | Closed
  /** As {@link reserve}, for `n` items of weight 1 together. More than the channel can ever hold is a RangeError. */
  reserveMany(n: number, options?: WaitOptions): Promise<readonly Permit<A>[]>
  /** One more sender of the same channel. */
  clone(): Sender<A>
  /** This sender sends no more. What it has sent, and sends that wait, are still received. */
  close(): void
  /** Resolves when the receiver is closed. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether the receiver, or this sender, is closed. */
  readonly isClosed: boolean
  /** Permits that are free now; 0 while anybody waits for some. */
  readonly capacity: number
  /** Permits of the channel. */
  readonly maxCapacity: number
}

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
  recvMany(limit: number, options?: WaitOptions): Promise<A[]>
  /** Takes no more: later and waiting sends are refused; what is buffered or reserved can still be received. */
  close(): void
  /** Whether nobody can send any more, but for permits that are out when the receiver has closed. */
  readonly isClosed: boolean
  /** Items that are buffered. */
  readonly length: number
  readonly isEmpty: boolean
}

/** Both ends of a channel. */
export interface Mpsc<A> {
  readonly sender: Sender<A>
  readonly receiver: Receiver<A>
}

/**
 * Makes a bounded channel of many senders and one receiver.
 *
 * **Cost**    `trySend` and `tryRecv` allocate nothing; `send` and `recv` make a promise when they have to wait
 * **Memory**  at most `capacity` permits of items; one heavier item at a time
 * **Errors**  RangeError for a capacity that is not a whole number from 1 to 2³¹−1
 * **Source**  tokio `sync::mpsc::channel`
 * @example
 * const { sender, receiver } = mpsc<number>({ capacity: 2 })
 * await sender.send(1)
 * sender.trySend(2) // => undefined
 * sender.trySend(3) // => { _tag: 'Full', value: 3 }
 * sender.close()
 * await receiver.recv() // => 1
 * await receiver.recv() // => 2
 * await receiver.recv() // => Closed
 */
export const mpsc = <A>(options: MpscOptions<A>): Mpsc<A> => {
  const channel = new Channel<A>(wholeNumber('mpsc', 'capacity', options.capacity, 1), options.weigh)
  return { sender: new SendingEnd(channel), receiver: new ReceivingEnd(channel) }
}

/** What both ends share. */
class Channel<A> {
  readonly maxCapacity: number
  readonly permits: Permits
  readonly items = new Ring<A>()
  readonly receiving = new Waiters<A | Closed>()
  /** Who wants to know that the receiver is closed. */
  readonly watching = new Waiters<void>()
  /** Open senders. */
  senders = 1
  /** Permits that are out, neither sent nor released. */
  reserved = 0
  /** The receiver takes no more. */
  closed = false
  /** The receiver takes nothing at all. */
  gone = false
  readonly #weigh: ((item: A) => number) | undefined
  /** What each item has taken; kept, since an item's weight may change. */
  readonly #weights: Ring<number> | undefined

  constructor(capacity: number, weigh: ((item: A) => number) | undefined) {
    this.maxCapacity = capacity
    this.permits = new Permits(capacity)
    this.#weigh = weigh
    this.#weights = weigh === undefined ? undefined : new Ring()
  }

  /** Permits that an item takes. */
  weightOf(item: A): number {
    return this.#weigh === undefined ? 1 : this.fit(this.#weigh(item), 'weigh must answer a number >= 0')
  }

  /** A weight as permits: whole, at least 1, and never more than there are. */
  fit(weight: number, rule: string): number {
    if (!(weight >= 0)) {
      throw argumentError('range', `mpsc: ${rule}`, `got ${String(weight)}`, 'correct it; what it says is what bounds the channel')
    }
    return Math.min(Math.max(1, Math.ceil(weight)), this.maxCapacity)
  }

  /** Nothing is buffered and nothing can come any more. A send that waits need not be asked for: it waits for one of these. */
  get ended(): boolean {
    return this.items.size === 0 && this.reserved === 0 && (this.closed || this.senders === 0)
  }

  /** Puts in an item that holds `weight` permits: to whoever waits, or into the buffer. */
  put(item: A, weight: number): void {
    if (this.receiving.first === undefined) {
      this.items.push(item)
      this.#weights?.push(weight)
    } else {
      this.receiving.shift().settle(item)
      this.permits.give(weight)
    }
  }

  /** Takes the oldest item; there must be one. */
  take(): A {
    const item = this.items.shift()
    this.permits.give(this.#weights === undefined ? 1 : this.#weights.shift())
    return item
  }

  /** After something that may have been the last: tells whoever waits for an item that none comes. */
  settle(): void {
    if (this.receiving.first !== undefined && this.ended) this.receiving.settleAll(Closed)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.permits.close()
    this.watching.settleAll()
    this.settle()
  }

  dispose(): void {
    this.close()
    if (this.gone) return
    this.gone = true
    let weight = 0
    for (let left = this.items.size; left > 0; left--) weight += this.#weights === undefined ? 1 : this.#weights.shift()
    this.items.clear()
    this.permits.give(weight)
    this.receiving.settleAll(Closed)
  }
}

/** A send that waits. */
class SendClaim<A> implements Claim<void> {
  readonly #channel: Channel<A>
  readonly #item: A
  readonly #weight: number

  constructor(channel: Channel<A>, item: A, weight: number) {
    this.#channel = channel
    this.#item = item
    this.#weight = weight
  }

  granted(): void {
    this.#channel.put(this.#item, this.#weight)
  }

  refused(): unknown {
    return receiverGone('mpsc', this.#item)
  }
}

class HeldPermit<A> implements Permit<A> {
  readonly #channel: Channel<A>
  #weight: number

  constructor(channel: Channel<A>, weight: number) {
    this.#channel = channel
    this.#weight = weight
    channel.reserved++
  }

  get weight(): number {
    return this.#weight
  }

  send(item: A): NotSent<A> | undefined {
    const channel = this.#channel
    const held = this.#weight
    if (held === 0) {
      throw argumentError('type', 'mpsc permit: it holds no room any more', 'it was used or released', 'reserve once for each item')
    }
    if (channel.gone) {
      this.release()
      return { _tag: 'Closed', value: item }
    }
    const weight = channel.weightOf(item)
    if (weight > held) {
      const got = `it weighs ${weight}, reserved was ${held}`
      throw argumentError('range', 'mpsc permit: the item weighs more than was reserved', got, 'reserve({ weight }) for the heaviest item')
    }
    this.#weight = 0
    channel.reserved--
    channel.put(item, weight)
    if (held > weight) channel.permits.give(held - weight)
    channel.settle()
    return undefined
  }

  release(): void {
    const held = this.#weight
    if (held === 0) return
    this.#weight = 0
    this.#channel.reserved--
    this.#channel.permits.give(held)
    this.#channel.settle()
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

class SendingEnd<A> implements Sender<A> {
  readonly #channel: Channel<A>
  #open = true

  constructor(channel: Channel<A>) {
    this.#channel = channel
  }

  trySend(item: A): NotSent<A> | undefined {
    const channel = this.#channel
    if (!this.#open || channel.closed) return { _tag: 'Closed', value: item }
    const weight = channel.weightOf(item)
    if (!channel.permits.tryTake(weight)) return { _tag: 'Full', value: item }
    channel.put(item, weight)
    return undefined
  }

  send(item: A, { signal }: WaitOptions = {}): Promise<void> {
    const channel = this.#channel
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (!this.#open) return Promise.reject(senderClosed('mpsc', item))
    const weight = channel.weightOf(item)
    if (!channel.permits.tryTake(weight)) return channel.permits.take(weight, new SendClaim(channel, item, weight), signal)
    channel.put(item, weight)
    return done()
  }

  tryReserve(weight = 1): Permit<A> | Full | Closed {
    const channel = this.#channel
    const wanted = channel.fit(weight, 'tryReserve: weight must be a number >= 0')
    if (!this.#open || channel.closed) return Closed
    return channel.permits.tryTake(wanted) ? new HeldPermit(channel, wanted) : Full
  }

  reserve({ weight = 1, signal }: ReserveOptions = {}): Promise<Permit<A>> {
    const channel = this.#channel
    const wanted = channel.fit(weight, 'reserve: weight must be a number >= 0')
    return this.#reserve(wanted, () => new HeldPermit(channel, wanted), signal)
  }

  tryReserveMany(n: number): readonly Permit<A>[] | Full | Closed {
    const channel = this.#channel
    wholeNumber('mpsc: tryReserveMany', 'n', n, 0)
    if (!this.#open || channel.closed) return Closed
    return channel.permits.tryTake(n) ? many(channel, n) : Full
  }

  reserveMany(n: number, { signal }: WaitOptions = {}): Promise<readonly Permit<A>[]> {
    const channel = this.#channel
    wholeNumber('mpsc: reserveMany', 'n', n, 0, channel.maxCapacity)
    return this.#reserve(n, () => many(channel, n), signal)
  }

  #reserve<P>(wanted: number, granted: () => P, signal: AbortSignal | undefined): Promise<P> {
    const channel = this.#channel
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (!this.#open) return Promise.reject(senderClosed('mpsc'))
    return channel.permits.take(wanted, { granted, refused: () => receiverGone('mpsc') }, signal)
  }

  clone(): Sender<A> {
    if (!this.#open) throw argumentError('type', 'mpsc: a closed sender cannot be cloned', 'it was closed', 'clone it before')
    this.#channel.senders++
    return new SendingEnd(this.#channel)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#channel.senders--
    this.#channel.settle()
  }

  closed({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    return this.#channel.closed ? done() : this.#channel.watching.wait(undefined, signal)
  }

  get isClosed(): boolean {
    return !this.#open || this.#channel.closed
  }

  get capacity(): number {
    return this.#channel.permits.free
  }

  get maxCapacity(): number {
    return this.#channel.maxCapacity
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

const many = <A>(channel: Channel<A>, n: number): readonly Permit<A>[] =>
  Array.from({ length: n }, () => new HeldPermit(channel, 1))

class ReceivingEnd<A> implements Receiver<A> {
  readonly #channel: Channel<A>

  constructor(channel: Channel<A>) {
    this.#channel = channel
  }

  tryRecv(): A | Empty | Closed {
    const channel = this.#channel
    if (channel.items.size > 0) return channel.take()
    return channel.ended || channel.gone ? Closed : Empty
  }

  recv({ signal }: WaitOptions = {}): Promise<A | Closed> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const item = this.tryRecv()
    return item === Empty ? this.#channel.receiving.wait(undefined, signal) : ready(item)
  }

  recvMany(limit: number, options: WaitOptions = {}): Promise<A[]> {
    wholeNumber('mpsc: recvMany', 'limit', limit, 0)
    return limit === 0 ? ready([]) : this.recv(options).then((first) => (first === Closed ? [] : this.#takeAfter(first, limit)))
  }

  #takeAfter(first: A, limit: number): A[] {
    const items = [first]
    while (items.length < limit && this.#channel.items.size > 0) items.push(this.#channel.take())
    return items
  }

  close(): void {
    this.#channel.close()
  }

  get isClosed(): boolean {
    const { closed, senders, reserved, permits } = this.#channel
    return closed || (senders === 0 && reserved === 0 && !permits.wanted)
  }

  get length(): number {
    return this.#channel.items.size
  }

  get isEmpty(): boolean {
    return this.#channel.items.size === 0
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<A> {
    return iterate(
      () => this.recv(),
      () => {
        this[Symbol.dispose]()
      }
    )
  }

  [Symbol.dispose](): void {
    this.#channel.dispose()
  }
}
