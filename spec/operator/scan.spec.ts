import * as assert from 'uvu/assert'
import { compose } from '../../src/graph/flow.ts'
import { map } from '../../src/operator/map.ts'
import { retry } from '../../src/operator/retry.ts'
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

  it('with restart the state begins anew behind an item that failed, and only then: a stage below that fails is not its own failure', async () => {
    const odd = (restart: boolean) => scan((a: { n: number }, b: number) => { if (b < 0) throw new Error('negative'); return { n: a.n + b } }, { n: 10 }, { onError: 'skip', restart })
    const items = [1, 2, -1, 3, 4, -1, -1, 5]
    const sums = async (restart: boolean): Promise<unknown> => (await verifyOperator(() => odd(restart), items)).outs[0]!.map((x) => (x as { n: number }).n)
    assert.equal([await sums(true), await sums(false)], [[11, 13, 13, 17, 15], [11, 13, 16, 20, 25]])
    const below = compose(odd(true), map((x: { n: number }) => { if (x.n === 13) throw new Error('unlucky'); return x.n }, { onError: 'skip' }))
    assert.equal((await verifyOperator(() => below, [1, 2, 3])).outs[0], [11, 16])
    let calls = 0
    const again = () => scan((a: number, b: number) => { if (b < 0 && ++calls % 2 === 1) throw new Error('once'); return a + b }, 0, { restart: true, onError: retry({ times: 1, initialMs: 0 }) })
    assert.equal((await runFlow(again(), [[1, -1, 2]])).outs[0], [1, 0, 2])
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
      () => scan(sum, 0, { restart: 1 as never }),
      () => scan(sum as never, () => 0),
      () => scan(sum as never, new Stats()),
      () => scan(sum as never, Buffer.from('x')),
      () => scan(sum, 0, { onError: { policy: 'retry', times: 1 } as never })
    ])
  })
})
