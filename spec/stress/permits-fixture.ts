/** A thread of spec/stress/permits.spec.ts: takes and gives permits by every form, losing time at random between any two accesses. */
import { sleep } from '../../src/atomic/park.ts'
import { shore } from '../../src/atomic/shore.ts'
import { Closed, NoPermits, type AtomicCounter, type Mutex, type Notify, type Semaphore, type SemaphorePermit } from '../../src/sync.ts'

let random = 1
const below = (n: number): number => {
  random ^= random << 13
  random ^= random >>> 17
  random ^= random << 5
  return (random >>> 0) % n
}

/** Loses time: mostly none, sometimes a little, seldom a switch to another thread. */
const dawdle = (): void => {
  const luck = below(4096)
  if (luck < 4000) return
  if (luck === 4095 && below(16) === 0) sleep(0.01)
  else for (let i = below(60); i > 0; i--) shore.deaths()
}

/** From now on every access of this thread may take its time. */
const jitter = (): void => {
  const { get, put, load, store, cas, add, exchange } = shore
  Object.assign(shore, {
    get: (w: Int32Array, i: number) => (dawdle(), get(w, i)),
    put: (w: Int32Array, i: number, v: number) => {
      dawdle()
      put(w, i, v)
    },
    load: (w: Int32Array, i: number) => (dawdle(), load(w, i)),
    store: (w: Int32Array, i: number, v: number) => {
      dawdle()
      store(w, i, v)
    },
    cas: (w: Int32Array, i: number, e: number, v: number) => (dawdle(), cas(w, i, e, v)),
    add: (w: Int32Array, i: number, v: number) => (dawdle(), add(w, i, v)),
    exchange: (w: Int32Array, i: number, v: number) => (dawdle(), exchange(w, i, v))
  })
}

/** What the threads share. */
export interface Stage {
  readonly semaphore: Semaphore
  readonly most: number
  readonly inside: AtomicCounter
  readonly operations: AtomicCounter
}

const enter = ({ inside, most }: Stage, permit: SemaphorePermit): void => {
  const now = inside.add(permit.count)
  if (now > most) throw new Error(`${now} permits are held at a time`)
}

const leave = ({ inside, operations }: Stage, permit: SemaphorePermit): void => {
  inside.add(-permit.count)
  permit.release()
  operations.add()
}

/** So many operations on the semaphore; several waits at a time, some of which are given up. */
export const permits = async (stage: Stage, operations: number, seed: number, jitters: boolean): Promise<void> => {
  random = seed | 1
  if (jitters) jitter()
  const { semaphore, most } = stage
  const one = async (alone: boolean): Promise<void> => {
    const n = 1 + below(most)
    const way = below(8)
    if (way < 3) {
      const permit = semaphore.tryAcquire(n)
      if (permit === NoPermits || permit === Closed) {
        stage.operations.add()
        return
      }
      enter(stage, permit)
      leave(stage, permit)
    } else if (way === 3 && alone) {
      const permit = semaphore.blockingAcquire(n)
      enter(stage, permit)
      leave(stage, permit)
    } else {
      const controller = way === 7 ? new AbortController() : undefined
      const acquiring = semaphore.acquire(n, { signal: controller?.signal })
      if (controller !== undefined && below(2) === 0) queueMicrotask(() => { controller.abort('given up') })
      else if (controller !== undefined) setImmediate(() => { controller.abort('given up') })
      try {
        const permit = await acquiring
        enter(stage, permit)
        leave(stage, permit)
      } catch (error) {
        if (error !== 'given up') throw error
        stage.operations.add()
      }
    }
  }
  for (let done = 0; done < operations; ) {
    // who blocks has no other waits: what they got meanwhile could not be given back
    const batch = Math.min(1 + below(4), operations - done)
    await Promise.all(Array.from({ length: batch }, () => one(batch === 1)))
    done += batch
  }
}

/** Passes a token round so many times; answers how often this thread had it. */
export const relays = (mutex: Mutex<Int32Array>, mine: Notify, next: Notify, rounds: number, seed: number): number => {
  random = seed | 1
  jitter()
  for (let i = 0; i < rounds; i++) {
    mine.blockingNotified()
    const guard = mutex.blockingLock()
    guard.value[0] = guard.value[0]! + 1
    guard.release()
    next.notifyOne()
  }
  return rounds
}
