/**
 * Threads that die while they hold something, or wait for it: real ones, terminated wherever they are.
 *
 * FORBIDDEN   a wait that goes on though what it waits for was held by a dead thread; a next holder who is not told
 */
import * as assert from 'uvu/assert'
import { Barrier, Locked, Mutex, NoPermits, Notify, OnceCell, RwLock, Semaphore } from '../../src/sync.ts'
import { rejection } from '../support/attempt.ts'
import { waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

const fixture = new URL('./threads-fixture.ts', import.meta.url)
const memory = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4))

suite('death of a thread', (it) => {
  it('that holds a mutex, however it got it: the next one has it, and is told; the one after is not', async (scope) => {
    for (const by of ['lock', 'blockingLock', 'tryLock'] as const) {
      const mutex = new Mutex(memory(1))
      const told = new Notify()
      const thread = startThread(scope, fixture)
      const ended = rejection(thread.call('keepsLock', mutex, told, by))
      await told.notified()
      assert.is(mutex.tryLock(), Locked)
      const waiting = mutex.lock()
      assert.ok(await waits(waiting))
      await thread.terminate()
      await ended
      const guard = await waiting
      assert.equal([guard.poisoned, guard.value[0]], [true, -1])
      guard.release()
      const next = await mutex.lock()
      assert.is(next.poisoned, false)
      next.release()
    }
  })

  it('that holds permits: they are free, also for a thread that is blocked, and it is told', async (scope) => {
    const semaphore = new Semaphore(3)
    const told = new Notify()
    const [holder, blocked] = [startThread(scope, fixture), startThread(scope, fixture)]
    const ended = rejection(holder.call('keepsPermits', semaphore, 2, told))
    await told.notified()
    assert.is(semaphore.availablePermits, 1)
    const waiting = blocked.call('waitsBlocked', semaphore, 3, told)
    await told.notified()
    await holder.terminate()
    await ended
    assert.is(await waiting, 'poisoned')
    assert.is(semaphore.availablePermits, 3)
  })

  it('that waits, blocked or not: it is out of the line, what it had collected is free, and nobody is told of anything', async (scope) => {
    for (const name of ['waitsBlocked', 'waitsAwaiting']) {
      const semaphore = new Semaphore(1)
      const told = new Notify()
      const thread = startThread(scope, fixture)
      const ended = rejection(thread.call(name, semaphore, 2, told))
      await told.notified()
      while (semaphore.availablePermits > 0) await new Promise((resolve) => setImmediate(resolve))
      const behind = semaphore.acquire()
      assert.ok(await waits(behind))
      assert.is(semaphore.tryAcquire(), NoPermits)
      await thread.terminate()
      await ended
      const permit = await behind
      assert.is(permit.poisoned, false)
      permit.release()
      assert.is(semaphore.availablePermits, 1)
    }
  })

  it('that reads, or writes: others get in, and only after a writer are they told', async (scope) => {
    for (const [name, poisoned] of [['keepsRead', false], ['keepsWrite', true]] as const) {
      const lock = new RwLock(memory(2))
      const told = new Notify()
      const thread = startThread(scope, fixture)
      const ended = rejection(thread.call(name, lock, told))
      await told.notified()
      const writing = lock.write()
      assert.ok(await waits(writing))
      await thread.terminate()
      await ended
      const guard = await writing
      assert.is(guard.poisoned, poisoned)
      guard.release()
    }
  })

  it('that has arrived at a barrier: its arrival does not count', async (scope) => {
    const barrier = new Barrier(2)
    const told = new Notify()
    const thread = startThread(scope, fixture)
    const ended = rejection(thread.call('arrivesForEver', barrier, told))
    await told.notified()
    await thread.terminate()
    await ended
    const first = barrier.wait()
    assert.ok(await waits(first))
    assert.equal(await barrier.wait(), { isLeader: true })
    await first
  })

  it('that waits for a notification: the next one goes to who is alive', async (scope) => {
    const notify = new Notify()
    const told = new Notify()
    const thread = startThread(scope, fixture)
    const ended = rejection(thread.call('hears', notify, told))
    await told.notified()
    await thread.terminate()
    await ended
    notify.notifyOne()
    await notify.notified()
    assert.ok(await waits(notify.notified()))
  })

  it('that fills a cell: the next one who waits fills it', async (scope) => {
    const cell = new OnceCell<string>()
    const told = new Notify()
    const thread = startThread(scope, fixture)
    const ended = rejection(thread.call('initialisesForEver', cell, told))
    await told.notified()
    assert.equal(cell.set('x'), { _tag: 'Busy', value: 'x' })
    const waiting = [cell.wait(), cell.getOrInit(() => 'main')]
    assert.ok(await waits(Promise.race(waiting)))
    await thread.terminate()
    await ended
    assert.equal(await Promise.all(waiting), ['main', 'main'])
  })

  it('at any moment, again and again, while others go on: nothing is lost, and every death in the middle is told', async (scope) => {
    const mutex = new Mutex(memory(1))
    const semaphore = new Semaphore(2)
    for (let round = 0; round < 12; round++) {
      const thread = startThread(scope, fixture)
      const adding = rejection(Promise.all([thread.call('adds', mutex, 1_000_000, round % 2 === 0 ? 'lock' : 'blockingLock')]))
      const until = performance.now() + 60 + round * 3
      while (performance.now() < until) {
        const [guard, permit] = await Promise.all([mutex.lock(), semaphore.acquire()])
        guard.value[0] = guard.value[0]! + 1
        guard.release()
        permit.release()
      }
      await thread.terminate()
      await adding
    }
    const guard = await mutex.lock()
    guard.release()
    assert.is(mutex.isLocked, false)
    assert.is(semaphore.availablePermits, 2)
  })
}, 60_000)
