import * as assert from 'uvu/assert'
import { map } from '../../src/operator/map.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

suite('map', (it) => {
  it('answers one for one, in order', async () => {
    for (const items of [[], [7], [3, 1, 2, 5, 4, 9, 8]]) {
      const { outs, counts } = await verifyOperator(() => map((n: number) => n * 10), items)
      assert.equal(outs[0], items.map((n) => n * 10))
      assert.equal(counts, [items.length])
    }
  })

  it('emits nothing before its first item, and undefined is an answer', async () => {
    assert.equal((await runFlow(map(() => 1), [], { noEnd: true })).outs, [[]])
    assert.equal((await verifyOperator(() => map((n: number) => (n > 1 ? undefined : n)), [1, 2])).outs[0], [1, undefined])
  })

  it('gives env as the last argument', async () => {
    const flow = map((n: number, { by }) => n * by, { env: { by: 3 } })
    assert.equal((await verifyOperator(() => flow, [1, 2])).outs[0], [3, 6])
  })

  it('follows its policy when the function throws', async () => {
    const make = (options: object) => map((n: number) => { if (n === 3) throw new RangeError('three'); return n }, options)
    await verifyPolicies(make, [1, 2, 3, 4], 3, [1, 2, 4])
  })

  it('refuses a promise', async () => {
    const { failure } = await verifyOperator(() => map((n: number) => Promise.reject(new Error(`${n}`))), [1])
    assert.is((failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
  })

  it('refuses bad arguments at declaration', () => {
    const fn = (n: number): number => n
    verifyRefusals('map', [
      () => map(undefined as never),
      () => map(fn, null as never),
      () => map(fn, { lane: 'fast' as never }),
      () => map(fn, { onError: 'ignore' as never }),
      () => map(fn, { name: '' }),
      () => map(fn, { onError: { policy: 'retry', times: 0 } as never })
    ])
  })
})
