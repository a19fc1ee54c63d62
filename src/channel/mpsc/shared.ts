/**
 * The middle of an mpsc channel whose ends are in several threads: items lie in shared memory, and whoever waits is woken there.
 *
 *     sender's thread                     words and memory that all share                    receiver's thread
 *     load ─ enter ─ permits, push ─ exit ─ tell ══▶ [permits][arrivals][closings][counts][carrier] ══▶ look ─ enter ─ read, shift ─ exit ─ unwrap
 *
 * One lock, that of the permits, guards everything; no code of the user runs under it. Waiting for room is waiting in the permits'
 * line (fair over threads); waiting for an item, or for the receiver's end, is waiting for an event, by one look a thread that serves
 * this thread's calls in their order.
 * Invariants
 *   S1  permits are free, on a thread's account (it holds a permit, or was granted a send that is not in yet), or lie here with an item:
 *       TOTAL = FREE + accounts + LEFT. So "nothing is on the way" is TOTAL = FREE + LEFT (ledger.ts)
 *   S2  what a dead thread had is found by its mark: accounts by the permits, senders by the counts, the receiver by RECEIVER; all that
 *       is derived (COUNT, LEFT, totals) is made anew from the rows and records (`mend`)
 *   S3  a receiver on its way is nobody's: RECEIVER is 0, until it arrives, or is known to be lost on this passage (crossing.ts)
 * Three files: what both halves stand on (shared-base.ts), the sending half (shared-sending.ts), and here the receiving half, with the whole.
 * Called by the ends, through core.ts, and by travelling.ts.
 */
import { me } from '../../atomic/threads.ts'
import { blockingCheck } from '../../sync/blocking.ts'
import { ready } from '../../sync/budget.ts'
import { MOST } from '../../sync/check.ts'
import { LEFT } from '../../sync/ledger.ts'
import { Closed, Empty } from '../../sync/outcome.ts'
import { Permits } from '../../sync/permits.ts'
import { outside } from '../../sync/scope.ts'
import { unwrap, type Cargo } from '../cargo.ts'
import type { Channel, Core } from './core.ts'
import type { LocalCore } from './local.ts'
import { CLOSED, GONE, PASSAGE, PERMITS, RECEIVER, STARVING, carrierOf, newMemory } from './shared-base.ts'
import { SharedSending } from './shared-sending.ts'

/** Items that are taken under one hold of the lock. */
const RUN = 64

/** What is not an item, and says nothing of the end. */
const NOTHING: unique symbol = Symbol('nothing')

/** Permits of an unbounded channel: as many as there can be, of which `taken` lie with items. */
const countless = (taken: number): Permits => {
  const permits = new Permits(MOST)
  permits.tryTake(taken)
  return permits
}

export class SharedCore<A> extends SharedSending<A> implements Core<A> {
  #serving = false

  /** One for a channel that was this thread's alone: its items are `cargo`, with their weights. */
  static begin<A>(channel: Channel<A>, cargo: readonly (readonly [Cargo, number])[], from: LocalCore<A>): SharedCore<A> {
    const { words, carrier } = newMemory(cargo, from)
    const core = new SharedCore(channel, words, carrier, from, from.permits ?? countless(cargo.length))
    core.counts.begin(channel.ends.count)
    return core
  }

  /** One over words and memory that another thread has made. */
  static attach<A>(channel: Channel<A>, words: SharedArrayBuffer, memory: SharedArrayBuffer): SharedCore<A> {
    const view = new Int32Array(words)
    return new SharedCore(channel, view, carrierOf(view, memory))
  }

  /** Waits of this thread from before the channel was shared go on. */
  resume(): void {
    if (this.waiting.first !== undefined) this.#serveLater()
    if (this.channel.ends.watching.first !== undefined) this.watched()
  }

