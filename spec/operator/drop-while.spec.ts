import * as assert from 'uvu/assert'
import { dropWhile } from '../../src/operator/drop-while.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

suite('dropWhile', (it) => {
  it('leaves out what comes before the first item that does not fit', async () => {
    for (const [items, want] of [[[], []], [[1], []], [[5], [5]], [[1, 2, 5, 1], [5, 1]], [[1, 2], []]] as const) {
      assert.equal((await verifyOperator(() => dropWhile((n: number) => n < 3), items)).outs[0], want)
    }
  })

  it('does not call the predicate again; env is its last argument', async () => {
    let calls = 0
    const flow = dropWhile((n: number, { least }: { least: number }) => { calls++; return n < least }, { env: { least: 2 } })
    assert.equal((await runFlow(flow, [[1, 2], [3, 0]])).outs[0], [2, 3, 0])
    assert.is(calls, 2)
  })

  it('follows its policy when the predicate throws, and goes on leaving out', async () => {
    await verifyPolicies((o) => dropWhile((n: number) => { if (n === 9) throw new Error('nine'); return n < 3 }, o), [1, 9, 2, 4, 1], 9, [4, 1])
    const { outs, skipped } = await runFlow(dropWhile((() => Promise.resolve(true)) as never, { onError: 'skip' }), [[1]])
    assert.equal([outs[0], skipped.length], [[], 1])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('dropWhile', [() => dropWhile(1 as never), () => dropWhile(() => true, { name: '' }), () => dropWhile(() => true, { onError: 'lose' as never })])
  })
})
