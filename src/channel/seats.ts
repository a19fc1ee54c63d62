/**
 * How many senders a channel has, by thread: counts in shared words, from which those of a thread that has ended are taken.
 *
 *     row of a seat   MARK: the thread that it is about · STRONG, WEAK: its open handles
 *
 * A sender on its way to another thread is counted where it comes from, until it has arrived: its ticket, a word of shared memory that
 * goes with it, says whether it has. Luggage that is unpacked again, elsewhere or once more, is a sender more each time.
 * Invariants
 *   I1  a row is changed under the channel's lock, by the thread that it is about, or to hand over a ticket
 *   I2  the totals are the sums of the rows: after a death they are made anew, without the rows of the dead (`mend`)
 * Called by the channels, as the `count` of their Ends (ends.ts).
 */
import { fixed } from '../atomic/shared-memory.ts'
import { SEATS, living, me } from '../atomic/threads.ts'
import type { Count } from './ends.ts'

const STRONG = 0
const WEAK = 1
const ROWS = 2
const STRIDE = 3
// words of a row
const MARK = 0
const OWN = 1 // + STRONG or WEAK

/** Words that the counts of a channel take. */
export const SEAT_WORDS = ROWS + SEATS * STRIDE

/** What guards the words: the channel's lock. */
export interface Guard {
  enter(): void
  exit(): void
}

/** A sender on its way. */
export interface Ticket {
  /** Whether it has arrived. */
  readonly used: SharedArrayBuffer
  /** The thread that it is counted for until then. */
  readonly from: number
}

export class SeatCounts implements Count {
  readonly #words: Int32Array
  readonly #at: number
  readonly #guard: Guard

  /** Counts over `SEAT_WORDS` words, zeroed by the first of all. */
  constructor(words: Int32Array, at: number, guard: Guard) {
    this.#words = words
    this.#at = at
    this.#guard = guard
  }

  /** As of now: without those of threads that have died. */
  get strong(): number {
    return this.#locked(() => this.strongInside)
  }

  get weak(): number {
    return this.#locked(() => this.#words[this.#at + WEAK]!)
  }

  /** As {@link strong}, under the lock; or as of the last time that anybody had it. */
  get strongInside(): number {
    return this.#words[this.#at + STRONG]!
  }

  addStrong(n: 1 | -1): number {
    return this.#locked(() => this.add(STRONG, n))
  }

  addWeak(n: 1 | -1): void {
    this.#locked(() => this.add(WEAK, n))
  }

  upgrade(kept: () => boolean): boolean {
    return this.#locked(() => {
      if (this.strongInside === 0 && !kept()) return false
      this.add(STRONG, 1)
      return true
    })
  }

  /** Goes on from counts of this thread's alone. For the first of all. */
  begin({ strong, weak }: Pick<Count, 'strong' | 'weak'>): void {
    this.#locked(() => {
      this.add(STRONG, strong)
      this.add(WEAK, weak)
    })
  }

  /** A sender leaves for another thread; counted here until it is there. */
  depart(): Ticket {
    this.addStrong(1)
    return { used: fixed(Int32Array.BYTES_PER_ELEMENT), from: me() }
  }

  /** A sender has come to this thread; false when the channel has ended before, so that it comes closed. */
  arrive({ used, from }: Ticket, kept: () => boolean): boolean {
    return this.#locked(() => {
      if (this.strongInside === 0 && !kept()) return false
      this.add(STRONG, 1)
      const word = new Int32Array(used)
      const row = this.#rowOf(from)
      if (word[0] === 0 && this.#words[row + MARK] === from) {
        this.#words[row + OWN + STRONG]!--
        this.#words[this.#at + STRONG]!--
      }
      word[0] = 1
      return true
    })
  }

  /** Takes out what threads had that have ended. Under the lock. */
  mend(): void {
    const words = this.#words
    let strong = 0
    let weak = 0
    for (let row = this.#at + ROWS; row < this.#at + SEAT_WORDS; row += STRIDE) {
      const mark = words[row + MARK]!
      if (mark === 0) continue
      if (!living(mark)) words.fill(0, row, row + STRIDE)
      strong += words[row + OWN + STRONG]!
      weak += words[row + OWN + WEAK]!
    }
    words[this.#at + STRONG] = strong
    words[this.#at + WEAK] = weak
  }

  /** Adds to this thread's own; answers the new total. Under the lock. */
  private add(which: number, n: number): number {
    const words = this.#words
    const mine = me()
    const row = this.#rowOf(mine)
    if (words[row + MARK] !== mine) words.fill(0, row, row + STRIDE) // what a dead one has left was taken out of the totals by `mend`
    words[row + MARK] = mine
    words[row + OWN + which]! += n
    return (words[this.#at + which]! += n)
  }

  #rowOf(mark: number): number {
    return this.#at + ROWS + (mark & (SEATS - 1)) * STRIDE
  }

  #locked<A>(body: () => A): A {
    this.#guard.enter()
    try {
      return body()
    } finally {
      this.#guard.exit()
    }
  }
}
