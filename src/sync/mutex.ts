/**
 * A mutex: a value that one task at a time has, over awaits if it likes. In one thread, or in several.
 *
 *     lock ──▶ Guard { value } ──release / dispose──▶ the next who waits, in the order of the calls
 *
 * One permit of permits.ts. Cancel: an abandoned wait takes nothing. Death: the lock of a thread that has died is released, and the
 * next guard says so. A throw while holding is none: `using` releases as always, and nothing is poisoned.
 */
import { guardReleased, valueIsShared } from '../error/wording-sync.ts'
import { arrives, travel, type Luggage } from '../prelude/travel.ts'
import { deadlineOf, type BlockingOptions } from './blocking.ts'
import { display } from './display.ts'
import { Locked } from './outcome.ts'
import { Permits, type Claim, type PermitsLuggage } from './permits.ts'
import { sharedOnly } from './shared-value.ts'
import type { WaitOptions } from './waiters.ts'

const KIND = 'Mutex'

/** What all guards of a mutex in one thread share. */
interface Held<T> {
  permits: Permits
  value: T
}

/** The lock, held: until it is released. With `using`, at the end of the block. */
export class MutexGuard<T> implements Disposable {
  readonly #held: Held<T>
  #open = true
  /**
   * Whether the one who held the lock before died with its thread: the value may be half changed. Told to the next holder only. Always
   * false where no other thread has the mutex.
   */
  readonly poisoned: boolean

  /** Made by {@link Mutex.lock}. */
  constructor(held: Held<T>, poisoned: boolean) {
    this.#held = held
    this.poisoned = poisoned
  }

  /** What is guarded. Throws when the guard was released. */
  get value(): T {
    if (!this.#open) throw guardReleased(KIND)
    return this.#held.value
  }

  /** Puts another in its place. A TypeError once other threads have the mutex: they see the memory that it is made of. */
  set value(value: T) {
    if (!this.#open) throw guardReleased(KIND)
    if (this.#held.permits.isShared) throw valueIsShared(KIND)
    this.#held.value = value
  }

  /** Whether it was released. */
  get isReleased(): boolean {
    return !this.#open
  }

  /** Lets the next one have the lock; once, however often it is called. */
  release(): void {
    if (!this.#open) return
    this.#open = false
    this.#held.permits.give(1)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/**
 * A lock with the value that it guards.
 *
 * **When to use**  where a task changes something in several steps with an `await` between them; without one, JavaScript needs no lock
 * **Order**        waiters get it in the order of their calls; between threads, in the order in which the calls took their place
 * **Cancel**       by `signal`: nothing is held. A guard must be released by its holder, also when that is abandoned: `using` does
 * **Cost**         a free lock is taken without a wait of its own; once it has travelled, a lock in shared memory of some 100 ns
 * **Travel**       what it guards must be `undefined` or shared memory (a SharedArrayBuffer, typed arrays over one, plain objects and arrays
 *                  of these): anything else is a TypeError when the handle is sent
 * **Source**       tokio `sync::Mutex`; that a throw does not poison is its rule, that a death does is not
 * @example
 * const balance = new Mutex(10)
 * const guard = await balance.lock()
 * guard.value += 5
 * balance.tryLock() // => Locked
 * guard.release()
 * String(balance) // => 'Mutex { 15 }'
 */
export class Mutex<T = undefined> {
  readonly #held: Held<T>

  constructor(value: T)
  constructor(...none: undefined extends T ? [] : [value: T])
  constructor(value?: T) {
    this.#held = { permits: new Permits(1), value: value as T }
  }

  /** Whether somebody holds it, as things are. */
  get isLocked(): boolean {
    return this.#held.permits.free === 0
  }

  /**
   * Takes the lock, waiting in line for it.
   *
   * **Cancel**  by `signal`
   */
  lock({ signal }: WaitOptions = {}): Promise<MutexGuard<T>> {
    return this.#held.permits.take(1, new Locking(this.#held), signal)
  }

  /** Takes the lock if it is free and nobody waits for it. */
  tryLock(): MutexGuard<T> | Locked {
    const held = this.#held
    return held.permits.tryTake(1) ? new MutexGuard(held, held.permits.poisoned()) : Locked
  }

  /**
   * As {@link lock}, blocking this thread while it waits; for functions of `spawnBlocking`, and of stages on the blocking lane.
   *
   * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop, and when this very thread holds the lock alone;
   *             `TimeoutError` after `timeoutMs`
   */
  blockingLock(options: BlockingOptions = {}): MutexGuard<T> {
    const call = 'Mutex.blockingLock'
    return this.#held.permits.blockingTake(call, 1, new Locking(this.#held), deadlineOf(call, options))
  }

  /** Never waits: the value, or that it is locked. */
  toString(): string {
    return this.isLocked ? 'Mutex { <locked> }' : `Mutex { ${display(this.#held.value)} }`
  }

  /** As {@link toString}, for `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** A handle of the same mutex for another thread. */
  [travel](): Luggage {
    sharedOnly(KIND, this.#held.value)
    return { kind: KIND, parts: { permits: this.#held.permits.pack(), value: this.#held.value } }
  }

  static {
    arrives(KIND, ({ permits, value }: { permits: PermitsLuggage; value: unknown }) => {
      const mutex = new Mutex(value)
      mutex.#held.permits = Permits.arrive(KIND, permits)
      return mutex
    })
  }
}

/** A call of `lock`: what it gives when it is served. */
class Locking<T> implements Claim<MutexGuard<T>> {
  readonly #held: Held<T>

  constructor(held: Held<T>) {
    this.#held = held
  }

  granted(): MutexGuard<T> {
    return new MutexGuard(this.#held, this.#held.permits.poisoned())
  }

  refused(): never {
    throw new Error('a mutex is never closed')
  }
}
