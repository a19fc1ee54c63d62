import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { delay, type DelayOptions } from '../../src/operator/delay.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

suite('delay', (it) => {
  it('emits every item so much later, and ends behind the last', async () => {
    const { at, ended } = await timed(delay({ ms: 100 }), [[0, 'a'], [1, 'b'], [1, 'c'], [150, 'd']])
    assert.equal([at, ended], [[[100, 'a'], [101, 'b'], [101, 'c'], [250, 'd']], 250])
  })

  it('keeps every item, its order and its distance, for any input', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 30 }), fc.nat(30), async (gaps, ms) => {
      let now = 0
      const items = gaps.map((gap, n) => [(now += gap), n] as const)
      assert.equal((await timed(delay<number>({ ms }), items)).at, items.map(([at, n]) => [at + ms, n]))
    }), { seed, numRuns: 100 })
  })

  it('holds no more than its capacity; then the input waits, and is later', async () => {
    const items = [[0, 1], [0, 2], [0, 3], [0, 4], [0, 5]] as const
    assert.equal((await timed(delay<number>({ ms: 10, capacity: 2 }), items)).at, [[10, 1], [10, 2], [20, 3], [20, 4], [30, 5]])
    const { pulled } = await runOne(delay<number>({ ms: 1e6, capacity: 3 }), { batches: Array.from({ length: 9 }, (_, n) => [n]), endless: true }, { signal: AbortSignal.timeout(10) })
    assert.ok(pulled[0]! <= 4, `${pulled[0]}`)
  })

  it('a slow reader gets what is due together', async () => {
    const { at } = await timed(delay<number>({ ms: 5 }), [[0, 1], [1, 2], [2, 3], [50, 4]], {}, { slowMs: (k) => (k === 0 ? 20 : 0) })
    assert.equal(at, [[5, 1], [25, 2], [25, 3], [55, 4]])
  })

  it('ends when the reader leaves, when it is cancelled, when the input fails: what waits is not waited for', async () => {
    const left = await runOne(delay<number>({ ms: 0 }), { batches: [[1, 2]], endless: true }, { leaveAfter: 1 })
    assert.equal([left.error, left.out], [undefined, [1, 2]])
    const cancelled = await runOne(delay<number>({ ms: 1e6 }), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.equal([cancelled.out, (cancelled.error as Error).name], [[], 'TimeoutError'])
    const failed = await timed(delay<number>({ ms: 10 }), [[0, 1]], { end: 5, fails: new Error('disk') })
    assert.equal([failed.out, (failed.error as Error).message, failed.ended], [[], 'disk', 5])
  })

  it('one item and none', async () => {
    assert.equal((await timed(delay<number>({ ms: 0 }), [[3, 1]])).at, [[3, 1]])
    assert.equal((await timed(delay<number>({ ms: 9 }), [], { end: 4 })).ended, 4)
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => delay(options as DelayOptions)
    verifyRefusals('delay', [of({}), of({ ms: -1 }), of({ ms: 3e9 }), of({ ms: 1, capacity: 0 }), of({ ms: 1, capacity: 1.5 }), of({ ms: 1, name: 0 }), () => delay(5 as never)])
  })
}, 15_000)
