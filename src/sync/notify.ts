/**
 * Tells tasks that something is to be looked at, without saying what. In one thread, or in several.
 *
 *     notified ──▶ in the line, from the call on ──▶ resolved by notifyOne (the first), notifyLast (the last), notifyWaiters (all)
 *                  no notified: notifyOne keeps one notification, and no more than one, for the next
 *
 * One permit of permits.ts that is out of the world when it is taken. `notifyWaiters` ends the waits of now by one write, and gives nothing.
 */
import { arrives, travel, type Luggage } from '../prelude/travel.ts'
import { deadlineOf, type BlockingOptions } from './blocking.ts'
import { MOST } from './check.ts'
import { Permits, type Claim, type PermitsLuggage } from './permits.ts'
import type { WaitOptions } from './waiters.ts'

const KIND = 'Notify'

/**
 * Wakes one task or all that wait, and remembers one notification when nobody does.
 *
 * **When to use**  to build what waits for a state that is kept elsewhere: take the `notified()` first, look, then await it
 * **Order**        `notifyOne` tells who waits longest; a call waits from when it is made, whether it is awaited or not
 * **Cancel**       by `signal`: a notification that was for it goes to the next
 * **Cost**         as {@link Semaphore}
 * **Source**       tokio `sync::Notify`, whose `enable` every call has from the beginning
 * @example
 * const bell = new Notify()
 * bell.notifyOne()
 * bell.notifyOne() // one is kept
 * await bell.notified()
 * const next = bell.notified()
 * bell.notifyWaiters()
 * await next // => undefined
 */
export class Notify {
  #permits = new Permits(0, MOST, 1)

  /**
   * Resolves with the next notification; at once with one that is kept.
   *
   * **Cancel**  by `signal`
   */
  notified({ signal }: WaitOptions = {}): Promise<void> {
    return this.#permits.take(1, new Waiting(this.#permits), signal)
  }

  /**
   * As {@link notified}, blocking this thread while it waits; for functions of `spawnBlocking`, and of stages on the blocking lane.
   *
   * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop, and where no other thread could notify;
   *             `TimeoutError` after `timeoutMs`
   */
  blockingNotified(options: BlockingOptions = {}): void {
    const call = 'Notify.blockingNotified'
    this.#permits.blockingTake(call, 1, new Waiting(this.#permits), deadlineOf(call, options))
  }

  /** Tells the one that waits longest; the next one, when nobody waits. */
  notifyOne(): void {
    this.#permits.notify(false)
  }

  /** Tells the one that has come last; the next one, when nobody waits. */
  notifyLast(): void {
    this.#permits.notify(true)
  }

  /** Tells all who wait now, at one moment; nothing is kept for later. */
  notifyWaiters(): void {
    this.#permits.refuseAll()
  }

  /** A handle of the same for another thread. */
  [travel](): Luggage {
    return { kind: KIND, parts: this.#permits.pack() }
  }

  static {
    arrives(KIND, (parts: PermitsLuggage) => {
      const notify = new Notify()
      notify.#permits = Permits.arrive(KIND, parts, 1)
      return notify
    })
  }
}

/** A call of `notified`. */
class Waiting implements Claim<void> {
  readonly #permits: Permits

  constructor(permits: Permits) {
    this.#permits = permits
  }

  granted(): void {
    this.#permits.drop(1)
  }

  released(): void {
    // by notifyWaiters: there is no permit
  }

  refused(): never {
    throw new Error('a notify is never closed')
  }
}
