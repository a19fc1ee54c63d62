/** The ends of a oneshot channel, and how they go to another thread: each is moved, for there is one of each. */
import { me } from '../../atomic/threads.ts'
import { channelStays, endMoved } from '../../error/wording-channel.ts'
import { arrives, travel, type Luggage, type Traveller } from '../../prelude/travel.ts'
import { blockingCheck, deadlineOf, type BlockingOptions } from '../../sync/blocking.ts'
import { done, ready } from '../../sync/budget.ts'
import { Closed, Empty, type NotSent } from '../../sync/outcome.ts'
import { reside, resident, type Name } from '../../sync/residents.ts'
import { abandoned, type WaitOptions } from '../../sync/waiters.ts'
import { depart, land, type Crossing } from '../crossing.ts'
import { CLOSED, Channel, SENT, WAITING } from './cell.ts'
import { RECEIVER, SENDER, SharedCell, isShared } from './shared.ts'
import type { OneshotReceiver, OneshotSender } from './types.ts'

interface Parts {
  readonly name: Name
  readonly words: SharedArrayBuffer
  readonly memory: SharedArrayBuffer
  readonly crossing: Crossing
}

const names = new WeakMap<object, Name>()

/** The cell in shared memory, from now on if not before. */
const shared = <A>(channel: Channel<A>): SharedCell<A> => {
  if (isShared(channel.cell)) return channel.cell
  const cell = SharedCell.begin(channel, me(), channel.cell)
  channel.cell = cell
  if (channel.waited) cell.listen()
  return cell
}

/** What an end is sent as. It is nobody's then. */
const leave = <A>(channel: Channel<A>, end: number): Parts => {
  const cell = shared(channel)
  let name = names.get(channel)
  if (name === undefined) names.set(channel, (name = reside(channel)))
  const passage = cell.depart(end)
  const crossing = depart(() => { cell.passageOver(end, passage) })
  return { name, words: cell.words.buffer as SharedArrayBuffer, memory: cell.carrier.memory, crossing }
}

/** The channel in this thread that an end has come to. */
const arrive = <A>({ name, words, memory, crossing }: Parts, end: number): Channel<A> => {
  const channel = resident('oneshot channel', name, () => {
    const made = new Channel<A>((one) => SharedCell.attach(one, words, memory))
    names.set(made, name)
    return made
  })
  const arrived = shared(channel).arrive(end)
  land(crossing)
  if (!arrived) throw channelStays('oneshot: an end', 'it has arrived in a thread already', 'pack it once for each thread that it goes to')
  return channel
}

const luggage = (kind: string, parts: Parts): Luggage => ({ kind, parts, transfer: [parts.crossing.port] })

/** An end of this thread. */
abstract class End<A> {
  #own: Channel<A> | undefined

  constructor(channel: Channel<A>) {
    this.#own = channel
  }

  protected get channel(): Channel<A> {
    if (this.#own === undefined) throw endMoved('oneshot')
    return this.#own
  }

  protected get here(): boolean {
    return this.#own !== undefined
  }

  protected depart(end: number): Parts {
    const parts = leave(this.channel, end)
    this.#own = undefined
    return parts
  }
}

const SENDER_KIND = 'oneshot sender'
const RECEIVER_KIND = 'oneshot receiver'

export class SendingEnd<A> extends End<A> implements OneshotSender<A>, Traveller {
  #open = true

  send(value: A): NotSent<A> | undefined {
    const { cell } = this.channel
    if (!this.#open || !cell.put(value)) return { _tag: 'Closed', value }
    this.#open = false
    return undefined
  }

  [travel](): Luggage {
    if (!this.#open) throw channelStays('oneshot: the sender', 'it was used or closed', 'send it before')
    if (this.channel.watching.first !== undefined) {
      throw channelStays('oneshot: the sender', 'a call of closed() waits on it', 'abort it before the sender is sent')
    }
    return luggage(SENDER_KIND, this.depart(SENDER))
  }

  close(): void {
    this.#open = false
    this.channel.cell.shut()
  }

  closed({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const { cell, watching } = this.channel
    if (cell.state === CLOSED) return done()
    const told = watching.wait(undefined, signal)
    cell.listen()
    return told
  }

  get isClosed(): boolean {
    return !this.#open || this.channel.cell.state !== WAITING
  }

  [Symbol.dispose](): void {
    if (this.here) this.close()
  }
}

export class ReceivingEnd<A> extends End<A> implements OneshotReceiver<A>, Traveller {
  [travel](): Luggage {
    if (this.channel.receiving.first !== undefined) {
      throw channelStays('oneshot: the receiver', 'a receive of this thread waits on it', 'abort it, or await it, before the receiver is sent')
    }
    return luggage(RECEIVER_KIND, this.depart(RECEIVER))
  }

  tryRecv(): A | Empty | Closed {
    const { cell } = this.channel
    const { state } = cell
    if (state === WAITING) return Empty
    const first = state === SENT && !cell.observed
    cell.observe()
    return first ? cell.value : Closed
  }

  recv({ signal }: WaitOptions = {}): Promise<A | Closed> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const { cell, receiving } = this.channel
    if (cell.state !== WAITING) return ready(this.#answer())
    const received = receiving.wait(undefined, signal)
    cell.listen()
    return received
  }

  blockingRecv(options: BlockingOptions = {}): A | Closed {
    const call = 'oneshot: blockingRecv'
    blockingCheck(call)
    this.channel.cell.block(call, deadlineOf(call, options))
    return this.#answer()
  }

  /** What came of it. */
  #answer(): A | Closed {
    const { cell } = this.channel
    cell.observe()
    return cell.state === SENT ? cell.value : Closed
  }

  close(): void {
    this.channel.cell.shut()
  }

  get isTerminated(): boolean {
    return this.channel.cell.observed
  }

  get isEmpty(): boolean {
    const { cell } = this.channel
    return cell.state !== SENT || cell.observed
  }

  [Symbol.dispose](): void {
    if (this.here) this.close()
  }
}

arrives(SENDER_KIND, (parts: Parts) => new SendingEnd(arrive(parts, SENDER)))
arrives(RECEIVER_KIND, (parts: Parts) => new ReceivingEnd(arrive(parts, RECEIVER)))
