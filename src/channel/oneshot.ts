/**
 * A channel for one value, between the async tasks of one thread: the answer to a question that was sent along with it.
 *
 *     sender ── send, once ──▶ value ──▶ receiver                  either side may leave first, and the other is told
 *
 *     WAITING ──send──▶ SENT ──recv, tryRecv──▶ observed
 *        └──close of either side──▶ CLOSED ──recv, tryRecv──▶ observed
 *
 * The receiver remembers what came of it: every `recv` gives the same answer, while `tryRecv` hands the value out once.
 * Source: tokio `sync::oneshot`. Called by users, through `millrace/sync`.
 */
import { done, ready } from '../sync/budget.ts'
import { Closed, Empty, type NotSent } from '../sync/outcome.ts'
import { Waiters, abandoned, type WaitOptions } from '../sync/waiters.ts'

/** The end that sends, once. `using` closes it if nothing was sent. */
export interface OneshotSender<A> extends Disposable {
  /** Sends the value, without waiting; `Closed`, with the value, when the receiver is closed or a value was sent before. */
  send(value: A): NotSent<A> | undefined
  /** Sends nothing: the receiver is told. Does nothing after `send`. */
  close(): void
  /** Resolves when the receiver is closed before a value was sent. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether a value can not be sent any more: the receiver is closed, or this sender is used up. */
  readonly isClosed: boolean
}

/** The end that receives. `using` closes it. */
export interface OneshotReceiver<A> extends Disposable {
  /** `Empty`, then the value, then `Closed`; `Closed` at once when none will come. */
  tryRecv(): A | Empty | Closed
  /**
   * The value, waiting for it; `Closed` when none will come. The same answer for every call.
   *
   * **Cancel**  by `signal`: the value is there for the next call
   */
  recv(options?: WaitOptions): Promise<A | Closed>
  /** Takes no value any more, unless it was sent before. */
  close(): void
  /** Whether the answer, or that there is none, has been received. */
  readonly isTerminated: boolean
  /** False only between the send and its receipt. */
  readonly isEmpty: boolean
}

/** Both ends of a channel. */
export interface Oneshot<A> {
  readonly sender: OneshotSender<A>
  readonly receiver: OneshotReceiver<A>
}

/**
 * Makes a channel for one value.
 *
 * **When to use**  to await one answer of another task, which may go away without giving it
 * **Source**       tokio `sync::oneshot::channel`
 * @example
 * const { sender, receiver } = oneshot<number>()
 * receiver.tryRecv() // => Empty
 * sender.send(42)
 * await receiver.recv() // => 42
 */
export const oneshot = <A>(): Oneshot<A> => {
  const channel: Channel<A> = {
    state: 'waiting',
    value: undefined,
    senderOpen: true,
    observed: false,
    receiving: new Waiters(),
    watching: new Waiters()
  }
  return { sender: new SendingEnd(channel), receiver: new ReceivingEnd(channel) }
}

/** What both ends share. */
interface Channel<A> {
  state: 'waiting' | 'sent' | 'closed'
  value: A | undefined
  senderOpen: boolean
  /** The receiver knows what came of it. */
  observed: boolean
  readonly receiving: Waiters<A | Closed>
  readonly watching: Waiters<void>
}

/** No value will come. */
const shut = <A>(channel: Channel<A>): void => {
  if (channel.state !== 'waiting') return
  channel.state = 'closed'
  if (channel.receiving.first !== undefined) channel.observed = true
  channel.receiving.settleAll(Closed)
}

class SendingEnd<A> implements OneshotSender<A> {
  readonly #channel: Channel<A>

  constructor(channel: Channel<A>) {
    this.#channel = channel
  }

  send(value: A): NotSent<A> | undefined {
    const channel = this.#channel
    if (this.isClosed) return { _tag: 'Closed', value }
    channel.senderOpen = false
    channel.state = 'sent'
    channel.value = value
    if (channel.receiving.first !== undefined) channel.observed = true
    channel.receiving.settleAll(value)
    return undefined
  }

  close(): void {
    this.#channel.senderOpen = false
    shut(this.#channel)
  }

  closed({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const { state, watching } = this.#channel
    return state === 'closed' ? done() : watching.wait(undefined, signal)
  }

  get isClosed(): boolean {
    return !this.#channel.senderOpen || this.#channel.state !== 'waiting'
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

class ReceivingEnd<A> implements OneshotReceiver<A> {
  readonly #channel: Channel<A>

  constructor(channel: Channel<A>) {
    this.#channel = channel
  }

  tryRecv(): A | Empty | Closed {
    const channel = this.#channel
    if (channel.state === 'waiting') return Empty
    const first = channel.state === 'sent' && !channel.observed
    channel.observed = true
    return first ? (channel.value as A) : Closed
  }

  recv({ signal }: WaitOptions = {}): Promise<A | Closed> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const channel = this.#channel
    if (channel.state === 'waiting') return channel.receiving.wait(undefined, signal)
    channel.observed = true
    return ready(channel.state === 'sent' ? (channel.value as A) : Closed)
  }

  close(): void {
    const channel = this.#channel
    if (channel.state !== 'waiting') return
    shut(channel)
    channel.watching.settleAll()
  }

  get isTerminated(): boolean {
    return this.#channel.observed
  }

  get isEmpty(): boolean {
    return this.#channel.state !== 'sent' || this.#channel.observed
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
