/**
 * A point that tasks reach together: the last one opens it, and it is closed again for the next round. In one thread, or in several.
 *
 *     words   [LOCK REAPED] SIZE ROUND ARRIVED · event · rows, one per seat: MARK of the thread, ROUND, COUNT of its arrivals in it
 *
 *     wait ──▶ COUNT of the own row + 1 ──▶ ARRIVED = SIZE? ──yes──▶ ROUND + 1: all who wait for this round are through; we lead
 *                                             └──no──▶ waits until ROUND is another
 * Invariants
 *   B1  ARRIVED = Σ COUNT of the living whose row is of this ROUND; it is derived, and counted anew when somebody has died
 *   B2  a round ends by one store of ROUND: all its arrivals are through, and none of them counts in the next one
 *   B3  who gives up takes its arrival back, unless the round has ended; so does a thread that dies
 * In one thread the same words are in memory of its own. Everything but the event is inside the gate.
 */
import { words as sharedWords } from '../atomic/shared-memory.ts'
import { shore } from '../atomic/shore.ts'
import { SEATS, here } from '../atomic/threads.ts'
import { arrives, travel, type Luggage } from '../prelude/travel.ts'
import { blockingCheck, deadlineOf, type BlockingOptions } from './blocking.ts'
import { ready } from './budget.ts'
import { wholeNumber } from './check.ts'
import { EVENT_WORDS, Event } from './event.ts'
import { GATE_WORDS, Gate } from './gate.ts'
import { reside, resident, type Name } from './residents.ts'
import { abandoned, type WaitOptions } from './waiters.ts'

const KIND = 'Barrier'

const SIZE = GATE_WORDS
const ROUND = SIZE + 1
const ARRIVED = SIZE + 2
const EVENT = SIZE + 3
const ROWS = EVENT + EVENT_WORDS
const ROW = 3
const MARK = 0
const ROW_ROUND = 1
const COUNT = 2

const wordsFor = (seats: number): number => ROWS + seats * ROW

/** What one has from a barrier that has opened. */
export interface BarrierWait {
  /** Whether it came last, and opened it: true for exactly one of each round. */
  readonly isLeader: boolean
}

const LED: BarrierWait = { isLeader: true }
const THROUGH: BarrierWait = { isLeader: false }

interface Parts {
  readonly name: Name
  readonly words: Int32Array
}

/** A barrier as all handles of one thread know it. */
class Core {
  #words: Int32Array
  #gate: Gate
  readonly event: Event
  #parts: Parts | undefined

  private constructor(words: Int32Array, event: Event) {
    this.#words = words
    this.#gate = this.#makeGate()
    this.event = event
  }

  static near(size: number): Core {
    const words = new Int32Array(wordsFor(here().seat + 1)) // nobody else has a row
    words[SIZE] = size
    return new Core(words, new Event())
  }

  static arrive(parts: Parts): Core {
    return resident(KIND, parts.name, () => {
      const core = new Core(parts.words, Event.attach(parts.words, EVENT))
      core.#parts = parts
      return core
    })
  }

