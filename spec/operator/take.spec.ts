import * as assert from 'uvu/assert'
import { drop } from '../../src/operator/drop.ts'
import { take } from '../../src/operator/take.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyRefusals } from '../support/verify-operator.ts'

suite('take', (it) => {
  it('emits the first items, and closes with the last of them', async () => {
    for (const count of [0, 1, 3, 4, 5, 100]) {
      const items = [5, 6, 7, 8]
      const { outs, closed, counts } = await verifyOperator(() => take<number>(count), items)
      assert.equal(outs[0], items.slice(0, count))
      assert.is(closed, count <= 4)
      assert.equal(counts, [Math.min(4, count)])
    }
    assert.equal((await verifyOperator(() => take<number>(3), [])).outs[0], [])
  })

  it('does not wait for the item behind its last', async () => {
    assert.ok((await runFlow(take<number>(2), [[1, 2]], { noEnd: true })).closed)
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('take', [() => take(-1), () => take(1.5), () => take(NaN), () => take('3' as never), () => take(undefined as never), () => take(1, { lane: 'x' as never })])
  })
})

suite('drop', (it) => {
  it('emits all but the first items', async () => {
    for (const count of [0, 1, 3, 4, 5]) {
      const items = [5, 6, 7, 8]
      const { outs, closed } = await verifyOperator(() => drop<number>(count), items)
      assert.equal(outs[0], items.slice(count))
      assert.not(closed)
    }
    assert.equal((await verifyOperator(() => drop<number>(3), [])).outs[0], [])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('drop', [() => drop(-1), () => drop(Infinity), () => drop(null as never), () => drop(1, { name: 3 as never })])
  })
})
