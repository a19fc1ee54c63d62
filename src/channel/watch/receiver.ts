/**
 * The end of a watch channel that receives: what it has seen, who waits there, and how it crosses threads. Where the value is kept is a Store
 * (store.ts); types.ts says what each promises. Called by watch.ts and sender.ts.
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { arrives, travel, type Luggage, type Traveller } from '../../prelude/travel.ts'
import { deadlineOf, type BlockingOptions } from '../../sync/blocking.ts'
import { ready } from '../../sync/budget.ts'
import { Closed } from '../../sync/outcome.ts'
import { Waiters, abandoned, type WaitOptions } from '../../sync/waiters.ts'
import { departCounted, hasArrived, landCounted, type Counted } from '../crossing.ts'
import { iterate } from '../iterate.ts'
import { Channel, type Parts, type Watcher } from './channel.ts'
import type { WatchReceiver } from './types.ts'

const RECEIVER = 'watch receiver'

/** What no version is equal to: that a receiver has seen nothing. */
const NOTHING = Number.NaN

export class ReceivingEnd<A> implements WatchReceiver<A>, Watcher, Traveller {
  readonly #channel: Channel<A>
  /** Version of the value that it has seen. */
  #seen: number
  /** The version that those who wait know of. */
  #known = NOTHING
  #open = true
  /** It is in another thread now. */
  #moved = false
  /** Calls that wait for an unseen value. */
  readonly #changing = new Waiters<A | Closed>()
  /** Calls of `waitFor` that look at every value they get to see. */
  readonly #looking = new Waiters<void>()

  /** One that is counted already. */
  constructor(channel: Channel<A>, seen: number) {
    this.#channel = channel
    this.#seen = seen
    channel.watchers.add(this)
  }

  /** One more. */
  static subscribe<A>(channel: Channel<A>, seen: number): ReceivingEnd<A> {
    channel.store.join()
    return new ReceivingEnd(channel, seen)
  }

  /** Throws when it is elsewhere. */
  #mustBeHere(): void {
    if (!this.#moved) return
    throw argumentError('type', 'watch: this receiver has moved to another thread', 'it is used where it came from', 'use it there, or clone it before')
  }

  borrow(): A {
    this.#mustBeHere()
    return this.#channel.store.read()
  }

  borrowAndUpdate(): A {
    this.#mustBeHere()
    const { store } = this.#channel
    for (;;) {
      const version = (this.#seen = store.version)
      const value = store.read()
      if (version === store.version) return value // of that version, or of a change behind it that nobody is told of
    }
  }

  hasChanged(): boolean | Closed {
    return this.isClosed ? Closed : this.#seen !== this.#channel.store.version
  }

  changed({ signal }: WaitOptions = {}): Promise<A | Closed> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    try {
      this.#mustBeHere()
      if (this.#open && this.#seen !== this.#channel.store.version) return ready(this.borrowAndUpdate())
    } catch (error) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
    if (this.isClosed) return ready(Closed)
    this.#wait(this.#seen)
    return this.#waited(this.#changing.wait(undefined, signal))
  }

  async waitFor(test: (value: A) => boolean, { signal }: WaitOptions = {}): Promise<A | Closed> {
    for (;;) {
      signal?.throwIfAborted()
      const { version } = this.#channel.store
      const value = this.borrow()
      if (this.#open && test(value)) {
        this.#seen = version
        return ready(value)
      }
      if (this.isClosed) return ready(Closed)
      this.#wait(version)
      await this.#waited(this.#looking.wait(undefined, signal))
    }
  }

  blockingChanged(options: BlockingOptions = {}): A | Closed {
    const call = 'watch: blockingChanged'
    this.#mustBeHere()
    this.#block(call, () => this.#seen !== this.#channel.store.version, deadlineOf(call, options))
    return this.#open && this.#seen !== this.#channel.store.version ? this.borrowAndUpdate() : Closed
  }

  blockingWaitFor(test: (value: A) => boolean, options: BlockingOptions = {}): A | Closed {
    const call = 'watch: blockingWaitFor'
    const deadline = deadlineOf(call, options)
    const { store } = this.#channel
    for (;;) {
      const { version } = store
      const value = this.borrow()
      const fits = this.#open && test(value)
      const over = this.isClosed
      this.#block(call, () => fits || over || store.version !== version, deadline)
      if (!fits && !over) continue
      if (fits) this.#seen = version
      return fits ? value : Closed
    }
  }

  #block(call: string, enough: () => boolean, deadline: number): void {
    this.#channel.store.block(call, () => (enough() || this.isClosed ? true : undefined), deadline)
  }

  /** A call is about to wait, and knows of this version. */
  #wait(version: number): void {
    if (!this.waits) this.#known = version
  }

  /** A call waits. */
  #waited<T>(call: Promise<T>): Promise<T> {
    this.#channel.store.await()
    this.#channel.ends.miss()
    return call
  }

  markChanged(): void {
    this.#seen = NOTHING
  }

  markUnchanged(): void {
    this.#seen = this.#channel.store.version
  }

  clone(): WatchReceiver<A> {
    this.#mustBeHere()
    return ReceivingEnd.subscribe(this.#channel, this.#seen)
  }

  close(): void {
    if (!this.#open) return
    this.#leave()
    this.#end()
  }

  #leave(): void {
    this.#open = false
    this.#channel.watchers.delete(this)
    this.#channel.store.part()
  }

  sameChannel(other: WatchReceiver<A>): boolean {
    return other instanceof ReceivingEnd && other.#channel === this.#channel
  }

  get isClosed(): boolean {
    return !this.#open || this.#channel.store.ended
  }

  get waits(): boolean {
    return this.#changing.first !== undefined || this.#looking.first !== undefined
  }

  look(): void {
    if (!this.waits) return
    const { store } = this.#channel
    if (store.version !== this.#known) {
      this.#known = store.version
      this.#tell()
    }
    if (store.ended) this.#end()
  }

  #tell(): void {
    if (this.#changing.first !== undefined) {
      try {
        this.#changing.settleAll(this.borrowAndUpdate())
      } catch (error) {
        this.#changing.refuseAll(() => error) // it could not be made from its bytes
      }
    }
    this.#looking.settleAll()
  }

  /** No change will come. */
  #end(): void {
    this.#changing.settleAll(Closed)
    this.#looking.settleAll()
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<A> {
    return iterate(
      () => this.changed(),
      () => {
        this.close()
      }
    )
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Moves to where it arrives, with what it has seen; this handle cannot be used any more. */
  [travel](): Luggage {
    this.#mustBeHere()
    if (!this.#open) throw argumentError('type', 'watch: a closed receiver cannot cross threads', 'it was closed', 'send it before')
    if (this.waits) {
      throw argumentError('type', 'watch: a receiver cannot cross threads while a call waits at it', 'a call waits', 'end that call first, or send a clone')
    }
    const { parts, store } = this.#channel.share()
    const counted = departCounted(store.readers, () => {
      store.desert()
    })
    this.#leave()
    this.#moved = true
    return { kind: RECEIVER, parts: { ...parts, counted, seen: this.#seen }, transfer: [counted.port] }
  }
}

arrives(RECEIVER, ({ counted, seen, ...parts }: Parts & { readonly counted: Counted; readonly seen: number }) => {
  const { channel, store } = Channel.arrived(parts)
  if (!hasArrived(counted.ticket)) {
    landCounted(store.readers, counted, () => true)
    return new ReceivingEnd(channel, seen)
  }
  throw argumentError(
    'type',
    'watch: a receiver can arrive only once',
    'it has arrived before',
    'give each thread a receiver of its own: a clone, or one of subscribe'
  )
})