  pack(): Parts {
    if (this.#parts === undefined) {
      const words = sharedWords(wordsFor(SEATS))
      words.set(this.#words)
      this.#words = words
      this.#gate = this.#makeGate()
      this.event.share(words, EVENT)
      this.#parts = { name: reside(this), words }
    }
    return this.#parts
  }

  #makeGate(): Gate {
    return new Gate(this.#words, 0, () => {
      this.#count()
    })
  }

  get size(): number {
    return shore.load(this.#words, SIZE)
  }

  get round(): number {
    return shore.load(this.#words, ROUND)
  }

  /** Inside: the arrivals of this round, counted anew (B1). */
  #count(): void {
    const words = this.#words
    let arrived = 0
    for (let row = ROWS; row < words.length; row += ROW) {
      const mark = words[row + MARK]!
      if (mark === 0) continue
      if (!shore.living(mark)) words[row + MARK] = words[row + COUNT] = 0
      else if (words[row + ROW_ROUND] === words[ROUND]) arrived += words[row + COUNT]!
    }
    words[ARRIVED] = arrived
  }

  /** Counts one arrival: the round that it is of, and whether it has ended it. */
  arrive(): { readonly round: number; readonly led: boolean } {
    this.#gate.enter()
    const words = this.#words
    const round = words[ROUND]!
    const row = this.#row(round)
    words[row + COUNT]!++
    const led = ++words[ARRIVED]! >= words[SIZE]!
    if (led) {
      shore.store(words, ROUND, (round + 1) | 0)
      words[ARRIVED] = 0
    }
    this.#gate.exit()
    if (led) this.event.tell()
    return { round, led }
  }

  /** Inside: this thread's row, of this round. */
  #row(round: number): number {
    const words = this.#words
    const row = ROWS + here().seat * ROW
    if (words[row + MARK] !== 0 && words[row + MARK] !== shore.me()) this.#count() // of one that sat here before us
    if (words[row + MARK] !== shore.me() || words[row + ROW_ROUND] !== round) {
      words[row + COUNT] = 0
      words[row + ROW_ROUND] = round
      words[row + MARK] = shore.me()
    }
    return row
  }

  /** Takes an arrival back; false when its round has ended (B3). */
  takeBack(round: number): boolean {
    this.#gate.enter()
    const words = this.#words
    const waits = words[ROUND] === round
    if (waits) {
      words[this.#row(round) + COUNT]!--
      words[ARRIVED]!--
    }
    this.#gate.exit()
    return waits
  }
}

/**
 * Lets tasks wait until so many of them have come, and leads exactly one of them.
 *
 * **Order**   all of a round are through at one moment; the last to come is the leader
 * **Cancel**  by `signal`: the arrival is taken back, and another one is needed in its place. Tokio's would still count
 * **Death**   so are the arrivals of a thread that dies
 * **Errors**  RangeError for a number that is not whole, from 0 to 2³¹−1
 * **Source**  tokio `sync::Barrier`
 * @example
 * const barrier = new Barrier(2)
 * const first = barrier.wait()
 * await barrier.wait() // => { isLeader: true }
 * await first // => { isLeader: false }
 */
export class Barrier {
  #core: Core

  /** One for `size` tasks; 0 is as 1, for which nobody waits. */
  constructor(size: number) {
    this.#core = Core.near(Math.max(1, wholeNumber(KIND, 'size', size, 0)))
  }

  /** How many it waits for. */
  get size(): number {
    return this.#core.size
  }

  /**
   * Arrives, and waits until all have.
   *
   * **Cancel**  by `signal`: it has not arrived
   */
  wait({ signal }: WaitOptions = {}): Promise<BarrierWait> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    const core = this.#core
    const { round, led } = core.arrive()
    if (led) return ready(LED)
    return core.event.until(
      () => (core.round === round ? undefined : THROUGH),
      signal,
      () => (core.takeBack(round) ? undefined : THROUGH)
    )
  }

  /**
   * As {@link wait}, blocking this thread; for functions of `spawnBlocking`, and of stages on the blocking lane.
   *
   * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop, and where no other thread could arrive;
   *             `TimeoutError` after `timeoutMs`: it has not arrived
   */
  blockingWait(options: BlockingOptions = {}): BarrierWait {
    const call = 'Barrier.blockingWait'
    blockingCheck(call)
    const deadline = deadlineOf(call, options)
    const core = this.#core
    const { round, led } = core.arrive()
    if (led) return LED
    try {
      return core.event.blockingUntil(call, () => (core.round === round ? undefined : THROUGH), deadline)
    } catch (error) {
      if (!core.takeBack(round)) return THROUGH // it has opened meanwhile
      throw error
    }
  }

  /** A handle of the same barrier for another thread. */
  [travel](): Luggage {
    return { kind: KIND, parts: this.#core.pack() }
  }

  static {
    arrives(KIND, (parts: Parts) => {
      const barrier = new Barrier(1)
      barrier.#core = Core.arrive(parts)
      return barrier
    })
  }
}
