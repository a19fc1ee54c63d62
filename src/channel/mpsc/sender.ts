/**
 * The ends of an mpsc channel that send: bounded, unbounded, and the weak handles of both. They check what they are given and say
 * what came of it; how an item gets to the receiver is the core's business.
 *
 * A sender that is disposed before it has sent sends nothing; what it has sent, and sends that wait, go on without it.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { clock } from '../../prelude/clock.ts'
import { arrives, travel, type Luggage, type Traveller } from '../../prelude/travel.ts'
import { ignore, listen } from '../../sync/abort.ts'
import { deadlineOf, type BlockingOptions } from '../../sync/blocking.ts'
import { wholeNumber } from '../../sync/check.ts'
import { ClosedError, senderClosed } from '../../sync/closed-error.ts'
import { Closed, Full, type NotSent } from '../../sync/outcome.ts'
import { abandoned, type WaitOptions } from '../../sync/waiters.ts'
import { SenderEnd, weakArrived, type Origin } from '../ends.ts'
import type { Channel } from './core.ts'
import { HeldPermit, many } from './permit.ts'
import { channelOf, luggage, senderArrived, senderParts, weakParts, type ChannelParts, type SenderParts } from './travelling.ts'
import type { NotSentInTime, Permit, ReserveOptions, Sender, UnboundedSender } from './types.ts'

const SENDER = 'mpsc sender'
const UNBOUNDED_SENDER = 'unbounded mpsc sender'
const WEAK_SENDER = 'weak mpsc sender'
const WEAK_UNBOUNDED_SENDER = 'weak unbounded mpsc sender'

/** What both kinds of senders have in common. */
abstract class AnySender<A, S> extends SenderEnd<S> implements Traveller {
  readonly channel: Channel<A>
  protected abstract readonly kind: string

  /** One that is counted already; or a closed one. */
  constructor(channel: Channel<A>, open = true) {
    super(channel.ends, open)
    this.channel = channel
  }

  [travel](): Luggage {
    const parts = senderParts(this.channel, this.open)
    return luggage(this.kind, parts, parts.counted)
  }

  sameChannel(other: S): boolean {
    return other instanceof AnySender && other.channel === this.channel
  }

  protected notSent(item: A): NotSent<A> | undefined {
    const told = this.open ? this.channel.core.trySend(item) : 'Closed'
    return told === undefined ? undefined : { _tag: told, value: item }
  }
}

export class SendingEnd<A> extends AnySender<A, Sender<A>> implements Sender<A> {
  protected override readonly kind = SENDER

  protected override another(): Sender<A> {
    return new SendingEnd(this.channel)
  }

  protected override origin(): Origin<Sender<A>> {
    return originOf(this.channel)
  }

  trySend(item: A): NotSent<A> | undefined {
    return this.notSent(item)
  }

