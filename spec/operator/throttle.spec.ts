import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { throttle, type ThrottleOptions } from '../../src/operator/throttle.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const arrivals = fc
  .array(fc.record({ after: fc.nat(12), cost: fc.nat(4) }), { maxLength: 25 })
  .map((list) => {
    let now = 0
    return list.map(({ after, cost }, n) => [(now += after), { n, cost }] as const)
  })

const rates = fc.record({ units: fc.integer({ min: 1, max: 4 }), perMs: fc.integer({ min: 1, max: 10 }), burst: fc.integer({ min: 1, max: 5 }) })

interface Item { readonly n: number, readonly cost: number }

/** No window of time lets more through than its share and the burst, or one item that alone costs more. */
const keepsTheRate = (at: readonly (readonly [number, unknown])[], { units, perMs, burst }: { units: number, perMs: number, burst: number }): void => {
  for (let i = 0; i < at.length; i++) {
    let cost = 0
    for (let j = i; j < at.length; j++) {
      cost += (at[j]![1] as Item).cost
      const first = (at[i]![1] as Item).cost
      const most = Math.max(burst, first) + ((at[j]![0] - at[i]![0]) * units) / perMs
      assert.ok(cost <= most + 1e-6, `${cost} from ${at[i]![0]} to ${at[j]![0]}, ${most} allowed`)
    }
  }
}

