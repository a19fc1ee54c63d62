/**
 * A semaphore: permits that tasks of this thread hold while they do something that only so many may do at a time.
 *
 *     acquire ──▶ Permit ──release / dispose──▶ free ──▶ the first who waits
 *                   ├─ split, merge ─▶ Permit
 *                   └─ forget ─▶ gone for good                       addPermits ─▶ free
 *
 * Order   first come, first served, in the order of the calls; a large request at the head holds back small ones
 * Cancel  an abandoned wait holds nothing: what it had collected goes to the next
 * Close   waiters and later calls are refused; permits that are held still come back and are counted
 */
import { argumentError } from '../error/pipeline-error.ts'
import { MOST, wholeNumber } from './check.ts'
import { semaphoreClosed } from './closed-error.ts'
import { Closed, NoPermits } from './outcome.ts'
import { Permits } from './permits.ts'
import type { WaitOptions } from './waiters.ts'

/** The most permits that a semaphore can have. */
export const MAX_PERMITS = MOST

/**
 * Permits of a semaphore that somebody holds, until they are released, forgotten or moved to another permit.
 * With `using`, they go back at the end of the block.
 */
export class SemaphorePermit implements Disposable {
  readonly #permits: Permits
  #count: number

  /** Made by {@link Semaphore.acquire} and {@link SemaphorePermit.split}. */
  constructor(permits: Permits, count: number) {
    this.#permits = permits
    this.#count = count
  }

  /** How many are held. */
  get count(): number {
    return this.#count
  }

  /** Gives back what is held; once, however often it is called. */
  release(): void {
    const held = this.#count
    this.#count = 0
    if (held > 0) this.#permits.give(held)
  }

  /** Takes what is held out of the world: the semaphore has that many fewer from now on. */
  forget(): void {
    this.#count = 0
  }

  /** Moves `n` permits to a new permit; `undefined`, and nothing moved, when fewer are held. */
  split(n: number): SemaphorePermit | undefined {
    wholeNumber('Semaphore permit split', 'n', n, 0)
    if (n > this.#count) return undefined
    this.#count -= n
    return new SemaphorePermit(this.#permits, n)
  }

  /** Takes over what another permit of the same semaphore holds. */
  merge(other: SemaphorePermit): void {
    if (other === this || other.#permits !== this.#permits) {
      throw argumentError(
        'type',
        'Semaphore permit merge: the other must be another permit of the same semaphore',
        other === this ? 'got the permit itself' : 'got one of another semaphore',
        'merge permits that one semaphore gave out'
      )
    }
    this.#count += other.#count
    other.#count = 0
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/**
 * A fair semaphore between the async tasks of one thread.
 *
 * **When to use**  to bound how many tasks do something at the same time: open files, requests to one host
 * **Order**        waiters are served in the order of their calls, strictly
 * **Cancel**       by `signal`: the wait takes no permit, and leaves no gap
 * **Errors**       RangeError for counts that are not whole numbers from 0 to {@link MAX_PERMITS}
 * **Source**       tokio `sync::Semaphore`
 * @example
 * const atMostTwo = new Semaphore(2)
 * const permit = await atMostTwo.acquire()
 * atMostTwo.availablePermits // => 1
 * permit.release()
 * atMostTwo.availablePermits // => 2
 */
export class Semaphore {
  readonly #permits: Permits

  constructor(permits: number) {
    this.#permits = new Permits(wholeNumber('Semaphore', 'permits', permits, 0))
  }

  /** Permits that are free now; 0 while anybody waits. */
  get availablePermits(): number {
    return this.#permits.free
  }

  get isClosed(): boolean {
    return this.#permits.closed
  }

  /**
   * Takes `n` permits together, waiting in line for them; also for more than there are, since some may be added.
   *
   * **Cancel**  by `signal`
   * **Errors**  rejects with `ClosedError` when the semaphore is, or gets, closed
   */
  acquire(n = 1, { signal }: WaitOptions = {}): Promise<SemaphorePermit> {
    wholeNumber('Semaphore.acquire', 'n', n, 0)
    const permits = this.#permits
    return permits.take(n, { granted: () => new SemaphorePermit(permits, n), refused: semaphoreClosed }, signal)
  }

  /** Takes `n` permits if they are free and nobody waits for them. */
  tryAcquire(n = 1): SemaphorePermit | NoPermits | Closed {
    wholeNumber('Semaphore.tryAcquire', 'n', n, 0)
    if (this.#permits.closed) return Closed
    return this.#permits.tryTake(n) ? new SemaphorePermit(this.#permits, n) : NoPermits
  }

  /** Adds `n` permits, for those who wait or to be free; also when closed. */
  addPermits(n: number): void {
    wholeNumber('Semaphore.addPermits', 'n', n, 0)
    if (this.#permits.free + n > MAX_PERMITS) {
      const got = `got ${n} more than ${this.#permits.free}`
      throw argumentError('range', `Semaphore.addPermits: there can be at most ${MAX_PERMITS} permits`, got, 'add fewer')
    }
    this.#permits.give(n)
  }

  /** Takes up to `n` free permits out of the world; answers how many it were. */
  forgetPermits(n: number): number {
    return this.#permits.forget(wholeNumber('Semaphore.forgetPermits', 'n', n, 0))
  }

  /** Gives out no permits any more: who waits is refused, who comes later too. */
  close(): void {
    this.#permits.close()
  }
}
