/**
 * What carries the items of a broadcast channel: what its ends (ends.ts) ask of it, in whichever form it is.
 *
 *     local.ts        in the heap, items by reference: until an end of the channel has travelled
 *     shared.ts       in shared memory, items as bytes: from then on
 *
 * Types only.
 */
import type { Closed, Empty } from '../../sync/outcome.ts'
import type { Waiters } from '../../sync/waiters.ts'
import type { Ends } from '../ends.ts'
import type { Lagged } from './lagged.ts'
import type { Line, Sending } from './sending.ts'

/** The calls that wait at one receiver, oldest first. */
export type Receiving<A> = Waiters<A | Lagged | Closed>

/** What a log has to do with in its thread. */
export interface Members<A> {
  readonly ends: Ends
  /** Sends that wait; those of this thread. */
  readonly line: Line<A>
}

/** A receiver, to its log: who waits there, and where it is, which is another place when the log becomes another. */
export interface Reader<A> {
  readonly waiting: Receiving<A>
  place: Place<A>
}

/** Where one receiver is. */
export interface Place<A> {
  /** What comes next, taken; `Closed` at the end. */
  take(): A | Lagged | Empty | Closed
  /** Items that were sent and are not taken, the dropped ones included. */
  readonly length: number
  /** Takes nothing any more. Whoever waits here is not told. */
  leave(): void
  /** Leaves for another thread. In shared memory only. */
  depart(): Passage
}

/** A receiver on its way to another thread; its row is its thread's where it comes from, until it has arrived. */
export interface Passage {
  readonly row: number
  readonly key: number
}

export interface Log<A> {
  /** Nothing can come any more. */
  readonly ended: boolean
  readonly receivers: number
  /** Items that the slowest receiver has not taken. */
  readonly length: number
  /** A call waits at a receiver of this thread. */
  readonly starving: boolean
  /** A send waits. */
  readonly pressed: boolean
  /** Sends at once; to how many receivers, 0 when there is none. `undefined` when there is no room, or it is somebody else's turn. */
  offer(item: A): number | undefined
  /** Sends in its turn; to how many receivers. Rejects when there is none. */
  send(item: A, signal: AbortSignal | undefined): Promise<number>
  /** As {@link send}, by blocking the thread. */
  blockingSend(item: A, deadline: number): number
  /** Takes back, out of the line, what has not been sent yet; else settles it. */
  withdraw(sending: Sending<A>): boolean
  /** A place for a receiver: of what is sent from now on. */
  enter(reader: Reader<A>): Place<A>
  /** A call has begun to wait at a receiver. */
  await(reader: Reader<A>): void
  /** What comes next for a receiver, by blocking the thread. */
  blockingRecv(reader: Reader<A>, deadline: number): A | Lagged | Closed
  /** After something that may have been the last: tells whoever waits that nothing comes. */
  settle(): void
  /** Somebody has begun to wait until there is no receiver. */
  watched(): void
}
