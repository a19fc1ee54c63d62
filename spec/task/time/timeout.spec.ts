/** timeout and timeoutAt; numbers as in the list of tokio's semantics. */
import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { TimeoutError } from '../../../src/error/timeout-error.ts'
import { sleep } from '../../../src/task/time/sleep.ts'
import { time } from '../../../src/task/time/time.ts'
import { timeout, timeoutAt } from '../../../src/task/time/timeout.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { suite } from '../../support/suite.ts'
import { paused } from './virtual.ts'

const pendingFor = (ms: number, log: string[] = []) => async (signal: AbortSignal): Promise<string> => {
  await sleep(ms, { signal }).catch((reason: unknown) => {
    log.push((reason as Error).name)
    throw reason
  })
  return 'done'
}

suite('timeout', (it) => {
  it('268: work that is ready counts, though the deadline is now or past', async () => {
    assert.is(await timeout(0, () => 1), 1)
    assert.is(await timeout(0, async () => { for (let i = 0; i < 100; i++) await Promise.resolve(); return 2 }), 2)
    assert.is(await timeoutAt(time.now() - 1000, Promise.resolve(3)), 3)
    await paused(async () => {
      assert.is(await timeout(10, pendingFor(10)), 'done') // both in the same moment
      assert.is(time.now(), 10)
      const late = timeoutAt(15, pendingFor(100))
      await time.advance(500) // past the deadline and past the end of the work, in one jump
      assert.is(await late, 'done')
    })
  })

  it('268: otherwise it rejects at the deadline, and the work is told', async () => {
    await paused(async () => {
      const log: string[] = []
      const error = await rejection(timeout(50, pendingFor(51, log)))
      assert.instance(error, TimeoutError)
      assert.equal([error.code, error.name, time.now()], ['ERR_MILLRACE_TIMEOUT', 'TimeoutError', 50])
      await Promise.resolve()
      assert.equal(log, ['TimeoutError'])
      assert.instance(await rejection(timeoutAt(20, new Promise(() => undefined))), TimeoutError) // past already
      assert.is(time.now(), 50)
    })
    const began = performance.now()
    await rejection(timeout(15, () => new Promise(() => undefined)))
    assert.ok(performance.now() - began >= 15)
  })

  it('268: passes on what the work answers or fails with, and leaves nothing behind', async () => {
    const left = noteOpen()
    const stop = new AbortController()
    const bad = new Error('bad')
    assert.is(await timeout(100_000, Promise.resolve('value'), { signal: stop.signal }), 'value')
    assert.is(await rejection(timeout(100_000, async () => { throw bad }, { signal: stop.signal })), bad)
    assert.is(await rejection(timeout(100_000, () => { throw bad }, { signal: stop.signal })), bad)
    assert.is(getEventListeners(stop.signal, 'abort').length, 0)
    await left()
  })

  it('269: a huge one never fires early', async () => {
    for (const ms of [2 ** 31, Number.MAX_SAFE_INTEGER, Infinity]) assert.is(await timeout(ms, pendingFor(10)), 'done')
    await paused(async () => {
      assert.is(await timeout(Infinity, pendingFor(1e12)), 'done')
      assert.is(time.now(), 1e12)
    })
  })

  it('255: fires around work that never has to wait', async () => {
    let stopped = false
    const spinning = async (signal: AbortSignal): Promise<void> => {
      // as channels do when their budget is used up: the loop turns between
      while (!signal.aborted) {
        for (let i = 0; i < 128; i++) await Promise.resolve()
        await new Promise((resolve) => setImmediate(resolve))
      }
      stopped = true
    }
    assert.instance(await rejection(timeout(20, spinning)), TimeoutError)
    await sleep(5)
    assert.ok(stopped)
  })

  it('is cancelled by its signal, and the work with it', async () => {
    const stop = new AbortController()
    const log: string[] = []
    const running = rejection(timeout(100_000, pendingFor(90_000, log), { signal: stop.signal }))
    const reason = Object.assign(new Error('enough'), { name: 'Enough' })
    stop.abort(reason)
    assert.is(await running, reason)
    assert.equal(log, ['Enough'])
    let called = false
    assert.is(await rejection(timeout(5, () => { called = true }, { signal: stop.signal })), reason)
    assert.not(called)
  })

  it('refuses what is no time and no work', () => {
    assert.instance(thrown(() => void timeout(-1, () => 1)), RangeError)
    assert.instance(thrown(() => void timeout(1, 5 as never)), TypeError)
    assert.instance(thrown(() => void timeoutAt(NaN, () => 1)), RangeError)
  })
})
