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
 * Called by the ends, through core.ts, and by travelling.ts.
 */
import { words as sharedWords } from '../../atomic/shared-memory.ts'
import { shore } from '../../atomic/shore.ts'
import { living, me } from '../../atomic/threads.ts'
import { waitsForItself } from '../../error/wording-sync.ts'
import { blockingCheck } from '../../sync/blocking.ts'
import { done, ready } from '../../sync/budget.ts'
import { MOST } from '../../sync/check.ts'
import { receiverGone } from '../../sync/closed-error.ts'
import { EVENT_WORDS, Event } from '../../sync/event.ts'
import { Closed, Empty } from '../../sync/outcome.ts'
import { PERMITS_WORDS, Permits, type Claim } from '../../sync/permits.ts'
import { FREE, LEFT, TOTAL, busy, type Ledger } from '../../sync/ledger.ts'
import { outside } from '../../sync/scope.ts'
import { Waiters } from '../../sync/waiters.ts'
import { kept, load, unwrap, type Cargo } from '../cargo.ts'
import { CARRIER_WORDS, Carrier } from '../carrier.ts'
import { SEAT_WORDS, SeatCounts } from '../seats.ts'
import type { Channel, Core } from './core.ts'
import type { LocalCore } from './local.ts'

const PERMITS = 0
const ARRIVALS = PERMITS + PERMITS_WORDS
const CLOSINGS = ARRIVALS + EVENT_WORDS
const COUNTS = CLOSINGS + EVENT_WORDS
const CARRIER = COUNTS + SEAT_WORDS
/** The receiver takes no more. */
const CLOSED = CARRIER + CARRIER_WORDS
/** The receiver takes nothing at all. */
const GONE = CLOSED + 1
/** The mark of the receiver's thread; 0 while it is on its way. */
const RECEIVER = GONE + 1
/** Grows with every departure of the receiver. */
const PASSAGE = RECEIVER + 1
/** The receiver's thread has receives that wait. */
const STARVING = PASSAGE + 1
export const CHANNEL_WORDS = STARVING + 1

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

/** What a core goes on from: a local one's, or nothing. */
interface Beginnings<A> {
  readonly waiting: Waiters<A | Closed>
  readonly weigh: ((item: A) => number) | undefined
}

export class SharedCore<A> implements Core<A> {
  readonly words: Int32Array
  readonly permits: Permits
  readonly carrier: Carrier
  readonly counts: SeatCounts
  readonly #arrivals: Event
  readonly #closings: Event
  /** The permits' words, to be looked at under their lock. */
  readonly #ledger: Ledger
  readonly #channel: Channel<A>
  readonly #weigh: ((item: A) => number) | undefined
  /** Receives of this thread that wait. */
  readonly #receiving: Waiters<A | Closed>
  #serving = false
  #telling = false

