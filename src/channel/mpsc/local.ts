/**
 * The middle of an mpsc channel whose ends are all in one thread: items are passed as they are, in memory of this thread.
 *
 *     put ──▶ to whoever waits longest, or into the ring ──▶ take ──▶ its permits go to the next that waits for room
 *
 * Nothing here is called by two threads, and nothing blocks: who would block could only wait for itself.
 * Called by the ends, through core.ts.
 */
import { waitsForItself } from '../../error/wording-sync.ts'
import { blockingCheck } from '../../sync/blocking.ts'
import { done, ready } from '../../sync/budget.ts'
import { receiverGone } from '../../sync/closed-error.ts'
import { Closed, Empty } from '../../sync/outcome.ts'
import { Permits, type Claim } from '../../sync/permits.ts'
import { Waiters } from '../../sync/waiters.ts'
import { Ring } from '../ring.ts'
import { UNBOUNDED, type Channel, type Core } from './core.ts'

export class LocalCore<A> implements Core<A> {
  /** Absent without a bound. */
  readonly permits: Permits | undefined
  readonly items = new Ring<A>()
  /** What each item has taken; kept, since an item's weight may change. */
  readonly weights: Ring<number> | undefined
  readonly waiting = new Waiters<A | Closed>()
  /** Permits that are out, neither sent nor released. */
  reserved = 0
  /** The receiver takes no more. */
  closed = false
  /** The receiver takes nothing at all. */
  gone = false
  readonly #channel: Channel<A>
  readonly weigh: ((item: A) => number) | undefined

  constructor(channel: Channel<A>, weigh: ((item: A) => number) | undefined) {
    this.#channel = channel
    this.permits = channel.maxCapacity === UNBOUNDED ? undefined : new Permits(channel.maxCapacity)
    this.weigh = weigh
    this.weights = weigh === undefined ? undefined : new Ring()
  }

  get free(): number {
    return this.permits === undefined ? UNBOUNDED : this.permits.free
  }

  get length(): number {
    return this.items.size
  }

  get weighs(): boolean {
    return this.weigh !== undefined
  }

