/**
 * Random small graphs agree with a naive model over arrays: in values, and where order is promised in order; on the
 * caller's loop and on the pool, with channels of any capacity; and a run that is cancelled anywhere stops and settles.
 *
 * `MILLRACE_GRAPHS` sets the number (default 8000), `MILLRACE_SEED` the seed; the default is fixed, so that a failure is the
 * change's and not a matter of luck.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { PipelineError, pipeline } from '../../src/index.ts'
import { graphArb, type Branch } from '../support/graphs.ts'
import { suite } from '../support/suite.ts'

const total = Number(process.env['MILLRACE_GRAPHS'] ?? 8_000)
const seed = Number(process.env['MILLRACE_SEED'] ?? 20_261_124)

const sorted = (items: readonly number[]): readonly number[] => [...items].sort((a, b) => a - b)

const declare = (branches: readonly Branch[], capacity: number) =>
  pipeline(Object.fromEntries(branches.map((branch, i) => [`out${i}`, branch.source.observe()])), { capacity })

const collect = (run: ReturnType<ReturnType<typeof declare>['run']>, seen: number[][], onItem: () => void): void => {
  Object.values(run.outputs).forEach((output, i) => {
    const items: number[] = (seen[i] = [])
    output.subscribe({
      next: (x) => {
        items.push(x)
        onItem()
      },
      error: () => undefined
    })
  })
}

const check = async (branches: readonly Branch[], capacity: number, workers: number): Promise<void> => {
  const seen: number[][] = []
  const run = declare(branches, capacity).run({ workers })
  collect(run, seen, () => undefined)
  const report = await run.done
  branches.forEach((branch, i) => {
    if (branch.ordered) assert.equal(seen[i], branch.model)
    else assert.equal(sorted(seen[i]!), sorted(branch.model))
  })
  for (const stage of report.stages) assert.is(stage.failed, 0)
}

const cancelled = async (branches: readonly Branch[], capacity: number, workers: number, after: number): Promise<void> => {
  const seen: number[][] = []
  const run = declare(branches, capacity).run({ workers })
  let items = 0
  collect(run, seen, () => {
    if (++items === after) run.cancel(new Error('enough'))
  })
  const error: unknown = await run.done.then(() => undefined, (e: unknown) => e)
  const longest = branches.reduce((n, branch) => n + branch.model.length, 0)
  if (error === undefined) assert.ok(longest < after || items >= after, 'a run that was not cancelled ended by itself')
  else assert.is((error as PipelineError).code, 'ERR_MILLRACE_CANCELLED')
  branches.forEach((branch, i) => {
    if (branch.ordered) assert.equal(seen[i], branch.model.slice(0, seen[i]!.length))
  })
}

const property = (workers: fc.Arbitrary<number>) =>
  fc.asyncProperty(graphArb, fc.integer({ min: 1, max: 300 }), workers, fc.option(fc.integer({ min: 1, max: 400 }), { freq: 4 }), (branches, capacity, threads, after) =>
    after === null ? check(branches, capacity, threads) : cancelled(branches, capacity, threads, after)
  )

suite(
  'random graphs',
  (it) => {
    it(`on the caller's loop they agree with the model (seed ${seed})`, async () => {
      await fc.assert(property(fc.constant(0)), { numRuns: Math.floor(total / 2), seed, endOnFailure: true })
    })
    it(`with workers they agree with the model (seed ${seed})`, async () => {
      await fc.assert(property(fc.constantFrom(1, 2)), { numRuns: Math.ceil(total / 2), seed, endOnFailure: true })
    })
  },
  240_000
)
