/**
 * What both halves of an mpsc channel in shared memory stand on (shared.ts): its words, its lock, and what can be asked of it.
 * Called by shared-sending.ts and shared.ts.
 */
import { words as sharedWords } from '../../atomic/shared-memory.ts'
import { shore } from '../../atomic/shore.ts'
import { living, me } from '../../atomic/threads.ts'
import { waitsForItself } from '../../error/wording-sync.ts'
import { EVENT_WORDS, Event } from '../../sync/event.ts'
import { FREE, LEFT, TOTAL, busy, type Ledger } from '../../sync/ledger.ts'
import type { Closed } from '../../sync/outcome.ts'
import { PERMITS_WORDS, Permits } from '../../sync/permits.ts'
import { Waiters } from '../../sync/waiters.ts'
import type { Cargo } from '../cargo.ts'
import { CARRIER_WORDS, Carrier } from '../carrier.ts'
import { SEAT_WORDS, SeatCounts } from '../seats.ts'
import type { Channel } from './core.ts'
import type { LocalCore } from './local.ts'

export const PERMITS = 0
const ARRIVALS = PERMITS + PERMITS_WORDS
const CLOSINGS = ARRIVALS + EVENT_WORDS
const COUNTS = CLOSINGS + EVENT_WORDS
const CARRIER = COUNTS + SEAT_WORDS
/** The receiver takes no more. */
export const CLOSED = CARRIER + CARRIER_WORDS
/** The receiver takes nothing at all. */
export const GONE = CLOSED + 1
/** The mark of the receiver's thread; 0 while it is on its way. */
export const RECEIVER = GONE + 1
/** Grows with every departure of the receiver. */
export const PASSAGE = RECEIVER + 1
/** The receiver's thread has receives that wait. */
export const STARVING = PASSAGE + 1
const CHANNEL_WORDS = STARVING + 1

/** Words and memory that go on from a local core, with its items and their weights. */
export const newMemory = <A>(cargo: readonly (readonly [Cargo, number])[], { closed, gone }: LocalCore<A>): { readonly words: Int32Array; readonly carrier: Carrier } => {
  const words = sharedWords(CHANNEL_WORDS)
  const carrier = Carrier.create('mpsc', words, CARRIER)
  words[RECEIVER] = me()
  words[CLOSED] = closed ? 1 : 0
  words[GONE] = gone ? 1 : 0
  for (const [item, weight] of cargo) carrier.push(item, weight)
  return { words, carrier }
}

/** The items in words and memory that another thread has made. */
export const carrierOf = (words: Int32Array, memory: SharedArrayBuffer): Carrier => new Carrier('mpsc', words, CARRIER, memory)

/** What a core goes on from: a local one's, or nothing. */
export interface Beginnings<A> {
  readonly waiting: Waiters<A | Closed>
  readonly weigh: ((item: A) => number) | undefined
}

export abstract class SharedBase<A> {
  readonly words: Int32Array
  readonly permits: Permits
  readonly carrier: Carrier
  readonly counts: SeatCounts
  protected readonly arrivals: Event
  protected readonly closings: Event
  /** The permits' words, to be looked at under their lock. */
  readonly #ledger: Ledger
  protected readonly channel: Channel<A>
  protected readonly weigh: ((item: A) => number) | undefined
  /** Receives of this thread that wait. */
  protected readonly waiting: Waiters<A | Closed>

  protected constructor(channel: Channel<A>, words: Int32Array, carrier: Carrier, from?: Beginnings<A>, permits?: Permits) {
    this.channel = channel
    this.words = words
    this.#ledger = { words, at: PERMITS, seats: 0, places: 0, each: 0 }
    this.carrier = carrier
    this.waiting = from?.waiting ?? new Waiters()
    this.weigh = from?.weigh
    this.counts = new SeatCounts(words, COUNTS, { enter: () => { this.permits.enter() }, exit: () => { this.permits.exit() } })
    const keeper = { left: () => this.#left(), mend: () => { this.#mend() } }
    if (permits === undefined) {
      this.permits = Permits.attach(words, PERMITS, keeper)
      this.arrivals = Event.attach(words, ARRIVALS)
      this.closings = Event.attach(words, CLOSINGS)
    } else {
      this.permits = permits
      this.permits.share(words, PERMITS, keeper)
      this.arrivals = new Event()
      this.arrivals.share(words, ARRIVALS)
      this.closings = new Event()
      this.closings.share(words, CLOSINGS)
    }
  }

  protected locked<B>(body: () => B): B {
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

  protected get endedInside(): boolean {
    return this.carrier.count === 0 && (this.words[CLOSED] !== 0 || this.counts.strongInside === 0) && !this.kept
  }

  get shut(): boolean {
    return this.closed || (this.counts.strongInside === 0 && !this.kept)
  }

  get starving(): boolean {
    return this.words[STARVING] !== 0 && !this.gone
  }

  senderless(): void {
    this.arrivals.tell()
  }

  watched(): void {
    this.channel.ends.watchBy(this.closings)
  }

  /** A wait that would block the only thread that could end it. */
  protected notAlone(call: string, why: string): void {
    if (this.words[RECEIVER] === me()) throw waitsForItself(call, `${why}, and its receiver is in this very thread`)
  }
}
