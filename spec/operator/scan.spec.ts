import * as assert from 'uvu/assert'
import { scan } from '../../src/operator/scan.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

const sum = (a: number, b: number): number => a + b

suite('scan', (it) => {
  it('emits the state after every item', async () => {
    for (const [items, want] of [[[], []], [[5], [6]], [[1, 2, 3], [2, 4, 7]]] as const) {
      assert.equal((await verifyOperator(() => scan(sum, 1), items)).outs[0], want)
    }
  })

  it('gives env as the last argument', async () => {
    assert.equal((await verifyOperator(() => scan((a: number, b: number, { k }) => a + b * k, 0, { env: { k: 10 } }), [1, 2])).outs[0], [10, 30])
  })

  it('a failing item leaves the state as it was', async () => {
    await verifyPolicies((o) => scan((a: number, b: number) => { if (b === 100) throw new Error('much'); return a + b }, 0, o), [1, 100, 2], 100, [1, 3])
    const { outs } = await runFlow(scan((() => Promise.resolve(1)) as never, 0, { onError: 'skip' }), [[1]])
    assert.equal(outs[0], [])
  })

  it('every run begins with a copy of its own', async () => {
    const initial = { sum: 0 }
    const flow = scan((s: { sum: number }, n: number) => { s.sum += n; return { sum: s.sum } }, initial)
    initial.sum = 99
    for (let i = 0; i < 2; i++) assert.equal((await runFlow(flow, [[1]])).outs[0], [{ sum: 1 }])
  })

  it('refuses bad arguments at declaration', () => {
    class Stats { n = 0 }
    verifyRefusals('scan', [
      () => scan(null as never, 0),
      () => scan(sum as never, () => 0),
      () => scan(sum as never, new Stats()),
      () => scan(sum as never, Buffer.from('x')),
      () => scan(sum, 0, { onError: { policy: 'retry', times: 1 } as never })
    ])
  })
})
