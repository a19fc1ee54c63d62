/**
 * What the ends of an mpsc channel ask of what is between them. There are two: local.ts, in the memory of one thread, and shared.ts,
 * in memory that threads share; a channel begins as the first and becomes the second when one of its ends travels.
 *
 * All ends and permits of one channel in one thread have one {@link Channel}, so that they change over together.
 */
import type { Closed, Empty } from '../../sync/outcome.ts'
import { Ends, type Fed } from '../ends.ts'
import { fitWeight } from '../weight.ts'

/** Permits of an unbounded channel: as many as can be counted. */
export const UNBOUNDED = Number.MAX_SAFE_INTEGER

export interface Core<A> extends Omit<Fed, 'unread'> {
  /** Permits that are free. */
  readonly free: number
  /** The receiver takes no more. */
  readonly closed: boolean
  /** The receiver takes nothing at all. */
  readonly gone: boolean
  /** Items that are buffered. */
  readonly length: number
  /** Nobody can send any more, but for permits that are out when the receiver has closed. */
  readonly shut: boolean
  /** Items are weighed by a function, which stays in this thread. */
  readonly weighs: boolean
  /** Receives of this thread wait. */
  readonly receiving: boolean
  /** Permits that an item takes; not for a channel that has no bound. */
  weightOf(item: A): number
  trySend(item: A): 'Full' | 'Closed' | undefined
  send(item: A, signal: AbortSignal | undefined): Promise<void>
  blockingSend(item: A, deadline: number): void
  /** Takes `weight` permits for `permits` permits that will be out. */
  tryReserve(weight: number, permits: number): 'Full' | 'Closed' | undefined
  /** As {@link tryReserve}, waiting; makes the answer by `granted` in the moment when it is served. */
  reserve<P>(weight: number, permits: number, granted: () => P, signal: AbortSignal | undefined): Promise<P>
  blockingReserve(weight: number, deadline: number): void
  /** Sends an item by a permit of `held`, of which it needs `weight`; false when nothing can be sent any more. The permit is gone. */
  sendReserved(item: A, held: number, weight: number): boolean
  /** As the end of a send that has waited and got its permits. */
  sendTaken(item: A, weight: number): void | Promise<never>
  /** Permits of the channel that were taken are held by so many permits of users from now on. */
  reserveTaken(permits: number): void
  /** A permit is gone, unused. */
  release(held: number): void
  tryRecv(): A | Empty | Closed
  recv(signal: AbortSignal | undefined): Promise<A | Closed>
  /** Takes what is there, to the end of `items`, up to `limit`. */
  drain(items: A[], limit: number): void
  blockingRecv(deadline: number): A | Closed
  close(): void
  dispose(): void
  /** Somebody begins to wait for the receiver's end. */
  watched(): void
}

/** A channel as the handles of one thread know it. */
export class Channel<A> implements Fed {
  /** What is between the ends: another one, once an end has travelled. */
  core: Core<A>
  readonly ends: Ends
  readonly maxCapacity: number

  constructor(maxCapacity: number, make: (channel: Channel<A>) => Core<A>) {
    this.maxCapacity = maxCapacity
    this.ends = new Ends('mpsc', this)
    this.core = make(this)
  }

  get unread(): boolean {
    return this.core.closed
  }

  get starving(): boolean {
    return this.core.starving
  }

  get kept(): boolean {
    return this.core.kept
  }

  senderless(): void {
    this.core.senderless()
  }

  watched(): void {
    this.core.watched()
  }

  /** A weight as permits: whole, at least 1, and never more than there are. */
  fit(weight: number, rule: string): number {
    return fitWeight('mpsc', weight, this.maxCapacity, rule)
  }
}