  /** The oldest item, as it was read; under the lock. */
  #takeInside(): unknown {
    const { carrier, permits } = this
    const { head } = carrier
    const raw = carrier.read(head)
    const weight = carrier.tag(head)
    carrier.shift()
    permits.giveLeftInside(weight)
    return raw
  }

  #take(): A | Closed | typeof NOTHING {
    const { permits } = this
    let raw: unknown
    permits.enter()
    try {
      if (this.carrier.count === 0) return this.endedInside || this.gone ? Closed : NOTHING
      raw = this.#takeInside()
    } finally {
      permits.exit()
    }
    return unwrap(raw) as A
  }

  /** Gives items to the receives of this thread that wait, in their order; true when none waits any more. */
  #serve(): boolean {
    const receiving = this.waiting
    while (receiving.first !== undefined) {
      const got = this.#take()
      if (got === NOTHING) return false
      if (got === Closed) receiving.settleAll(Closed)
      else receiving.shift().settle(got)
    }
    return true
  }

  #serveLater(): void {
    if (this.#serving) return
    this.#serving = true
    this.words[STARVING] = 1
    const look = (): true | undefined => {
      if (!this.#serve()) return undefined
      this.#serving = false
      this.words[STARVING] = 0
      return true
    }
    outside(() => void this.arrivals.until(look))
  }

  tryRecv(): A | Empty | Closed {
    if (this.waiting.first !== undefined && !this.#serve()) return Empty
    const got = this.#take()
    return got === NOTHING ? Empty : got
  }

  recv(signal: AbortSignal | undefined): Promise<A | Closed> {
    const item = this.tryRecv()
    if (item !== Empty) return ready(item)
    const received = this.waiting.wait(undefined, signal)
    this.#serveLater()
    this.channel.ends.miss()
    return received
  }

  drain(items: A[], limit: number): void {
    if (this.waiting.first !== undefined && !this.#serve()) return
    const { permits, carrier } = this
    const raws: unknown[] = []
    for (let left = limit; left > 0; left -= raws.length) {
      raws.length = 0
      permits.enter()
      try {
        while (raws.length < RUN && raws.length < left && carrier.count > 0) raws.push(this.#takeInside())
      } finally {
        permits.exit()
      }
      if (raws.length === 0) return
      for (const raw of raws) items.push(unwrap(raw) as A)
    }
  }

  blockingRecv(deadline: number): A | Closed {
    blockingCheck('mpsc: blockingRecv')
    const item = this.tryRecv()
    return item === Empty ? this.#block(deadline) : item
  }

  /** The next item, blocking until there is one. */
  #block(deadline: number): A | Closed {
    const look = (): { readonly one: A | Closed } | undefined => {
      const got = this.tryRecv()
      return got === Empty ? undefined : { one: got }
    }
    this.words[STARVING] = 1
    try {
      return this.arrivals.blockingUntil('mpsc: blockingRecv', look, deadline).one
    } finally {
      this.words[STARVING] = 0
    }
  }

  close(): void {
    if (this.words[CLOSED] !== 0) return
    this.locked(() => {
      this.words[CLOSED] = 1
      this.permits.closeInside()
    })
    this.closings.tell()
    this.arrivals.tell()
  }

  dispose(): void {
    this.close()
    if (this.gone) return
    this.locked(() => { this.#dropInside() })
    this.waiting.settleAll(Closed)
  }

  /** Nothing can be received any more: what lies here is let go. */
  #dropInside(): void {
    this.words[GONE] = 1
    const weight = this.words[PERMITS + LEFT]!
    this.carrier.clear()
    this.permits.giveLeftInside(weight)
  }

  /** The receiver leaves this thread; answers the number of its passage. */
  departReceiver(): number {
    return this.locked(() => {
      this.words[RECEIVER] = 0
      return (this.words[PASSAGE]! += 1)
    })
  }

  /** The receiver has come to this thread; false when it is somewhere else. */
  arriveReceiver(): boolean {
    return this.locked(() => {
      if (this.words[RECEIVER] !== 0) return false
      this.words[RECEIVER] = me()
      return true
    })
  }

  /** That passage is over: a receiver that has not arrived is dropped. */
  passageOver(passage: number): void {
    const lost = this.locked(() => {
      if (this.words[RECEIVER] !== 0 || this.words[PASSAGE] !== passage) return false
      this.words[CLOSED] = 1
      this.permits.closeInside()
      this.#dropInside()
      return true
    })
    if (!lost) return
    this.closings.tell()
    this.arrivals.tell()
  }

  /** Receives of this thread wait. */
  get receiving(): boolean {
    return this.waiting.first !== undefined
  }
}

export const isShared = <A>(core: Core<A>): core is SharedCore<A> => core instanceof SharedCore
