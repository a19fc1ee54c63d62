/** Types of the locks: what a user's editor says. Checked by `tsc`; nothing here runs. */
import { expectTypeOf } from 'expect-type'
import {
  AtomicCounter, AtomicFlag, AtomicMax, Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore, type BarrierWait, type Closed, type Empty, type Locked,
  type MutexGuard, type NoPermits, type NotSet, type ReadGuard, type SemaphorePermit, type WriteGuard
} from '../../src/sync.ts'

const semaphore = new Semaphore(2)
expectTypeOf(semaphore.acquire()).toEqualTypeOf<Promise<SemaphorePermit>>()
expectTypeOf(semaphore.acquireMany(2, { signal: new AbortController().signal })).toEqualTypeOf<Promise<SemaphorePermit>>()
expectTypeOf(semaphore.tryAcquire()).toEqualTypeOf<SemaphorePermit | NoPermits | Closed>()
expectTypeOf(semaphore.blockingAcquire(2)).toEqualTypeOf<SemaphorePermit>()
expectTypeOf<SemaphorePermit['split']>().returns.toEqualTypeOf<SemaphorePermit | undefined>()
expectTypeOf<SemaphorePermit>().toExtend<Disposable>()
// @ts-expect-error how many are free is not set
semaphore.availablePermits = 3
// @ts-expect-error a semaphore has a number of permits
new Semaphore()

const mutex = new Mutex({ balance: 10 })
expectTypeOf(mutex).toEqualTypeOf<Mutex<{ balance: number }>>()
expectTypeOf(mutex.lock()).toEqualTypeOf<Promise<MutexGuard<{ balance: number }>>>()
expectTypeOf(mutex.tryLock()).toEqualTypeOf<MutexGuard<{ balance: number }> | Locked>()
expectTypeOf(mutex.blockingLock().value).toEqualTypeOf<{ balance: number }>()
expectTypeOf(mutex.blockingLock().poisoned).toEqualTypeOf<boolean>()
expectTypeOf(new Mutex()).toEqualTypeOf<Mutex>()
const words = new Mutex(new Int32Array(4))
// @ts-expect-error another kind of value
words.blockingLock().value = 'text'
// @ts-expect-error a mutex of numbers has one
new Mutex<number>()
const got = mutex.tryLock()
expectTypeOf(got).not.toHaveProperty('value') // it may be locked
if (typeof got !== 'symbol') expectTypeOf(got.value.balance).toEqualTypeOf<number>()

const lock = new RwLock<readonly number[]>([1], { maxReaders: 4 })
expectTypeOf(lock.read()).toEqualTypeOf<Promise<ReadGuard<readonly number[]>>>()
expectTypeOf(lock.write()).toEqualTypeOf<Promise<WriteGuard<readonly number[]>>>()
expectTypeOf(lock.tryWrite()).toEqualTypeOf<WriteGuard<readonly number[]> | Locked>()
expectTypeOf(lock.blockingWrite().downgrade()).toEqualTypeOf<ReadGuard<readonly number[]>>()
lock.blockingWrite().value = [2]
// @ts-expect-error readers do not write
lock.blockingRead().value = [2]
expectTypeOf<ReadGuard<number>>().not.toHaveProperty('downgrade')

expectTypeOf(new Barrier(2).wait()).toEqualTypeOf<Promise<BarrierWait>>()
expectTypeOf(new Notify().notified()).toEqualTypeOf<Promise<void>>()

const cell = new OnceCell<string>()
expectTypeOf(cell.get()).toEqualTypeOf<string | Empty>()
expectTypeOf(cell.set('x')).toEqualTypeOf<NotSet<string> | undefined>()
expectTypeOf(cell.getOrInit(() => 'x')).toEqualTypeOf<Promise<string>>()
expectTypeOf(cell.getOrInit(async ({ signal }) => (signal?.aborted === true ? 'a' : 'b'))).toEqualTypeOf<Promise<string>>()
expectTypeOf(cell.wait()).toEqualTypeOf<Promise<string>>()
// @ts-expect-error another kind of value
cell.set(1)
// @ts-expect-error a blocked thread runs no promises
cell.blockingGetOrInit(async () => 'x')

expectTypeOf(new AtomicCounter().add()).toEqualTypeOf<number>()
expectTypeOf(new AtomicFlag().testAndSet()).toEqualTypeOf<boolean>()
expectTypeOf(new AtomicMax().tell(1)).toEqualTypeOf<number>()
