/** The end of an mpsc channel that receives; bounded or not, it is the same. */
import { endMoved } from '../../error/wording-channel.ts'
import { arrives, travel, type Luggage, type Traveller } from '../../prelude/travel.ts'
import { ready } from '../../sync/budget.ts'
import { deadlineOf, type BlockingOptions } from '../../sync/blocking.ts'
import { wholeNumber } from '../../sync/check.ts'
import { Closed, type Empty } from '../../sync/outcome.ts'
import { abandoned, type WaitOptions } from '../../sync/waiters.ts'
import { iterate } from '../iterate.ts'
import type { Channel } from './core.ts'
import { luggage, receiverArrived, receiverParts, type ReceiverParts } from './travelling.ts'
import type { BlockingRecvManyOptions, Receiver, RecvManyOptions } from './types.ts'

const RECEIVER = 'mpsc receiver'

export class ReceivingEnd<A> implements Receiver<A>, Traveller {
  /** Absent when it was sent to another thread. */
  #own: Channel<A> | undefined

  constructor(channel: Channel<A>) {
    this.#own = channel
  }

  get #channel(): Channel<A> {
    if (this.#own === undefined) throw endMoved('mpsc')
    return this.#own
  }

  [travel](): Luggage {
    const parts = receiverParts(this.#channel)
    this.#own = undefined
    return luggage(RECEIVER, parts, parts.crossing)
  }

  tryRecv(): A | Empty | Closed {
    return this.#channel.core.tryRecv()
  }

  recv({ signal }: WaitOptions = {}): Promise<A | Closed> {
    const gone = abandoned(signal)
    return gone ?? this.#channel.core.recv(signal)
  }

  recvMany(limit: number, { signal, into = [] }: RecvManyOptions<A> = {}): Promise<A[]> {
    wholeNumber('mpsc: recvMany', 'limit', limit, 0)
    return limit === 0 ? ready(into) : this.recv({ signal }).then((first) => this.#append(into, first, limit))
  }

  blockingRecv(options: BlockingOptions = {}): A | Closed {
    return this.#channel.core.blockingRecv(deadlineOf('mpsc: blockingRecv', options))
  }

  blockingRecvMany(limit: number, { into = [], ...options }: BlockingRecvManyOptions<A> = {}): A[] {
    wholeNumber('mpsc: blockingRecvMany', 'limit', limit, 0)
    return limit === 0 ? into : this.#append(into, this.blockingRecv(options), limit)
  }

  #append(into: A[], first: A | Closed, limit: number): A[] {
    if (first === Closed) return into
    into.push(first)
    this.#channel.core.drain(into, limit - 1)
    return into
  }

  close(): void {
    this.#channel.core.close()
  }

  get isClosed(): boolean {
    return this.#channel.core.shut
  }

  get length(): number {
    return this.#channel.core.length
  }

  get isEmpty(): boolean {
    return this.#channel.core.length === 0
  }

  get senderCount(): number {
    return this.#channel.ends.count.strong
  }

  get weakSenderCount(): number {
    return this.#channel.ends.count.weak
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<A> {
    return iterate(
      () => this.recv(),
      () => {
        this[Symbol.dispose]()
      }
    )
  }

  /** Does nothing when it was sent to another thread: a `using` block that has given it away ends well. */
  [Symbol.dispose](): void {
    this.#own?.core.dispose()
  }
}

arrives(RECEIVER, (parts: ReceiverParts) => new ReceivingEnd(receiverArrived(parts)))
