/**
 * A lock that many may have to read or one to write. In one thread, or in several.
 *
 *     read ──▶ takes 1 of N permits ──▶ ReadGuard          write ──▶ takes all N ──▶ WriteGuard ──downgrade──▶ ReadGuard, N − 1 given back
 *
 * So a writer that waits holds back later readers, which wait behind it in the line: writers never starve. One line, in the order of the
 * calls. Death: a guard of a thread that has died is released; after a writer's, the next guard is told.
 */
import { guardReleased, valueIsShared } from '../error/wording-sync.ts'
import { arrives, travel, type Luggage } from '../prelude/travel.ts'
import { deadlineOf, type BlockingOptions } from './blocking.ts'
import { wholeNumber } from './check.ts'
import { display } from './display.ts'
import { Locked } from './outcome.ts'
import { Permits, type Claim, type PermitsLuggage } from './permits.ts'
import { sharedOnly } from './shared-value.ts'
import type { WaitOptions } from './waiters.ts'

const KIND = 'RwLock'

/** The most readers that a lock can have at a time, and how many it has if nothing is said. */
export const MAX_READERS = 2 ** 29 - 1

/** What all guards of a lock in one thread share. */
interface Held<T> {
  permits: Permits
  value: T
  readonly readers: number
}

/** What both guards are. */
abstract class Guard<T> implements Disposable {
  protected readonly held: Held<T>
  protected open = true
  readonly #permits: number
  /**
   * Whether a writer has died with its thread, and this is the first to have the lock since: the value may be half changed. Always
   * false where no other thread has the lock.
   */
  readonly poisoned: boolean

  constructor(held: Held<T>, permits: number, poisoned: boolean) {
    this.held = held
    this.#permits = permits
    this.poisoned = poisoned
  }

  /** What is guarded. Throws when the guard was released. */
  get value(): T {
    if (!this.open) throw guardReleased(KIND)
    return this.held.value
  }

  /** Whether it was released, or turned into another guard. */
  get isReleased(): boolean {
    return !this.open
  }

  /** Gives the lock back; once, however often it is called. */
  release(): void {
    if (!this.open) return
    this.open = false
    this.held.permits.give(this.#permits)
  }

  [Symbol.dispose](): void {
    this.release()
  }
}

/** The lock, held to read, beside others. With `using`, until the end of the block. */
export class ReadGuard<T> extends Guard<T> {
  /** Made by {@link RwLock.read} and {@link WriteGuard.downgrade}. */
  constructor(held: Held<T>, poisoned: boolean) {
    super(held, 1, poisoned)
  }
}

/** The lock, held to write, alone. With `using`, until the end of the block. */
export class WriteGuard<T> extends Guard<T> {
  /** Made by {@link RwLock.write}. */
  constructor(held: Held<T>, poisoned: boolean) {
    super(held, held.readers, poisoned)
  }

  override get value(): T {
    return super.value
  }

  /** Puts another in its place. A TypeError once other threads have the lock: they see the memory that it is made of. */
  override set value(value: T) {
    if (!this.open) throw guardReleased(KIND)
    if (this.held.permits.isShared) throw valueIsShared(KIND)
    this.held.value = value
  }

  /** Goes on as a reader: readers that wait at the front come in, and no writer in between. This guard is used up. */
  downgrade(): ReadGuard<T> {
    if (!this.open) throw guardReleased(KIND)
    this.open = false
    const { held } = this
    const guard = new ReadGuard(held, this.poisoned)
    if (held.readers > 1) held.permits.give(held.readers - 1)
    return guard
  }

  /** As {@link downgrade}, if `test` agrees; `undefined` when it does not, or throws, and the lock is still held to write. */
  tryDowngrade(test: (value: T) => boolean): ReadGuard<T> | undefined {
    return test(this.value) ? this.downgrade() : undefined
  }
}

export interface RwLockOptions {
  /** Readers at the same time; a whole number from 1 to {@link MAX_READERS}, which is the default. */
  readonly maxReaders?: number | undefined
}

/**
 * A lock with the value that it guards, for many readers or one writer.
 *
 * **When to use**  where reading goes on over awaits and changes are seldom; else a {@link Mutex} is simpler and as fast
 * **Order**        one line of readers and writers, in the order of the calls: a writer that waits holds back later readers. So a task that
 *                  takes `read` twice while a writer waits in between waits for itself: do not nest
 * **Cancel**       by `signal`: nothing is held, and the readers behind a writer that gave up get in
 * **Cost**         as {@link Mutex}
 * **Travel**       as {@link Mutex}: what it guards must be `undefined` or shared memory
 * **Errors**       RangeError for `maxReaders` that is not a whole number from 1 to {@link MAX_READERS}
 * **Source**       tokio `sync::RwLock`
 * @example
 * const config = new RwLock({ level: 1 })
 * const [one, other] = [await config.read(), await config.read()]
 * config.tryWrite() // => Locked
 * one.release()
 * other.release()
 * const writer = await config.write()
 * writer.value = { level: 2 }
 * const reader = writer.downgrade()
 * reader.value // => { level: 2 }
 * reader.release()
 */
export class RwLock<T = undefined> {
  readonly #held: Held<T>

