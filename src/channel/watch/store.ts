/**
 * Where the value of a watch channel is kept: what its ends (sender.ts, receiver.ts) ask of it, in whichever form it is.
 *
 *     LocalStore         in the heap, the value itself: until an end of the channel has travelled
 *     shared.ts          in shared memory, the value as bytes: from then on
 */
import { waitsForItself } from '../../error/wording-sync.ts'
import { blockingCheck } from '../../sync/blocking.ts'
import type { Ends } from '../ends.ts'
import type { WatchCell } from './types.ts'

/** What a store has to do with in its thread. */
export interface Members {
  readonly ends: Ends
  /** A call waits at a receiver of this thread. */
  readonly waits: boolean
  /** The receivers of this thread see to those who wait there: something may have changed. */
  look(): void
}

export interface Store<A> {
  /** Another number after every change that the receivers are to be told of. */
  readonly version: number
  /** Receivers, of all threads. */
  readonly receivers: number
  /** No sender is left. */
  readonly ended: boolean
  /** The value. */
  read(): A
  /** Sets the value and tells the receivers; false, and nothing done, when there is none. */
  offer(value: A): boolean
  /** Sets the value and tells the receivers; answers the old one. */
  replace(value: A): A
  /** Lets `change` change the value, and tells the receivers if it answers true. What it did before it threw stays, untold. */
  change(change: (cell: WatchCell<A>) => boolean): boolean
  /** One more receiver; one fewer. */
  join(): void
  part(): void
  /** A call has begun to wait at a receiver. */
  await(): void
  /** Somebody has begun to wait until there is no receiver. */
  watched(): void
  /** Blocks this thread until `look` answers true, or throws when the deadline (sync/blocking.ts) has come first. */
  block(call: string, look: () => true | undefined, deadline: number): void
  /** There may be no sender any more. */
  settle(): void
}

/** The value in the heap of one thread. */
export class LocalStore<A> implements Store<A> {
  readonly #members: Members
  readonly #cell: WatchCell<A>
  version = 0
  receivers = 0

  constructor(initial: A, members: Members) {
    this.#cell = { value: initial }
    this.#members = members
  }

  get ended(): boolean {
    return this.#members.ends.count.strong === 0
  }

  read(): A {
    return this.#cell.value
  }

  offer(value: A): boolean {
    if (this.receivers === 0) return false
    this.replace(value)
    return true
  }

  replace(value: A): A {
    const old = this.#cell.value
    this.#cell.value = value
    this.#tell()
    return old
  }

  change(change: (cell: WatchCell<A>) => boolean): boolean {
    const changed = change(this.#cell)
    if (changed) this.#tell()
    return changed
  }

  #tell(): void {
    this.version++
    this.#members.look()
  }

  join(): void {
    this.receivers++
  }

  part(): void {
    if (--this.receivers === 0) this.#members.ends.watching.settleAll()
  }

  await(): void {
    // whoever changes something tells
  }

  watched(): void {
    // `part` tells
  }

  block(call: string, look: () => true | undefined): void {
    blockingCheck(call)
    if (look() === undefined) throw waitsForItself(call, 'all its senders are in this thread')
  }

  settle(): void {
    this.#members.look()
  }
}
