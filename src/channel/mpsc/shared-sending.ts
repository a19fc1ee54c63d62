/**
 * The sending half of an mpsc channel in shared memory (shared.ts): items and permits, from all threads that have a sender.
 *
 *     at once    enter ─ permits, push ─ exit ─ tell
 *     waiting    a place in the permits' line ─ granted: the permits are this thread's ─ enter ─ push ─ exit ─ tell
 *
 * An item is made cargo before, outside of the lock, since that may run code of the user's.
 */
import { TimeoutError } from '../../error/timeout-error.ts'
import { blockingCheck } from '../../sync/blocking.ts'
import { done } from '../../sync/budget.ts'
import { receiverGone } from '../../sync/closed-error.ts'
import { FREE } from '../../sync/ledger.ts'
import type { Claim } from '../../sync/permits.ts'
import { kept, load, type Cargo } from '../cargo.ts'
import { CLOSED, GONE, PERMITS, SharedBase } from './shared-base.ts'

export abstract class SharedSending<A> extends SharedBase<A> {
  get weighs(): boolean {
    return this.weigh !== undefined
  }

  weightOf(item: A): number {
    return this.weigh === undefined ? 1 : this.channel.fit(this.weigh(item), 'weigh must answer a number >= 0')
  }

  /** Puts in an item whose permits this thread has. Under the lock. */
  #stow(cargo: Cargo, weight: number): void {
    this.carrier.push(cargo, weight)
    this.permits.leaveInside(weight)
  }

  /** Sends if there is room. */
  #sendNow(cargo: Cargo, weight: number): 'Full' | 'Closed' | undefined {
    const told = this.#sendOnce(cargo, weight)
    // what waited here before, and had been served, is in now; room that is left is ours
    return told === 'Full' && this.words[PERMITS + FREE]! >= weight ? this.#sendOnce(cargo, weight) : told
  }

  #sendOnce(cargo: Cargo, weight: number): 'Full' | 'Closed' | undefined {
    const { permits, words } = this
    let taken = false
    permits.enter()
    try {
      if (words[CLOSED] !== 0) return 'Closed'
      if (!permits.tryTakeInside(weight)) return 'Full'
      taken = true
      this.#stow(cargo, weight)
      taken = false
    } finally {
      permits.exit()
      if (taken) permits.give(weight) // the item is too large for any memory
    }
    this.arrivals.tell()
    return undefined
  }

  /**
   * Sends what has its permits already; false, and they are given back, when nothing can be sent any more. Throws, and they are still
   * this thread's, when the item is too large for any memory.
   */
  #sendGranted(cargo: Cargo, weight: number): boolean {
    const sent = this.locked(() => {
      if (this.words[GONE] !== 0) return false
      this.#stow(cargo, weight)
      return true
    })
    if (sent) this.arrivals.tell()
    else this.release(weight)
    return sent
  }

  /** The end of a send that has waited: its promise's value. */
  #sendWaited(cargo: Cargo, item: A, weight: number): void | Promise<never> {
    try {
      if (this.#sendGranted(cargo, weight)) return
    } catch (error) {
      this.release(weight)
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
    return Promise.reject(receiverGone('mpsc', item))
  }

  trySend(item: A): 'Full' | 'Closed' | undefined {
    const weight = this.weightOf(item)
    return this.#sendNow(load(item, 'mpsc'), weight)
  }

  send(item: A, signal: AbortSignal | undefined): Promise<void> {
    const weight = this.weightOf(item)
    const cargo = load(item, 'mpsc')
    const told = this.#sendNow(cargo, weight)
    if (told === undefined) return done()
    return told === 'Closed'
      ? Promise.reject(receiverGone('mpsc', item))
      : this.permits.take<void>(weight, this.#claim(kept(cargo), item, weight), signal)
  }

  #claim(cargo: Cargo, item: A, weight: number): Claim<void> {
    return {
      // what it answers becomes of the send's promise: done, or rejected
      // eslint-disable-next-line @typescript-eslint/no-misused-promises
      granted: (): void | Promise<never> => this.#sendWaited(cargo, item, weight),
      refused: () => receiverGone('mpsc', item),
      abandoned: () => { this.#fewer() }
    }
  }

  blockingSend(item: A, deadline: number): void {
    blockingCheck('mpsc: blockingSend')
    const weight = this.weightOf(item)
    const cargo = load(item, 'mpsc')
    const told = this.#sendNow(cargo, weight)
    if (told === 'Closed') throw receiverGone('mpsc', item)
    if (told === undefined) return
    this.notAlone('mpsc: blockingSend', 'the channel is full')
    let sent = false
    this.#blockingTake('mpsc: blockingSend', weight, {
      granted: () => {
        try {
          sent = this.#sendGranted(cargo, weight)
        } catch (error) {
          this.release(weight)
          throw error
        }
      },
      refused: () => receiverGone('mpsc', item)
    }, deadline)
    if (!sent) throw receiverGone('mpsc', item)
  }

  tryReserve(weight: number): 'Full' | 'Closed' | undefined {
    return this.locked(() => (this.words[CLOSED] !== 0 ? 'Closed' : this.permits.tryTakeInside(weight) ? undefined : 'Full'))
  }

  reserve<P>(weight: number, _permits: number, granted: () => P, signal: AbortSignal | undefined): Promise<P> {
    return this.permits.take(weight, { granted, refused: () => receiverGone('mpsc'), abandoned: () => { this.#fewer() } }, signal)
  }

  blockingReserve(weight: number, deadline: number): void {
    blockingCheck('mpsc: blockingReserve')
    const told = this.tryReserve(weight)
    if (told === 'Closed') throw receiverGone('mpsc')
    if (told === undefined) return
    this.notAlone('mpsc: blockingReserve', 'the channel is full')
    this.#blockingTake('mpsc: blockingReserve', weight, { granted: () => undefined, refused: () => receiverGone('mpsc') }, deadline)
  }

  #blockingTake(call: string, weight: number, claim: Claim<void>, deadline: number): void {
    try {
      this.permits.blockingTake(call, weight, claim, deadline)
    } catch (error) {
      if (error instanceof TimeoutError) this.#fewer()
      throw error
    }
  }

  sendTaken(item: A, weight: number): void | Promise<never> {
    let cargo: Cargo
    try {
      cargo = load(item, 'mpsc')
    } catch (error) {
      this.release(weight)
      // what it was called with cannot be cloned: the send that has waited rejects
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      return Promise.reject(error)
    }
    return this.#sendWaited(cargo, item, weight)
  }

  reserveTaken(): void {
    // the permits are on this thread's account
  }

  sendReserved(item: A, held: number, weight: number): boolean {
    const sent = this.#sendGranted(load(item, 'mpsc'), weight)
    if (held > weight) this.release(held - weight)
    return sent
  }

  release(held: number): void {
    this.permits.give(held)
    this.#fewer()
  }

  /** Something that might have been sent will not be: it may have been the last that the receiver waits for. */
  #fewer(): void {
    if (this.words[CLOSED] !== 0 || this.counts.strongInside === 0) this.arrivals.tell()
  }
}
