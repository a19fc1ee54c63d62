import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { sample, type SampleOptions } from '../../src/operator/sample.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

suite('sample', (it) => {
  it('emits the newest item at every beat, nothing when none has come, and the last one at the end', async () => {
    const { at, ended } = await timed(sample({ ms: 10 }), [[1, 'a'], [2, 'b'], [5, 'c'], [31, 'd'], [52, 'e']], { end: 55 })
    assert.equal([at, ended], [[[10, 'c'], [40, 'd'], [55, 'e']], 55])
  })

  it('agrees with its model, for any input', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }), fc.integer({ min: 1, max: 12 }), async (gaps, half) => {
      const ms = half * 2
      let now = 1 // odd instants: a beat and an item never come at once
      const items = gaps.map((gap, n) => [(now += gap * 2), n] as const)
      const end = now + 2 * ms + 1
      const last = new Map<number, number>() // by beat
      for (const [at, n] of items) last.set(Math.ceil(at / ms) * ms, n)
      assert.equal((await timed(sample<number>({ ms }), items, { end: end | 1 })).at, [...last])
    }), { seed, numRuns: 100 })
  })

  it('a reader that is slower gets fewer, never older ones', async () => {
    const items = Array.from({ length: 10 }, (_, n) => [n * 10 + 1, n] as const)
    const { at } = await timed(sample<number>({ ms: 10 }), items, { end: 500 }, { slowMs: () => 35 })
    assert.equal(at, [[10, 0], [45, 4], [80, 7], [115, 9]])
  })

  it('sets no timer while there is nothing to emit', async () => {
    const { out, ended } = await timed(sample<number>({ ms: 1 }), [], { end: 1000 })
    assert.equal([out, ended], [[], 1000])
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const run = runOne(sample<number>({ ms: 1 }), { batches: [], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.is(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
    assert.equal((await run).out, [])
  })

  it('ends when the reader leaves, when it is cancelled, when the input fails', async () => {
    const left = await runOne(sample<number>({ ms: 1 }), { batches: [[1]], endless: true }, { leaveAfter: 1 })
    assert.equal([left.error, left.out], [undefined, [1]])
    const cancelled = await runOne(sample<number>({ ms: 1e6 }), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.equal([cancelled.out, (cancelled.error as Error).name], [[], 'TimeoutError'])
    const failed = await timed(sample<number>({ ms: 10 }), [[0, 1]], { end: 5, fails: new Error('disk') })
    assert.equal([failed.out, (failed.error as Error).message], [[], 'disk'])
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => sample(options as SampleOptions)
    verifyRefusals('sample', [of({}), of({ ms: 0 }), of({ ms: NaN }), of({ ms: 3e9 }), of({ ms: 1, name: '' }), () => sample(null as never)])
  })
}, 15_000)
