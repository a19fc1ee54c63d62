/**
 * A fair count of permits: the one idea under the locks, and under the bound of every channel.
 * Source: tokio's `batch_semaphore.rs`, without its poll.
 *
 *     free 3     first: wants 5, has 5     second: wants 2, has 0        a claim at the head collects what is free
 *        └── take ──▶                ◀── give: to the head until it has what it wants, then to the next
 *
 * It has two forms. Near: for the tasks of one thread, plain fields, this file. Far: in words that threads share, from `share` on,
 * far-permits.ts over ledger.ts; what waits goes along, with what it had collected.
 * Invariants
 *   I1  nobody waits while permits are free: what is free belongs to the head of the list (no barging)
 *   I2  claims are served strictly in the order of the calls, a large one holds back the small ones behind it
 *   I3  a claim's `granted` runs in the moment it is served, inside `give`: what it does is in the order of service, not in
 *       the order in which promises are awaited. (Far: served by another thread, it runs when this one is woken)
 *   I4  who leaves gives back what it had collected; so does who is refused; so does a thread that dies, with what it holds
 *   I5  total = free + what waiting claims have collected + what is held, or lies in a channel
 * Called by the locks and by channel/.
 */
import { words as sharedWords } from '../atomic/shared-memory.ts'
import { waitsForItself } from '../error/wording-sync.ts'
import { blockingCheck } from './blocking.ts'
import { done, ready } from './budget.ts'
import { refuse, type Claim, type Waiting } from './claim.ts'
import { FarPermits, PERMITS_WORDS } from './far-permits.ts'
import type { Keeper } from './ledger.ts'
import { reside, resident, type Name } from './residents.ts'
import { Waiters, abandoned } from './waiters.ts'

export type { Claim } from './claim.ts'
export { PERMITS_WORDS } from './far-permits.ts'
export type { Keeper } from './ledger.ts'

/** Permits by themselves, on their way to another thread. */
export interface PermitsLuggage {
  readonly name: Name
  readonly words: Int32Array
}

export class Permits {
  #free: number
  #total: number
  #closed = false
  /** `give` is at work further up the stack. */
  #giving = false
  readonly #waiting: Waiters<unknown, Waiting>
  #far: FarPermits | undefined
  /** How many a dead thread must have held for its death to be told. */
  readonly #grave: number
  /** How many can be free without being asked for. */
  readonly #most: number
  #luggage: PermitsLuggage | undefined

