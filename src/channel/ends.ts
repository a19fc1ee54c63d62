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
import { done } from '../sync/budget.ts'
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

  constructor(name: string, fed: Fed, count: Count = new LocalCount()) {
    this.name = name
    this.fed = fed
    this.count = count
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

  /** A weak handle that makes senders by `make`. */
  protected abstract weakly(): WeakEnd<S>

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
    return this.weakly()
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

/** A handle that does not keep its channel going. */
export abstract class WeakEnd<S> implements Disposable {
  protected readonly ends: Ends
  /** Not closed yet. */
  protected open = true

  /** One that is counted already. */
  constructor(ends: Ends) {
    this.ends = ends
  }

  /** A sender, that is counted already. */
  protected abstract strong(): S

  protected abstract another(): WeakEnd<S>

  upgrade(): S | undefined {
    const { count, fed } = this.ends
    return this.open && count.upgrade(() => fed.kept) ? this.strong() : undefined
  }

  clone(): WeakEnd<S> {
    if (this.open) this.ends.count.addWeak(1)
    const another = this.another()
    if (!this.open) another.open = false
    return another
  }

  close(): void {
    if (!this.open) return
    this.open = false
    this.ends.count.addWeak(-1)
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
