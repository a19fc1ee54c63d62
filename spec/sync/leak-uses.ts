/** What the specs of leaks do with each kind: made, waited for, used, given up, dropped. */
import { AtomicCounter, AtomicFlag, AtomicMax, Barrier, Closed, Locked, Mutex, NoPermits, Notify, OnceCell, RwLock, Semaphore } from '../../src/sync.ts'
import type { Form } from '../support/forms.ts'

/** A signal that outlives what waits by it. */
const lasting = new AbortController().signal

export type Use = (form: Form) => Promise<void> | void

export const semaphore: Use = async (form) => {
  const made = form(new Semaphore(1))
  const permit = made.tryAcquire()
  const controller = new AbortController()
  const waiting = [made.acquire(1, { signal: lasting }), made.acquire(1, { signal: controller.signal }).catch(() => undefined)]
  controller.abort()
  if (permit !== NoPermits && permit !== Closed) permit.release()
  await Promise.all(waiting)
}

export const mutex: Use = async (form) => {
  const made = form(new Mutex())
  const guard = made.tryLock()
  const waiting = [made.lock({ signal: lasting }), made.lock()]
  if (guard !== Locked) guard.release()
  for (const one of waiting) (await one).release()
}

/** Not for one that has travelled: a wait may be served by another thread then, and is kept. */
export const dropped: Use = (form) => {
  const made = form(new Mutex())
  void made.lock()
  void made.lock()
}

export const rwLock: Use = async (form) => {
  const made = form(new RwLock())
  const reader = await made.read()
  const writing = made.write({ signal: lasting })
  reader.release()
  ;(await writing).downgrade().release()
}

export const barrier: Use = async (form) => {
  const made = form(new Barrier(2))
  await Promise.all([made.wait({ signal: lasting }), made.wait()])
}

export const notify: Use = async (form) => {
  const made = form(new Notify())
  const waiting = [made.notified(), made.notified({ signal: lasting })]
  made.notifyOne()
  made.notifyWaiters()
  await Promise.all(waiting)
}

export const onceCell: Use = async (form) => {
  const made = form(new OnceCell<number>())
  const waiting = made.wait({ signal: lasting })
  await made.getOrInit(() => 1)
  await waiting
}

export const atomics: Use = (form) => {
  form(new AtomicCounter()).add()
  form(new AtomicFlag()).set()
  form(new AtomicMax()).tell(1)
}
