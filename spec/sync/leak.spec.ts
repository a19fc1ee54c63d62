/**
 * A hundred thousand of each kind, made, used and dropped: the heap and the memory beside it are as before.
 *
 * FORBIDDEN   anything that is kept of what was dropped: waits in lists, listeners of signals, names of shared things, shared memory
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as assert from 'uvu/assert'
import {
  AtomicCounter, AtomicFlag, AtomicMax, Barrier, Locked, Mutex, NoPermits, Notify, OnceCell, RwLock, Semaphore, Closed
} from '../../src/sync.ts'
import type { Traveller } from '../../src/prelude/travel.ts'
import { far, type Form } from '../support/forms.ts'
import { suite } from '../support/suite.ts'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const DROPPED = 'mutex, dropped while it is held and waited for'
const CYCLES = 100_000
const MiB = 2 ** 20

/** Bytes in use when everything that can go has gone. */
const inUse = async (): Promise<number> => {
  for (let i = 0; i < 4; i++) {
    gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** A signal that outlives what waits by it. */
const lasting = new AbortController().signal

const uses: Record<string, (form: Form) => Promise<unknown>> = {
  semaphore: async (form) => {
    const semaphore = form(new Semaphore(1))
    const permit = semaphore.tryAcquire()
    const controller = new AbortController()
    const waiting = [semaphore.acquire(1, { signal: lasting }), semaphore.acquire(1, { signal: controller.signal }).catch(() => undefined)]
    controller.abort()
    if (permit !== NoPermits && permit !== Closed) permit.release()
    await Promise.all(waiting)
  },
  mutex: async (form) => {
    const mutex = form(new Mutex())
    const guard = mutex.tryLock()
    const waiting = [mutex.lock({ signal: lasting }), mutex.lock()]
    if (guard !== Locked) guard.release()
    for (const one of waiting) (await one).release()
  },
  // once it has travelled, a wait may be served by another thread: it is kept
  [DROPPED]: (form) => {
    const mutex = form(new Mutex())
    void mutex.lock()
    void mutex.lock()
    return Promise.resolve()
  },
  'rw lock': async (form) => {
    const lock = form(new RwLock())
    const reader = await lock.read()
    const writing = lock.write({ signal: lasting })
    reader.release()
    ;(await writing).downgrade().release()
  },
  barrier: async (form) => {
    const barrier = form(new Barrier(2))
    await Promise.all([barrier.wait({ signal: lasting }), barrier.wait()])
  },
  notify: async (form) => {
    const notify = form(new Notify())
    const waiting = [notify.notified(), notify.notified({ signal: lasting })]
    notify.notifyOne()
    notify.notifyWaiters()
    await Promise.all(waiting)
  },
  'once cell': async (form) => {
    const cell = form(new OnceCell<number>())
    const waiting = cell.wait({ signal: lasting })
    await cell.getOrInit(() => 1)
    await waiting
  },
  atomics: async (form) => {
    form(new AtomicCounter()).add()
    form(new AtomicFlag()).set()
    form(new AtomicMax()).tell(1)
  }
}

/** A leak of the smallest object a cycle is twice as much; measuring coverage takes some itself. */
const slack = (count: number): number => Math.max(MiB, 30 * count)

const cycles = async (use: (form: Form) => Promise<unknown>, form: Form, count: number): Promise<void> => {
  for (let i = 0; i < count; i++) {
    await use(form)
    if (i % 1000 === 999) await new Promise((resolve) => setImmediate(resolve)) // what is weakly held goes between turns
  }
}

const near = <T extends Traveller>(thing: T): T => thing

suite('leaks', (it) => {
  for (const [name, use] of Object.entries(uses)) {
    for (const [where, form, count] of [['in one thread', near, CYCLES], ['travelled', far, CYCLES / 5]] as const) {
      if (where === 'travelled' && name === DROPPED) continue
      it(`${name}, ${where}: ${count} made, used and dropped leave the memory as it was`, async () => {
        await cycles(use, form, count) // tables of what is weakly held keep the size that they have once had
        const before = await inUse()
        await cycles(use, form, count)
        // finalizers, and signals that nobody has any more, take their time: what does not come back in a second is kept
        let more = (await inUse()) - before
        for (let i = 0; i < 20 && more >= slack(count); i++) {
          await new Promise((resolve) => setTimeout(resolve, 50))
          more = (await inUse()) - before
        }
        assert.ok(more < slack(count), `${(more / MiB).toFixed(2)} MiB more after ${count} cycles`)
      })
    }
  }
}, 60_000)