  constructor(free: number, grave = 1, most = Infinity) {
    this.#free = free
    this.#total = free
    this.#grave = grave
    this.#most = most
    this.#far = undefined
    this.#waiting = new Waiters((waiting) => {
      if (this.#far !== undefined) this.#far.left(waiting)
      else this.give(waiting.wanted - waiting.missing)
      waiting.claim.abandoned?.()
    })
  }

  /** The permits of words that another thread shares. */
  static attach(words: Int32Array, at: number, keeper?: Keeper, most = Infinity): Permits {
    const permits = new Permits(0)
    permits.#far = new FarPermits(words, at, keeper, most, permits.#waiting)
    return permits
  }

  /** The permits of luggage that has arrived; in one thread the same each time. */
  static arrive(kind: string, luggage: PermitsLuggage, most = Infinity): Permits {
    return resident(kind, luggage.name, () => {
      const permits = Permits.attach(luggage.words, 0, undefined, most)
      permits.#luggage = luggage
      return permits
    })
  }

  /**
   * Goes on in words that are zero and that other threads will see, with all that waits here. What is neither free nor, by the keeper's
   * word, in the channel is held by this thread.
   */
  share(words: Int32Array, at: number, keeper?: Keeper): void {
    const far = new FarPermits(words, at, keeper, this.#most, this.#waiting)
    this.#far = far
    far.begin(this.#total, this.#free, this.#grave, this.#closed)
  }

  /** What another thread makes the same permits of; shares them if they are not yet. */
  pack(): PermitsLuggage {
    if (this.#luggage === undefined) {
      const words = sharedWords(PERMITS_WORDS)
      this.#luggage = { name: reside(this), words }
      this.share(words, 0)
    }
    return this.#luggage
  }

  get isShared(): boolean {
    return this.#far !== undefined
  }

  get free(): number {
    return this.#far === undefined ? this.#free : this.#far.free
  }

  /** All there are. */
  get total(): number {
    return this.#far === undefined ? this.#total : this.#far.total
  }

  get closed(): boolean {
    return this.#far === undefined ? this.#closed : this.#far.closed
  }

  /** Whether any claim waits, in any thread. */
  get wanted(): boolean {
    return this.#far === undefined ? this.#waiting.first !== undefined : this.#far.wanted
  }

  /** Takes `n` permits if they are free and nobody is before us (I1). */
  tryTake(n: number): boolean {
    if (this.#far !== undefined) return this.#far.tryTake(n)
    if (n > this.#free || this.#closed) return false
    this.#free -= n
    return true
  }

  /** Takes `n` permits for a claim, waiting in line. */
  take<A>(n: number, claim: Claim<A>, signal: AbortSignal | undefined): Promise<A> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    if (this.#far !== undefined) return this.#far.take(n, claim, signal)
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    if (this.#closed) return Promise.reject(claim.refused())
    if (this.tryTake(n)) {
      const value = claim.granted()
      return value === undefined ? (done() as Promise<A>) : ready(value)
    }
    const missing = n - this.#free
    this.#free = 0
    return this.#waiting.wait({ claim, wanted: n, missing, place: -1, refused: 0 }, signal) as Promise<A>
  }

  /**
   * As {@link take}, blocking this thread in place of a promise; throws what the claim is refused with, or when the deadline (blocking.ts)
   * has come first. `call` is for the errors.
   */
  blockingTake<A>(call: string, n: number, claim: Claim<A>, deadline = Infinity): A {
    blockingCheck(call)
    if (this.#far !== undefined) return this.#far.blockingTake(call, n, claim, deadline)
    if (this.#closed) throw claim.refused()
    if (!this.tryTake(n)) throw waitsForItself(call, 'what it waits for is held in this very thread, or nowhere')
    return claim.granted()
  }

  /** Gives `n` permits back to those who wait, in order; the rest is free. Also when closed. */
  give(n: number): void {
    if (this.#far !== undefined) {
      this.#far.give(n)
      return
    }
    this.#free += n
    if (this.#giving) return // by a claim that was served just now: the loop below goes on
    this.#giving = true
    for (let head = this.#waiting.first; head !== undefined && this.#free > 0; head = this.#waiting.first) {
      const part = Math.min(head.claim.missing, this.#free)
      head.claim.missing -= part
      this.#free -= part
      if (head.claim.missing > 0) break
      this.#waiting.shift()
      head.settle(head.claim.claim.granted())
    }
    this.#giving = false
  }

  /** More permits in the world, given to those who wait. */
  add(n: number): void {
    if (this.#far !== undefined) {
      this.#far.add(n)
      return
    }
    this.#total += n
    this.give(n)
  }

  /** One more permit in the world: for the first who waits, or the last, or to be free if none is. */
  notify(last: boolean): void {
    if (this.#far !== undefined) {
      this.#far.notify(last)
      return
    }
    const waiter = last ? this.#waiting.last : this.#waiting.first
    if (waiter !== undefined) {
      this.#total++
      this.#waiting.remove(waiter)
      waiter.settle(waiter.claim.claim.granted())
    } else if (this.#free === 0) this.add(1)
  }

  /** Permits that are held are out of the world. */
  drop(n: number): void {
    if (this.#far !== undefined) this.#far.drop(n)
    else this.#total -= n
  }

  /** Takes up to `n` free permits out of the world; answers how many. */
  forget(n: number): number {
    if (this.#far !== undefined) return this.#far.forget(n)
    const gone = Math.min(n, this.#free)
    this.#free -= gone
    this.#total -= gone
    return gone
  }

  /** Permits that this thread holds lie in the channel from now on: with an item, which is in. */
  leave(n: number): void {
    this.#far?.leave(n)
  }

  /** As {@link give}, of permits that lay in the channel: the item is out. */
  giveLeft(n: number): void {
    if (this.#far !== undefined) this.#far.giveLeft(n)
    else this.give(n)
  }

  /**
   * Whether a thread has died that held some (as many as `grave` says), since somebody asked last. To be asked by whoever was just served.
   */
  poisoned(): boolean {
    return this.#far !== undefined && this.#far.poisoned()
  }

  /** Ends every wait of now. */
  refuseAll(): void {
    if (this.#far !== undefined) {
      this.#far.refuse(false)
      return
    }
    this.#waiting.endAll((waiter) => {
      const { wanted, missing } = waiter.claim
      this.#free += wanted - missing
      refuse(waiter)
    })
  }

  /** Gives out no permits any more. */
  close(): void {
    if (this.#far !== undefined) {
      this.#far.refuse(true)
      return
    }
    this.#closed = true
    this.refuseAll()
  }

  // ---- the lock of shared permits, for a channel that keeps its own words under it ----

  /** Goes inside; until {@link exit}, only the calls that say `Inside`, and no user code. Only when shared. */
  enter(): void {
    this.#far!.enter()
  }

  /** Goes outside: threads that were served are woken, claims of this one run. */
  exit(): void {
    this.#far!.exit()
  }

  tryTakeInside(n: number): boolean {
    return this.#far!.tryTakeInside(n)
  }

  giveInside(n: number): void {
    this.#far!.giveInside(n)
  }

  leaveInside(n: number): void {
    this.#far!.leaveInside(n)
  }

  giveLeftInside(n: number): void {
    this.#far!.giveLeftInside(n)
  }

  /** As {@link close}; who waits in this thread is refused after {@link exit}. */
  closeInside(): void {
    this.#far!.closeInside()
  }
}
