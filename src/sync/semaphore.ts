/**
 * A semaphore: permits that tasks hold while they do something that only so many may do at a time. In one thread, or in several.
 *
 *     acquire ──▶ Permit ──release / dispose──▶ free ──▶ the first who waits
 *                   ├─ split, merge ─▶ Permit
 *                   └─ forget ─▶ gone for good                       addPermits ─▶ free
 *
 * Order   first come, first served, in the order of the calls; a large request at the head holds back small ones
 * Cancel  an abandoned wait holds nothing: what it had collected goes to the next
 * Close   waiters and later calls are refused; permits that are held still come back and are counted
 * Travel  the handle is sent to other threads as part of arguments or of an `env`; permits stay in the thread that has them
 * Death   what a thread held is free when it has died, its waits are gone, and whoever is served next is told: `poisoned`
 */
import { argumentError } from '../error/pipeline-error.ts'
import { arrives, travel, type Luggage } from '../prelude/travel.ts'
import { deadlineOf, type BlockingOptions } from './blocking.ts'
import { MOST, wholeNumber } from './check.ts'
import { semaphoreClosed } from './closed-error.ts'
import { Closed, NoPermits } from './outcome.ts'
import { Permits, type Claim, type PermitsLuggage } from './permits.ts'
import type { WaitOptions } from './waiters.ts'

const KIND = 'Semaphore'

/** The most permits that a semaphore can have. */
export const MAX_PERMITS = MOST

/**
 * Permits of a semaphore that somebody holds, until they are released, forgotten or moved to another permit.
 * With `using`, they go back at the end of the block.
 */
export class SemaphorePermit implements Disposable {
  readonly #permits: Permits
  #count: number
  /**
   * Whether a thread has died that held permits of the semaphore, since somebody was last told: what it worked on may be half done.
   * Always false where no other thread has the semaphore.
   */
  readonly poisoned: boolean

  /** Made by {@link Semaphore.acquire} and {@link SemaphorePermit.split}. */
  constructor(permits: Permits, count: number, poisoned: boolean) {
    this.#permits = permits
    this.#count = count
    this.poisoned = poisoned
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
    const held = this.#count
    this.#count = 0
    if (held > 0) this.#permits.drop(held)
  }

  /** Moves `n` permits to a new permit; `undefined`, and nothing moved, when fewer are held. */
  split(n: number): SemaphorePermit | undefined {
    wholeNumber('Semaphore permit split', 'n', n, 0)
    if (n > this.#count) return undefined
    this.#count -= n
    return new SemaphorePermit(this.#permits, n, this.poisoned)
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

/** An acquire: what it gives when it is served. */
class Acquiring implements Claim<SemaphorePermit> {
  readonly #permits: Permits
  readonly #n: number

  constructor(permits: Permits, n: number) {
    this.#permits = permits
    this.#n = n
  }

  granted(): SemaphorePermit {
    return new SemaphorePermit(this.#permits, this.#n, this.#permits.poisoned())
  }

  refused(): unknown {
    return semaphoreClosed()
  }
}

/**
 * A fair semaphore between tasks, of one thread or of several.
 *
 * **When to use**  to bound how many tasks do something at the same time: open files, requests to one host
 * **Order**        waiters are served in the order of their calls, strictly; between threads, in the order in which the calls took
 *                  their place in the line (64 places, 16 for one thread; further calls of a thread get theirs as places get free)
 * **Cancel**       by `signal`: the wait takes no permit, and leaves no gap
 * **Cost**         in one thread a count and, for waits, a list; once it has travelled, 4 KiB of shared memory and a lock of some 100 ns
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
  #permits: Permits

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
    return this.#permits.take(n, new Acquiring(this.#permits, n), signal)
  }

  /** As {@link acquire}: the name that Tokio has for it. */
  acquireMany(n: number, options: WaitOptions = {}): Promise<SemaphorePermit> {
    return this.acquire(n, options)
  }

  /** Takes `n` permits if they are free and nobody waits for them. */
  tryAcquire(n = 1): SemaphorePermit | NoPermits | Closed {
    wholeNumber('Semaphore.tryAcquire', 'n', n, 0)
    const permits = this.#permits
    if (permits.tryTake(n)) return new SemaphorePermit(permits, n, permits.poisoned())
    return permits.closed ? Closed : NoPermits
  }

  /**
   * As {@link acquire}, blocking this thread while it waits; for functions of `spawnBlocking`, and of stages on the blocking lane.
   *
   * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop, and where no other thread could release;
   *             `ClosedError` when the semaphore is, or gets, closed; `TimeoutError` after `timeoutMs`
   */
  blockingAcquire(n = 1, options: BlockingOptions = {}): SemaphorePermit {
    const call = 'Semaphore.blockingAcquire'
    wholeNumber(call, 'n', n, 0)
    return this.#permits.blockingTake(call, n, new Acquiring(this.#permits, n), deadlineOf(call, options))
  }

  /** Adds `n` permits, for those who wait or to be free; also when closed. */
  addPermits(n: number): void {
    wholeNumber('Semaphore.addPermits', 'n', n, 0)
    if (this.#permits.total + n > MAX_PERMITS) {
      const got = `got ${n} more than ${this.#permits.total}`
      throw argumentError('range', `Semaphore.addPermits: there can be at most ${MAX_PERMITS} permits`, got, 'add fewer')
    }
    this.#permits.add(n)
  }

  /** Takes up to `n` free permits out of the world; answers how many it were. */
  forgetPermits(n: number): number {
    return this.#permits.forget(wholeNumber('Semaphore.forgetPermits', 'n', n, 0))
  }

  /** Gives out no permits any more: who waits is refused, who comes later too. */
  close(): void {
    this.#permits.close()
  }

  /** A handle of the same semaphore for another thread. */
  [travel](): Luggage {
    return { kind: KIND, parts: this.#permits.pack() }
  }

  static {
    arrives(KIND, (parts: PermitsLuggage) => {
      const semaphore = new Semaphore(0)
      semaphore.#permits = Permits.arrive(KIND, parts)
      return semaphore
    })
  }
}
