/**
 * The ends of a broadcast channel, and how they cross threads. What carries the items is a Log (log.ts); types.ts says what each promises.
 * Called by broadcast.ts.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { arrives, travel, type Luggage, type Traveller } from '../../prelude/travel.ts'
import { deadlineOf, type BlockingOptions } from '../../sync/blocking.ts'
import { ready } from '../../sync/budget.ts'
import { senderClosed } from '../../sync/closed-error.ts'
import { Closed, Empty, type NotSent } from '../../sync/outcome.ts'
import { Waiters, abandoned, type WaitOptions } from '../../sync/waiters.ts'
import { depart, departCounted, land, landCounted, type Counted, type Crossing } from '../crossing.ts'
import { SenderEnd, weakArrived, type Origin } from '../ends.ts'
import { iterate } from '../iterate.ts'
import { Channel, type Parts } from './channel.ts'
import { Lagged, LaggedError } from './lagged.ts'
import type { Passage, Place, Reader, Receiving } from './log.ts'
import type { BroadcastReceiver, BroadcastSender, ItemsOptions } from './types.ts'

export class SendingEnd<A> extends SenderEnd<BroadcastSender<A, Lagged>> implements BroadcastSender<A, Lagged>, Traveller {
  readonly #channel: Channel<A>

  constructor(channel: Channel<A>, open = true) {
    super(channel.ends, open)
    this.#channel = channel
  }

  protected another(): SendingEnd<A> {
    return new SendingEnd(this.#channel)
  }

  protected origin(): Origin<BroadcastSender<A, Lagged>> {
    return originOf(this.#channel)
  }

  trySend(item: A): NotSent<A> | undefined {
    const sent = this.open ? this.#channel.log.offer(item) : 0
    return sent === undefined ? { _tag: 'Full', value: item } : sent === 0 ? { _tag: 'Closed', value: item } : undefined
  }

  send(item: A, { signal }: WaitOptions = {}): Promise<number> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (!this.open) return Promise.reject(senderClosed('broadcast', item))
    return this.#channel.log.send(item, signal)
  }

  blockingSend(item: A, options: BlockingOptions = {}): number {
    if (!this.open) throw senderClosed('broadcast', item)
    return this.#channel.log.blockingSend(item, deadlineOf('broadcast: blockingSend', options))
  }

  subscribe(): BroadcastReceiver<A, Lagged> {
    return new ReceivingEnd(this.#channel)
  }

  sameChannel(other: BroadcastSender<A, Lagged>): boolean {
    return other instanceof SendingEnd && other.#channel === this.#channel
  }

  get receiverCount(): number {
    return this.#channel.log.receivers
  }

  get length(): number {
    return this.#channel.log.length
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  /** One more sender, of the thread where it arrives. */
  [travel](): Luggage {
    if (!this.open) throw argumentError('type', 'broadcast: a closed sender cannot cross threads', 'it was closed', 'send it before')
    const { parts, log } = this.#channel.share()
    const counted = departCounted(log.counts, () => {
      log.settle()
    })
    return { kind: SENDER, parts: { ...parts, counted }, transfer: [counted.port] }
  }
}

/** What weak senders of a channel are of. */
const originOf = <A>(channel: Channel<A>): Origin<BroadcastSender<A, Lagged>> => ({
  ends: channel.ends,
  sender: () => new SendingEnd(channel),
  weakLuggage: () => ({ kind: WEAK, parts: channel.share().parts })
})

class ReceivingEnd<A> implements BroadcastReceiver<A, Lagged>, Reader<A>, Traveller {
  readonly #channel: Channel<A>
  readonly waiting: Receiving<A> = new Waiters()
  place: Place<A>
  #open = true
  /** It is in another thread now. */
  #moved = false

  constructor(channel: Channel<A>, place?: Place<A>) {
    this.#channel = channel
    this.place = place ?? channel.log.enter(this)
  }

  /** Throws when it is elsewhere. */
  #mustBeHere(): void {
    if (!this.#moved) return
    throw argumentError('type', 'broadcast: this receiver has moved to another thread', 'it is used where it came from', 'use it there, or resubscribe before')
  }

