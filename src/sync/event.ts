/**
 * Something has changed, and whoever waits for a change looks again: without order between threads, and without a queue.
 *
 *     until(look) ──▶ look ──nothing──▶ bit of this thread set ──▶ look ──nothing──▶ sleeps (sleeper.ts)
 *     the change is made ──▶ tell ──▶ the bits are taken, and their threads woken; looks of this thread run at once
 *
 *     words   8 words of bits, one for each seat
 * Invariants
 *   E1  a thread whose calls wait has its bit set, or has been woken since it was taken, and sets it before it looks
 *   E2  no change is missed: who waits sets the bit and then looks, who tells has made the change and then takes the bits; whichever
 *       is first, the other sees it (all of these are sequentially consistent, so no version is needed)
 *   E3  the calls of one thread look in their order; a look that takes something has it before the next looks
 * A thread that dies leaves a bit behind: whoever sits there next is woken for nothing, once. Every death is a reason to look.
 * It has two forms, as permits.ts: near, until `share`. Called by the locks, and by channels.
 */
import { shore, type Shore } from '../atomic/shore.ts'
import { SEATS, parked } from '../atomic/threads.ts'
import { waitsForItself } from '../error/wording-sync.ts'
import { blockingCheck, sleepBefore } from './blocking.ts'
import { ready } from './budget.ts'
import { attend, ignore, type Sleeping } from './sleeper.ts'
import { Waiters, abandoned } from './waiters.ts'

const BITS = 0
const BIT_WORDS = SEATS / 32

/** Words of an event that is shared. */
export const EVENT_WORDS = BITS + BIT_WORDS

/** From now on this thread is woken by whoever tells. */
export const arm = (words: Int32Array, at: number, s: Shore): void => {
  const seat = s.me() & 0xff
  const word = at + BITS + (seat >>> 5)
  const bit = 1 << (seat & 31)
  for (let bits = s.load(words, word); (bits & bit) === 0; bits = s.load(words, word)) {
    if (s.cas(words, word, bits, bits | bit)) return
  }
}

/** After a change was made: wakes the threads that are armed; answers whether this one was. None of them is any more. */
export const ring = (words: Int32Array, at: number, s: Shore): boolean => {
  const mine = s.me() & 0xff
  let own = false
  for (let i = 0; i < BIT_WORDS; i++) {
    if (s.load(words, at + BITS + i) === 0) continue
    for (let bits = s.exchange(words, at + BITS + i, 0); bits !== 0; bits &= bits - 1) {
      const seat = i * 32 + 31 - Math.clz32(bits & -bits)
      if (seat === mine) own = true
      else s.wake(seat) // whoever sits there
    }
  }
  return own
}

/** A call that waits. */
interface Look {
  look(): unknown
  /** Takes back, when it is abandoned, what it did to wait; a value: it was too late for that. */
  readonly withdraw: (() => unknown) | undefined
}

export class Event implements Sleeping {
  #words: Int32Array | undefined
  #at = 0
  readonly #looks: Waiters<unknown, Look>
  #looking = false
  #again = false

  constructor() {
    this.#words = undefined
    this.#looks = new Waiters(() => {
      this.#rest()
    }, takeBack)
  }

  /** The event of words that another thread shares. */
  static attach(words: Int32Array, at: number): Event {
    const event = new Event()
    event.#words = words
    event.#at = at
    return event
  }

  /** Goes on in words that are zero and that other threads will see, with all that waits here. */
  share(words: Int32Array, at: number): void {
    this.#words = words
    this.#at = at
    if (this.waiting) this.#sleep()
  }

  get isShared(): boolean {
    return this.#words !== undefined
  }

  /** Whether a call of this thread waits. */
  get waiting(): boolean {
    return this.#looks.first !== undefined
  }

  /** After the change was made: whoever waits looks. Looks of this thread run before it answers. */
  tell(): void {
    if (this.#words !== undefined) {
      const own = ring(this.#words, this.#at, shore)
      if (own && this.waiting) arm(this.#words, this.#at, shore)
    }
    if (this.waiting) this.#look()
  }

  /**
   * The first answer of `look` that is not `undefined`. It looks at once, and again whenever something may have changed; it must
   * not throw. Abandoned by the signal or the end of the task: then `withdraw` undoes what the call did in order to wait; what it
   * answers, if anything, is the answer, since it had come to that before.
   */
  until<A>(look: () => A | undefined, signal?: AbortSignal, withdraw?: () => A | undefined): Promise<A> {
    const gone = abandoned(signal)
    if (gone !== undefined) {
      const late = withdraw?.()
      return late === undefined ? gone : Promise.resolve(late)
    }
    if (this.waiting) this.#look() // those before us are first (E3)
    const now = look()
    if (now !== undefined) return ready(now)
    const waiting = this.#looks.wait({ look, withdraw }, signal) as Promise<A>
    this.#sleep()
    return waiting
  }

  #sleep(): void {
    if (this.#words === undefined) return
    attend(this)
    this.woken()
  }

  /** As {@link until}, blocking this thread, until the deadline (blocking.ts). `call` is for the errors. */
  blockingUntil<A>(call: string, look: () => A | undefined, deadline = Infinity): A {
    blockingCheck(call)
    for (;;) {
      const seen = parked()
      if (this.#words !== undefined) arm(this.#words, this.#at, shore)
      const now = look()
      if (now !== undefined) return now
      if (this.#words === undefined) throw waitsForItself(call, 'what it waits for can come from this very thread only')
      sleepBefore(deadline, call, seen)
    }
  }

  woken(): void {
    if (this.#words !== undefined && this.waiting) arm(this.#words, this.#at, shore)
    this.#look()
  }

  /** Lets all calls of this thread look, in their order. */
  #look(): void {
    this.#again = true
    if (this.#looking) return // by a look that has changed something: the loop below goes on
    this.#looking = true
    while (this.#again) {
      this.#again = false
      for (let waiter = this.#looks.first; waiter !== undefined; ) {
        const { behind } = waiter
        if (!waiter.ended) {
          const answer = waiter.claim.look()
          if (answer !== undefined) {
            this.#looks.remove(waiter)
            waiter.settle(answer)
          }
        }
        waiter = behind
      }
    }
    this.#looking = false
    this.#rest()
  }

  /** When no call of this thread waits it is not to be woken. */
  #rest(): void {
    if (this.#words !== undefined && !this.waiting) ignore(this)
  }
}

const takeBack = ({ withdraw }: Look): unknown => withdraw?.()
