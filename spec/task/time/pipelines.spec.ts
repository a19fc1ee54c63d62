/** Pipelines by a clock of their own: what waits in them waits by it, so that paused time makes them instant and the same each time. */
import * as assert from 'uvu/assert'
import { batch, from, interval, map, mapAsync, merge, pipeline, range, retry, take, toArray } from '../../../src/index.ts'
import { sleep } from '../../../src/task/time/sleep.ts'
import { time } from '../../../src/task/time/time.ts'
import { suite } from '../../support/suite.ts'
import { paused } from './virtual.ts'

const HOUR_MS = 3_600_000

suite('pipelines under paused time', (it) => {
  it('279: interval, then batches by time: the same each time, and at once', async () => {
    const run = (): Promise<unknown> =>
      paused(async () => {
        const seen: unknown[] = []
        const ticks = interval(HOUR_MS).pipe(take(25), batch({ maxMs: 3.5 * HOUR_MS }), map((numbers) => [numbers, time.now() / HOUR_MS]))
        for (const row of await ticks.toArray({ workers: 0 })) seen.push(row)
        return seen
      })
    const began = performance.now()
    const first = await run()
    assert.equal((first as unknown[]).slice(0, 2), [[[0, 1, 2, 3], 4.5], [[4, 5, 6, 7], 8.5]])
    assert.equal(await run(), first)
    assert.ok(performance.now() - began < 5_000)
  })

  it('279: calls that sleep, time out and are tried again', async () => {
    const run = (): Promise<unknown> =>
      paused(async () => {
        let calls = 0
        const slow = mapAsync(
          async (n: number, { signal }) => {
            calls++
            await sleep(n * HOUR_MS, { signal })
            return [n, time.now() / HOUR_MS]
          },
          { concurrency: 4, timeoutMs: 2.5 * HOUR_MS, onError: retry({ times: 2, initialMs: HOUR_MS, factor: 2, maxMs: 24 * HOUR_MS, jitter: 0, then: 'deadLetter' }) }
        )
        const letters: unknown[] = []
        const p = pipeline({ out: range(1, 5).pipe(slow).to(toArray()) }).run({ workers: 0 })
        p.deadLetters.subscribe(({ item, cause }) => letters.push([item, (cause as { code?: unknown }).code, time.now() / HOUR_MS]))
        const { results } = await p.done
        return { out: results.out, letters, calls }
      })
    const first = await run()
    // 3 and 4 take too long: tries from 0 to 2.5, 3.5 to 6, 8 to 10.5 hours
    assert.equal(first, {
      out: [[1, 1], [2, 2]],
      letters: [[3, 'ERR_MILLRACE_TIMEOUT', 10.5], [4, 'ERR_MILLRACE_TIMEOUT', 10.5]],
      calls: 8
    })
    assert.equal(await run(), first)
  })

  it('279: merged clocks keep their order; at one instant, the one that was set first', async () => {
    await paused(async () => {
      const named = (ms: number, name: string) => interval(ms).pipe(take(3), map((n) => `${name}${n}@${time.now()}`))
      const out = await merge(named(20, 'a'), named(30, 'b')).toArray({ workers: 0 })
      assert.equal(out, ['a0@20', 'b0@30', 'a1@40', 'b1@60', 'a2@60', 'b2@90'])
    })
  })

  it('289: a call that takes too long is one failure of its own, and the stream goes on', async () => {
    await paused(async () => {
      const delays = from([1, 50, 2, 80, 3])
      const limited = mapAsync((ms: number, { signal }) => sleep(ms, { signal }).then(() => ms), { concurrency: 1, timeoutMs: 10, onError: 'skip' })
      const report = await pipeline({ out: delays.pipe(limited).to(toArray()) }).run({ workers: 0 }).done
      assert.equal(report.results.out, [1, 2, 3])
      assert.equal(report.stages.map((stage) => stage.skipped).filter((n) => n > 0), [2])
      assert.is(time.now(), 1 + 10 + 2 + 10 + 3)
    })
  })

  it('290: chunks by time: a full one at once, a partial one when its first item has waited, the rest at the end', async () => {
    await paused(async () => {
      // items at 1 2 3 (full), 14 15 (partial at 24), 30 (the rest, when the input ends at 32)
      const gaps = from([1, 1, 1, 11, 1, 15, 2])
      const arriving = mapAsync(async (ms: number) => { await sleep(ms); return time.now() }, { concurrency: 1 })
      const chunks = gaps.pipe(arriving, take(6), batch({ count: 3, maxMs: 10 }), map((items) => [items, time.now()]))
      assert.equal(await chunks.toArray({ workers: 0 }), [[[1, 2, 3], 3], [[14, 15], 24], [[30], 30]])
    })
  })

  it('291: merge takes turns when both are ready, and ends when both have ended', async () => {
    await paused(async () => {
      const named = (name: string, count: number) => interval(10).pipe(take(count), map((n) => `${name}${n}`))
      const out = await merge(named('a', 3), named('b', 5)).toArray({ workers: 0 })
      assert.equal(out, ['a0', 'b0', 'a1', 'b1', 'a2', 'b2', 'b3', 'b4'])
    })
    // batch by batch, where items are always there: none waits for the end of the other
    const endless = (name: string) => from((function* () { for (;;) yield name })())
    const mixed = await merge(endless('a'), endless('b')).pipe(take(20_000)).toArray({ workers: 0 })
    const runs: number[] = []
    for (const [i, name] of mixed.entries()) {
      if (name === mixed[i - 1]) runs[runs.length - 1]!++
      else runs.push(1)
    }
    // batches take turns, of whatever size: the one that gives the event loop its turn is not overtaken meanwhile
    assert.ok(runs.length >= 10 && Math.max(...runs) <= 2 * 4096, `batches of ${runs.join(' ')}`)
  })
})
