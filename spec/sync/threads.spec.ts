/** Locks between real threads, behaviour by behaviour; numbers as in the list of tokio's semantics. Deaths are in death.spec.ts. */
import * as assert from 'uvu/assert'
import { sleep } from '../../src/atomic/park.ts'
import { AtomicCounter, AtomicFlag, AtomicMax, Barrier, Mutex, Notify, OnceCell, RwLock, Semaphore } from '../../src/sync.ts'
import { waits } from '../support/settling.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startThread, type Thread } from '../support/thread.ts'

const fixture = new URL('./threads-fixture.ts', import.meta.url)
const threads = (scope: Scope, count: number, mayBlock = true): Thread[] => Array.from({ length: count }, () => startThread(scope, fixture, { mayBlock }))
const memory = (words: number): Int32Array => new Int32Array(new SharedArrayBuffer(words * 4))

suite('locks between threads', (it) => {
  it('122: a blocked thread is served, and refused when it is closed; on a thread with an event loop it throws', async (scope) => {
    const semaphore = new Semaphore(0)
    const told = new Notify()
    const [blocked, loop] = [startThread(scope, fixture), startThread(scope, fixture, { mayBlock: false })]
    const served = blocked.call('waitsBlocked', semaphore, 2, told)
    await told.notified()
    semaphore.addPermits(1)
    assert.ok(await waits(served))
    semaphore.addPermits(1)
    assert.is(await served, 'acquired')
    assert.is(await loop.call('waitsBlocked', semaphore, 1, told), 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    await told.notified()
    const refused = blocked.call('waitsBlocked', semaphore, 3, told)
    const awaiting = loop.call('waitsAwaiting', semaphore, 3, told)
    await told.notified()
    await told.notified()
    semaphore.close()
    assert.is(await refused, 'ERR_MILLRACE_CLOSED')
    assert.is(await awaiting, 'ERR_MILLRACE_CLOSED')
    assert.is(await loop.call('tries', semaphore), 'Closed')
    assert.is(semaphore.availablePermits, 2)
  })

  it('125: what was written before a release is read after the acquire that follows it', async (scope) => {
    const [semaphore, back] = [new Semaphore(0), new Semaphore(0)]
    const words = memory(64)
    const [writer] = threads(scope, 1)
    const rounds = 300
    const writing = writer!.call('writesBeforeRelease', semaphore, back, words, rounds)
    for (let i = 1; i <= rounds; i++) {
      const permit = await semaphore.acquire()
      assert.ok(words.every((word) => word === i), `round ${i}: ${words.join()}`)
      permit.forget()
      back.addPermits(1)
    }
    await writing
    assert.is(semaphore.availablePermits, 0)
  })

  it('110, 127: threads are served in the order in which their waits joined the line', async (scope) => {
    const semaphore = new Semaphore(1)
    const held = await semaphore.acquire()
    const [order, told] = [new AtomicCounter(), new Notify()]
    const all = [startThread(scope, fixture), startThread(scope, fixture, { mayBlock: false }), startThread(scope, fixture)]
    const waiting: Promise<number[]>[] = []
    for (const thread of all) {
      waiting.push(thread.call('queues', semaphore, 10, order, told))
      await told.notified()
    }
    held.release()
    assert.equal((await Promise.all(waiting)).flat(), Array.from({ length: 30 }, (_, i) => i + 1))
    assert.is(semaphore.availablePermits, 1)
  })

  it('145: four threads that write, blocking and awaiting, and two that read: the sum is exact and nothing is torn', async (scope) => {
    const lock = new RwLock(memory(2))
    const all = threads(scope, 4)
    const writing = all.slice(0, 3).map((thread, i) => thread.call('writes', lock, 1000, i === 0 ? 'write' : 'blockingWrite'))
    const reading = all.slice(3).map((thread) => thread.call('reads', lock, 1000))
    for (let i = 0; i < 1000; i++) {
      const guard = await lock.write()
      guard.value[0] = guard.value[0]! + 1
      guard.value[1] = guard.value[0]
      guard.release()
    }
    await Promise.all(writing)
    assert.equal(await Promise.all(reading), [0])
    const guard = await lock.read()
    assert.equal([...guard.value], [4000, 4000])
    guard.release()
  })

  it('128, 135: a mutex that threads take by every form, for more rounds than the budget: the sum is exact', async (scope) => {
    const mutex = new Mutex(memory(1))
    const all = threads(scope, 3)
    const adding = [all[0]!.call('adds', mutex, 2000, 'blockingLock'), all[1]!.call('adds', mutex, 2000, 'lock'), all[2]!.call('addsMixed', mutex)]
    for (let i = 0; i < 500; i++) {
      const guard = await mutex.lock()
      guard.value[0] = guard.value[0]! + 1
      guard.release()
    }
    await Promise.all(adding)
    const guard = await mutex.lock()
    assert.is(guard.value[0], 4758)
    assert.is(guard.poisoned, false)
    guard.release()
  })

  it('149, 150: threads meet for 300 rounds, with one leader each', async (scope) => {
    const barrier = new Barrier(3)
    const [a, b] = threads(scope, 2)
    const leading = [a!.call<number>('meets', barrier, 300, 'blockingWait'), b!.call<number>('meets', barrier, 300, 'wait')]
    let own = 0
    for (let i = 0; i < 300; i++) if ((await barrier.wait()).isLeader) own++
    assert.is((await Promise.all(leading)).reduce((sum, led) => sum + led, own), 300)
  })

  it('151: an arrival that is given up is needed again, also from another thread', async (scope) => {
    const barrier = new Barrier(2)
    const controller = new AbortController()
    const [thread] = threads(scope, 1)
    assert.equal(await thread!.call('meets', new Barrier(1), 1, 'blockingWait'), 1)
    const leaves = barrier.wait({ signal: controller.signal }).catch(() => 'left')
    const meeting = (async () => {
      controller.abort()
      assert.is(await leaves, 'left')
      return thread!.call('meets', barrier, 1, 'blockingWait')
    })()
    assert.ok(await waits(meeting))
    assert.is((await barrier.wait()).isLeader || (await meeting) === 1, true)
    await meeting
  })

  it('162: threads hand one notification round; one is left at the end', async (scope) => {
    const notify = new Notify()
    const all = threads(scope, 3)
    const handing = all.map((thread, i) => thread.call('handsOn', notify, 500, i === 0 ? 'notified' : 'blockingNotified'))
    notify.notifyOne()
    await Promise.all(handing)
    await notify.notified()
    assert.ok(await waits(notify.notified()))
  })

  it('156: notifyWaiters wakes every thread that waits', async (scope) => {
    const notify = new Notify()
    const told = new Notify()
    const all = threads(scope, 3)
    const hearing = all.map((thread) => thread.call('hears', notify, told))
    for (let i = 0; i < 3; i++) await told.notified()
    // they have told before they wait: as long as one is missing, once more
    let heard = 0
    for (const one of hearing) void one.then(() => heard++)
    while (heard < 3) {
      notify.notifyWaiters()
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(await Promise.all(hearing), ['heard', 'heard', 'heard'])
  })

  it('154: a notification of another thread for a wait that is given up before this thread looks goes to the next, first or last', async (scope) => {
    const [teller, hearer] = threads(scope, 2)
    for (const last of [false, true]) {
      const [notify, told, words] = [new Notify(), new Notify(), memory(1)]
      const controller = new AbortController()
      const before = last ? notify.notified() : undefined
      const leaves = (): Promise<unknown> => notify.notified({ signal: controller.signal }).then(() => 'told', () => 'left')
      const left = last ? undefined : leaves()
      const hearing = hearer!.call('hears', notify, told)
      await told.notified()
      await new Promise((resolve) => setTimeout(resolve, 20)) // it waits by now, most likely; if not, it takes what is kept
      const newest = last ? leaves() : undefined
      const telling = teller!.call('notifies', notify, last, words)
      while (words[0] === 0) sleep(0.1) // the event loop does not turn
      controller.abort()
      assert.is(await (left ?? newest), 'left')
      assert.is(await hearing, 'heard')
      await telling
      if (before !== undefined) assert.ok(await waits(before))
    }
  })

  it('163: of initialisers in several threads one runs, and all get its value', async (scope) => {
    const [a, b] = threads(scope, 2)
    for (let round = 0; round < 20; round++) {
      const cell = new OnceCell<string>()
      const runs = new AtomicCounter()
      const values = await Promise.all([
        a!.call('initialisesBlocked', cell, 'a', runs), b!.call('initialises', cell, 'b', runs), cell.getOrInit(() => (runs.add(), 'main'))
      ])
      assert.is(new Set(values).size, 1)
      assert.is(runs.value, 1)
    }
  })

  it('166: who waits in any thread gets what is set in one; of two racing sets one wins', async (scope) => {
    const [a, b] = threads(scope, 2)
    for (let round = 0; round < 30; round++) {
      const cell = new OnceCell<string>()
      const waiting = [a!.call<string>('waitsForCell', cell, 'wait'), cell.wait()]
      const [first, second] = await Promise.all([a!.call('fills', cell, 'ä'), b!.call('fills', cell, 'b')])
      assert.is(Number(first) + Number(second), 1)
      const value = first ? 'ä' : 'b'
      assert.equal(await Promise.all(waiting), [value, value])
    }
    const cell = new OnceCell<string>()
    const blocked = b!.call('waitsForCell', cell, 'blockingWait')
    assert.is(await a!.call('fills', cell, 'late'), true)
    assert.is(await blocked, 'late')
  })

  it('counters, flags and maxima add up', async (scope) => {
    const [counter, flag, max] = [new AtomicCounter(), new AtomicFlag(), new AtomicMax()]
    const all = threads(scope, 3)
    const first = await Promise.all(all.map((thread, i) => thread.call<boolean>('counts', counter, flag, max, 20_000, i * 7000)))
    assert.is(first.filter(Boolean).length, 1)
    assert.is(counter.value, 60_000)
    assert.is(max.value, 33_999)
  })
}, 30_000)