  constructor(value: T, options?: RwLockOptions)
  constructor(...none: undefined extends T ? [] : [value: T, options?: RwLockOptions])
  constructor(value?: T, { maxReaders = MAX_READERS }: RwLockOptions = {}) {
    const readers = wholeNumber(KIND, 'maxReaders', maxReaders, 1, MAX_READERS)
    this.#held = { permits: new Permits(readers, readers), value: value as T, readers }
  }

  /** Readers at the same time, at most. */
  get maxReaders(): number {
    return this.#held.readers
  }

  /** Takes the lock to read, waiting in line for it. **Cancel**: by `signal`. */
  read({ signal }: WaitOptions = {}): Promise<ReadGuard<T>> {
    return this.#held.permits.take(1, new Reading(this.#held), signal)
  }

  /** Takes the lock to write, waiting in line for it. **Cancel**: by `signal`. */
  write({ signal }: WaitOptions = {}): Promise<WriteGuard<T>> {
    return this.#held.permits.take(this.#held.readers, new Writing(this.#held), signal)
  }

  /** Takes the lock to read, if nobody writes, nobody waits, and there are fewer readers than there may be. */
  tryRead(): ReadGuard<T> | Locked {
    const held = this.#held
    return held.permits.tryTake(1) ? new ReadGuard(held, held.permits.poisoned()) : Locked
  }

  /** Takes the lock to write, if nobody has it. */
  tryWrite(): WriteGuard<T> | Locked {
    const held = this.#held
    return held.permits.tryTake(held.readers) ? new WriteGuard(held, held.permits.poisoned()) : Locked
  }

  /**
   * As {@link read}, blocking this thread while it waits; for functions of `spawnBlocking`, and of stages on the blocking lane.
   *
   * **Errors**  ERR_MILLRACE_WOULD_BLOCK_LOOP on a thread with an event loop, and when only this very thread could release;
   *             `TimeoutError` after `timeoutMs`
   */
  blockingRead(options: BlockingOptions = {}): ReadGuard<T> {
    const call = 'RwLock.blockingRead'
    return this.#held.permits.blockingTake(call, 1, new Reading(this.#held), deadlineOf(call, options))
  }

  /** As {@link write}, blocking this thread while it waits; see {@link blockingRead}. */
  blockingWrite(options: BlockingOptions = {}): WriteGuard<T> {
    const call = 'RwLock.blockingWrite'
    return this.#held.permits.blockingTake(call, this.#held.readers, new Writing(this.#held), deadlineOf(call, options))
  }

  /** Never waits: the value, or that it is locked to write or about to be. */
  toString(): string {
    return this.#held.permits.free === 0 ? 'RwLock { <locked> }' : `RwLock { ${display(this.#held.value)} }`
  }

  /** As {@link toString}, for `console.log`. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString()
  }

  /** A handle of the same lock for another thread. */
  [travel](): Luggage {
    const { permits, value, readers } = this.#held
    sharedOnly(KIND, value)
    return { kind: KIND, parts: { permits: permits.pack(), value, readers } }
  }

  static {
    arrives(KIND, ({ permits, value, readers }: { permits: PermitsLuggage; value: unknown; readers: number }) => {
      const lock = new RwLock(value, { maxReaders: readers })
      lock.#held.permits = Permits.arrive(KIND, permits)
      return lock
    })
  }
}

/** A call of `read`: what it gives when it is served. */
class Reading<T> implements Claim<ReadGuard<T>> {
  readonly #held: Held<T>

  constructor(held: Held<T>) {
    this.#held = held
  }

  granted(): ReadGuard<T> {
    return new ReadGuard(this.#held, this.#held.permits.poisoned())
  }

  refused(): never {
    throw new Error('a lock is never closed')
  }
}

/** A call of `write`. */
class Writing<T> implements Claim<WriteGuard<T>> {
  readonly #held: Held<T>

  constructor(held: Held<T>) {
    this.#held = held
  }

  granted(): WriteGuard<T> {
    return new WriteGuard(this.#held, this.#held.permits.poisoned())
  }

  refused(): never {
    throw new Error('a lock is never closed')
  }
}
