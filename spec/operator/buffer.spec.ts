import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { buffer } from '../../src/operator/buffer.ts'
import { runOne } from '../support/run-process.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const numbers = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i)

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await turn()
}

/** Batches of numbers that go on counting. */
const counting = fc.array(fc.nat(8), { maxLength: 8 }).map((sizes) => {
  let n = 0
  return sizes.map((size) => Array.from({ length: size }, () => n++))
})

/** For a reader that takes nothing for a long time. */
const stalled = (k: number): number => (k === 0 ? 60 : 0)

suite('buffer', (it) => {
  it('that waits loses nothing and keeps the order, for any input and reader', async () => {
    await fc.assert(fc.asyncProperty(counting, fc.integer({ min: 1, max: 10 }), fc.func(fc.nat(3)), fc.func(fc.nat(3)), async (batches, capacity, gap, slow) => {
      const { out, dropped, error } = await runOne(buffer<number>({ capacity }), { batches, gap }, { slow })
      assert.equal([out, dropped, error], [batches.flat(), 0, undefined])
    }), { numRuns: 150 })
  })

  it('that waits reads ahead of a slow reader, by its capacity and one batch', async () => {
    const controller = new AbortController()
    const run = runOne(buffer<number>({ capacity: 5 }), numbers(50).map((n) => [n]), { slow: () => 1000, signal: controller.signal })
    await turns(20)
    controller.abort()
    const { pulled, pushes } = await run
    assert.is(pushes.length, 1)
    assert.ok(pulled[0]! <= 1 + 5 + 1, `${pulled[0]!} taken`)
  })

  it('that drops emits a subsequence, and what is missing is counted', async () => {
    await fc.assert(
      fc.asyncProperty(counting, fc.integer({ min: 1, max: 6 }), fc.constantFrom('dropOldest' as const, 'dropNewest' as const), fc.func(fc.nat(3)), fc.func(fc.nat(9)), async (batches, capacity, overflow, gap, slow) => {
        const { out, dropped, error } = await runOne(buffer<number>({ capacity, overflow }), { batches, gap }, { slow })
        assert.is(error, undefined)
        assert.is(out.length + dropped, batches.flat().length)
        assert.equal(out, [...new Set(out as number[])].sort((a, b) => a - b))
      }),
      { numRuns: 150 }
    )
  })

  it('a reader that keeps up loses nothing, however large the batches', async () => {
    for (const overflow of ['dropOldest', 'dropNewest', 'fail'] as const) {
      const { out, dropped, error } = await runOne(buffer<number>({ capacity: 3, overflow }), [numbers(100), numbers(50, 100)])
      assert.equal([out, dropped, error], [numbers(150), 0, undefined])
    }
  })

  it('dropOldest keeps the newest, dropNewest the oldest, each as many as its capacity', async () => {
    const batches = [[0], ...numbers(20, 1).map((n) => [n])]
    const oldest = await runOne(buffer<number>({ capacity: 4, overflow: 'dropOldest' }), { batches, gap: () => 1 }, { slow: stalled })
    assert.equal([oldest.out, oldest.dropped], [[0, 17, 18, 19, 20], 16])
    const newest = await runOne(buffer<number>({ capacity: 4, overflow: 'dropNewest' }), { batches, gap: () => 1 }, { slow: stalled })
    assert.equal([newest.out, newest.dropped], [[0, 1, 2, 3, 4], 16])
    const one = await runOne(buffer<number>({ capacity: 3, overflow: 'dropOldest' }), { batches: [[0], numbers(20, 1)], gap: (k) => k }, { slow: stalled })
    assert.equal([one.out, one.dropped], [[0, 18, 19, 20], 17])
  })

  it('fail ends it, with the code, the stage and the capacity', async () => {
    const { error } = await runOne(buffer<number>({ capacity: 4, overflow: 'fail' }), { batches: [[0], numbers(20, 1)], gap: (k) => k }, { slow: stalled })
    assert.equal([(error as { code?: string }).code, (error as { stage?: string }).stage], ['ERR_MILLRACE_BUFFER_OVERFLOW', 'the stage'])
    assert.match((error as Error).message, /4 items/)
  })

  it('ends with its input: nothing, never, when cancelled, when the reader leaves, when the input fails', async () => {
    assert.equal((await runOne(buffer({ capacity: 1 }), [])).out, [])
    for (const overflow of ['wait', 'dropNewest'] as const) {
      const never = await runOne(buffer({ capacity: 1, overflow }), { batches: [[1, 2, 3]], endless: true }, { signal: AbortSignal.timeout(10), slow: stalled })
      assert.ok(never.error !== undefined)
      const left = await runOne(buffer({ capacity: 2, overflow }), { batches: [[1], [2], [3], [4]], endless: true }, { leaveAfter: 2 })
      assert.equal([left.error, left.out, left.closed], [undefined, [1, 2], [true]])
      const failed = await runOne(buffer({ capacity: 2, overflow }), { batches: [[1]], fails: new Error('disk') })
      assert.is((failed.error as Error).message, 'disk')
    }
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('buffer', [
      () => buffer(undefined as never),
      () => buffer({} as never),
      () => buffer({ capacity: 0 }),
      () => buffer({ capacity: Infinity }),
      () => buffer({ capacity: 1, overflow: 'latest' as never })
    ])
  })
}, 15_000)
