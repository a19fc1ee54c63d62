/**
 * Calls that wait, oldest first: a list that a call may leave from anywhere, when its signal aborts.
 *
 *     first ⇄ second ⇄ … ⇄ last          wait: to the end      abort: out of the middle, in constant time
 *
 * Invariants
 *   I1  the order is the order of the calls; who leaves and comes back is last
 *   I2  a wait ends once: by `settle`, by `refuse`, by its signal, or with its task; what comes later does nothing
 *   I3  a wait that has ended is in no list, and listens to nothing
 * Called by permits.ts and channel/. Knows promises and signals, not what is waited for.
 */
import { follow, gone, ignore, listen, type Ends, type Listener } from './abort.ts'

/** How long a call may wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with the signal's reason, and nothing has been taken or sent. */
  readonly signal?: AbortSignal | undefined
}

/** A call that waits for an `A`; `claim` is whatever the one who serves it needs to know. */
export class Waiter<A, C> implements Listener {
  readonly claim: C
  behind: Waiter<A, C> | undefined
  ahead: Waiter<A, C> | undefined
  /** It has been settled or refused, or is about to be. */
  ended = false
  readonly #list: Waiters<A, C>
  readonly #signal: AbortSignal | undefined
  /** Of the task that waits. */
  readonly #ends: Ends | undefined
  readonly #resolve: (value: A) => void
  readonly #reject: (reason: unknown) => void

  constructor(
    list: Waiters<A, C>,
    claim: C,
    signal: AbortSignal | undefined,
    resolve: (value: A) => void,
    reject: (reason: unknown) => void
  ) {
    this.claim = claim
    this.behind = undefined
    this.ahead = undefined
    this.#list = list
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    if (signal !== undefined) listen(signal, this)
    this.#ends = follow(this)
  }

  aborted(reason: unknown): void {
    this.#list.remove(this)
    const late = this.#list.late?.(this.claim)
    if (late === undefined) this.refuse(reason)
    else this.settle(late)
  }

  left(): void {
    this.#list.left?.(this.claim)
  }

  settle(value: A): void {
    this.deaf()
    this.#resolve(value)
  }

  refuse(reason: unknown): void {
    this.deaf()
    this.#reject(reason)
  }

  /** Its signal and its task end it no more: it is out of the list, and about to be settled. */
  deaf(): void {
    this.ended = true
    if (this.#signal !== undefined) ignore(this.#signal, this)
    this.#ends?.ignore(this)
  }
}

export class Waiters<A, C = undefined> {
  /** The one to be served next. */
  first: Waiter<A, C> | undefined
  #last: Waiter<A, C> | undefined
  /** Told of each wait that its signal has ended, when it is out of the list. */
  readonly left: ((claim: C) => void) | undefined
  /** Asked about each wait that its signal is about to end: an answer that it was too late for that. Not to call user code. */
  readonly late: ((claim: C) => A | undefined) | undefined

  constructor(left?: (claim: C) => void, late?: (claim: C) => A | undefined) {
    this.first = undefined
    this.#last = undefined
    this.left = left
    this.late = late
  }

  /** Joins the end of the list. The caller has looked whether the signal has aborted already. */
  wait(claim: C, signal: AbortSignal | undefined): Promise<A> {
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(this, claim, signal, resolve, reject)
      waiter.ahead = this.#last
      if (this.#last === undefined) this.first = waiter
      else this.#last.behind = waiter
      this.#last = waiter
    })
  }

  /** Takes the first out, for the caller to settle; there must be one. */
  shift(): Waiter<A, C> {
    const waiter = this.first!
    this.remove(waiter)
    return waiter
  }

  /** Settles all who wait now. */
  settleAll(value: A): void {
    for (let waiter = this.#detach(); waiter !== undefined; waiter = waiter.behind) waiter.settle(value)
  }

  /** Ends all waits of now with a reason each; `refused` is told each claim first. */
  refuseAll(refused: (claim: C) => unknown): void {
    for (let waiter = this.#detach(); waiter !== undefined; waiter = waiter.behind) waiter.refuse(refused(waiter.claim))
  }

  /** As {@link refuseAll}, by whatever `end` does: it is to settle or refuse. */
  endAll(end: (waiter: Waiter<A, C>) => void): void {
    for (let waiter = this.#detach(); waiter !== undefined; waiter = waiter.behind) end(waiter)
  }

  /** The one to be served last. */
  get last(): Waiter<A, C> | undefined {
    return this.#last
  }

  /** Takes one out of the list, from wherever it is. */
  remove(waiter: Waiter<A, C>): void {
    const { ahead, behind } = waiter
    if (ahead === undefined) this.first = behind
    else ahead.behind = behind
    if (behind === undefined) this.#last = ahead
    else behind.ahead = ahead
  }

  #detach(): Waiter<A, C> | undefined {
    const first = this.first
    this.first = this.#last = undefined
    return first
  }
}

/** A rejection with the reason, when the signal has aborted before the wait, or the task that waits was ended. */
export const abandoned = gone
