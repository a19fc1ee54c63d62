/**
 * Blocking jobs of the published package: in a worker, the program of the worker and the doors that a user's module imports are two
 * copies of the code, which must agree on the thread's seat, its task, and what a handle is.
 */
import * as assert from 'uvu/assert'
import { blockOn, spawnBlocking } from 'millrace/runtime'
import { AtomicFlag, mpsc, Semaphore } from 'millrace/sync'
import { suite } from '../support/suite.ts'
import { drain, isSemaphore, nested, own, spin, taskId, waiting } from './jobs-work.ts'

suite('built jobs', (it) => {
  it('jobs spawn jobs and wait for them, and for asynchronous work', async () => {
    assert.is(await spawnBlocking(nested, 3), 3)
    assert.is(await spawnBlocking(waiting), 5)
    assert.is(blockOn(async () => await Promise.resolve(7)), 7)
  })

  it('a job knows its task', async () => {
    const handle = spawnBlocking(taskId)
    assert.is(await handle, handle.id)
  })

  it('handles arrive as what the door exports, and work there', async () => {
    assert.is(await spawnBlocking(isSemaphore, new Semaphore(1)), true)
    assert.is(await spawnBlocking(own), 1)
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    const sum = spawnBlocking(drain, receiver)
    for (let i = 1; i <= 100; i++) await sender.send(i)
    sender.close()
    assert.is(await sum, 5050)
  })

  it('an abort is seen in a busy loop', async () => {
    const begun = new AtomicFlag()
    const handle = spawnBlocking(spin, begun)
    while (!begun.value) await new Promise((resolve) => setTimeout(resolve, 1))
    handle.abort()
    assert.is(await handle.then((value) => value, (error: unknown) => String(error)), 'stopped')
  })
}, 30_000)
