import * as assert from 'uvu/assert'
import { takeWhile } from '../../src/operator/take-while.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

const small = (n: number): boolean => n < 3

suite('takeWhile', (it) => {
  it('ends with the first item that the predicate does not hold for', async () => {
    for (const items of [[], [1], [9], [1, 2, 3, 1], [1, 2]]) {
      const end = items.findIndex((n) => !small(n))
      const plain = await verifyOperator(() => takeWhile(small), items)
      assert.equal(plain.outs[0], end < 0 ? items : items.slice(0, end))
      assert.is(plain.closed, end >= 0)
      const inclusive = await verifyOperator(() => takeWhile(small, { inclusive: true }), items)
      assert.equal(inclusive.outs[0], end < 0 ? items : items.slice(0, end + 1))
      assert.is(inclusive.closed, end >= 0)
    }
  })

  it('is never asked again once it has ended', async () => {
    const asked: number[] = []
    await runFlow(takeWhile((n: number) => { asked.push(n); return small(n) }), [[1, 5, 2]])
    assert.equal(asked, [1, 5])
  })

  it('gives env as the last argument', async () => {
    assert.equal((await verifyOperator(() => takeWhile((n: number, { k }) => n < k, { env: { k: 2 } }), [1, 2])).outs[0], [1])
  })

  it('follows its policy when the predicate throws, and goes on', async () => {
    await verifyPolicies((o) => takeWhile((n: number) => { if (n === 0) throw new Error('zero'); return small(n) }, o), [1, 0, 2, 7, 1], 0, [1, 2])
  })

  it('refuses a promise, and bad arguments', async () => {
    const { failure } = await runFlow(takeWhile((() => Promise.resolve(true)) as never), [[1]])
    assert.is((failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
    verifyRefusals('takeWhile', [() => takeWhile(true as never), () => takeWhile(small, { lane: 'x' as never })])
  })
})
