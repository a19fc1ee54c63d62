/**
 * A bounded channel that gives every item to every receiver, between the async tasks of one thread.
 *
 *     send ──▶ ┌──────────────────────────────────┐        a, b …  cursors: each receiver reads at its own pace
 *              │ oldest │      │      │ newest     │
 *              └──▲────────────▲──────────────────┘        an item is let go when nobody needs it any more
 *                 b            a         tail: where a new receiver begins
 *
 * When full    'wait' (the default): a send waits until the slowest receiver has taken the oldest item: nothing is lost.
 *              'lag': the oldest item is dropped: a send never waits, and a receiver that missed items is told so, once,
 *              by `Lagged` with their number; then it goes on with the oldest item that is retained
 * Bound        `capacity` items, exactly
 * Order        every receiver sees the items in the order in which their sends were called, a waiting send included
 * Ending       all senders closed: each receiver reads what is left for it (`Lagged` first, if it is due), then `Closed`.
 *              No receivers: a send fails and keeps its item, until somebody subscribes again
 * Cancel       a wait that its signal ends has sent nothing and taken nothing
 * Source       tokio `sync::broadcast` for 'lag'; 'wait' is its opposite choice
 *
 * Called by users, through `millrace/sync`.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { done, ready } from '../sync/budget.ts'
import { wholeNumber } from '../sync/check.ts'
import { receiverGone, senderClosed } from '../sync/closed-error.ts'
import { Closed, Empty, type NotSent } from '../sync/outcome.ts'
import { Permits, type Claim } from '../sync/permits.ts'
import { Waiters, abandoned, type WaitOptions } from '../sync/waiters.ts'
import { iterate } from './iterate.ts'
import { Ring } from './ring.ts'

/** What a receiver of a lagging channel gets in place of items that were dropped before it took them. */
export class Lagged {
  /** How many were dropped since it last received. */
  readonly skipped: number

  constructor(skipped: number) {
    this.skipped = skipped
  }
}

export interface BroadcastOptions {
  /** Items that are retained for receivers that have not taken them. A whole number from 1 to 2³¹−1. */
  readonly capacity: number
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
  /** A new receiver: of all items that are sent from now on. */
  subscribe(): BroadcastReceiver<A, L>
  /** One more sender of the same channel. */
  clone(): BroadcastSender<A, L>
  /** This sender sends no more. What it has sent, and sends that wait, are still received. */
  close(): void
  /** Resolves when there is no receiver; at once when there is none now. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether there is no receiver, or this sender is closed. */
  readonly isClosed: boolean
  readonly receiverCount: number
  /** Items that the slowest receiver has not taken; at most the capacity. */
  readonly length: number
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
  /** A new receiver of the same channel, of what is sent from now on. */
  resubscribe(): BroadcastReceiver<A, L>
  /** Takes no more: what only this receiver has not taken is let go. */
  close(): void
  /** Whether nobody can send any more, or this receiver is closed. */
  readonly isClosed: boolean
  /** Items that it has not taken; until `Lagged` has told of them, the dropped ones too. */
  readonly length: number
  readonly isEmpty: boolean
}

/**
 * Makes a channel whose receivers each get every item that is sent after they subscribed. It has none to begin with.
 *
 * **When to use**  to tell several tasks the same things; `whenFull: 'lag'` for news of which only the latest matter
 * **Cost**         a send looks at every receiver
 * **Memory**       at most `capacity` items
 * **Errors**       RangeError for a capacity that is not a whole number from 1 to 2³¹−1, or an unknown `whenFull`
 * **Source**       tokio `sync::broadcast::channel`
 * @example
 * const sender = broadcast<string>({ capacity: 2, whenFull: 'lag' })
 * const receiver = sender.subscribe()
 * for (const item of ['a', 'b', 'c']) sender.trySend(item)
 * await receiver.recv() // => new Lagged(1)
 * await receiver.recv() // => 'b'
 * await receiver.recv() // => 'c'
 */
export function broadcast<A>(options: BroadcastOptions & { readonly whenFull?: 'wait' | undefined }): BroadcastSender<A>
export function broadcast<A>(options: BroadcastOptions): BroadcastSender<A, Lagged>
export function broadcast<A>({ capacity, whenFull = 'wait' }: BroadcastOptions): BroadcastSender<A, Lagged> {
  if (whenFull !== 'wait' && whenFull !== 'lag') {
    throw argumentError('range', "broadcast: whenFull must be 'wait' or 'lag'", `got ${String(whenFull)}`, 'correct the argument')
  }
  return new SendingEnd(new Channel<A>(wholeNumber('broadcast', 'capacity', capacity, 1), whenFull))
}

/** A retained item, and how many receivers have not taken it. */
interface Held<A> {
  readonly item: A
  needed: number
}

/** What all ends share. */
class Channel<A> {
  readonly capacity: number
  /** The bound of 'wait': a permit for each retained item. With 'lag' it bounds nothing. */
  readonly permits: Permits | undefined
  /** Items `base` … `tail` − 1, counted from the first that was ever sent. */
  readonly #held = new Ring<Held<A>>()
  base = 0
  readonly receivers = new Set<ReceivingEnd<A>>()
  readonly watching = new Waiters<void>()
  senders = 1

  constructor(capacity: number, whenFull: 'wait' | 'lag') {
    this.capacity = capacity
    this.permits = whenFull === 'wait' ? new Permits(capacity) : undefined
  }

  get tail(): number {
    return this.base + this.#held.size
  }

  get retained(): number {
    return this.#held.size
  }

  /** Nothing can come any more. */
  get ended(): boolean {
    return this.senders === 0 && this.permits?.wanted !== true
  }

