import * as assert from 'uvu/assert'
import { reduce } from '../../src/operator/reduce.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

const sum = (a: number, b: number): number => a + b

for (const options of [{}, { combine: sum }]) {
  suite(`reduce ${'combine' in options ? 'in halves' : 'in one place'}`, (it) => {
    it('emits one value at the end; the initial one when there was nothing', async () => {
      for (const [items, want] of [[[], 0], [[5], 5], [[1, 2, 3], 6]] as const) {
        assert.equal((await verifyOperator(() => reduce(sum, 0, options), items)).outs[0], [want])
      }
      assert.equal((await runFlow(reduce(sum, 0, options), [[1, 2]], { noEnd: true })).outs[0], [])
    })

    it('a failing item leaves the value as it was', async () => {
      await verifyPolicies((o) => reduce((a: number, b: number) => { if (b === 100) throw new Error('much'); return a + b }, 0, { ...options, ...o }), [1, 100, 2], 100, [3])
    })

    it('a function may change the value it is given: every run has its own', async () => {
      const initial: number[] = []
      const combine = (a: number[], b: number[]): number[] => [...a, ...b]
      const flow = reduce((all: number[], n: number) => { all.push(n); return all }, initial, 'combine' in options ? { combine } : {})
      for (let i = 0; i < 2; i++) assert.equal((await runFlow(flow, [[1], [2]])).outs[0], [[1, 2]])
      assert.equal((await runFlow(flow, [])).outs[0], [[]])
      assert.equal(initial, [])
    })

    it('refuses a promise', async () => {
      const { failure } = await runFlow(reduce((() => Promise.resolve(1)) as never, 0, options as never), [[1]])
      assert.is((failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
    })
  })
}

suite('reduce', (it) => {
  it('gives env to both functions', async () => {
    const flow = reduce((a: number, b: number, { k }) => a + b * k, 0, { env: { k: 10 }, combine: (a, b, { k }) => a + b + k })
    assert.equal((await verifyOperator(() => flow, [1, 2])).outs[0], [30])
  })

  it('is two halves with combine, and serial without', () => {
    const spec = (flow: ReturnType<typeof reduce<number, number>>) => flow.apply({ port: {} } as never).port.stage.spec
    const halves = spec(reduce(sum, 0, { combine: sum }))
    assert.ok(halves.role === 'kernel' && halves.halves !== undefined && halves.halves.merge.onError === 'fail')
    const serial = spec(reduce(sum, 0))
    assert.ok(serial.role === 'kernel' && serial.halves === undefined && serial.parallelism === 'serial')
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('reduce', [
      () => reduce(undefined as never, 0),
      () => reduce(sum, 0, { combine: 'sum' as never }),
      () => reduce(sum as never, (() => 0) as never),
      () => reduce(sum as never, new (class Total { n = 0 })() as never)
    ])
  })
})
