/** sleep and Timer, by the machine's clock and by a paused one; numbers as in the list of tokio's semantics. */
import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { withClock } from '../../../src/prelude/clock.ts'
import { sleep, sleepUntil } from '../../../src/task/time/sleep.ts'
import { time } from '../../../src/task/time/time.ts'
import { Timer } from '../../../src/task/time/timer.ts'
import { VirtualClock } from '../../../src/task/time/virtual-clock.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { runText } from '../../support/child.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { observe, turn, waits } from '../../support/settling.ts'
import { suite } from '../../support/suite.ts'
import { paused } from './virtual.ts'

const YEAR_MS = 365 * 24 * 3_600_000

suite('sleep', (it) => {
  it('263: never ends early, by the machine\'s clock or by a runtime\'s that goes', async () => {
    const measure = async (): Promise<void> => {
      await Promise.all(
        Array.from({ length: 300 }, async (_, i) => {
          const ms = (i % 40) / 8
          const began = time.now()
          await sleep(ms)
          const took = time.now() - began
          assert.ok(took >= ms, `${took} of ${ms} ms`)
        })
      )
    }
    await measure()
    await withClock(new VirtualClock(), measure)
  })

  it('263: parts of a millisecond count; 0 lets the event loop turn', async () => {
    const order: string[] = []
    setImmediate(() => order.push('turn'))
    const began = performance.now()
    await sleep(1.2)
    order.push('slept')
    assert.ok(performance.now() - began >= 1.2)
    assert.equal(order, ['turn', 'slept'])
    const zero = observe(sleep(0))
    const past = observe(sleepUntil(time.now() - 100))
    await Promise.resolve()
    assert.equal([zero.fate().is, past.fate().is], ['pending', 'pending'])
    await sleep(2)
    assert.equal([zero.fate().is, past.fate().is], ['value', 'value'])
    await paused(async () => {
      const now = observe(sleep(0))
      await Promise.resolve()
      assert.is(now.fate().is, 'pending')
      await sleep(0)
      assert.equal([now.fate().is, time.now()], ['value', 0])
    })
  })

  it('264: years are waited for: by the machine\'s clock as by paused time', async ({ defer }) => {
    const stop = new AbortController()
    defer(() => { stop.abort() })
    const far = [5 * YEAR_MS, 10 * YEAR_MS, 2 ** 31, Number.MAX_VALUE, Infinity].map((ms) => observe(sleep(ms, { signal: stop.signal })))
    await sleep(30) // longer than a timer of Node that has overflowed takes: 1 ms
    assert.ok(far.every((one) => one.fate().is === 'pending'))
    stop.abort()
    await paused(async () => {
      await sleep(5 * YEAR_MS)
      await sleepUntil(10 * YEAR_MS)
      assert.is(time.now(), 10 * YEAR_MS)
      await sleep(Number.MAX_VALUE / 2)
    })
  })

  it('267: a timer completes while its own task goes round without rest', async () => {
    let done = false
    void sleep(20).then(() => { done = true })
    let turns = 0
    for (; !done; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(turns > 1)
  })

  it('ends by its signal, before, within and never after', async () => {
    const left = noteOpen()
    const gone = AbortSignal.abort(new Error('before'))
    assert.is(((await rejection(sleep(5, { signal: gone }))) as Error).message, 'before')
    const stop = new AbortController()
    const sleeping = Array.from({ length: 50 }, () => rejection(sleep(1_000_000, { signal: stop.signal })))
    assert.is(getEventListeners(stop.signal, 'abort').length, 1)
    stop.abort('within')
    assert.equal(new Set(await Promise.all(sleeping)), new Set(['within']))
    const late = new AbortController()
    await sleep(1, { signal: late.signal })
    assert.is(getEventListeners(late.signal, 'abort').length, 0)
    await left()
  })

  it('refuses what is no time', () => {
    for (const ms of [-1, NaN]) assert.instance(thrown(() => void sleep(ms)), RangeError)
    assert.instance(thrown(() => void sleep('5' as never)), TypeError)
    assert.instance(thrown(() => void sleepUntil(undefined as never)), TypeError)
    assert.instance(thrown(() => new Timer(-1)), RangeError)
  })

  it('holds the process, unless ref is false', async () => {
    const ended = await runText(`
      const { sleep } = await import('./src/task/time/sleep.ts')
      void sleep(60_000, { ref: false })
      await sleep(50)
      console.log('slept')
    `)
    assert.equal([ended.code, ended.stdout], [0, 'slept\n'], ended.stderr)
  })
}, 15_000)

suite('Timer', (it) => {
  it('265: reset moves it to later, earlier, and the past, before it has elapsed', async () => {
    await paused(async () => {
      const timer = new Timer(50)
      const waiting = timer.wait().then(() => time.now())
      timer.reset(80)
      assert.equal([timer.deadline, timer.isElapsed], [80, false])
      await time.advance(60)
      assert.ok(await waits(waiting) && time.now() === 60)
      timer.resetAt(70)
      assert.is(await waiting, 70)
      const past = new Timer(1000)
      const woken = past.wait().then(() => time.now())
      past.resetAt(5)
      assert.is(await woken, 70)
    })
  })

  it('265: reset moves it after it has elapsed, without anybody waiting too', async () => {
    await paused(async () => {
      const timer = new Timer(10)
      await timer.wait()
      assert.ok(timer.isElapsed)
      await timer.wait()
      timer.reset(10)
      assert.not(timer.isElapsed)
      await timer.wait()
      assert.is(time.now(), 20)
      timer.reset(5)
      timer.reset(7)
      await sleep(100)
      assert.ok(timer.isElapsed)
      await timer.wait()
      assert.is(time.now(), 120)
      const again = Timer.at(200)
      await again.wait()
      assert.is(time.now(), 200)
    })
  })

  it('265: by the machine\'s clock too, several who wait are woken together', async () => {
    const timer = new Timer(1000)
    const began = performance.now()
    const all = Promise.all([timer.wait(), timer.wait()])
    await turn()
    timer.reset(15)
    await all
    const took = performance.now() - began
    assert.ok(took >= 15 && took < 900, `${took}`)
  })

  it('a wait is abandoned by its signal; close ends all, and leaves no timer', async () => {
    const left = noteOpen()
    const timer = new Timer(100_000)
    const stop = new AbortController()
    const abandoned = rejection(timer.wait({ signal: stop.signal }))
    stop.abort('enough')
    assert.is(await abandoned, 'enough')
    await left()
    const waiting = rejection(timer.wait())
    timer[Symbol.dispose]()
    assert.is(((await waiting) as { code: string }).code, 'ERR_MILLRACE_CLOSED')
    assert.is(((await rejection(timer.wait())) as { code: string }).code, 'ERR_MILLRACE_CLOSED')
    await left()
  })
})