  get #senders(): number {
    return this.#channel.ends.count.strong
  }

  /** Nothing is buffered and nothing can come any more. A send that waits need not be asked for: it waits for one of these. */
  get #ended(): boolean {
    return this.items.size === 0 && this.reserved === 0 && (this.closed || this.#senders === 0)
  }

  get shut(): boolean {
    return this.closed || (this.#senders === 0 && !this.kept)
  }

  get kept(): boolean {
    return this.reserved > 0 || this.permits?.wanted === true
  }

  get receiving(): boolean {
    return this.waiting.first !== undefined
  }

  get starving(): boolean {
    return this.waiting.first !== undefined
  }

  senderless(): void {
    this.settle()
  }

  watched(): void {
    // the receiver is in this thread, and tells
  }

  weightOf(item: A): number {
    return this.weigh === undefined ? 1 : this.#channel.fit(this.weigh(item), 'weigh must answer a number >= 0')
  }

  trySend(item: A): 'Full' | 'Closed' | undefined {
    if (this.closed) return 'Closed'
    const weight = this.weightOf(item)
    if (this.permits?.tryTake(weight) === false) return 'Full'
    this.sendTaken(item, weight)
    return undefined
  }

  send(item: A, signal: AbortSignal | undefined): Promise<void> {
    const weight = this.weightOf(item)
    if (this.permits?.tryTake(weight) === false) return this.permits.take<void>(weight, new SendClaim(this.#channel, item, weight), signal)
    this.sendTaken(item, weight)
    return done()
  }

  blockingSend(item: A): void {
    blockingCheck('mpsc: blockingSend')
    const told = this.trySend(item)
    if (told === 'Closed') throw receiverGone('mpsc', item)
    if (told === 'Full') throw waitsForItself('mpsc: blockingSend', 'the channel is full, and its receiver is in this very thread')
  }

  tryReserve(weight: number, permits: number): 'Full' | 'Closed' | undefined {
    if (this.closed) return 'Closed'
    if (this.permits?.tryTake(weight) === false) return 'Full'
    this.reserveTaken(permits)
    return undefined
  }

  reserve<P>(weight: number, permits: number, granted: () => P, signal: AbortSignal | undefined): Promise<P> {
    return this.permits!.take(weight, new ReserveClaim(this.#channel, permits, granted), signal)
  }

  blockingReserve(weight: number): void {
    blockingCheck('mpsc: blockingReserve')
    const told = this.tryReserve(weight, 1)
    if (told === 'Closed') throw receiverGone('mpsc')
    if (told === 'Full') throw waitsForItself('mpsc: blockingReserve', 'the channel is full, and its receiver is in this very thread')
  }

  reserveTaken(permits: number): void {
    this.reserved += permits
  }

  sendReserved(item: A, held: number, weight: number): boolean {
    if (this.gone) return false
    this.reserved--
    this.sendTaken(item, weight)
    if (held > weight) this.permits?.give(held - weight)
    this.settle()
    return true
  }

  release(held: number): void {
    this.reserved--
    this.permits?.give(held)
    this.settle()
  }

  /** Puts in an item that has its permits: to whoever waits, or into the buffer. */
  sendTaken(item: A, weight: number): void {
    if (this.waiting.first === undefined) {
      this.items.push(item)
      this.weights?.push(weight)
    } else {
      this.waiting.shift().settle(item)
      this.permits?.give(weight)
    }
  }

  /** Takes the oldest item; there must be one. */
  #take(): A {
    const item = this.items.shift()
    this.permits?.give(this.weights === undefined ? 1 : this.weights.shift())
    return item
  }

  tryRecv(): A | Empty | Closed {
    if (this.items.size > 0) return this.#take()
    return this.#ended || this.gone ? Closed : Empty
  }

  recv(signal: AbortSignal | undefined): Promise<A | Closed> {
    const item = this.tryRecv()
    if (item !== Empty) return ready(item)
    const received = this.waiting.wait(undefined, signal)
    this.#channel.ends.miss()
    return received
  }

  drain(items: A[], limit: number): void {
    for (let left = limit; left > 0 && this.items.size > 0; left--) items.push(this.#take())
  }

  blockingRecv(): A | Closed {
    blockingCheck('mpsc: blockingRecv')
    const item = this.tryRecv()
    if (item === Empty) throw waitsForItself('mpsc: blockingRecv', 'the channel is empty, and all of its senders are in this very thread')
    return item
  }

  /** After something that may have been the last: tells whoever waits for an item that none comes. */
  settle(): void {
    if (this.waiting.first !== undefined && this.#ended) this.waiting.settleAll(Closed)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.permits?.close()
    this.#channel.ends.watching.settleAll()
    this.settle()
  }

  dispose(): void {
    this.close()
    if (this.gone) return
    this.gone = true
    let weight = 0
    for (let left = this.items.size; left > 0; left--) weight += this.weights === undefined ? 1 : this.weights.shift()
    this.items.clear()
    this.permits?.give(weight)
    this.waiting.settleAll(Closed)
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

  granted(): void | Promise<never> {
    return this.#channel.core.sendTaken(this.#item, this.#weight)
  }

  refused(): unknown {
    return receiverGone('mpsc', this.#item)
  }
}

/** A reserve that waits. */
class ReserveClaim<A, P> implements Claim<P> {
  readonly #channel: Channel<A>
  readonly #permits: number
  readonly #granted: () => P

  constructor(channel: Channel<A>, permits: number, granted: () => P) {
    this.#channel = channel
    this.#permits = permits
    this.#granted = granted
  }

  granted(): P {
    this.#channel.core.reserveTaken(this.#permits)
    return this.#granted()
  }

  refused(): unknown {
    return receiverGone('mpsc')
  }
}

export const isLocal = <A>(core: Core<A>): core is LocalCore<A> => core instanceof LocalCore
