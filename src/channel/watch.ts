/**
 * A channel of one value that changes, between the async tasks of one thread: receivers see the latest, not each one.
 *
 *     send ──▶ value, version ──▶ each receiver: has it seen this version?      several sends in between are one change
 *
 * Ending   all senders closed: an unseen value is still a change, once; after that `changed` answers `Closed`. The last value
 *          stays readable. No receivers: `send` fails and stores nothing; `subscribe` makes the channel usable again
 * Cancel   a wait that its signal ends has marked nothing as seen
 * Source   tokio `sync::watch`. A value here is shared, not locked: keep it immutable, or change it through `sendModify`
 *
 * Called by users, through `millrace/sync`.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { done, ready } from '../sync/budget.ts'
import { Closed, type NotSent } from '../sync/outcome.ts'
import { Waiters, abandoned, type WaitOptions } from '../sync/waiters.ts'
import { iterate } from './iterate.ts'

/** The place of the value, for those who change it. Not to be kept. */
export interface WatchCell<A> {
  value: A
}

/** An end that changes the value. The channel goes on as long as one of its senders is open. `using` closes it. */
export interface WatchSender<A> extends Disposable {
  /** Sets the value and tells the receivers; `Closed`, and nothing stored, when there is no receiver. */
  send(value: A): NotSent<A> | undefined
  /** Sets the value, receivers or not, and tells them; answers the old one. */
  sendReplace(value: A): A
  /** Lets `change` set or change the value in its place, then tells the receivers. If it throws, what it did stays, untold. */
  sendModify(change: (cell: WatchCell<A>) => void): void
  /** As {@link sendModify}, and tells the receivers only if `change` answers true. */
  sendIfModified(change: (cell: WatchCell<A>) => boolean): boolean
  /** The value. */
  borrow(): A
  /** A new receiver, which has seen the value as it is. */
  subscribe(): WatchReceiver<A>
  /** One more sender of the same channel. */
  clone(): WatchSender<A>
  /** This sender changes nothing any more. */
  close(): void
  /** Resolves when there is no receiver; at once when there is none now. */
  closed(options?: WaitOptions): Promise<void>
  /** Whether there is no receiver, or this sender is closed. */
  readonly isClosed: boolean
  readonly receiverCount: number
}

/** An end that sees the value. `for await` reads its changes; leaving the loop, like `using`, closes the receiver. */
export interface WatchReceiver<A> extends Disposable, AsyncIterable<A> {
  /** The value; does not mark it as seen. */
  borrow(): A
  /** The value, now seen. */
  borrowAndUpdate(): A
  /** Whether there is an unseen value; `Closed` when no sender is left. Marks nothing. */
  hasChanged(): boolean | Closed
  /**
   * The next value that it has not seen, waiting for one, now seen; `Closed` when none will come.
   *
   * **Cancel**  by `signal`: nothing is marked as seen
   */
  changed(options?: WaitOptions): Promise<A | Closed>
  /**
   * The first value, from the current one on, for which `test` holds, now seen; `Closed` when none will come.
   * Values that are replaced before it gets to look at them are passed over.
   *
   * **Cancel**  by `signal`
   * **Errors**  rejects with what `test` throws
   */
  waitFor(test: (value: A) => boolean, options?: WaitOptions): Promise<A | Closed>
  /** Takes the value as not seen. */
  markChanged(): void
  /** Takes the value as seen. */
  markUnchanged(): void
  /** One more receiver, which has seen what this one has. */
  clone(): WatchReceiver<A>
  /** Sees no more changes. */
  close(): void
  /** Whether no sender is left, or this receiver is closed. */
  readonly isClosed: boolean
}

/** Both ends of a channel. */
export interface Watch<A> {
  readonly sender: WatchSender<A>
  readonly receiver: WatchReceiver<A>
}

/**
 * Makes a channel of one value, which begins as `initial`. That one counts as seen.
 *
 * **When to use**  for a setting, a state or a progress, where whoever is late wants the latest only
 * **Memory**       one value
 * **Source**       tokio `sync::watch::channel`
 * @example
 * const { sender, receiver } = watch('starting')
 * sender.send('working')
 * sender.send('done')
 * await receiver.changed() // => 'done'
 * receiver.hasChanged() // => false
 */
export const watch = <A>(initial: A): Watch<A> => {
  const channel = new Channel(initial)
  return { sender: new SendingEnd(channel), receiver: new ReceivingEnd(channel, channel.version) }
}

/** What all ends share. */
class Channel<A> {
  readonly cell: WatchCell<A>
  version = 0
  senders = 1
  readonly receivers = new Set<ReceivingEnd<A>>()
  readonly watching = new Waiters<void>()

