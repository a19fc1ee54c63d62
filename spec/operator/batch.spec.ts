import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { batch } from '../../src/operator/batch.ts'
import { map } from '../../src/operator/map.ts'
import { byWeight } from '../support/models.ts'
import { runFlow, runGraph } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyGraph, verifyOperator, verifyRefusals } from '../support/verify-operator.ts'

suite('batch', (it) => {
  it('gathers by count; the last may be smaller', async () => {
    for (const [items, want] of [[[], []], [[1], [[1]]], [[1, 2], [[1, 2]]], [[1, 2, 3, 4, 5], [[1, 2], [3, 4], [5]]]] as const) {
      assert.equal((await verifyOperator(() => batch<number>({ count: 2 }), items)).outs[0], want)
    }
    assert.equal((await runFlow(batch<number>({ count: 2 }), [[1, 2, 3]], { noEnd: true })).outs[0], [[1, 2]])
  })

  it('gathers by weight, and by both: no batch is heavier than its bound, unless it is one item', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 30 }), fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }), fc.integer({ min: 1, max: 12 }), async (items, count, maxWeight) => {
        const bounds = { maxWeight, weigh: (n: number) => n, ...(count === undefined ? {} : { count }) }
        const { outs } = await verifyOperator(() => batch<number>(bounds), items)
        assert.equal(outs[0], byWeight(items, count ?? Infinity, maxWeight))
      }),
      { numRuns: 100 }
    )
  })

  it('a heavy item completes two batches at once', async () => {
    const flow = batch({ maxWeight: 10, weigh: (n: number, { by }) => n * by, env: { by: 1 } })
    assert.equal((await runFlow(flow, [[3, 50]], { noEnd: true })).outs[0], [[3], [50]])
  })

  it('an item whose weight is no weight follows the policy and is in no batch', async () => {
    const weigh = (n: number): number => (n === 2 ? NaN : n === 3 ? -1 : n === 4 ? ('x' as never) : n)
    const { outs, skipped } = await verifyOperator(() => batch({ maxWeight: 6, weigh, onError: 'skip' }), [1, 2, 3, 4, 5])
    assert.equal([outs[0], skipped.map((r) => r.item)], [[[1, 5]], [2, 3, 4]])
    assert.is((await verifyOperator(() => batch({ maxWeight: 6, weigh }), [1, 2])).failure!.index, 1)
    assert.is((await verifyOperator(() => batch({ maxWeight: 6, weigh, onError: 'deadLetter' }), [2])).letters.length, 1)
  })

  it('a failure downstream loses that batch only', async () => {
    const { outs } = await verifyGraph<number>((s) => [
      s.pipe(batch({ maxWeight: 3, weigh: (n) => n }), map((b) => { if (b[0] === 1) throw new Error('one'); return b }, { onError: 'skip' }))
    ], [1, 9, 2, 1, 3])
    assert.equal(outs[0], [[9], [2, 1], [3]])
    const picky = () => map((b: readonly number[]) => { if (b[0] === 1) throw new Error('one'); return b }, { onError: 'skip' })
    const early = await runGraph<number>((s) => [s.pipe(batch({ maxWeight: 3, weigh: (n) => n }), picky())], [[1, 9]], { noEnd: true })
    assert.equal(early.outs[0], [[9]], 'the second batch of one item does not wait for the next')
  })

  it('refuses bad arguments at declaration', () => {
    const weigh = (n: number): number => n
    verifyRefusals('batch', [
      () => batch({}),
      () => batch(3 as never),
      () => batch({ count: 0 }),
      () => batch({ count: 2.5 }),
      () => batch({ maxWeight: 0, weigh }),
      () => batch({ maxWeight: 3 }),
      () => batch({ count: 3, weigh }),
      () => batch({ maxWeight: 3, weigh: 'length' as never }),
      () => batch({ maxMs: -1 }),
      () => batch({ maxMs: 2 ** 31 }),
      () => batch({ maxMs: 10, lane: 'blocking' }),
      () => batch({ count: 1, onError: { policy: 'retry' } as never })
    ])
  })
})
