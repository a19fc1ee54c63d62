import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { from } from '../../src/connector/memory/from.ts'
import '../../src/exec/pipeline.ts' // it loads the executor
import { interval } from '../../src/connector/memory/interval.ts'
import { race } from '../../src/operator/race.ts'
import { input } from '../support/run-kernel.ts'
import { runProcess } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { all, feedings, quiet, several, two } from '../support/several.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

suite('race', (it) => {
  it('emits all of one source and nothing of the others, for any sources and readers', async () => {
    await fc.assert(fc.asyncProperty(feedings, fc.func(fc.nat(2)), async (inlets, slow) => {
      const { out, error } = await runProcess(race(...several(inlets.length)), inlets, { slow })
      assert.is(error, undefined)
      const lists = inlets.map(all)
      if (out.length === 0) assert.is(lists.flat().length, 0)
      else assert.equal(out, lists[Math.floor((out[0] as number) / 1000)])
    }), { seed, numRuns: 150 })
  })

  it('the first to have an item wins, and the others are closed', async () => {
    const { out, closed } = await runProcess(race(...several(3)), [quiet, { batches: [[1], [2]], gap: () => 2 }, { batches: [[3]], gap: () => 9 }])
    assert.equal([out, closed], [[1, 2], [true, false, true]])
  })

  it('of two at the same time the earlier wins; one without items is out', async () => {
    assert.equal((await runProcess(race(...two()), [{ batches: [[1]] }, { batches: [[2]] }])).out, [1])
    assert.equal((await runProcess(race(...two()), [{ batches: [] }, { batches: [[2]], gap: () => 3 }])).out, [2])
    assert.equal((await runProcess(race(...two()), [{ batches: [] }, { batches: [] }])).out, [])
  })

  it('in a run, the loser is stopped', async () => {
    assert.equal(await race(interval(100_000), from(['now'])).toArray({ workers: 0 }), ['now'])
  })

  it('ends when the reader leaves, when it is cancelled, when a source fails before anyone has won', async () => {
    const left = await runProcess(race(...two()), [{ batches: [[1]], endless: true }, quiet], { leaveAfter: 1 })
    assert.equal([left.error, left.out], [undefined, [1]])
    assert.is(((await runProcess(race(...two()), [quiet, quiet], { signal: AbortSignal.timeout(5) })).error as Error).name, 'TimeoutError')
    assert.is(((await runProcess(race(...two()), [quiet, { batches: [], fails: new Error('disk') }])).error as Error).message, 'disk')
    assert.is((await runProcess(race(...two()), [{ batches: [[1]] }, { batches: [], gap: () => 5, fails: new Error('disk') }])).error, undefined)
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('race', [() => race(), () => race(input(), 'x' as never), () => race(...two(), { name: '' }), () => race({ name: 'x' })])
  })
}, 10_000)
