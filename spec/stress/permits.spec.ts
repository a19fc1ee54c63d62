/**
 * Permits between real threads: a million operations, by every form, with time lost at random between any two accesses.
 *
 * FORBIDDEN
 *   more permits held at a time than there are, at any time
 *   permits lost or made
 *   a wait that is not served though it could be: the threads would not end
 */
import * as assert from 'uvu/assert'
import { AtomicCounter, Mutex, Notify, Semaphore } from '../../src/sync.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'
import type { Stage } from './permits-fixture.ts'

const fixture = new URL('./permits-fixture.ts', import.meta.url)
const OPERATIONS = 250_000

suite('permits, real threads', (it) => {
  it('126: a million operations of four threads: counts add up, and no wake-up is lost', async (scope) => {
    const stage: Stage = { semaphore: new Semaphore(5), most: 5, inside: new AtomicCounter(), operations: new AtomicCounter() }
    const threads = Array.from({ length: 4 }, () => startThread(scope, fixture))
    await Promise.all(threads.map((thread, i) => thread.call('permits', stage, OPERATIONS, seed + i * 7919, i % 2 === 0)))
    assert.is(stage.operations.value, OPERATIONS * threads.length)
    assert.is(stage.inside.value, 0)
    assert.is(stage.semaphore.availablePermits, 5)
  })

  it('162: a token that three threads hand round, blocked in between, is never lost', async (scope) => {
    const rounds = 10_000
    const mutex = new Mutex(new Int32Array(new SharedArrayBuffer(4)))
    const places = [new Notify(), new Notify(), new Notify()]
    const threads = places.map(() => startThread(scope, fixture))
    const relaying = threads.map((thread, i) => thread.call('relays', mutex, places[i], places[(i + 1) % places.length], rounds, seed + i))
    places[0]!.notifyOne()
    await Promise.all(relaying)
    const guard = await mutex.lock()
    assert.is(guard.value[0], rounds * places.length)
    guard.release()
  })
}, 120_000)