  send(item: A, { signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    return this.open ? this.channel.core.send(item, signal) : Promise.reject(senderClosed('mpsc', item))
  }

  async sendTimeout(item: A, ms: number, { signal }: WaitOptions = {}): Promise<NotSentInTime<A> | undefined> {
    if (!(ms >= 0)) {
      throw argumentError('range', 'mpsc: sendTimeout: ms must be a number of milliseconds from 0 on', `got ${String(ms)}`, 'correct the argument')
    }
    const late = new AbortController()
    const time = clock()
    const timer = ms === Infinity ? undefined : time.at(time.now() + ms, () => { late.abort(late) })
    const left = { aborted: (reason: unknown) => { late.abort(reason) }, left: () => undefined }
    if (signal !== undefined) listen(signal, left)
    try {
      if (signal?.aborted === true) throw signal.reason
      await this.send(item, { signal: late.signal })
      return undefined
    } catch (error) {
      if (error === late) return { _tag: 'Timeout', value: item }
      if (error instanceof ClosedError) return { _tag: 'Closed', value: item }
      throw error
    } finally {
      timer?.cancel()
      if (signal !== undefined) ignore(signal, left)
    }
  }

  blockingSend(item: A, options: BlockingOptions = {}): void {
    if (!this.open) throw senderClosed('mpsc', item)
    this.channel.core.blockingSend(item, deadlineOf('mpsc: blockingSend', options))
  }

  tryReserve(weight = 1): Permit<A> | Full | Closed {
    const { channel } = this
    const wanted = channel.fit(weight, 'tryReserve: weight must be a number >= 0')
    const told = this.open ? channel.core.tryReserve(wanted, 1) : 'Closed'
    return told === undefined ? new HeldPermit(channel, wanted) : told === 'Full' ? Full : Closed
  }

  reserve({ weight = 1, signal }: ReserveOptions = {}): Promise<Permit<A>> {
    const { channel } = this
    const wanted = channel.fit(weight, 'reserve: weight must be a number >= 0')
    return this.#reserve(wanted, 1, () => new HeldPermit(channel, wanted), signal)
  }

  blockingReserve(weight = 1, options: BlockingOptions = {}): Permit<A> {
    const { channel } = this
    const wanted = channel.fit(weight, 'blockingReserve: weight must be a number >= 0')
    if (!this.open) throw senderClosed('mpsc')
    channel.core.blockingReserve(wanted, deadlineOf('mpsc: blockingReserve', options))
    return new HeldPermit(channel, wanted)
  }

  tryReserveMany(n: number): readonly Permit<A>[] | Full | Closed {
    const { channel } = this
    wholeNumber('mpsc: tryReserveMany', 'n', n, 0)
    const told = this.open ? channel.core.tryReserve(n, n) : 'Closed'
    return told === undefined ? many(channel, n) : told === 'Full' ? Full : Closed
  }

  reserveMany(n: number, { signal }: WaitOptions = {}): Promise<readonly Permit<A>[]> {
    const { channel } = this
    wholeNumber('mpsc: reserveMany', 'n', n, 0, channel.maxCapacity)
    return this.#reserve(n, n, () => many(channel, n), signal)
  }

  #reserve<P>(weight: number, permits: number, granted: () => P, signal: AbortSignal | undefined): Promise<P> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    return this.open ? this.channel.core.reserve(weight, permits, granted, signal) : Promise.reject(senderClosed('mpsc'))
  }

  get capacity(): number {
    return this.channel.core.free
  }

  get maxCapacity(): number {
    return this.channel.maxCapacity
  }
}

const originOf = <A>(channel: Channel<A>): Origin<Sender<A>> => ({
  ends: channel.ends,
  sender: () => new SendingEnd(channel),
  weakLuggage: () => luggage(WEAK_SENDER, weakParts(channel))
})

export class UnboundedSendingEnd<A> extends AnySender<A, UnboundedSender<A>> implements UnboundedSender<A> {
  protected override readonly kind = UNBOUNDED_SENDER

  protected override another(): UnboundedSender<A> {
    return new UnboundedSendingEnd(this.channel)
  }

  protected override origin(): Origin<UnboundedSender<A>> {
    return unboundedOriginOf(this.channel)
  }

  send(item: A): NotSent<A> | undefined {
    return this.notSent(item)
  }
}

const unboundedOriginOf = <A>(channel: Channel<A>): Origin<UnboundedSender<A>> => ({
  ends: channel.ends,
  sender: () => new UnboundedSendingEnd(channel),
  weakLuggage: () => luggage(WEAK_UNBOUNDED_SENDER, weakParts(channel))
})

arrives(SENDER, (parts: SenderParts) => {
  const { channel, open } = senderArrived(parts)
  return new SendingEnd(channel, open)
})
arrives(UNBOUNDED_SENDER, (parts: SenderParts) => {
  const { channel, open } = senderArrived(parts)
  return new UnboundedSendingEnd(channel, open)
})
arrives(WEAK_SENDER, (parts: ChannelParts) => weakArrived(originOf(channelOf(parts))))
arrives(WEAK_UNBOUNDED_SENDER, (parts: ChannelParts) => weakArrived(unboundedOriginOf(channelOf(parts))))