  /** Hands an item to the receivers that wait and retains it for the others; answers how many there are. */
  publish(item: A): number {
    const count = this.receivers.size
    if (this.permits === undefined && this.#held.size === this.capacity) this.#drop()
    this.#held.push({ item, needed: count })
    for (const receiver of this.receivers) receiver.serve()
    this.#trim()
    this.settle() // it may have been the last one
    return count
  }

  /** The item at a cursor, for one receiver, which does not need it any more. While the receivers are served nothing is let go. */
  hand(cursor: number): A {
    const held = this.#held.at(cursor - this.base)
    held.needed--
    return held.item
  }

  /** As {@link hand}, and lets go of what nobody needs. */
  take(cursor: number): A {
    const item = this.hand(cursor)
    if (cursor === this.base) this.#trim()
    return item
  }

  /** A receiver needs nothing any more. */
  leave(receiver: ReceivingEnd<A>, cursor: number): void {
    this.receivers.delete(receiver)
    if (this.receivers.size === 0) {
      this.permits?.refuseAll() // before the room that is made below could be given to them
      this.watching.settleAll()
    }
    for (let at = Math.max(cursor, this.base); at < this.tail; at++) this.#held.at(at - this.base).needed--
    this.#trim()
  }

  /** After something that may have been the last: tells whoever waits that nothing comes. */
  settle(): void {
    if (this.ended) for (const receiver of this.receivers) receiver.end()
  }

  /** Lets go of the oldest items that nobody needs: who needs an item needs all later ones. */
  #trim(): void {
    let free = 0
    while (this.#held.size > 0 && this.#held.at(0).needed === 0) {
      this.#drop()
      free++
    }
    if (free > 0) this.permits?.give(free)
  }

  #drop(): void {
    this.#held.shift()
    this.base++
  }
}

/** A send that waits. */
class SendClaim<A> implements Claim<number> {
  readonly #channel: Channel<A>
  readonly #item: A

  constructor(channel: Channel<A>, item: A) {
    this.#channel = channel
    this.#item = item
  }

  granted(): number {
    return this.#channel.publish(this.#item)
  }

  refused(): unknown {
    return receiverGone('broadcast', this.#item)
  }

  abandoned(): void {
    this.#channel.settle()
  }
}

class SendingEnd<A> implements BroadcastSender<A, Lagged> {
  readonly #channel: Channel<A>
  #open = true

  constructor(channel: Channel<A>) {
    this.#channel = channel
  }

  trySend(item: A): NotSent<A> | undefined {
    const channel = this.#channel
    if (this.isClosed) return { _tag: 'Closed', value: item }
    if (channel.permits?.tryTake(1) === false) return { _tag: 'Full', value: item }
    channel.publish(item)
    return undefined
  }

  send(item: A, { signal }: WaitOptions = {}): Promise<number> {
    const channel = this.#channel
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (!this.#open) return Promise.reject(senderClosed('broadcast', item))
    if (channel.receivers.size === 0) return Promise.reject(receiverGone('broadcast', item))
    if (channel.permits === undefined) return ready(channel.publish(item))
    return channel.permits.take(1, new SendClaim(channel, item), signal)
  }

  subscribe(): BroadcastReceiver<A, Lagged> {
    return new ReceivingEnd(this.#channel)
  }

  clone(): BroadcastSender<A, Lagged> {
    if (!this.#open) throw argumentError('type', 'broadcast: a closed sender cannot be cloned', 'it was closed', 'clone it before')
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
    return this.#channel.receivers.size === 0 ? done() : this.#channel.watching.wait(undefined, signal)
  }

  get isClosed(): boolean {
    return !this.#open || this.#channel.receivers.size === 0
  }

  get receiverCount(): number {
    return this.#channel.receivers.size
  }

  get length(): number {
    return this.#channel.retained
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

class ReceivingEnd<A> implements BroadcastReceiver<A, Lagged> {
  readonly #channel: Channel<A>
  readonly #waiting = new Waiters<A | Lagged | Closed>()
  /** The next item that it takes; behind `base` when it has missed some. */
  #cursor: number
  #open = true

  constructor(channel: Channel<A>) {
    this.#channel = channel
    this.#cursor = channel.tail
    channel.receivers.add(this)
  }

  tryRecv(): A | Lagged | Empty | Closed {
    const channel = this.#channel
    if (!this.#open) return Closed
    if (this.#cursor < channel.base) {
      const skipped = channel.base - this.#cursor
      this.#cursor = channel.base
      return new Lagged(skipped)
    }
    if (this.#cursor < channel.tail) return channel.take(this.#cursor++)
    return channel.ended ? Closed : Empty
  }

  recv({ signal }: WaitOptions = {}): Promise<A | Lagged | Closed> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const item = this.tryRecv()
    return item === Empty ? this.#waiting.wait(undefined, signal) : ready(item)
  }

  /** An item was published: the call that waits longest gets it. Called by the channel. */
  serve(): void {
    if (this.#waiting.first === undefined) return
    const item = this.#channel.hand(this.#cursor++)
    this.#waiting.shift().settle(item)
  }

  /** Nothing will be published any more; who waits has nothing left to read. Called by the channel. */
  end(): void {
    this.#waiting.settleAll(Closed)
  }

  resubscribe(): BroadcastReceiver<A, Lagged> {
    return new ReceivingEnd(this.#channel)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#channel.leave(this, this.#cursor)
    this.#waiting.settleAll(Closed)
  }

  get isClosed(): boolean {
    return !this.#open || this.#channel.ended
  }

  get length(): number {
    return this.#open ? this.#channel.tail - this.#cursor : 0
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<A | Lagged> {
    return iterate<A | Lagged>(
      () => this.recv(),
      () => {
        this.close()
      }
    )
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
