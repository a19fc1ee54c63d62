/**
 * Random small graphs over numbers, each with the answer of a naive model over arrays.
 *
 * A branch is a source with the array that it must yield; `ordered` says whether the order is promised too. Every
 * function is inline and self-contained, so that each graph runs on the caller's loop and on the pool alike.
 */
import fc from 'fast-check'
import {
  batch, buffer, concat, distinct, drop, filter, flatMap, from, map, mapAsync, merge, partition, range, scan, take, takeWhile,
  tap, zip, type Lane, type Source
} from '../../src/index.ts'

export interface Branch {
  readonly source: Source<number>
  readonly model: readonly number[]
  readonly ordered: boolean
}

/** One step: what it does to a branch, in millrace and in the model. */
interface Step {
  readonly kind: string
  readonly n: number
  readonly lane: Lane | undefined
}

const laneArb = fc.constantFrom<Lane | undefined>(undefined, undefined, undefined, 'async', 'blocking')

export const stepArb: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    'map', 'filter', 'flatMap', 'take', 'drop', 'takeWhile', 'scan', 'batch', 'distinct', 'tap', 'mapAsync', 'mapAsyncUnordered', 'buffer'
  ),
  n: fc.integer({ min: 0, max: 12 }),
  lane: laneArb
})

/** Steps whose answer depends on the order of their input. */
const needsOrder = new Set(['take', 'drop', 'takeWhile', 'scan', 'batch'])

const asModel = (kind: string, n: number, items: readonly number[]): readonly number[] => {
  switch (kind) {
    case 'map':
      return items.map((x) => x * 3 + n)
    case 'filter':
      return items.filter((x) => x % (n + 2) !== 0)
    case 'flatMap':
      return items.flatMap((x) => Array.from({ length: Math.abs(x) % 3 }, (_, i) => x + i * n))
    case 'take':
      return items.slice(0, n * 5)
    case 'drop':
      return items.slice(n)
    case 'takeWhile': {
      const end = items.findIndex((x) => Math.abs(x) % 17 === n)
      return end < 0 ? items : items.slice(0, end)
    }
    case 'scan': {
      let sum = 0
      return items.map((x) => (sum = (sum + x) % 1009))
    }
    case 'batch': {
      const size = n + 1
      const out: number[] = []
      for (let i = 0; i < items.length; i += size) out.push(items.slice(i, i + size).reduce((a, b) => a + b, 0))
      return out
    }
    case 'distinct':
      return [...new Set(items)]
    default:
      return items
  }
}

const asFlow = ({ kind, n, lane }: Step, source: Source<number>): Source<number> => {
  const options = lane === undefined ? {} : { lane }
  switch (kind) {
    case 'map':
      return source.pipe(map((x, { n }) => x * 3 + n, { ...options, env: { n } }))
    case 'filter':
      return source.pipe(filter((x, { n }) => x % (n + 2) !== 0, { ...options, env: { n } }))
    case 'flatMap':
      return source.pipe(flatMap((x, { n }) => Array.from({ length: Math.abs(x) % 3 }, (_, i) => x + i * n), { ...options, env: { n } }))
    case 'take':
      return source.pipe(take(n * 5, options))
    case 'drop':
      return source.pipe(drop(n, options))
    case 'takeWhile':
      return source.pipe(takeWhile((x, { n }) => Math.abs(x) % 17 !== n, { ...options, env: { n } }))
    case 'scan':
      return source.pipe(scan((sum, x) => (sum + x) % 1009, 0, options))
    case 'batch':
      return source.pipe(batch({ count: n + 1 }), map((xs) => xs.reduce((a, b) => a + b, 0), options))
    case 'distinct':
      return source.pipe(distinct((x) => x, options))
    case 'tap':
      return source.pipe(tap(() => undefined, options))
    case 'mapAsync':
      return source.pipe(mapAsync(async (x) => (x % 5 === 0 ? await Promise.resolve(x) : x), { concurrency: n + 1 }))
    case 'mapAsyncUnordered':
      return source.pipe(mapAsync(async (x) => (x % 3 === 0 ? await Promise.resolve(x) : x), { concurrency: n + 1, ordered: false }))
    case 'buffer':
      return source.pipe(buffer({ capacity: n + 1 }))
    default:
      throw new Error(`no step ${kind}`)
  }
}

export const applyStep = (branch: Branch, step: Step): Branch => {
  const kind = !branch.ordered && (needsOrder.has(step.kind) || step.kind === 'distinct') ? 'map' : step.kind
  return {
    source: asFlow({ ...step, kind }, branch.source),
    model: asModel(kind, step.n, branch.model),
    ordered: branch.ordered && kind !== 'mapAsyncUnordered'
  }
}

const leafArb: fc.Arbitrary<Branch> = fc
  .record({ size: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 600 })), kind: fc.constantFrom('range', 'array', 'async') })
  .map(({ size, kind }) => {
    const model = Array.from({ length: size }, (_, i) => i)
    const source = kind === 'range' ? range(0, size) : kind === 'array' ? from(model) : from(ticking(model))
    return { source, model, ordered: true }
  })

const ticking = (items: readonly number[]): AsyncIterable<number> => ({
  async *[Symbol.asyncIterator]() {
    for (const item of items) {
      if (item % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      yield item
    }
  }
})

const chain = (branch: Branch, steps: readonly Step[]): Branch => steps.reduce(applyStep, branch)

/** Combines branches of independent sources. */
const combine = (kind: string, a: Branch, b: Branch): Branch => {
  if (kind === 'concat' && a.ordered && b.ordered) return { source: concat(a.source, b.source), model: [...a.model, ...b.model], ordered: true }
  if (kind === 'zip' && a.ordered && b.ordered) {
    const length = Math.min(a.model.length, b.model.length)
    return {
      source: zip(a.source, b.source).pipe(map(([x, y]) => x * 7 + y)),
      model: Array.from({ length }, (_, i) => a.model[i]! * 7 + b.model[i]!),
      ordered: true
    }
  }
  return { source: merge(a.source, b.source), model: [...a.model, ...b.model], ordered: false }
}

const stepsArb = fc.array(stepArb, { maxLength: 5 })

const treeArb: fc.Arbitrary<Branch> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(leafArb, stepsArb).map(([leaf, steps]) => chain(leaf, steps)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(leafArb, stepsArb, leafArb, stepsArb, fc.constantFrom('merge', 'concat', 'zip'), stepsArb)
      .map(([a, sa, b, sb, kind, after]) => chain(combine(kind, chain(a, sa), chain(b, sb)), after))
  }
)

/** Outputs of one graph: one branch, or several that share it (fan-out), or its two parts and their merge. */
export const graphArb: fc.Arbitrary<readonly Branch[]> = fc.oneof(
  { weight: 3, arbitrary: treeArb.map((branch) => [branch]) },
  {
    weight: 2,
    arbitrary: fc.tuple(treeArb, fc.array(stepsArb, { minLength: 2, maxLength: 3 })).map(([shared, many]) => many.map((steps) => chain(shared, steps)))
  },
  {
    weight: 1,
    arbitrary: fc.tuple(treeArb, stepsArb, stepsArb, fc.boolean()).map(([shared, left, right, join]) => {
      const [even, odd] = partition(shared.source, (x) => x % 2 === 0)
      const a = chain({ source: even, model: shared.model.filter((x) => x % 2 === 0), ordered: shared.ordered }, left)
      const b = chain({ source: odd, model: shared.model.filter((x) => x % 2 !== 0), ordered: shared.ordered }, right)
      return join ? [combine('merge', a, b)] : [a, b]
    })
  }
)
