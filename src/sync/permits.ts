/**
 * A fair count of permits: the one idea under Semaphore, and under the bound of every channel.
 * Source: tokio's `batch_semaphore.rs`, without its poll.
 *
 *     free 3     first: wants 5, has 5     second: wants 2, has 0        a claim at the head collects what is free
 *        └── take ──▶                ◀── give: to the head until it has what it wants, then to the next
 *
 * Invariants
 *   I1  nobody waits while permits are free: what is free belongs to the head of the list (no barging)
 *   I2  claims are served strictly in the order of the calls, a large one holds back the small ones behind it
 *   I3  a claim's `granted` runs in the moment it is served, inside `give`: what it does is in the order of service, not in
 *       the order in which promises are awaited
 *   I4  who leaves gives back what it had collected; so does who is refused
 * Single thread. Called by semaphore.ts and channel/.
 */
import { done, ready } from './budget.ts'
import { Waiters, abandoned } from './waiters.ts'

/** Who wants permits, and what happens then. */
export interface Claim<A> {
  /** Runs when the claim is served; its value is the answer. Must not throw. */
  granted(): A
  /** The reason with which the claim is refused. */
  refused(): unknown
  /** Its signal has aborted, and what it had collected has gone to the next. */
  abandoned?(): void
}

/** A claim that waits. */
interface Waiting {
  readonly claim: Claim<unknown>
  readonly wanted: number
  missing: number
}

export class Permits {
  #free: number
  #closed = false
  /** `give` is at work further up the stack. */
  #giving = false
  readonly #waiting: Waiters<unknown, Waiting>

  constructor(free: number) {
    this.#free = free
    this.#waiting = new Waiters(({ claim, wanted, missing }) => {
      this.give(wanted - missing)
      claim.abandoned?.()
    })
  }

  get free(): number {
    return this.#free
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Whether any claim waits. */
  get wanted(): boolean {
    return this.#waiting.first !== undefined
  }

  /** Takes `n` permits if they are free and nobody is before us (I1). */
  tryTake(n: number): boolean {
    if (n > this.#free || this.#closed) return false
    this.#free -= n
    return true
  }

  /** Takes `n` permits for a claim, waiting in line. */
  take<A>(n: number, claim: Claim<A>, signal: AbortSignal | undefined): Promise<A> {
    const gone = abandoned(signal)
    if (gone !== undefined) return gone
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    if (this.#closed) return Promise.reject(claim.refused())
    if (this.tryTake(n)) {
      const value = claim.granted()
      return value === undefined ? (done() as Promise<A>) : ready(value)
    }
    const missing = n - this.#free
    this.#free = 0
    return this.#waiting.wait({ claim, wanted: n, missing }, signal) as Promise<A>
  }

  /** Gives `n` permits to those who wait, in order; the rest is free. Also when closed. */
  give(n: number): void {
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

  /** Takes up to `n` free permits out of the world; answers how many. */
  forget(n: number): number {
    const gone = Math.min(n, this.#free)
    this.#free -= gone
    return gone
  }

  /** Ends every wait of now. */
  refuseAll(): void {
    this.#waiting.refuseAll(({ claim, wanted, missing }) => {
      this.#free += wanted - missing
      return claim.refused()
    })
  }

  /** Gives out no permits any more. */
  close(): void {
    this.#closed = true
    this.refuseAll()
  }
}
