/**
 * Random trees whose stages end at an item of theirs, on every lane: each output has the items before the first such item on its way,
 * however far workers had got, and the report tells of stages that came to theirs.
 *
 * `MILLRACE_STOPS` sets the number (default 80), `MILLRACE_SEED` the seed.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { pipeline, range } from '../../src/index.ts'
import { seed } from '../support/seed.ts'
import { grow, treeArb, type Tree } from '../support/stop-trees.ts'
import { suite } from '../support/suite.ts'

const total = Number(process.env['MILLRACE_STOPS'] ?? 80)

const check = async (tree: Tree, size: number, workers: number): Promise<void> => {
  const grown = grow(tree, range(0, size), Array.from({ length: size }, (_, i) => i))
  const run = pipeline(grown.outputs).run({ workers })
  const seen: Record<string, number[]> = {}
  for (const name of Object.keys(grown.outputs)) {
    const items: number[] = (seen[name] = [])
    run.outputs[name]!.subscribe((n) => items.push(n))
  }
  const report = await run.done
  for (const [name, model] of Object.entries(grown.models)) assert.equal(seen[name], model, name)
  for (const { name, stopped } of report.stages) if (stopped !== undefined) assert.ok(name.startsWith('r'), name)
}

suite(
  'random stops',
  (it) => {
    it(`every output has what came before the first item that failed on its way (seed ${seed})`, async () => {
      await fc.assert(
        fc.asyncProperty(treeArb(3, 4000), fc.integer({ min: 0, max: 4000 }), fc.constantFrom(0, 1, 2, 2), check),
        { numRuns: total, seed, endOnFailure: true, includeErrorInReport: true }
      )
    })
  },
  120_000
)
