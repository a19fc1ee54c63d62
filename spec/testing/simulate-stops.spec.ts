/** Stages that stop, in any order of tasks and morsels: which item ends them does not depend on it. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { map, pipeline, range } from './doors.ts'
import { simulate } from '../../src/testing.ts'
import { seed } from '../support/seed.ts'
import { grow, treeArb } from '../support/stop-trees.ts'
import { suite } from '../support/suite.ts'

suite('simulate, and stages that stop', (it) => {
  it(`random trees, on virtual workers (seed ${seed})`, async () => {
    const work = fc.asyncProperty(treeArb(2, 40), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3 }), fc.nat(), async (tree, size, workers, number) => {
      const { outputs, models } = grow(tree, range(0, size), Array.from({ length: size }, (_, i) => i))
      await simulate(pipeline(outputs, { capacity: 8 }), {
        seed: number,
        runs: 4,
        ...(workers === 0 ? {} : { workers }),
        check: (run) => {
          assert.is(run.error, undefined)
          for (const [name, model] of Object.entries(models)) assert.equal(run.outputs[name], model, name)
        }
      })
    })
    await fc.assert(work, { seed, numRuns: 60, endOnFailure: true, includeErrorInReport: true })
  })

  it('a failure, and dead letters, behind the item that has stopped the stage are not heard', async () => {
    const stages = () => range(0, 40).pipe(
      map((n) => { if (n % 5 === 2) throw new Error('set aside'); return n }, { lane: 'blocking', onError: 'deadLetter' }),
      map((n) => { if (n > 23) throw new TypeError('behind it'); return n }, { lane: 'blocking' }),
      map((n) => { if (n === 19) throw new RangeError('bad'); return n }, { name: 'breaks', lane: 'blocking', onError: 'stop' })
    )
    await simulate(() => pipeline({ out: stages().observe() }), {
      seed: 4,
      runs: 60,
      workers: 3,
      check: ({ outputs, error, deadLetters, report }) => {
        assert.is(error, undefined)
        assert.equal(outputs.out, Array.from({ length: 19 }, (_, i) => i).filter((n) => n % 5 !== 2))
        assert.equal(deadLetters.map((letter) => letter.item), [2, 7, 12, 17])
        const { stopped, failed } = report!.stages.find((stage) => stage.name === 'breaks')!
        assert.equal([stopped!.item, stopped!.position.index, failed], [19, 19, 1])
      }
    })
  })
}, 60_000)
