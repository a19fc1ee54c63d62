/**
 * The ends of a watch channel that send, weak ones too, and how they cross threads. Where the value is kept is a Store (store.ts); types.ts says
 * what each promises. Called by watch.ts.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { arrives, travel, type Luggage, type Traveller } from '../../prelude/travel.ts'
import type { NotSent } from '../../sync/outcome.ts'
import { departCounted, landCounted, type Counted } from '../crossing.ts'
import { SenderEnd, weakArrived, type Origin } from '../ends.ts'
import { Channel, type Parts } from './channel.ts'
import { ReceivingEnd } from './receiver.ts'
import type { WatchCell, WatchReceiver, WatchSender } from './types.ts'

export class SendingEnd<A> extends SenderEnd<WatchSender<A>> implements WatchSender<A>, Traveller {
  readonly #channel: Channel<A>

  constructor(channel: Channel<A>, open = true) {
    super(channel.ends, open)
    this.#channel = channel
  }

  protected another(): SendingEnd<A> {
    return new SendingEnd(this.#channel)
  }

  protected origin(): Origin<WatchSender<A>> {
    return originOf(this.#channel)
  }

  send(value: A): NotSent<A> | undefined {
    return this.open && this.#channel.store.offer(value) ? undefined : { _tag: 'Closed', value }
  }

  sendReplace(value: A): A {
    this.#mustBeOpen('sendReplace')
    return this.#channel.store.replace(value)
  }

  sendModify(change: (cell: WatchCell<A>) => void): void {
    this.#mustBeOpen('sendModify')
    this.#channel.store.change((cell) => {
      change(cell)
      return true
    })
  }

  sendIfModified(change: (cell: WatchCell<A>) => boolean): boolean {
    this.#mustBeOpen('sendIfModified')
    return this.#channel.store.change(change)
  }

  #mustBeOpen(call: string): void {
    if (this.open) return
    throw argumentError('type', `watch: ${call} of a closed sender`, 'it was closed', 'close it later, or use a clone')
  }

  borrow(): A {
    return this.#channel.store.read()
  }

  subscribe(): WatchReceiver<A> {
    return ReceivingEnd.subscribe(this.#channel, this.#channel.store.version)
  }

  sameChannel(other: WatchSender<A>): boolean {
    return other instanceof SendingEnd && other.#channel === this.#channel
  }

  get receiverCount(): number {
    return this.#channel.store.receivers
  }

  /** One more sender, of the thread where it arrives. */
  [travel](): Luggage {
    if (!this.open) throw argumentError('type', 'watch: a closed sender cannot cross threads', 'it was closed', 'send it before')
    const { parts, store } = this.#channel.share()
    const counted = departCounted(store.senders, () => {
      store.settle()
    })
    return { kind: SENDER, parts: { ...parts, counted }, transfer: [counted.port] }
  }
}

/** What weak senders of a channel are of. */
const originOf = <A>(channel: Channel<A>): Origin<WatchSender<A>> => ({
  ends: channel.ends,
  sender: () => new SendingEnd(channel),
  weakLuggage: () => ({ kind: WEAK, parts: channel.share().parts })
})

const SENDER = 'watch sender'
const WEAK = 'weak watch sender'

arrives(SENDER, ({ counted, ...parts }: Parts & { readonly counted: Counted }) => {
  const { channel, store } = Channel.arrived(parts)
  return new SendingEnd(channel, landCounted(store.senders, counted, () => false))
})

arrives(WEAK, (parts: Parts) => weakArrived(originOf(Channel.arrived(parts).channel)))