  private constructor(channel: Channel<A>, words: Int32Array, carrier: Carrier, from?: Beginnings<A>, permits?: Permits) {
    this.#channel = channel
    this.words = words
    this.#ledger = { words, at: PERMITS, seats: 0, places: 0, each: 0 }
    this.carrier = carrier
    this.#receiving = from?.waiting ?? new Waiters()
    this.#weigh = from?.weigh
    this.counts = new SeatCounts(words, COUNTS, { enter: () => { this.permits.enter() }, exit: () => { this.permits.exit() } })
    const keeper = { left: () => this.#left(), mend: () => { this.#mend() } }
    if (permits === undefined) {
      this.permits = Permits.attach(words, PERMITS, keeper)
      this.#arrivals = Event.attach(words, ARRIVALS)
      this.#closings = Event.attach(words, CLOSINGS)
    } else {
      this.permits = permits
      this.permits.share(words, PERMITS, keeper)
      this.#arrivals = new Event()
      this.#arrivals.share(words, ARRIVALS)
      this.#closings = new Event()
      this.#closings.share(words, CLOSINGS)
    }
  }

  /** One for a channel that was this thread's alone: its items are `cargo`, with their weights. */
  static begin<A>(channel: Channel<A>, cargo: readonly (readonly [Cargo, number])[], from: LocalCore<A>): SharedCore<A> {
    const words = sharedWords(CHANNEL_WORDS)
    const carrier = Carrier.create('mpsc', words, CARRIER)
    words[RECEIVER] = me()
    words[CLOSED] = from.closed ? 1 : 0
    words[GONE] = from.gone ? 1 : 0
    for (const [item, weight] of cargo) carrier.push(item, weight)
    const core = new SharedCore(channel, words, carrier, from, from.permits ?? countless(cargo.length))
    core.counts.begin(channel.ends.count)
    return core
  }

  /** One over words and memory that another thread has made. */
  static attach<A>(channel: Channel<A>, words: SharedArrayBuffer, memory: SharedArrayBuffer): SharedCore<A> {
    const view = new Int32Array(words)
    return new SharedCore(channel, view, new Carrier('mpsc', view, CARRIER, memory))
  }

  /** Waits of this thread from before the channel was shared go on. */
  resume(): void {
    if (this.#receiving.first !== undefined) this.#serveLater()
    if (this.#channel.ends.watching.first !== undefined) this.watched()
  }

  #locked<B>(body: () => B): B {
    this.permits.enter()
    try {
      return body()
    } finally {
      this.permits.exit()
    }
  }

  /** Under the lock, after a death. */
  #mend(): void {
    const { words, carrier } = this
    const receiver = words[RECEIVER]!
    carrier.repair()
    this.counts.mend()
    if (receiver !== 0 && !living(receiver)) {
      words[CLOSED] = words[GONE] = 1
      carrier.clear()
      this.permits.closeInside()
    }
  }

  /** The weight of what lies here, counted anew; under the lock. */
  #left(): number {
    const { carrier } = this
    let weight = 0
    for (let at = carrier.head; at !== carrier.tail; at = carrier.next(at)) weight += carrier.tag(at)
    return weight
  }

