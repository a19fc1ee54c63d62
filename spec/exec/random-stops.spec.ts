/**
 * Random trees whose stages end at an item of theirs, on every lane: each output has the items before the first such item on its way,
 * however far workers had got, and the report tells of each stage that came to its item.
 *
 * `MILLRACE_STOPS` sets the number (default 120), `MILLRACE_SEED` the seed.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { batch, flatMap, map, mapAsync, partition, pipeline, range, scan, type Closed, type Lane, type Source } from '../../src/index.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const total = Number(process.env['MILLRACE_STOPS'] ?? 120)

interface Tree {
  readonly kind: 'map' | 'scan' | 'mapAsync' | 'pairs' | 'batch' | 'odd'
  /** The item that it fails on; the policy is to stop. */
  readonly at: number
  readonly lane: Lane | undefined
  readonly children: readonly Tree[]
}

const treeArb = (depth: number): fc.Arbitrary<Tree> => fc.record({
  kind: fc.oneof({ weight: 5, arbitrary: fc.constant('map' as const) }, { weight: 3, arbitrary: fc.constantFrom('scan' as const, 'mapAsync' as const, 'pairs' as const, 'batch' as const, 'odd' as const) }),
  at: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: 4000 })),
  lane: fc.constantFrom<Lane | undefined>(undefined, 'blocking', 'blocking', 'async'),
  children: depth === 0 ? fc.constant([]) : fc.array(treeArb(depth - 1), { maxLength: 2 })
})

/** Outputs with their models; stages that come to their item. */
interface Grown {
  readonly outputs: Record<string, Closed<number>>
  readonly models: Record<string, readonly number[]>
}

const grow = (tree: Tree, source: Source<number>, model: readonly number[], path: string, grown: Grown): void => {
  const { kind, at, lane, children } = tree
  const options = { name: path, onError: 'stop', env: { at }, ...(lane && { lane }) } as const
  const end = model.indexOf(at)
  const items = end < 0 ? model : model.slice(0, end)
  let out: Source<number>
  let left = items
  if (kind === 'mapAsync') {
    out = source.pipe(mapAsync(async (n) => { if (n % 7 === 0) await Promise.resolve(); if (n === at) throw new Error('bad'); return n }, { name: path, onError: 'stop', concurrency: 9 }))
  } else if (kind === 'scan') {
    out = source.pipe(scan((_: number, n: number, { at }) => { if (n === at) throw new Error('bad'); return n }, 0, options))
  } else if (kind === 'pairs') {
    out = source.pipe(flatMap((n: number, { at }) => { if (n === at) throw new Error('bad'); return [n, -n] }, options))
    left = items.flatMap((n) => [n, -n])
  } else out = source.pipe(map((n: number, { at }) => { if (n === at) throw new Error('bad'); return n }, options))
  if (kind === 'batch') {
    out = out.pipe(batch({ count: 100 }), flatMap((ns) => ns, lane && { lane }))
  }
  if (kind === 'odd') {
    out = partition(out, (n) => n % 2 !== 0)[0]
    left = items.filter((n) => n % 2 !== 0)
  }
  children.forEach((child, i) => { grow(child, out, left, `${path}.${i}`, grown) })
  const name = `out ${path}`
  if (children.length !== 1) {
    grown.outputs[name] = out.observe()
    grown.models[name] = left
  }
}

const check = async (tree: Tree, size: number, workers: number): Promise<void> => {
  const grown: Grown = { outputs: {}, models: {} }
  grow(tree, range(0, size), Array.from({ length: size }, (_, i) => i), 'r', grown)
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
        fc.asyncProperty(treeArb(3), fc.integer({ min: 0, max: 4000 }), fc.constantFrom(0, 1, 2, 2), check),
        { numRuns: total, seed, endOnFailure: true, includeErrorInReport: true }
      )
    })
  },
  120_000
)
