/**
 * Permits in words that threads share, as one thread has them: its waits, in the order of the calls, over the ledger's line.
 *
 *     take ──▶ wait ──join──▶ place in the ledger ──served──▶ collect ──▶ due ──▶ granted(), in the order of service
 *               └ no place: waits here, behind those who have one, and joins when there is one
 *
 * One object for each ledger and thread (residents.ts). Its calls go inside, change the ledger, go outside, and run the errands: wake
 * threads that were served, and do here what was served here. A claim runs outside, so it may come back in.
 * Invariants
 *   F1  those of the waits that have a place come first, in the order of their places
 *   F2  while there are waits in this thread it is woken by whoever serves one of them (sleeper.ts)
 *   F3  claims run in the order of service, whichever call was it that made them due
 * Called by permits.ts.
 */
import { shore } from '../atomic/shore.ts'
import { SEATS, parked } from '../atomic/threads.ts'
import { sleepBefore } from './blocking.ts'
import { done, ready } from './budget.ts'
import { refuse, type Claim, type Waiting } from './claim.ts'
import { ailing } from './gate.ts'
import * as Ledger from './ledger.ts'
import type { Keeper } from './ledger.ts'
import { attend, ignore, type Sleeping } from './sleeper.ts'
import type { Waiter, Waiters } from './waiters.ts'

/** Places of a line. */
const PLACES = 64
/** Of these, for one thread. */
const EACH = 16

/** Words that permits take. */
export const PERMITS_WORDS = Ledger.wordsFor(SEATS, PLACES)

/** What has a place: a wait of the list, or a blocked call. */
type Placed = Waiter<unknown, Waiting> | Blocked

/** A call that blocks this thread. */
class Blocked {
  served = false
}

/** What a blocked call that is refused answers, or throws. */
const refusal = <A>(claim: Claim<A>): A => {
  if (claim.released === undefined) throw claim.refused()
  return claim.released()
}

export class FarPermits implements Sleeping {
  readonly #ledger: Ledger.Ledger
  readonly #keeper: Keeper | undefined
  /** How many can be free without being asked for. */
  readonly #most: number
  readonly #list: Waiters<unknown, Waiting>
  /** By place. */
  readonly #placed: (Placed | undefined)[] = []
  readonly #errands: Ledger.Errands = { wake: [], mine: [] }
  /** Served, and not run yet. */
  readonly #due: Waiter<unknown, Waiting>[] = []
  #running = false

  constructor(words: Int32Array, at: number, keeper: Keeper | undefined, most: number, list: Waiters<unknown, Waiting>) {
    this.#ledger = { words, at, seats: SEATS, places: PLACES, each: EACH }
    this.#keeper = keeper
    this.#most = most
    this.#list = list
  }

