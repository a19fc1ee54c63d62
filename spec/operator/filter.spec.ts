import * as assert from 'uvu/assert'
import { filter } from '../../src/operator/filter.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

const even = (n: number): boolean => n % 2 === 0

suite('filter', (it) => {
  it('lets through what the predicate holds for, in order', async () => {
    for (const items of [[], [1], [2], [4, 1, 2, 2, 3, 8]]) {
      const { outs, counts } = await verifyOperator(() => filter(even), items)
      assert.equal(outs[0], items.filter(even))
      assert.equal(counts, [items.length])
    }
  })

  it('gives env as the last argument', async () => {
    assert.equal((await verifyOperator(() => filter((n: number, { k }) => n > k, { env: { k: 2 } }), [1, 2, 3])).outs[0], [3])
  })

  it('a promise is an error, not "true"', async () => {
    const { failure } = await runFlow(filter((() => Promise.resolve(false)) as never), [[1]])
    assert.is((failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
  })

  it('follows its policy when the predicate throws', async () => {
    await verifyPolicies((o) => filter((n: number) => { if (n === 4) throw new Error('four'); return even(n) }, o), [1, 2, 4, 6], 4, [2, 6])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('filter', [() => filter(3 as never), () => filter(even, { lane: 'x' as never }), () => filter(even, 'name' as never)])
  })
})