  constructor(initial: A) {
    this.cell = { value: initial }
  }

  /** The value has changed: whoever waits sees it. */
  tell(): void {
    this.version++
    for (const receiver of this.receivers) receiver.told()
  }

  closeSender(): void {
    if (--this.senders === 0) for (const receiver of this.receivers) receiver.end()
  }

  leave(receiver: ReceivingEnd<A>): void {
    this.receivers.delete(receiver)
    if (this.receivers.size === 0) this.watching.settleAll()
  }
}

class SendingEnd<A> implements WatchSender<A> {
  readonly #channel: Channel<A>
  #open = true

  constructor(channel: Channel<A>) {
    this.#channel = channel
  }

  send(value: A): NotSent<A> | undefined {
    if (this.isClosed) return { _tag: 'Closed', value }
    this.sendReplace(value)
    return undefined
  }

  sendReplace(value: A): A {
    const old = this.#cell('sendReplace').value
    this.#channel.cell.value = value
    this.#channel.tell()
    return old
  }

  sendModify(change: (cell: WatchCell<A>) => void): void {
    change(this.#cell('sendModify'))
    this.#channel.tell()
  }

  sendIfModified(change: (cell: WatchCell<A>) => boolean): boolean {
    const modified = change(this.#cell('sendIfModified'))
    if (modified) this.#channel.tell()
    return modified
  }

  #cell(call: string): WatchCell<A> {
    if (!this.#open) {
      throw argumentError('type', `watch: ${call} of a closed sender`, 'it was closed', 'close it later, or use a clone')
    }
    return this.#channel.cell
  }

  borrow(): A {
    return this.#channel.cell.value
  }

  subscribe(): WatchReceiver<A> {
    return new ReceivingEnd(this.#channel, this.#channel.version)
  }

  clone(): WatchSender<A> {
    if (!this.#open) throw argumentError('type', 'watch: a closed sender cannot be cloned', 'it was closed', 'clone it before')
    this.#channel.senders++
    return new SendingEnd(this.#channel)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#channel.closeSender()
  }

  closed({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const { receivers, watching } = this.#channel
    return receivers.size === 0 ? done() : watching.wait(undefined, signal)
  }

  get isClosed(): boolean {
    return !this.#open || this.#channel.receivers.size === 0
  }

  get receiverCount(): number {
    return this.#channel.receivers.size
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

class ReceivingEnd<A> implements WatchReceiver<A> {
  readonly #channel: Channel<A>
  /** Version of the value that it has seen. */
  #seen: number
  #open = true
  /** Calls that wait for an unseen value. */
  readonly #changing = new Waiters<A | Closed>()
  /** Calls of `waitFor` that look at every value they get to see. */
  readonly #looking = new Waiters<void>()

  constructor(channel: Channel<A>, seen: number) {
    this.#channel = channel
    this.#seen = seen
    channel.receivers.add(this)
  }

  borrow(): A {
    return this.#channel.cell.value
  }

  borrowAndUpdate(): A {
    this.markUnchanged()
    return this.borrow()
  }

  hasChanged(): boolean | Closed {
    return this.isClosed ? Closed : this.#seen !== this.#channel.version
  }

  changed({ signal }: WaitOptions = {}): Promise<A | Closed> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (this.#open && this.#seen !== this.#channel.version) return ready(this.borrowAndUpdate())
    return this.isClosed ? ready(Closed) : this.#changing.wait(undefined, signal)
  }

  async waitFor(test: (value: A) => boolean, { signal }: WaitOptions = {}): Promise<A | Closed> {
    for (;;) {
      signal?.throwIfAborted()
      const value = this.borrow()
      if (this.#open && test(value)) {
        this.markUnchanged()
        return ready(value)
      }
      if (this.isClosed) return ready(Closed)
      await this.#looking.wait(undefined, signal)
    }
  }

  markChanged(): void {
    this.#seen = -1
  }

  markUnchanged(): void {
    this.#seen = this.#channel.version
  }

  clone(): WatchReceiver<A> {
    return new ReceivingEnd(this.#channel, this.#seen)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#channel.leave(this)
    this.end()
  }

  get isClosed(): boolean {
    return !this.#open || this.#channel.senders === 0
  }

  /** The value has changed. Called by the channel. */
  told(): void {
    if (this.#changing.first !== undefined) this.markUnchanged()
    this.#changing.settleAll(this.borrow())
    this.#looking.settleAll()
  }

  /** No change will come. Called by the channel. */
  end(): void {
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
}
