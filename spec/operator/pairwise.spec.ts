/** The operators that put an item beside something: pairwise and zipWithIndex. */
import * as assert from 'uvu/assert'
import { pairwise } from '../../src/operator/pairwise.ts'
import { take } from '../../src/operator/take.ts'
import { zipWithIndex } from '../../src/operator/zip-with-index.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyGraph, verifyOperator, verifyRefusals } from '../support/verify-operator.ts'

suite('pairwise', (it) => {
  it('emits every item with the one before it', async () => {
    for (const [items, want] of [[[], []], [[1], []], [[1, 2], [[1, 2]]], [[1, 2, 4, 7], [[1, 2], [2, 4], [4, 7]]]] as const) {
      assert.equal((await verifyOperator(() => pairwise<number>(), items)).outs[0], want)
    }
  })

  it('undefined is an item too', async () => {
    assert.equal((await verifyOperator(() => pairwise<undefined>(), [undefined, undefined])).outs[0], [[undefined, undefined]])
  })

  it('stops when nobody reads, and its input with it', async () => {
    const { outs, closed, given } = await runFlow({ apply: (s) => s.pipe(pairwise(), take(1)) }, [[1], [2], [3], [4]])
    assert.equal([outs[0], closed, given], [[[1, 2]], true, 2])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('pairwise', [() => pairwise({ name: '' }), () => pairwise({ lane: 'both' as never }), () => pairwise(null as never)])
  })
})

suite('zipWithIndex', (it) => {
  it('emits every item with its number', async () => {
    for (const items of [[], ['a'], ['a', 'b', 'c']]) {
      assert.equal((await verifyOperator(() => zipWithIndex<string>(), items)).outs[0], items.map((s, i) => [s, i]))
    }
  })

  it('two of one source count each for itself', async () => {
    const { outs } = await verifyGraph<string>((source) => [source.pipe(zipWithIndex()), source.pipe(take(1), zipWithIndex())], ['a', 'b'])
    assert.equal(outs, [[['a', 0], ['b', 1]], [['a', 0]]])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('zipWithIndex', [() => zipWithIndex({ name: 3 as never }), () => zipWithIndex({ lane: 'pool' as never })])
  })
})
