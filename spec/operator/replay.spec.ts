import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { replay, type Replayable } from '../../src/operator/replay.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPlainPolicies, verifyRefusals } from '../support/verify-operator.ts'

const letterOf = (stage: string, item: unknown): Replayable => ({ stage, item })

suite('replay', (it) => {
  it('gives the items of the stages that are asked for, in order: none, one, many', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.anything()), { maxLength: 12 }), fc.subarray(['a', 'b', 'c']), async (given, stages) => {
      const { outs } = await verifyOperator(() => replay(stages), given.map(([stage, item]) => letterOf(stage, item)))
      assert.equal(outs[0], given.filter(([stage]) => stages.length === 0 || stages.includes(stage)).map(([, item]) => item))
    }), { seed, numRuns: 40 })
    assert.equal((await verifyOperator(() => replay<number>('a'), [letterOf('a', 1), letterOf('b', 2)])).outs[0], [1])
    assert.equal((await verifyOperator(() => replay<number>(), [letterOf('a', 1), letterOf('b', 2)])).outs[0], [1, 2])
  })

  it('a letter that holds a preview is refused, by the policy; one of another stage is of no interest', async () => {
    const preview = { stage: 'a', item: '[Function]', whole: false }
    await verifyPlainPolicies<Replayable, unknown>((o) => replay('a', o), [letterOf('a', 1), preview, letterOf('a', 2)], preview, [1, 2])
    assert.equal((await verifyOperator(() => replay('b'), [preview])).failure, undefined)
  })

  it('refuses what makes no sense', () => {
    verifyRefusals('replay', [() => replay(1 as never), () => replay(''), () => replay([1 as never]), () => replay('a', { lane: 'x' as never })])
  })
})