suite('throttle', (it) => {
  it('holds items back to one per period', async () => {
    const { at, ended } = await timed(throttle({ units: 1, perMs: 10 }), [[0, 'a'], [0, 'b'], [0, 'c'], [50, 'd']])
    assert.equal([at, ended], [[[0, 'a'], [10, 'b'], [20, 'c'], [50, 'd']], 50])
  })

  it('lets a burst through after a pause, and no more than that', async () => {
    const { at } = await timed(throttle({ units: 2, perMs: 10, burst: 3 }), Array.from({ length: 6 }, (_, n) => [0, n] as const))
    assert.equal(at, [[0, 0], [0, 1], [0, 2], [5, 3], [10, 4], [15, 5]])
  })

  it('an item that costs more than the burst waits for what it costs beyond', async () => {
    const { at } = await timed(throttle({ units: 1, perMs: 10, burst: 2, cost: (n: number) => n }), [[0, 5], [0, 1], [0, 0]])
    assert.equal(at, [[30, 5], [40, 1], [40, 0]])
  })

  it('in mode drop what comes too early is dropped and counted', async () => {
    const { at, dropped } = await timed(throttle({ units: 1, perMs: 10, mode: 'drop' }), [[0, 'a'], [0, 'b'], [9, 'c'], [10, 'd'], [25, 'e'], [34, 'f']])
    assert.equal([at, dropped], [[[0, 'a'], [10, 'd'], [25, 'e']], 3])
  })

  it('keeps every item, in order, and the rate in every window of time, for any input', async () => {
    await fc.assert(fc.asyncProperty(arrivals, rates, async (items, rate) => {
      const { at } = await timed(throttle({ ...rate, cost: (item: Item) => item.cost }), items)
      assert.equal(at.map(([, item]) => (item as Item).n), items.map(([, item]) => item.n))
      keepsTheRate(at, rate)
      items.forEach(([came], i) => {
        assert.ok(at[i]![0] >= came)
      })
    }), { seed, numRuns: 100 })
  })

  it('in mode drop keeps the rate too, and loses nothing uncounted', async () => {
    await fc.assert(fc.asyncProperty(arrivals, rates, async (items, rate) => {
      const options: ThrottleOptions<Item> = { ...rate, cost: (item) => item.cost, mode: 'drop' }
      const { at, dropped } = await timed(throttle(options), items)
      assert.is(at.length + dropped, items.length)
      keepsTheRate(at, rate)
    }), { seed, numRuns: 100 })
  })

  it('keeps a rate of many items per millisecond, though timers are slower', async () => {
    const began = performance.now()
    const { out } = await runOne(throttle<number>({ units: 20, perMs: 1 }), Array.from({ length: 40 }, (_, k) => Array.from({ length: 50 }, (_v, i) => k * 50 + i)))
    const took = performance.now() - began
    assert.is(out.length, 2000)
    assert.ok(took >= 99 && took < 1800, `${took} ms`)
  })

  it('without waiting, the whole burst passes at once, at whatever fraction of a millisecond', async () => {
    for (let i = 1; i < 40; i++) {
      const items = Array.from({ length: 5 }, (_, n) => [i * 1.1, n] as const)
      const { at } = await timed(throttle<number>({ units: 1, perMs: 60_000, burst: 3, mode: 'drop' }), items)
      assert.equal(at.map(([, n]) => n), [0, 1, 2], `at ${i * 1.1}`)
    }
  })

  it('a slow reader holds the line back: what waited for it is no burst', async () => {
    const { at } = await timed(throttle({ units: 1, perMs: 10 }), [[0, 'a'], [0, 'b'], [0, 'c'], [0, 'd']], {}, { slowMs: (k) => (k === 0 ? 100 : 0) })
    assert.equal(at, [[0, 'a'], [100, 'b'], [110, 'c'], [120, 'd']])
  })

  it('one item, and none', async () => {
    for (const mode of ['shape', 'drop'] as const) {
      assert.equal((await timed(throttle<number>({ units: 1, mode }), [[3, 1]])).at, [[3, 1]])
      assert.equal((await timed(throttle<number>({ units: 1, mode }), [], { end: 5 })).at, [])
    }
  })

  it('an item whose cost cannot be told follows the policy', async () => {
    const cost = (n: number): number => {
      if (n === 3) throw new Error('three')
      return n === 4 ? NaN : 1
    }
    const failed = await runOne(throttle({ units: 1e6, cost }), [[1, 2], [3]])
    assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 2 }])
    const skipped = await runOne(throttle({ units: 1e6, cost, onError: 'skip' }), [[1, 3, 4, 2]])
    assert.equal([skipped.out, skipped.skipped], [[1, 2], 2])
    const dead = await runOne(throttle({ units: 1e6, cost, onError: 'deadLetter' }), [[1, 3, 3, 2]], { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map((l) => [l.index, l.item]), dead.mostLetters], [[1, 2], [[1, 3], [2, 3]], 1])
  })

  it('ends when the reader leaves, when it is cancelled, when the input fails', async () => {
    const left = await runOne(throttle<number>({ units: 1, perMs: 1e6 }), { batches: [[1, 2, 3]], endless: true }, { leaveAfter: 1 })
    assert.equal([left.error, left.out], [undefined, [1]])
    const cancelled = await runOne(throttle<number>({ units: 1, perMs: 1e6 }), { batches: [[1, 2]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.equal([cancelled.out, (cancelled.error as Error).name], [[1], 'TimeoutError'])
    const failed = await runOne(throttle<number>({ units: 1e6 }), { batches: [[1]], fails: new Error('disk') })
    assert.equal([failed.out, (failed.error as Error).message], [[1], 'disk'])
  })

  it('leaves no timer behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    await runOne(throttle<number>({ units: 1, perMs: 1e6 }), { batches: [[1, 2]], endless: true }, { signal: AbortSignal.abort(new Error('no')) })
    await runOne(throttle<number>({ units: 1, perMs: 1e6 }), { batches: [[1, 2]], endless: true }, { leaveAfter: 1 })
    assert.is(timers(), before)
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => throttle(options as ThrottleOptions<unknown>)
    verifyRefusals('throttle', [
      of({}), of({ units: 0 }), of({ units: 'many' }), of({ units: Infinity }), of({ units: 1, perMs: 0 }), of({ units: 1, burst: 0 }), of({ units: 1, perMs: 3e9 }),
      of({ units: 1, mode: 'lose' }), of({ units: 1, cost: 3 }), of({ units: 1, mode: 'drop', cost: () => 1 }), of({ units: 1, name: '' }),
      of({ units: 1, onError: { policy: 'retry', times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 0, then: 'fail' } }), () => throttle(undefined as never)
    ])
  })
}, 15_000)
