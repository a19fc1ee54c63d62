/**
 * What is between the ends of a oneshot channel: whether a value was sent, and the value. In the memory of one thread here; shared.ts
 * has the one in memory that threads share.
 *
 *     WAITING ──put──▶ SENT          WAITING ──shut──▶ CLOSED          neither is ever left
 *
 * All ends of one channel in one thread have one {@link Channel}, with the waits of this thread.
 */
import { Closed } from '../../sync/outcome.ts'
import { Waiters } from '../../sync/waiters.ts'

export const WAITING = 0
export const SENT = 1
export const CLOSED = 2
export type State = typeof WAITING | typeof SENT | typeof CLOSED

export interface Cell<A> {
  readonly state: State
  /** What was sent; for a cell that is SENT. */
  readonly value: A
  /** The receiver knows what came of it. */
  readonly observed: boolean
  observe(): void
  /** Sends, if it is WAITING; answers whether it was. */
  put(value: A): boolean
  /** No value will come, if it is WAITING. */
  shut(): void
  /** A wait of this thread begins: who changes the state from elsewhere is to be heard. */
  listen(): void
  /** Blocks this thread while it is WAITING. */
  block(call: string, deadline: number): void
}

/** A channel as the ends of one thread know it. */
export class Channel<A> {
  cell: Cell<A>
  readonly receiving = new Waiters<A | Closed>()
  readonly watching = new Waiters<void>()

  constructor(make: (channel: Channel<A>) => Cell<A>) {
    this.cell = make(this)
  }

  get waited(): boolean {
    return this.receiving.first !== undefined || this.watching.first !== undefined
  }

  /** The state has changed: tells whoever waits in this thread. */
  settle(): void {
    const { cell, receiving, watching } = this
    const { state } = cell
    if (state === WAITING) return
    if (state === CLOSED) watching.settleAll()
    if (receiving.first === undefined) return
    cell.observe()
    receiving.settleAll(state === SENT ? cell.value : Closed)
  }
}
