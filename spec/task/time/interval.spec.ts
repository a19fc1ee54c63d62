/** interval; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { interval, type Interval, type Missed } from '../../../src/task/time/interval.ts'
import { sleep } from '../../../src/task/time/sleep.ts'
import { time } from '../../../src/task/time/time.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { noteOpen } from '../../support/leftovers.ts'
import { suite } from '../../support/suite.ts'
import { paused } from './virtual.ts'

/** The next ticks: [instant it was due at, instant it came at]. */
const ticks = async (from: Interval, count: number): Promise<readonly (readonly [number, number])[]> => {
  const seen: [number, number][] = []
  for (let i = 0; i < count; i++) seen.push([await from.tick(), time.now()])
  return seen
}

/** Ticks at 0 and 300, then nobody asks until `late`. */
const missing = (missed: Missed | undefined, late = 950): Promise<readonly (readonly [number, number])[]> =>
  paused(async () => {
    const of300 = interval(300, missed === undefined ? {} : { missed })
    assert.equal(await ticks(of300, 2), [[0, 0], [300, 300]])
    await time.advance(late - 300)
    return ticks(of300, 4)
  })

suite('interval', (it) => {
  it('270: the first tick comes at once; each says when it was due, not when it came', async () => {
    await paused(async () => {
      const of100 = interval(100)
      assert.equal([of100.period, of100.missed], [100, 'burst'])
      assert.equal(await ticks(of100, 3), [[0, 0], [100, 100], [200, 200]])
      await time.advance(103)
      assert.equal(await ticks(of100, 2), [[300, 303], [400, 400]])
      assert.equal(await ticks(interval(50, { startAt: 425 }), 2), [[425, 425], [475, 475]])
      assert.equal(await ticks(interval(50, { startAt: 400 }), 1), [[400, 475]])
    })
  })

  it('270: a period of 0 is refused', () => {
    for (const ms of [0, -1, NaN]) assert.instance(thrown(() => interval(ms)), RangeError)
    assert.instance(thrown(() => interval('5' as never)), TypeError)
    assert.instance(thrown(() => interval(5, { missed: 'never' as never })), RangeError)
    assert.instance(thrown(() => interval(5, { startAt: NaN })), RangeError)
  })

  it('271: burst, the default: the missed ticks at once, then as if none had been', async () => {
    const wanted = [[600, 950], [900, 950], [1200, 1200], [1500, 1500]]
    assert.equal(await missing(undefined), wanted)
    assert.equal(await missing('burst'), wanted)
  })

  it('272: delay: one missed tick, then a period after it each', async () => {
    assert.equal(await missing('delay', 951), [[600, 951], [1251, 1251], [1551, 1551], [1851, 1851]])
    assert.equal(await missing('delay'), [[600, 950], [1250, 1250], [1550, 1550], [1850, 1850]])
  })

  it('273: skip: one missed tick, then the next multiples of the period', async () => {
    assert.equal(await missing('skip'), [[600, 950], [1200, 1200], [1500, 1500], [1800, 1800]])
  })

  it('274: up to 5 ms late is not missed', async () => {
    assert.equal((await missing('delay', 605)).slice(0, 2), [[600, 605], [900, 900]])
    assert.equal((await missing('delay', 606)).slice(0, 2), [[600, 606], [906, 906]])
    assert.equal((await missing('skip', 605)).slice(0, 2), [[600, 605], [900, 900]])
  })

  it('275: reset is a period from now, resetImmediately now, resetAfter and resetAt as said, also beyond a period', async () => {
    for (const missed of ['burst', 'delay', 'skip'] as const) {
      await paused(async () => {
        const of300 = interval(300, { missed })
        await ticks(of300, 2)
        await time.advance(400) // at 700, with 600 missed
        of300.reset()
        assert.equal(await ticks(of300, 2), [[1000, 1000], [1300, 1300]])
        await time.advance(350)
        of300.resetImmediately()
        assert.equal(await ticks(of300, 2), [[1650, 1650], [1950, 1950]])
        of300.resetAfter(20)
        assert.equal(await ticks(of300, 2), [[1970, 1970], [2270, 2270]])
        of300.resetAt(2300)
        assert.equal(await ticks(of300, 2), [[2300, 2300], [2600, 2600]])
        of300.resetAt(4000)
        assert.equal(await ticks(of300, 2), [[4000, 4000], [4300, 4300]])
        of300.resetAfter(1000)
        assert.equal(await ticks(of300, 1), [[5300, 5300]])
      })
    }
  })

  it('275: a reset moves those who wait', async () => {
    await paused(async () => {
      const of300 = interval(300)
      await of300.tick()
      const waiting = of300.tick()
      of300.resetAt(50)
      assert.equal([await waiting, time.now()], [50, 50])
    })
  })

  it('276: an abandoned tick is there for the next call', async () => {
    await paused(async () => {
      const of10 = interval(10)
      await of10.tick()
      for (let i = 0; i < 3; i++) {
        const stop = new AbortController()
        const waiting = rejection(of10.tick({ signal: stop.signal }))
        stop.abort('enough')
        assert.is(await waiting, 'enough')
      }
      const stop = new AbortController()
      const [first, second] = [rejection(of10.tick({ signal: stop.signal })), of10.tick()]
      stop.abort('enough')
      await first
      assert.equal([await second, time.now()], [10, 10])
    })
  })

  it('276: the longest period works', async () => {
    const left = noteOpen()
    const once = interval(Number.MAX_VALUE)
    await once.tick()
    const never = interval(Infinity, { missed: 'skip' })
    await never.tick()
    const stop = new AbortController()
    const waiting = [rejection(once.tick({ signal: stop.signal })), rejection(never.tick({ signal: stop.signal }))]
    await sleep(5)
    stop.abort('enough')
    await Promise.all(waiting)
    await left()
  })

  it('keeps its pace by the machine\'s clock, and is an async iterable; close ends who waits', async () => {
    const began = time.now()
    const of5 = interval(5)
    const seen: number[] = []
    for await (const due of of5) {
      seen.push(due)
      assert.ok(time.now() >= due)
      if (seen.length === 5) break
    }
    assert.ok(Math.abs(seen[4]! - seen[0]! - 20) < 1e-6, seen.join())
    assert.ok(time.now() - began >= 20)
    of5.resetAfter(100_000)
    const waiting = rejection(of5.tick())
    of5[Symbol.dispose]()
    assert.is(((await waiting) as { code: string }).code, 'ERR_MILLRACE_CLOSED')
  })
})