  /** Fills words that are zero with permits of which this thread holds what is neither free nor with the keeper. */
  begin(total: number, free: number, grave: number, closed: boolean): void {
    const { words, at } = this.#ledger
    const left = this.#keeper?.left() ?? 0
    let waited = 0
    for (let waiter = this.#list.first; waiter !== undefined; waiter = waiter.behind) waited += waiter.claim.wanted - waiter.claim.missing
    words[at + Ledger.GRAVE] = grave
    words[at + Ledger.LEFT] = left
    words[at + Ledger.TOTAL] = total
    words[at + Ledger.FREE] = total - left
    this.enter()
    Ledger.tryTake(this.#ledger, shore, total - left - free - waited, this.#errands)
    if (closed) Ledger.refuse(this.#ledger, shore, true, this.#errands)
    this.exit() // those who wait take their places, and what they had got is theirs again
    if (this.#list.first !== undefined) attend(this)
  }

  get free(): number {
    this.#look()
    return Ledger.free(this.#ledger, shore)
  }

  get total(): number {
    return shore.load(this.#ledger.words, this.#ledger.at + Ledger.TOTAL)
  }

  get closed(): boolean {
    return shore.load(this.#ledger.words, this.#ledger.at + Ledger.CLOSED) === 1
  }

  get wanted(): boolean {
    this.#look()
    return this.#list.first !== undefined || Ledger.busy(this.#ledger, shore)
  }

  /** The first wait that has no place (F1). */
  get #placeless(): Waiter<unknown, Waiting> | undefined {
    let waiter = this.#list.first
    while (waiter !== undefined && waiter.claim.place !== -1) waiter = waiter.behind
    return waiter
  }

  /** If somebody has died, puts in order what is about to be looked at. */
  #look(): void {
    if (!ailing(this.#ledger.words, this.#ledger.at, shore)) return
    this.enter()
    this.exit()
  }

  enter(): void {
    Ledger.enter(this.#ledger, shore, this.#errands, this.#keeper)
    if (this.#list.first !== undefined) this.#claimServed() // in their order, before what is served from here on (F3)
    if (this.#most !== Infinity) this.#trim()
  }

  /** Inside: what has come back from the dead is no more than what may be free. */
  #trim(): void {
    const over = Ledger.free(this.#ledger, shore) - this.#most
    if (over > 0) Ledger.add(this.#ledger, shore, -over, this.#errands)
  }

  /** Goes outside, and does what has become due. */
  exit(): void {
    const { mine, wake } = this.#errands
    do {
      while (mine.length > 0) this.#collect(mine.shift()!)
      this.#seat()
    } while (mine.length > 0)
    const marks = wake.length === 0 ? undefined : wake.splice(0)
    Ledger.exit(this.#ledger, shore)
    if (marks !== undefined) for (const mark of marks) shore.wake(mark)
    if (this.#due.length > 0) this.#run()
  }

  /** Inside: what was served is this thread's. */
  #collect(place: number): void {
    const placed = this.#placed[place]!
    this.#placed[place] = undefined
    if (placed instanceof Blocked) placed.served = true
    else if (placed.ended) {
      // by its signal, together with others, and it comes to `left` after them
      placed.claim.place = -1
      Ledger.withdraw(this.#ledger, shore, place, this.#errands)
      return
    } else {
      placed.deaf()
      this.#list.remove(placed)
      this.#due.push(placed)
    }
    Ledger.collect(this.#ledger, shore, place, this.#errands)
  }

  /** Inside: gives places to those who wait without. */
  #seat(): void {
    if (this.#list.first === undefined || this.closed) return
    const refused = this.#refused()
    for (let waiter = this.#placeless; waiter !== undefined; waiter = waiter.behind) {
      if (waiter.claim.refused !== refused) return // `woken` is about to refuse it
      const place = Ledger.join(this.#ledger, shore, waiter.claim.wanted, this.#errands)
      if (place === -1) return
      waiter.claim.place = place
      this.#placed[place] = waiter
    }
  }

  #run(): void {
    if (this.#running) return // by a claim that runs just now: the loop below goes on
    this.#running = true
    for (let waiter = this.#due.shift(); waiter !== undefined; waiter = this.#due.shift()) waiter.settle(waiter.claim.claim.granted())
    this.#running = false
    if (this.#list.first === undefined) ignore(this)
  }

  // ---- inside only ----

  tryTakeInside(n: number): boolean {
    return (n === 0 || this.#list.first === undefined) && Ledger.tryTake(this.#ledger, shore, n, this.#errands, this.#keeper)
  }

  giveInside(n: number): void {
    Ledger.give(this.#ledger, shore, n, this.#errands)
  }

  leaveInside(n: number): void {
    Ledger.lay(this.#ledger, shore, n, this.#errands)
  }

  giveLeftInside(n: number): void {
    Ledger.lift(this.#ledger, shore, n, this.#errands)
  }

  closeInside(): void {
    Ledger.refuse(this.#ledger, shore, true, this.#errands)
    if (this.#list.first !== undefined) queueMicrotask(() => { this.woken() })
  }

  // ---- from outside ----

  tryTake(n: number): boolean {
    this.enter()
    const taken = this.tryTakeInside(n)
    this.exit()
    return taken
  }

  take<A>(n: number, claim: Claim<A>, signal: AbortSignal | undefined): Promise<A> {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    if (this.closed) return Promise.reject(claim.refused())
    if (this.tryTake(n)) {
      const value = claim.granted()
      return value === undefined ? (done() as Promise<A>) : ready(value)
    }
    const waiting = { claim, wanted: n, missing: n, place: -1, refused: this.#refused() }
    const promise = this.#list.wait(waiting, signal) as Promise<A>
    this.enter()
    this.exit() // takes a place
    if (this.#list.first !== undefined) {
      attend(this)
      this.woken() // something may have happened before
    }
    return promise
  }

  #refused(): number {
    return shore.load(this.#ledger.words, this.#ledger.at + Ledger.REFUSED)
  }

  blockingTake<A>(call: string, n: number, claim: Claim<A>, deadline: number): A {
    const blocked = new Blocked()
    const refused = this.#refused()
    for (let place = -1; ; ) {
      const seen = parked()
      if (place === -1) place = this.#block(n, blocked)
      else if (Ledger.isServed(this.#ledger, shore, place)) {
        this.enter()
        if (!blocked.served) this.#serve(place)
        this.exit()
      } else if (Ledger.isRefused(this.#ledger, shore, place)) {
        this.#giveUp(place)
        return refusal(claim)
      } else this.#look()
      if (blocked.served) return claim.granted()
      if (place === -1 && (this.closed || refused !== this.#refused())) return refusal(claim)
      try {
        sleepBefore(deadline, call, seen)
      } catch (error) {
        if (place !== -1) this.#giveUp(place)
        throw error
      }
    }
  }

  /** Takes, or takes a place. */
  #block(n: number, blocked: Blocked): number {
    let place = -1
    this.enter()
    this.#claimServed() // of those who wait here: they may have all places that this thread can have
    if (!this.closed) {
      if (this.tryTakeInside(n)) blocked.served = true
      else place = Ledger.join(this.#ledger, shore, n, this.#errands)
      if (place !== -1) this.#placed[place] = blocked
    }
    this.exit()
    return place
  }

  #serve(place: number): void {
    const { mine } = this.#errands
    if (!mine.includes(place)) mine.push(place)
  }

  #giveUp(place: number): void {
    this.#placed[place] = undefined
    this.enter()
    const { mine } = this.#errands
    if (mine.includes(place)) mine.splice(mine.indexOf(place), 1)
    Ledger.withdraw(this.#ledger, shore, place, this.#errands)
    this.exit()
  }

  give(n: number): void {
    this.enter()
    this.giveInside(n)
    this.exit()
  }

  leave(n: number): void {
    this.enter()
    this.leaveInside(n)
    this.exit()
  }

  giveLeft(n: number): void {
    this.enter()
    this.giveLeftInside(n)
    this.exit()
  }

  add(n: number): void {
    this.enter()
    Ledger.add(this.#ledger, shore, n, this.#errands)
    this.exit()
  }

  notify(last: boolean): void {
    this.enter()
    Ledger.notify(this.#ledger, shore, last, this.#errands)
    this.exit()
  }

  drop(n: number): void {
    this.enter()
    Ledger.drop(this.#ledger, shore, n, this.#errands)
    this.exit()
  }

  forget(n: number): number {
    this.enter()
    const gone = Math.min(n, Ledger.free(this.#ledger, shore))
    Ledger.add(this.#ledger, shore, -gone, this.#errands)
    this.exit()
    return gone
  }

  /** Whether a holder has died; asked once. */
  poisoned(): boolean {
    const { words, at } = this.#ledger
    return shore.load(words, at + Ledger.POISON) === 1 && shore.exchange(words, at + Ledger.POISON, 0) === 1
  }

  refuse(close: boolean): void {
    this.enter()
    Ledger.refuse(this.#ledger, shore, close, this.#errands)
    this.exit()
    this.woken()
  }

  /** A wait of this thread has ended by its signal, and is out of the list. */
  left({ place }: Waiting): void {
    if (place !== -1) this.#giveUp(place)
    if (this.#list.first === undefined) ignore(this)
  }

  woken(): void {
    for (let waiter = this.#list.first; waiter !== undefined; waiter = this.#list.first) {
      const { place } = waiter.claim
      if (place !== -1 && Ledger.isServed(this.#ledger, shore, place)) {
        this.enter()
        this.#claimServed()
        this.exit()
      } else if (this.#isRefused(waiter.claim)) {
        this.#list.remove(waiter)
        if (place !== -1) this.#giveUp(place)
        refuse(waiter)
      } else break
    }
    if (this.#list.first === undefined) ignore(this)
    else if (this.#placeless !== undefined) {
      this.enter()
      this.exit()
    } else this.#look()
  }

  #isRefused({ place, refused }: Waiting): boolean {
    return place === -1 ? refused !== this.#refused() || this.closed : Ledger.isRefused(this.#ledger, shore, place)
  }

  /** Inside: all of this thread's places that were served. */
  #claimServed(): void {
    for (let waiter = this.#list.first; waiter !== undefined && waiter.claim.place !== -1; waiter = waiter.behind) {
      if (Ledger.isServed(this.#ledger, shore, waiter.claim.place)) this.#serve(waiter.claim.place)
    }
  }
}
