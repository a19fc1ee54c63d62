/** Windows that look at the clock: by arrival, with idle splits, with early results by time; under time that a spec moves, and the real one. */
import * as assert from 'uvu/assert'
import {
  count, everything, from, mapAsync, map, pipeline, session, sliding, sum, toArray, tumbling, window, windowWithLate, type Combiner, type PipelineError, type WindowResult
} from '../../src/index.ts'
import { sleep } from '../../src/task/time/sleep.ts'
import { time } from '../../src/task/time/time.ts'
import { runOne } from '../support/run-process.ts'
import { suite } from '../support/suite.ts'
import { paused } from '../task/time/virtual.ts'

/** Items that come at these instants, by the clock; the input ends with the last. */
const arriving = (instants: readonly number[]) =>
  from(instants.map((t, i) => t - (instants[i - 1] ?? 0))).pipe(mapAsync(async (ms: number) => { await sleep(ms); return time.now() }, { concurrency: 1 }))

const rows = (out: readonly unknown[]) => (out as WindowResult<unknown, number>[]).map((w) => [w.firing, w.start, w.end, w.value])

suite('windows by the clock', (it) => {
  it('close without traffic, at their end', async () => {
    await paused(async () => {
      const out = await arriving([1, 3, 12, 50]).pipe(window(tumbling({ sizeMs: 10 }), { at: 'arrival', aggregate: count() }), map((w) => [w.start, w.value, time.now()])).toArray({ workers: 0 })
      assert.equal(out, [[0, 2, 10], [10, 1, 20], [50, 1, 50]])
    })
  })

  it('sessions by arrival end when nothing has come for the gap', async () => {
    await paused(async () => {
      const out = await arriving([1, 5, 20, 100]).pipe(window(session({ gapMs: 10 }), { at: 'arrival', aggregate: count() }), map((w) => [w.start, w.end, w.value, time.now()])).toArray({ workers: 0 })
      assert.equal(out, [[1, 15, 2, 15], [20, 30, 1, 30], [100, 110, 1, 100]])
    })
  })

  it('sliding windows by arrival', async () => {
    await paused(async () => {
      const out = await arriving([1, 7, 100]).pipe(window(sliding({ sizeMs: 10, everyMs: 5 }), { at: 'arrival', aggregate: count() }), map((w) => [w.start, w.value, time.now()])).toArray({ workers: 0 })
      assert.equal(out.slice(0, 3), [[-5, 1, 5], [0, 2, 10], [5, 1, 15]])
    })
  })

  it('an idle split no longer holds the others back; what it says later may be late', async () => {
    await paused(async () => {
      const items = [{ s: 'a', t: 1, wait: 0 }, { s: 'b', t: 2, wait: 0 }, { s: 'b', t: 30, wait: 1 }, { s: 'b', t: 31, wait: 100 }, { s: 'a', t: 3, wait: 1 }]
      const source = from(items).pipe(mapAsync(async (x: typeof items[number]) => { await sleep(x.wait); return x }, { concurrency: 1 }))
      const { windows, late } = windowWithLate(source, tumbling({ sizeMs: 10 }), { at: (x) => x.t, split: (x) => x.s, idleMs: 50, aggregate: count() })
      const { results, stages } = await pipeline({
        windows: windows.pipe(map((w) => [w.start, w.value, time.now()])).to(toArray()), late: late.pipe(map((x) => x.t)).to(toArray())
      }).run({ workers: 0 }).done
      // a is left out when it has said nothing for 50: then b's 30 is the watermark, and b's next item at 101 is not waited for
      assert.equal(results.windows, [[0, 2, 50], [30, 2, 102]])
      assert.equal(results.late, [3])
      assert.ok(stages.some((stage) => stage.kind === 'window'))
    })
  })

  it('fire early every so often, if there is something new', async () => {
    await paused(async () => {
      const source = arriving([1, 2, 15, 70])
      const flow = window(tumbling({ sizeMs: 1000 }), { at: (n: number) => n, early: { everyMs: 10 }, aggregate: count() })
      const out = await source.pipe(flow, map((w) => [w.firing, w.value, time.now()])).toArray({ workers: 0 })
      assert.equal(out, [['early', 2, 11], ['early', 3, 25], ['onTime', 4, 70]])
    })
    await paused(async () => {
      const totals = await arriving([1, 2, 15, 70]).pipe(window(everything(), { early: { everyMs: 10 }, aggregate: sum() }), map((w) => [w.firing, w.value, time.now()])).toArray({ workers: 0 })
      assert.equal(totals, [['early', 3, 11], ['early', 18, 25], ['onTime', 88, 70]])
    })
    await paused(async () => {
      const visits = await arriving([1, 2, 15, 70]).pipe(window(session({ gapMs: 20 }), { at: 'arrival', early: { everyMs: 10 }, aggregate: count() }), map((w) => [w.firing, w.value, time.now()])).toArray({ workers: 0 })
      assert.equal(visits, [['early', 2, 11], ['early', 3, 25], ['onTime', 3, 35], ['onTime', 1, 70]])
    })
  })

  it('without anything by the clock happening, agree with the form that has none', async () => {
    const items = Array.from({ length: 500 }, (_, i) => (i * 37) % 400)
    for (const kind of [tumbling({ sizeMs: 10 }), sliding({ sizeMs: 30, everyMs: 10 }), session({ gapMs: 3 })]) {
      const options = { at: (n: number) => n, outOfOrderMs: 50, latenessMs: 20, key: (n: number) => n % 3, aggregate: count(), early: { count: 2 } }
      const timed = await runOne(window(kind, { ...options, early: { count: 2, everyMs: 1_000_000 } }), { batches: [items.slice(0, 7), items.slice(7)], gap: (k) => k })
      const plain = await from(items).pipe(window(kind, options)).toArray({ workers: 0 })
      assert.equal(timed.out, plain)
      assert.is(timed.dropped, 0)
      assert.ok(timed.skipped > 0)
    }
  })

  it('empty, one; the real clock', async () => {
    const flow = window(tumbling({ sizeMs: 20 }), { at: 'arrival', aggregate: count<number>() })
    assert.equal((await runOne(flow, [])).out, [])
    const [one] = (await runOne(flow, [[7]])).out as WindowResult<undefined, number>[]
    assert.equal([one!.value, one!.end - one!.start], [1, 20])
    assert.ok(Math.abs(one!.start - Date.now()) < 60_000, 'milliseconds since the epoch')
    const controller = new AbortController()
    const quiet = runOne(flow, { batches: [[1]], endless: true }, { signal: controller.signal, onItem: () => { controller.abort() } })
    assert.is((await quiet).out.length, 1)
  })

  it('leaves no timer behind, however it ends', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const flow = window(tumbling({ sizeMs: 1_000_000 }), { at: 'arrival', aggregate: count<number>() })
    await runOne(flow, { batches: [[1], [2]], gap: () => 2 })
    await runOne(flow, { batches: [[1], [2]], endless: true }, { signal: AbortSignal.timeout(5) })
    const failed = await runOne(flow, { batches: [[1]], fails: new Error('disk') })
    assert.equal([(failed.error as Error).message, failed.out], ['disk', []])
    const left = await runOne(window(tumbling({ sizeMs: 1 }), { at: (n: number) => n, idleMs: 1_000_000, aggregate: count() }), { batches: [[1, 5, 9]], endless: true }, { leaveAfter: 1 })
    assert.equal([left.error, left.closed], [undefined, [true]])
    assert.is(timers(), before)
  })

  it('what throws follows the policy, and one dead letter is under way at a time', async () => {
    const bad = (n: number): number => { if (n === 12) throw new Error('twelve'); return n }
    const options = { at: bad, idleMs: 1_000_000, aggregate: count<number>() }
    const failed = await runOne(window(tumbling({ sizeMs: 10 }), options), [[1, 12]])
    assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 1 }])
    const skipped = await runOne(window(tumbling({ sizeMs: 10 }), { ...options, onError: 'skip' }), [[1, 12, 3]])
    assert.equal([rows(skipped.out), skipped.skipped], [[['onTime', 0, 10, 2]], 1])
    const dead = await runOne(window(tumbling({ sizeMs: 10 }), { ...options, onError: 'deadLetter', late: 'deadLetter' }), [[1, 12, 12, 25, 3]], { slowLetters: 2 })
    assert.equal([rows(dead.out), dead.letters.map((l) => [l.index, l.item]), dead.mostLetters], [[['onTime', 0, 10, 1], ['onTime', 20, 30, 1]], [[1, 12], [2, 12], [4, 3]], 1])
    assert.is((dead.letters[2]!.cause as { code?: string }).code, 'ERR_MILLRACE_LATE')
    const picky: Combiner<number, number> = { create: () => 0, add: (s, n) => s + n, combine: (a, b) => a + b, finish: (s) => { if (s === 12) throw new Error('twelve'); return s } }
    const unfinished = await runOne(window(tumbling({ sizeMs: 10 }), { at: (n: number) => n, idleMs: 9, aggregate: picky, onError: 'deadLetter' }), [[1, 12, 23]])
    assert.equal([rows(unfinished.out).length, unfinished.letters.map((l) => (l.item as { start: number }).start)], [2, [10]])
  })

  it('a side that nobody reads does not end the other', async () => {
    const { windows, late } = windowWithLate(from([5, 25, 3, 40]), tumbling({ sizeMs: 10 }), { at: (n) => n, idleMs: 1_000_000, aggregate: count() })
    assert.equal(rows(await windows.toArray({ workers: 0 })).length, 3)
    assert.equal(await late.toArray({ workers: 0 }), [3])
  })
}, 30_000)
