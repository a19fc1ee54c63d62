/**
 * Random trees whose stages end at an item of theirs, each output with the answer of a naive model: what came before the first item that
 * failed on its way.
 */
import fc from 'fast-check'
import { batch, flatMap, map, mapAsync, partition, scan, type Closed, type Lane, type Source } from '../../src/index.ts'

export interface Tree {
  readonly kind: 'map' | 'scan' | 'mapAsync' | 'pairs' | 'batch' | 'odd'
  /** The item that it fails on; the policy is to stop. */
  readonly at: number
  readonly lane: Lane | undefined
  readonly children: readonly Tree[]
}

export const treeArb = (depth: number, most: number): fc.Arbitrary<Tree> => fc.record({
  kind: fc.oneof({ weight: 5, arbitrary: fc.constant('map' as const) }, { weight: 3, arbitrary: fc.constantFrom('scan' as const, 'mapAsync' as const, 'pairs' as const, 'batch' as const, 'odd' as const) }),
  at: fc.oneof(fc.constant(-1), fc.integer({ min: 0, max: most })),
  lane: fc.constantFrom<Lane | undefined>(undefined, 'blocking', 'blocking', 'async'),
  children: depth === 0 ? fc.constant([]) : fc.array(treeArb(depth - 1, most), { maxLength: 2 })
})

/** Outputs with their models; stages that come to their item. */
export interface Grown {
  readonly outputs: Record<string, Closed<number>>
  readonly models: Record<string, readonly number[]>
}

const add = (tree: Tree, source: Source<number>, model: readonly number[], path: string, grown: Grown): void => {
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
  children.forEach((child, i) => { add(child, out, left, `${path}.${i}`, grown) })
  const name = `out ${path}`
  if (children.length !== 1) {
    grown.outputs[name] = out.observe()
    grown.models[name] = left
  }
}

/** The outputs of a tree, with their models. */
export const grow = (tree: Tree, source: Source<number>, model: readonly number[]): Grown => {
  const grown: Grown = { outputs: {}, models: {} }
  add(tree, source, model, 'r', grown)
  return grown
}