  /** Takes notice of deaths. */
  #look(): void {
    this.permits.enter()
    this.permits.exit()
  }

  get free(): number {
    return this.permits.free
  }

  get closed(): boolean {
    if (this.words[CLOSED] === 0) this.#look()
    return this.words[CLOSED] !== 0
  }

  get gone(): boolean {
    return this.words[GONE] !== 0
  }

  get length(): number {
    return this.carrier.count
  }

  /** Permits are out, or a send is on its way (S1); under the lock, or as a moment's truth. */
  get kept(): boolean {
    const { words } = this
    return words[PERMITS + TOTAL] !== words[PERMITS + FREE]! + words[PERMITS + LEFT]! || busy(this.#ledger, shore)
  }

  get #endedInside(): boolean {
    return this.carrier.count === 0 && (this.words[CLOSED] !== 0 || this.counts.strongInside === 0) && !this.kept
  }

  get shut(): boolean {
    return this.closed || (this.counts.strongInside === 0 && !this.kept)
  }

  get starving(): boolean {
    return this.words[STARVING] !== 0 && !this.gone
  }

  senderless(): void {
    this.#arrivals.tell()
  }

  watched(): void {
    if (this.#telling) return
    this.#telling = true
    const { watching } = this.#channel.ends
    const look = (): true | undefined => {
      if (!this.closed && watching.first !== undefined) return undefined
      this.#telling = false
      watching.settleAll()
      return true
    }
    outside(() => void this.#closings.until(look))
  }

  get weighs(): boolean {
    return this.#weigh !== undefined
  }

  weightOf(item: A): number {
    return this.#weigh === undefined ? 1 : this.#channel.fit(this.#weigh(item), 'weigh must answer a number >= 0')
  }

  /** Puts in an item whose permits this thread has. Under the lock. */
  #stow(cargo: Cargo, weight: number): void {
    this.carrier.push(cargo, weight)
    this.permits.leaveInside(weight)
  }

  /** Sends if there is room. */
  #sendNow(cargo: Cargo, weight: number): 'Full' | 'Closed' | undefined {
    const told = this.#sendOnce(cargo, weight)
    // what waited here before, and had been served, is in now; room that is left is ours
    return told === 'Full' && this.words[PERMITS + FREE]! >= weight ? this.#sendOnce(cargo, weight) : told
  }

  #sendOnce(cargo: Cargo, weight: number): 'Full' | 'Closed' | undefined {
    const { permits, words } = this
    let taken = false
    permits.enter()
    try {
      if (words[CLOSED] !== 0) return 'Closed'
      if (!permits.tryTakeInside(weight)) return 'Full'
      taken = true
      this.#stow(cargo, weight)
      taken = false
    } finally {
      permits.exit()
      if (taken) permits.give(weight) // the item is too large for any memory
    }
    this.#arrivals.tell()
    return undefined
  }

  /**
   * Sends what has its permits already; false, and they are given back, when nothing can be sent any more. Throws, and they are still
   * this thread's, when the item is too large for any memory.
   */
  #sendGranted(cargo: Cargo, weight: number): boolean {
    const sent = this.#locked(() => {
      if (this.words[GONE] !== 0) return false
      this.#stow(cargo, weight)
      return true
    })
    if (sent) this.#arrivals.tell()
    else this.release(weight)
    return sent
  }

  /** The end of a send that has waited: its promise's value. */
  #sendWaited(cargo: Cargo, item: A, weight: number): void | Promise<never> {
    try {
      if (this.#sendGranted(cargo, weight)) return
    } catch (error) {
      this.release(weight)
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
    return Promise.reject(receiverGone('mpsc', item))
  }

  trySend(item: A): 'Full' | 'Closed' | undefined {
    const weight = this.weightOf(item)
    return this.#sendNow(load(item, 'mpsc'), weight)
  }

  send(item: A, signal: AbortSignal | undefined): Promise<void> {
    const weight = this.weightOf(item)
    const cargo = load(item, 'mpsc')
    const told = this.#sendNow(cargo, weight)
    if (told === undefined) return done()
    return told === 'Closed'
      ? Promise.reject(receiverGone('mpsc', item))
      : this.permits.take<void>(weight, this.#claim(kept(cargo), item, weight), signal)
  }

  #claim(cargo: Cargo, item: A, weight: number): Claim<void> {
    return {
      // what it answers becomes of the send's promise: done, or rejected
      // eslint-disable-next-line @typescript-eslint/no-misused-promises
      granted: (): void | Promise<never> => this.#sendWaited(cargo, item, weight),
      refused: () => receiverGone('mpsc', item),
      abandoned: () => { this.#fewer() }
    }
  }

  blockingSend(item: A): void {
    blockingCheck('mpsc: blockingSend')
    const weight = this.weightOf(item)
    const cargo = load(item, 'mpsc')
    const told = this.#sendNow(cargo, weight)
    if (told === 'Closed') throw receiverGone('mpsc', item)
    if (told === undefined) return
    this.#notAlone('mpsc: blockingSend', 'the channel is full')
    let sent = false
    this.permits.blockingTake('mpsc: blockingSend', weight, {
      granted: () => {
        try {
          sent = this.#sendGranted(cargo, weight)
        } catch (error) {
          this.release(weight)
          throw error
        }
      },
      refused: () => receiverGone('mpsc', item)
    })
    if (!sent) throw receiverGone('mpsc', item)
  }

  tryReserve(weight: number): 'Full' | 'Closed' | undefined {
    return this.#locked(() => (this.words[CLOSED] !== 0 ? 'Closed' : this.permits.tryTakeInside(weight) ? undefined : 'Full'))
  }

  reserve<P>(weight: number, _permits: number, granted: () => P, signal: AbortSignal | undefined): Promise<P> {
    return this.permits.take(weight, { granted, refused: () => receiverGone('mpsc'), abandoned: () => { this.#fewer() } }, signal)
  }

  blockingReserve(weight: number): void {
    blockingCheck('mpsc: blockingReserve')
    const told = this.tryReserve(weight)
    if (told === 'Closed') throw receiverGone('mpsc')
    if (told === undefined) return
    this.#notAlone('mpsc: blockingReserve', 'the channel is full')
    this.permits.blockingTake('mpsc: blockingReserve', weight, { granted: () => undefined, refused: () => receiverGone('mpsc') })
  }

  sendTaken(item: A, weight: number): void | Promise<never> {
    let cargo: Cargo
    try {
      cargo = load(item, 'mpsc')
    } catch (error) {
      this.release(weight)
      // what it was called with cannot be cloned: the send that has waited rejects
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
    return this.#sendWaited(cargo, item, weight)
  }

  reserveTaken(): void {
    // the permits are on this thread's account
  }

  sendReserved(item: A, held: number, weight: number): boolean {
    const sent = this.#sendGranted(load(item, 'mpsc'), weight)
    if (held > weight) this.release(held - weight)
    return sent
  }

  release(held: number): void {
    this.permits.give(held)
    this.#fewer()
  }

  /** Something that might have been sent will not be: it may have been the last that the receiver waits for. */
  #fewer(): void {
    if (this.words[CLOSED] !== 0 || this.counts.strongInside === 0) this.#arrivals.tell()
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
      if (this.carrier.count === 0) return this.#endedInside || this.gone ? Closed : NOTHING
      raw = this.#takeInside()
    } finally {
      permits.exit()
    }
    return unwrap(raw) as A
  }

  /** Gives items to the receives of this thread that wait, in their order; true when none waits any more. */
  #serve(): boolean {
    const receiving = this.#receiving
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
    outside(() => void this.#arrivals.until(look))
  }

  tryRecv(): A | Empty | Closed {
    if (this.#receiving.first !== undefined && !this.#serve()) return Empty
    const got = this.#take()
    return got === NOTHING ? Empty : got
  }

  recv(signal: AbortSignal | undefined): Promise<A | Closed> {
    const item = this.tryRecv()
    if (item !== Empty) return ready(item)
    const received = this.#receiving.wait(undefined, signal)
    this.#serveLater()
    this.#channel.ends.miss()
    return received
  }

  drain(items: A[], limit: number): void {
    if (this.#receiving.first !== undefined && !this.#serve()) return
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

  blockingRecv(): A | Closed {
    blockingCheck('mpsc: blockingRecv')
    const item = this.tryRecv()
    return item === Empty ? this.#block() : item
  }

  /** The next item, blocking until there is one. */
  #block(): A | Closed {
    this.words[STARVING] = 1
    const { one } = this.#arrivals.blockingUntil<{ readonly one: A | Closed }>('mpsc: blockingRecv', () => {
      const got = this.tryRecv()
      return got === Empty ? undefined : { one: got }
    })
    this.words[STARVING] = 0
    return one
  }

  /** A wait that would block the only thread that could end it. */
  #notAlone(call: string, why: string): void {
    if (this.words[RECEIVER] === me()) throw waitsForItself(call, `${why}, and its receiver is in this very thread`)
  }

  close(): void {
    if (this.words[CLOSED] !== 0) return
    this.#locked(() => {
      this.words[CLOSED] = 1
      this.permits.closeInside()
    })
    this.#closings.tell()
    this.#arrivals.tell()
  }

  dispose(): void {
    this.close()
    if (this.gone) return
    this.#locked(() => { this.#dropInside() })
    this.#receiving.settleAll(Closed)
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
    return this.#locked(() => {
      this.words[RECEIVER] = 0
      return (this.words[PASSAGE]! += 1)
    })
  }

  /** The receiver has come to this thread; false when it is somewhere else. */
  arriveReceiver(): boolean {
    return this.#locked(() => {
      if (this.words[RECEIVER] !== 0) return false
      this.words[RECEIVER] = me()
      return true
    })
  }

  /** That passage is over: a receiver that has not arrived is dropped. */
  passageOver(passage: number): void {
    const lost = this.#locked(() => {
      if (this.words[RECEIVER] !== 0 || this.words[PASSAGE] !== passage) return false
      this.words[CLOSED] = 1
      this.permits.closeInside()
      this.#dropInside()
      return true
    })
    if (!lost) return
    this.#closings.tell()
    this.#arrivals.tell()
  }

  /** Receives of this thread wait. */
  get receiving(): boolean {
    return this.#receiving.first !== undefined
  }
}

export const isShared = <A>(core: Core<A>): core is SharedCore<A> => core instanceof SharedCore
