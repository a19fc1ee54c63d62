import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { slidingCount, type SlidingCountOptions } from '../../src/operator/sliding-count.ts'
import { take } from '../../src/operator/take.ts'
import { runFlow } from '../support/run-kernel.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyRefusals } from '../support/verify-operator.ts'

/** The model: windows by their beginnings. */
const windows = (items: readonly number[], size: number, every: number, partial: boolean): readonly (readonly number[])[] => {
  const out: (readonly number[])[] = []
  let had = 0 // items that a window has had
  for (let at = 0; at < items.length; at += every) {
    const window = items.slice(at, at + size)
    if (window.length < size && (!partial || at + window.length <= had)) continue
    out.push(window)
    had = at + window.length
    if (window.length < size) break
  }
  return out
}

suite('slidingCount', (it) => {
  it('overlaps, follows on, or leaves gaps', async () => {
    const items = [1, 2, 3, 4, 5]
    const of = async (options: SlidingCountOptions) => (await verifyOperator(() => slidingCount<number>(options), items)).outs[0]
    assert.equal(await of({ size: 3 }), [[1, 2, 3], [2, 3, 4], [3, 4, 5]])
    assert.equal(await of({ size: 2, every: 2 }), [[1, 2], [3, 4]])
    assert.equal(await of({ size: 2, every: 3 }), [[1, 2], [4, 5]])
    assert.equal(await of({ size: 9 }), [])
    assert.equal(await of({ size: 9, partial: true }), [items])
    assert.equal(await of({ size: 4, every: 2, partial: true }), [[1, 2, 3, 4], [3, 4, 5]])
  })

  it('agrees with its model in any weather', async () => {
    const sizes = fc.integer({ min: 1, max: 6 })
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(9), { maxLength: 20 }), sizes, sizes, fc.boolean(), async (items, size, every, partial) => {
      assert.equal((await verifyOperator(() => slidingCount<number>({ size, every, partial }), items)).outs[0], windows(items, size, every, partial))
    }), { seed, numRuns: 100 })
  })

  it('windows are arrays of their own', async () => {
    const { outs } = await runFlow(slidingCount<number>({ size: 2 }), [[1, 2, 3]])
    ;(outs[0]![0] as number[]).push(99)
    assert.equal(outs[0]![1], [2, 3])
  })

  it('stops when nobody reads, and its input with it', async () => {
    const { outs, closed } = await runFlow({ apply: (s) => s.pipe(slidingCount({ size: 1 }), take(1)) }, [[1], [2], [3]])
    assert.equal([outs[0], closed], [[[1]], true])
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => slidingCount(options as SlidingCountOptions)
    verifyRefusals('slidingCount', [of({}), of({ size: 0 }), of({ size: 2.5 }), of({ size: 2, every: 0 }), of({ size: 2, name: '' }), () => slidingCount(3 as never)])
  })
}, 15_000)
