import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { changes } from '../../src/operator/changes.ts'
import { runFlow } from '../support/run-kernel.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

suite('changes', (it) => {
  it('lets an item through when it is not as the one before, for any input', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(2), { maxLength: 20 }), async (items) => {
      assert.equal((await verifyOperator(() => changes<number>(), items)).outs[0], items.filter((n, i) => i === 0 || n !== items[i - 1]))
    }), { seed, numRuns: 50 })
  })

  it('compares by key; env is the last argument', async () => {
    assert.equal((await verifyOperator(() => changes((s: string, { at }) => s[at], { env: { at: 0 } }), ['ab', 'ac', 'b', 'ad'])).outs[0], ['ab', 'b', 'ad'])
  })

  it('keys are equal as in a Map; the first may be undefined', async () => {
    const items = [undefined, undefined, null, NaN, NaN, 0, -0, '0', 1n, 1n]
    assert.equal((await verifyOperator(() => changes((x: unknown) => x as string), items)).outs[0], [undefined, null, NaN, 0, '0', 1n])
  })

  it('an object is no key', async () => {
    const { failure, outs } = await runFlow(changes((x: unknown) => x as string), [[1, { a: 1 }]])
    assert.instance(failure!.cause, TypeError)
    assert.match((failure!.cause as Error).message, /^changes: a key is an object/)
    assert.equal(outs[0], [1])
  })

  it('an item that fails is as if it had not come', async () => {
    await verifyPolicies((o) => changes((n: number) => { if (n === 9) throw new Error('nine'); return n }, o), [1, 9, 1, 2], 9, [1, 2])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('changes', [() => changes(1 as never), () => changes(() => 1, { lane: 'x' as never }), () => changes(() => 1, { name: '' })])
  })
})
