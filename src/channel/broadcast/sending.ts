/**
 * Sends of a broadcast channel that wait for room, oldest first; one that its signal ends leaves from anywhere, in constant time.
 *
 * Other than the waits of sync/waiters.ts, one of these asks before it ends by its signal: across threads its item may have been
 * sent already, by whoever made the room, before this thread has heard of it. Called by ends.ts and the logs.
 */
import type { Cargo } from '../cargo.ts'
import { follow, ignore, listen, type Ends, type Listener } from '../../sync/abort.ts'

/** A send that waits. */
export class Sending<A> implements Listener {
  readonly item: A
  /** What its item takes of the capacity, in the heap; across threads an item is one. */
  weight = 1
  /** Where its result will be, in shared memory, and where its item is; -1 while it is in no slot. */
  slot = -1
  position = 0
  /** Its item as bytes, while it is in no slot. */
  cargo: Cargo | undefined
  ahead: Sending<A> | undefined
  behind: Sending<A> | undefined
  readonly #line: Line<A>
  readonly #signal: AbortSignal | undefined
  readonly #task: Ends | undefined
  readonly #resolve: (receivers: number) => void
  readonly #reject: (reason: unknown) => void

  constructor(line: Line<A>, item: A, signal: AbortSignal | undefined, resolve: (receivers: number) => void, reject: (reason: unknown) => void) {
    this.item = item
    this.cargo = undefined
    this.#line = line
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    if (signal !== undefined) listen(signal, this)
    this.#task = follow(this)
  }

  settle(receivers: number): void {
    this.#ended()
    this.#resolve(receivers)
  }

  refuse(reason: unknown): void {
    this.#ended()
    this.#reject(reason)
  }

  aborted(reason: unknown): void {
    if (this.#line.withdraw(this)) this.refuse(reason)
  }

  left(): void {
    this.#line.left()
  }

  #ended(): void {
    if (this.#signal !== undefined) ignore(this.#signal, this)
    this.#task?.ignore(this)
  }
}

export class Line<A> {
  first: Sending<A> | undefined
  /** The first that is in no slot; those that are in one are before it. */
  unplaced: Sending<A> | undefined
  #last: Sending<A> | undefined
  /** Takes one back, out of the line, if it has not been sent; else sees to it that it is settled. */
  readonly withdraw: (sending: Sending<A>) => boolean
  /** Told when one has left. */
  readonly left: () => void

  constructor(withdraw: (sending: Sending<A>) => boolean, left: () => void) {
    this.first = undefined
    this.unplaced = undefined
    this.#last = undefined
    this.withdraw = withdraw
    this.left = left
  }

  /** Joins the end; `joined` is told, when it is there. The caller has looked whether the signal has aborted already. */
  wait(item: A, signal: AbortSignal | undefined, joined?: (sending: Sending<A>) => void): Promise<number> {
    return new Promise((resolve, reject) => {
      const sending = this.add(item, signal, resolve, reject)
      joined?.(sending)
    })
  }

  /** As {@link wait}, for a caller that is told at once. */
  add(item: A, signal: AbortSignal | undefined, resolve: (receivers: number) => void, reject: (reason: unknown) => void): Sending<A> {
    const sending = new Sending(this, item, signal, resolve, reject)
    sending.ahead = this.#last
    if (this.#last === undefined) this.first = sending
    else this.#last.behind = sending
    this.#last = sending
    this.unplaced ??= sending
    return sending
  }

  get all(): readonly Sending<A>[] {
    const all: Sending<A>[] = []
    for (let sending = this.first; sending !== undefined; sending = sending.behind) all.push(sending)
    return all
  }

  /** The first that was in no slot has got one. */
  placed(): void {
    this.unplaced = this.unplaced?.behind
  }

  /** Takes one out, from wherever it is. */
  remove(sending: Sending<A>): void {
    const { ahead, behind } = sending
    if (sending === this.unplaced) this.unplaced = behind
    if (ahead === undefined) this.first = behind
    else ahead.behind = behind
    if (behind === undefined) this.#last = ahead
    else behind.ahead = ahead
  }

  /** Takes the first out; there must be one. */
  shift(): Sending<A> {
    const sending = this.first!
    this.remove(sending)
    return sending
  }
}
