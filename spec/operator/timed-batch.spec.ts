import { setTimeout as later } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { PipelineError } from '../../src/error/pipeline-error.ts'
import { batch } from '../../src/operator/batch.ts'
import { runOne } from '../support/run-process.ts'
import { suite } from '../support/suite.ts'
import { byWeight } from '../support/models.ts'

/** So long that no spec waits for it. */
const NEVER_MS = 1_000_000

suite('batch with maxMs', (it) => {
  it('gathers by count and weight as without a clock, for any input and reader', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(9), { maxLength: 6 }), { maxLength: 6 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 12 }),
        fc.func(fc.nat(2)), fc.func(fc.nat(2)),
        async (batches, count, maxWeight, gap, slow) => {
          const { out, error } = await runOne(batch({ count, maxWeight, weigh: (n: number) => n, maxMs: NEVER_MS }), { batches, gap }, { slow })
          assert.equal([out, error], [byWeight(batches.flat(), count, maxWeight), undefined])
        }
      ),
      { numRuns: 150 }
    )
  })

  it('any clock keeps all items, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(9), { maxLength: 6 }), { maxLength: 6 }), fc.integer({ min: 0, max: 2 }), fc.func(fc.nat(4)), async (batches, maxMs, gap) => {
        const { out } = await runOne(batch<number>({ count: 3, maxMs }), { batches, gap })
        assert.equal(out.flat(), batches.flat())
        assert.ok((out as number[][]).every((b) => b.length > 0 && b.length <= 3))
      }),
      { numRuns: 100 }
    )
  })

  it('sends on what has waited long enough, though the batch is not full and the input goes on', async () => {
    const controller = new AbortController()
    const began = performance.now()
    let after = 0
    const run = runOne(batch<number>({ count: 100, maxMs: 30 }), { batches: [[1], [2]], gap: (k) => k, endless: true }, {
      signal: controller.signal,
      onItem: () => {
        after = performance.now() - began
        controller.abort()
      }
    })
    assert.equal((await run).out, [[1, 2]])
    assert.ok(after >= 29 && after < 500, `${after} ms`)
  })

  it('the clock begins with the first item of each batch', async () => {
    const seen: unknown[] = []
    const run = runOne(batch<number>({ maxMs: 20 }), { batches: [[1], [2], [3]], gap: (k) => (k === 2 ? 0 : k) }, { onItem: (b) => seen.push(b) })
    await run
    assert.equal(seen.flat(), [1, 2, 3])
    const controller = new AbortController()
    const quiet = runOne(batch<number>({ maxMs: 5 }), { batches: [], endless: true }, { signal: controller.signal })
    await later(25)
    controller.abort()
    assert.equal((await quiet).out, [])
  })

  it('leaves no timer behind', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    await runOne(batch<number>({ count: 10, maxMs: NEVER_MS }), { batches: [[1], [2]], gap: () => 2 })
    assert.is(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
  })

  it('an item that cannot be weighed follows the policy', async () => {
    const options = { maxWeight: 10, maxMs: NEVER_MS, weigh: (n: number, { bad }: { bad: number }) => { if (n === bad) throw new Error('bad'); return n }, env: { bad: 3 } }
    const failed = await runOne(batch(options), [[1, 2], [3]])
    assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 2 }])
    const skipped = await runOne(batch({ ...options, onError: 'skip' }), [[1, 3, 2]])
    assert.equal([skipped.out, skipped.skipped], [[[1, 2]], 1])
    const dead = await runOne(batch({ ...options, onError: 'deadLetter' }), [[1, 3, 3, 2]], { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map((l) => [l.index, l.item]), dead.mostLetters], [[[1, 2]], [[1, 3], [2, 3]], 1])
    assert.instance((await runOne(batch({ maxWeight: 1, maxMs: 1, weigh: () => NaN }), [[1]])).error, PipelineError)
  })

  it('ends when the reader leaves, when it is cancelled, when the input fails', async () => {
    const left = await runOne(batch<number>({ count: 1, maxMs: NEVER_MS }), { batches: [[1, 2, 3]], endless: true }, { leaveAfter: 1 })
    assert.equal([left.error, left.closed], [undefined, [true]])
    assert.ok((await runOne(batch<number>({ maxMs: NEVER_MS }), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })).error !== undefined)
    const failed = await runOne(batch<number>({ count: 5, maxMs: NEVER_MS }), { batches: [[1]], fails: new Error('disk') })
    assert.equal([(failed.error as Error).message, failed.out], ['disk', []])
  })
}, 15_000)
