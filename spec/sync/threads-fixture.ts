/** What the threads of spec/sync/threads.spec.ts and death.spec.ts do. */
import { sleep } from '../../src/atomic/park.ts'
import {
  Closed, Locked, NoPermits, type AtomicCounter, type AtomicFlag, type AtomicMax, type Barrier, type Mutex, type Notify, type OnceCell, type RwLock,
  type Semaphore
} from '../../src/sync.ts'
import '../../src/sync.ts' // the classes arrive

const forEver = (): never => {
  for (;;) sleep(1000)
}

// ---- semaphore ----

/** Acquires `n`, waiting on an event loop, tells, and keeps them for ever. */
export const keepsPermits = async (semaphore: Semaphore, n: number, told: Notify): Promise<void> => {
  await semaphore.acquire(n)
  told.notifyOne()
  forEver()
}

/** Waits for permits that it does not get, blocked. */
export const waitsBlocked = (semaphore: Semaphore, n: number, told: Notify): string => {
  told.notifyOne()
  try {
    const permit = semaphore.blockingAcquire(n)
    permit.release()
    return permit.poisoned ? 'poisoned' : 'acquired'
  } catch (error) {
    return (error as { code: string }).code
  }
}

export const waitsAwaiting = async (semaphore: Semaphore, n: number, told: Notify): Promise<string> => {
  const acquiring = semaphore.acquire(n)
  told.notifyOne()
  try {
    const permit = await acquiring
    permit.release()
    return permit.poisoned ? 'poisoned' : 'acquired'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** Tries, and tells what it got. */
export const tries = (semaphore: Semaphore): string => {
  const got = semaphore.tryAcquire()
  if (got === Closed) return 'Closed'
  if (got === NoPermits) return 'NoPermits'
  got.release()
  return 'acquired'
}

/** Joins the line with so many waits, tells, and is served in order; answers their order by a counter that all threads share. */
export const queues = async (semaphore: Semaphore, waits: number, order: AtomicCounter, told: Notify): Promise<number[]> => {
  const waiting = Array.from({ length: waits }, () => semaphore.acquire())
  told.notifyOne()
  const got: number[] = []
  for (const one of waiting) {
    const permit = await one
    got.push(order.add())
    permit.release()
  }
  return got
}

// ---- mutex ----

/** Takes the lock, leaves the value half changed, tells, and keeps it for ever. */
export const keepsLock = async (mutex: Mutex<Int32Array>, told: Notify, by: 'lock' | 'blockingLock' | 'tryLock'): Promise<void> => {
  const guard = by === 'lock' ? await mutex.lock() : by === 'tryLock' ? mutex.tryLock() : mutex.blockingLock()
  if (guard === Locked) throw new Error('it is locked')
  guard.value[0] = -1
  told.notifyOne()
  forEver()
}

/** Adds one to a plain word so many times, under the lock. */
export const adds = async (mutex: Mutex<Int32Array>, times: number, by: 'lock' | 'blockingLock'): Promise<void> => {
  for (let i = 0; i < times; i++) {
    const guard = by === 'lock' ? await mutex.lock() : mutex.blockingLock()
    const { value } = guard
    value[0] = value[0]! + 1
    guard.release()
  }
}

/** As `adds`, mixed: blocking and awaited rounds, more than the budget of calls that need not wait. */
export const addsMixed = async (mutex: Mutex<Int32Array>): Promise<number> => {
  await adds(mutex, 129, 'blockingLock')
  await adds(mutex, 129, 'lock')
  const guard = mutex.blockingLock()
  const value = guard.value[0]!
  guard.release()
  return value
}

// ---- rw lock ----

export const writes = async (lock: RwLock<Int32Array>, times: number, by: 'write' | 'blockingWrite'): Promise<void> => {
  for (let i = 0; i < times; i++) {
    const guard = by === 'write' ? await lock.write() : lock.blockingWrite()
    guard.value[0] = guard.value[0]! + 1
    guard.value[1] = guard.value[0]
    guard.release()
  }
}

/** Reads both words so many times; answers how often they were not the same. */
export const reads = (lock: RwLock<Int32Array>, times: number): number => {
  let torn = 0
  for (let i = 0; i < times; i++) {
    const guard = lock.blockingRead()
    if (guard.value[0] !== guard.value[1]) torn++
    guard.release()
  }
  return torn
}

export const keepsRead = async (lock: RwLock<Int32Array>, told: Notify): Promise<void> => {
  await lock.read()
  told.notifyOne()
  forEver()
}

export const keepsWrite = (lock: RwLock<Int32Array>, told: Notify): void => {
  lock.blockingWrite()
  told.notifyOne()
  forEver()
}

// ---- barrier ----

/** So many rounds; answers how often it led. */
export const meets = async (barrier: Barrier, rounds: number, by: 'wait' | 'blockingWait'): Promise<number> => {
  let led = 0
  for (let i = 0; i < rounds; i++) if ((by === 'wait' ? await barrier.wait() : barrier.blockingWait()).isLeader) led++
  return led
}

export const arrivesForEver = (barrier: Barrier, told: Notify): void => {
  told.notifyOne()
  barrier.blockingWait()
}

// ---- notify ----

/** Takes notifications and hands each on, so many times. */
export const handsOn = async (notify: Notify, times: number, by: 'notified' | 'blockingNotified'): Promise<void> => {
  for (let i = 0; i < times; i++) {
    if (by === 'notified') await notify.notified()
    else notify.blockingNotified()
    notify.notifyOne()
  }
}

/** Waits blocked, having told. */
export const hears = (notify: Notify, told: Notify): string => {
  told.notifyOne()
  notify.blockingNotified()
  return 'heard'
}

// ---- once cell ----

export const fills = (cell: OnceCell<string>, value: string): boolean => cell.set(value) === undefined

export const waitsForCell = async (cell: OnceCell<string>, by: 'wait' | 'blockingWait'): Promise<string> => (by === 'wait' ? cell.wait() : cell.blockingWait())

export const initialises = async (cell: OnceCell<string>, value: string, runs: AtomicCounter): Promise<string> =>
  cell.getOrInit(() => {
    runs.add()
    return value
  })

export const initialisesBlocked = (cell: OnceCell<string>, value: string, runs: AtomicCounter): string =>
  cell.blockingGetOrInit(() => {
    runs.add()
    sleep(5)
    return value
  })

export const initialisesForEver = (cell: OnceCell<string>, told: Notify): void => {
  cell.blockingGetOrInit(() => {
    told.notifyOne()
    return forEver()
  })
}

// ---- atomics ----

export const counts = (counter: AtomicCounter, flag: AtomicFlag, max: AtomicMax, times: number, base: number): boolean => {
  const first = !flag.testAndSet()
  for (let i = 0; i < times; i++) {
    counter.add()
    max.tell(base + i)
  }
  return first
}

// ---- visibility ----

/** Plain writes before a release; the other side reads them plainly after its acquire. */
export const writesBeforeRelease = (semaphore: Semaphore, back: Semaphore, words: Int32Array, rounds: number): void => {
  for (let i = 1; i <= rounds; i++) {
    for (let at = 0; at < words.length; at++) words[at] = i
    semaphore.addPermits(1)
    back.blockingAcquire().forget()
  }
}

/** Notifies, and says so by a word: for a thread that does not turn its event loop meanwhile. */
export const notifies = (notify: Notify, last: boolean, words: Int32Array): void => {
  if (last) notify.notifyLast()
  else notify.notifyOne()
  words[0] = 1
}
