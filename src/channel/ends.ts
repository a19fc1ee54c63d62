/**
 * The sending ends of a channel: counted while they are open, cloned, closed once, held weakly, and missed when they are lost.
 *
 *     sender ──clone──▶ sender            strong: open senders; the channel goes on while there is one
 *        └─downgrade──▶ weak ──upgrade──▶ sender, while anything keeps the channel going
 *
 * Counts are of handles that were made and closed, never of what the garbage collector has found. What it finds is told: a sender
 * that it collects open keeps its receiver waiting for ever, so the first such case of a process is a warning, with code
 * `MILLRACE_LEAKED_SENDER`.
 * Where the counts are kept is the channel's business: in this thread ({@link LocalCount}), or in memory that threads share.
 * Called by the channels with many senders.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { channelStays } from '../error/wording-channel.ts'
import { travel, type Luggage, type Traveller } from '../prelude/travel.ts'
import { done } from '../sync/budget.ts'
import type { Event } from '../sync/event.ts'
import { outside } from '../sync/scope.ts'
import { Waiters, abandoned, type WaitOptions } from '../sync/waiters.ts'

/** How many handles a channel has. */
export interface Count {
  readonly strong: number
  readonly weak: number
  /** Adds to the open senders; answers how many are left. */
  addStrong(n: 1 | -1): number
  addWeak(n: 1 | -1): void
  /** Adds an open sender if there is one, or if `kept` says that something else keeps the channel going; in one step. */
  upgrade(kept: () => boolean): boolean
}

/** Counts of a channel that no handle has left the thread of; begins with one sender. */
export class LocalCount implements Count {
  strong = 1
  weak = 0

  addStrong(n: 1 | -1): number {
    return (this.strong += n)
  }

  addWeak(n: 1 | -1): void {
    this.weak += n
  }

  upgrade(kept: () => boolean): boolean {
    if (this.strong === 0 && !kept()) return false
    this.strong++
    return true
  }
}

/** What the sending ends ask of their channel. */
export interface Fed {
  /** Nobody takes what is sent, as things are. */
  readonly unread: boolean
  /** Somebody waits for an item that only a sender can bring. */
  readonly starving: boolean
  /** Something else than an open sender keeps it going, so that there may be senders again: a permit, a send that waits. */
  readonly kept: boolean
  /** The last open sender has closed. */
  senderless(): void
  /** Somebody begins to wait until nobody receives; for a channel that is told so by another thread. */
  watched?(): void
}

/** Senders that were collected while they were open, of whatever channel. */
const lost = new FinalizationRegistry<Ends>((ends) => {
  ends.lose()
})

let warned = false

const warn = (channel: string): void => {
  if (warned) return
  warned = true
  process.emitWarning(
    `${channel}: a sender was garbage collected that had never been closed, so its receiver waits for ever. ` +
      'Close each sender when it sends no more: with close(), with using, or in a finally block',
    { type: 'MillraceWarning', code: 'MILLRACE_LEAKED_SENDER' }
  )
}

/** All sending ends of one channel that are in this thread. */
export class Ends {
  /** The channel's kind, as errors name it. */
  readonly name: string
  readonly fed: Fed
  count: Count
  /** Who wants to know that nobody receives; the channel settles them. */
  readonly watching = new Waiters<void>()
  #lost = 0
  #looking = false

  constructor(name: string, fed: Fed, count: Count = new LocalCount()) {
    this.name = name
    this.fed = fed
    this.count = count
  }

  /** From now on who watches is told when nobody receives any more, which another thread may bring about: then `event` is told. */
  watchBy(event: Event): void {
    if (this.#looking) return
    this.#looking = true
    const look = (): true | undefined => {
      if (this.watching.first !== undefined && !this.fed.unread) return undefined
      this.#looking = false
      this.watching.settleAll()
      return true
    }
    outside(() => void event.until(look))
  }

  /** A sender of this thread was collected while it was open. */
  lose(): void {
    this.#lost++
    this.miss()
  }

  /** Warns when all senders there are were lost and somebody waits; to be asked whenever a receive begins to wait, too. */
  miss(): void {
    if (this.#lost > 0 && this.#lost >= this.count.strong && this.fed.starving && !this.fed.kept) warn(this.name)
  }
}

/** What every sender does with itself; the channel's own sender adds how it sends. */
export abstract class SenderEnd<S> implements Disposable {
  protected readonly ends: Ends
  /** Not closed yet. */
  protected open: boolean

  /** A sender that is counted already; or a closed one, which is not. */
  constructor(ends: Ends, open = true) {
    this.ends = ends
    this.open = open
    if (open) lost.register(this, ends, this)
  }

  /** A sender beside this one, that is counted already. */
  protected abstract another(): S

  /** What its weak handles are of. */
  protected abstract origin(): Origin<S>

  clone(): S {
    if (!this.open) {
      throw argumentError('type', `${this.ends.name}: a closed sender cannot be cloned`, 'it was closed', 'clone it before')
    }
    this.ends.count.addStrong(1)
    return this.another()
  }

  downgrade(): WeakEnd<S> {
    if (!this.open) {
      throw argumentError('type', `${this.ends.name}: a closed sender cannot be downgraded`, 'it was closed', 'downgrade it before')
    }
    this.ends.count.addWeak(1)
    return new WeakEnd(this.origin())
  }

  close(): void {
    if (!this.open) return
    this.open = false
    lost.unregister(this)
    const { ends } = this
    if (ends.count.addStrong(-1) === 0) ends.fed.senderless()
    else ends.miss()
  }

  closed({ signal }: WaitOptions = {}): Promise<void> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const { fed, watching } = this.ends
    if (fed.unread) return done()
    const told = watching.wait(undefined, signal)
    fed.watched?.()
    return told
  }

  get isClosed(): boolean {
    return !this.open || this.ends.fed.unread
  }

  get strongCount(): number {
    return this.ends.count.strong
  }

  get weakCount(): number {
    return this.ends.count.weak
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** What a weak handle is of: it must not hold a sender, whose loss would not be noticed then. */
export interface Origin<S> {
  readonly ends: Ends
  /** A sender, that is counted already. */
  sender(): S
  /** What a weak handle is sent as; the channel is one of shared memory then. */
  weakLuggage(): Luggage
}

/** A handle that does not keep its channel going. */
export class WeakEnd<S> implements Disposable, Traveller {
  readonly #origin: Origin<S>
  /** Not closed yet. */
  #open: boolean

  /** One that is counted already; or a closed one, which is not. */
  constructor(origin: Origin<S>, open = true) {
    this.#origin = origin
    this.#open = open
  }

  upgrade(): S | undefined {
    const { count, fed } = this.#origin.ends
    return this.#open && count.upgrade(() => fed.kept) ? this.#origin.sender() : undefined
  }

  clone(): WeakEnd<S> {
    if (this.#open) this.#origin.ends.count.addWeak(1)
    return new WeakEnd(this.#origin, this.#open)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#origin.ends.count.addWeak(-1)
  }

  get strongCount(): number {
    return this.#origin.ends.count.strong
  }

  get weakCount(): number {
    return this.#origin.ends.count.weak
  }

  /** One more weak handle, of the thread where it arrives; it is counted there, from when it has arrived. */
  [travel](): Luggage {
    if (!this.#open) throw channelStays(`${this.#origin.ends.name}: a weak sender`, 'it was closed', 'send it before it is closed')
    return this.#origin.weakLuggage()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** A weak handle has come to this thread. */
export const weakArrived = <S>(origin: Origin<S>): WeakEnd<S> => {
  origin.ends.count.addWeak(1)
  return new WeakEnd(origin)
}
