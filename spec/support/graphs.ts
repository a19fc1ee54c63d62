/**
 * Random small graphs over numbers, each with the answer of a naive model over arrays.
 *
 * A branch is a source with the array that it must yield; `ordered` says whether the order is promised too. Every
 * function is inline and self-contained, so that each graph runs on the caller's loop and on the pool alike.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {
  aggregateBy, batch, buffer, concat, counted, distinct, drop, filter, flatMap, from, map, mapAsync, mapState, merge, partition, range, scan, scanBy, sliding, sum, take,
  takeWhile, tap, tumbling, window, zip, type Lane, type Source
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
    'map', 'filter', 'flatMap', 'take', 'drop', 'takeWhile', 'scan', 'batch', 'distinct', 'tap', 'mapAsync', 'mapAsyncUnordered', 'buffer',
    'scanBy', 'mapState', 'window', 'windowByKey', 'windowWithLate', 'windowOfItems', 'aggregateBy'
  ),
  n: fc.integer({ min: 0, max: 12 }),
  lane: laneArb
})

/** Steps whose answer depends on the order of their input. */
const needsOrder = new Set(['take', 'drop', 'takeWhile', 'scan', 'batch', 'scanBy', 'mapState', 'windowWithLate', 'windowOfItems'])
/** Steps that promise no order, or one within a key only. */
const givesNone = new Set(['mapAsyncUnordered', 'scanBy', 'mapState', 'windowByKey', 'aggregateBy'])

const keyOf = (x: number): number => ((x % 5) + 5) % 5
const sumOf = (items: readonly number[]): number => items.reduce((a, b) => a + b, 0)

/** Every window of `size` that begins at a multiple of `every` and holds an item, in the order of their ends: a number for each. */
const windowsOf = (items: readonly number[], size: number, every: number): readonly number[] => {
  const starts = new Set(items.flatMap((x) => Array.from({ length: size / every }, (_, i) => (Math.floor(x / every) - i) * every)))
  return [...starts].sort((a, b) => a - b).map((start) => start * 7 + (sumOf(items.filter((x) => x >= start && x < start + size)) % 1009))
}

/** Windows that close when an item is `late` beyond their end; items that come then are dropped. */
const closingWindows = (items: readonly number[], size: number, late: number): readonly number[] => {
  const out: number[] = []
  const open = new Map<number, number[]>()
  let watermark = -Infinity
  const close = (): void => {
    for (const [start, held] of [...open].sort(([a], [b]) => a - b)) {
      if (start + size > watermark) continue
      open.delete(start)
      out.push(start * 7 + (sumOf(held) % 1009))
    }
  }
  for (const x of items) {
    const start = Math.floor(x / size) * size
    if (start + size > watermark) open.set(start, [...(open.get(start) ?? []), x])
    watermark = Math.max(watermark, x - late)
    close()
  }
  watermark = Infinity
  close()
  return out
}

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
    case 'scanBy': {
      const states = new Map<number, number>()
      return items.map((x) => {
        const state = ((states.get(keyOf(x)) ?? n) + x) % 1009
        states.set(keyOf(x), state)
        return keyOf(x) * 1009 + state
      })
    }
    case 'mapState': {
      const seen = new Map<number, number>()
      return items.filter((x) => {
        const count = (seen.get(keyOf(x)) ?? 0) + 1
        seen.set(keyOf(x), count)
        return count % (n + 2) !== 0
      })
    }
    case 'window':
      return windowsOf(items, (n + 1) * 2, n + 1)
    case 'windowByKey':
      return [0, 1, 2, 3, 4].flatMap((key) => windowsOf(items.filter((x) => keyOf(x) === key), n + 1, n + 1))
    case 'windowWithLate':
      return closingWindows(items, n + 1, n)
    case 'windowOfItems': {
      const out: number[] = []
      for (let i = 0; i < items.length; i += n + 1) out.push(sumOf(items.slice(i, i + n + 1)) % 1009)
      return out
    }
    case 'aggregateBy':
      return [...new Set(items.map(keyOf))].map((key) => key * 1009 + (sumOf(items.filter((x) => keyOf(x) === key)) % 1009))
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
    case 'scanBy':
      return source.pipe(
        scanBy((x) => ((x % 5) + 5) % 5, (state, x) => (state + x) % 1009, n, { ...options, maxKeys: 5 }),
        map(([key, state]) => key * 1009 + state)
      )
    case 'mapState':
      return source.pipe(mapState({
        ...options,
        key: (x: number) => ((x % 5) + 5) % 5,
        create: () => ({ seen: 0 }),
        map: (state, x, _key, { n }) => (++state.seen % (n + 2) === 0 ? undefined : x),
        maxKeys: 5,
        env: { n }
      }))
    case 'window':
      return source.pipe(
        window(sliding({ sizeMs: (n + 1) * 2, everyMs: n + 1 }), { ...options, at: (x) => x, outOfOrderMs: 1e9, aggregate: sum() }),
        map(({ start, value }) => start * 7 + (value % 1009))
      )
    case 'windowByKey':
      return source.pipe(
        window(tumbling({ sizeMs: n + 1 }), { ...options, at: (x) => x, key: (x) => ((x % 5) + 5) % 5, outOfOrderMs: 1e9, aggregate: sum() }),
        map(({ start, value }) => start * 7 + (value % 1009))
      )
    case 'windowWithLate':
      return source.pipe(
        window(tumbling({ sizeMs: n + 1 }), { ...options, at: (x) => x, outOfOrderMs: n, aggregate: sum() }),
        map(({ start, value }) => start * 7 + (value % 1009))
      )
    case 'windowOfItems':
      return source.pipe(window(counted({ count: n + 1 }), { ...options, aggregate: sum() }), map(({ value }) => value % 1009))
    case 'aggregateBy':
      return source.pipe(
        aggregateBy((x) => ((x % 5) + 5) % 5, sum(), options),
        flatMap((sums) => [...sums].map(([key, value]) => key * 1009 + (value % 1009)))
      )
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
    ordered: branch.ordered && !givesNone.has(kind)
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

/** The outputs of a graph, by name: `out0` and so on, one per branch. */
export const outputsOf = (branches: readonly Branch[]) => Object.fromEntries(branches.map(({ source }, i) => [`out${i}`, source.observe()]))

/** What has come is what the models say, in order where that is promised. */
export const agreesWithModels = (branches: readonly Branch[], came: Readonly<Record<string, readonly number[]>>): void => {
  const sorted = (items: readonly number[]): readonly number[] => [...items].sort((a, b) => a - b)
  branches.forEach(({ model, ordered }, i) => {
    const got = came[`out${i}`]!
    assert.equal(ordered ? got : sorted(got), ordered ? model : sorted(model))
  })
}