  #isOpen(): boolean {
    this.#mustBeHere()
    return this.#open
  }

  tryRecv(): A | Lagged | Empty | Closed {
    return this.#isOpen() ? this.place.take() : Closed
  }

  recv({ signal }: WaitOptions = {}): Promise<A | Lagged | Closed> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    let item: A | Lagged | Empty | Closed
    try {
      item = this.tryRecv()
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
    if (item !== Empty) return ready(item)
    const waiting = this.waiting.wait(undefined, signal)
    this.#channel.log.await(this)
    this.#channel.ends.miss()
    return waiting
  }

  blockingRecv(options: BlockingOptions = {}): A | Lagged | Closed {
    const deadline = deadlineOf('broadcast: blockingRecv', options)
    return this.#isOpen() ? this.#channel.log.blockingRecv(this, deadline) : Closed
  }

  resubscribe(): BroadcastReceiver<A, Lagged> {
    this.#mustBeHere()
    return new ReceivingEnd(this.#channel)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.place.leave()
    this.waiting.settleAll(Closed)
  }

  get isClosed(): boolean {
    return !this.#open || this.#channel.log.ended
  }

  get length(): number {
    return this.#open ? this.place.length : 0
  }

  get isEmpty(): boolean {
    return this.length === 0
  }

  get senderCount(): number {
    return this.#channel.ends.count.strong
  }

  get weakSenderCount(): number {
    return this.#channel.ends.count.weak
  }

  items(options: ItemsOptions & { readonly onLag: 'throw' }): AsyncIterableIterator<A>
  items(options?: ItemsOptions): AsyncIterableIterator<A | Lagged>
  items({ onLag = 'yield', signal }: ItemsOptions = {}): AsyncIterableIterator<A | Lagged> {
    if (onLag !== 'yield' && onLag !== 'throw') {
      throw argumentError('range', "broadcast: onLag must be 'yield' or 'throw'", `got ${String(onLag)}`, 'correct the argument')
    }
    return iterate<A | Lagged>(
      async () => {
        const got = await this.recv({ signal })
        if (onLag === 'throw' && got instanceof Lagged) throw new LaggedError(got)
        return got
      },
      () => {
        this.close()
      }
    )
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<A | Lagged> {
    return this.items()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Moves to where it arrives, with all that it has not taken; this handle cannot be used any more. */
  [travel](): Luggage {
    if (!this.#isOpen()) throw argumentError('type', 'broadcast: a closed receiver cannot cross threads', 'it was closed', 'send it before')
    if (this.waiting.first !== undefined) {
      throw argumentError('type', 'broadcast: a receiver cannot cross threads while a call waits at it', 'a recv waits', 'end that call first')
    }
    const { parts, log } = this.#channel.share()
    const passage = this.place.depart()
    const crossing = depart(() => {
      log.arrive(passage)?.leave() // it has not arrived, and never will
    })
    this.#open = false
    this.#moved = true
    return { kind: RECEIVER, parts: { ...parts, passage, crossing }, transfer: [crossing.port] }
  }
}

const SENDER = 'broadcast sender'
const WEAK = 'weak broadcast sender'
const RECEIVER = 'broadcast receiver'

arrives(SENDER, ({ counted, ...parts }: Parts & { readonly counted: Counted }) => {
  const { channel, log } = Channel.arrived(parts)
  return new SendingEnd(channel, landCounted(log.counts, counted, () => log.pressed))
})

arrives(WEAK, (parts: Parts) => weakArrived(originOf(Channel.arrived(parts).channel)))

arrives(RECEIVER, ({ passage, crossing, ...parts }: Parts & { readonly passage: Passage; readonly crossing: Crossing }) => {
  const { channel, log } = Channel.arrived(parts)
  const place = log.arrive(passage)
  land(crossing)
  if (place !== undefined) return new ReceivingEnd(channel, place)
  throw argumentError(
    'type',
    'broadcast: a receiver arrived that is nowhere any more',
    'it has arrived somewhere else, or its thread has ended on its way',
    'give each thread a receiver of its own: subscribe or resubscribe once for each'
  )
})
