/**
 * Random pipelines of every kind of stage, with what goes wrong in them: what a naive model says of each as long as nothing does.
 *
 * Functions that may travel are self-contained, so that each stage runs on the caller's loop and on workers alike. Called by
 * spec/exec/faults-random.spec.ts.
 */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import * as fs from '../../src/fs.ts'
import {
  balance, batch, buffer, compose, concat, conflate, debounce, decode, dedupe, delay, encode, enrich, expand, feedback, filter, flatMap, from, interleave, map, mapAsync,
  merge, mergeMap, orElse, pairwise, parseJson, partition, pick, range, recurse, reopen, retry, sample, scan, scanBy, sort, startWith, switchMap, take, takeWhile, throttle,
  toJson, zip, zipWithIndex, type Flow, type Lane, type OnError, type Source
} from '../../src/index.ts'

export interface Faulty {
  readonly source: Source<number>
  readonly model: readonly number[]
  /** The order of the model is promised. */
  readonly ordered: boolean
  /** What comes out goes by time, or by where a failure struck first: the model says nothing. */
  readonly loose: boolean
  /** Codes that a run of it may fail with by itself. */
  readonly codes: readonly string[]
  /** A stage may end its input early. */
  readonly early: boolean
  /** What comes out when the input ends early is not the beginning of the model. */
  readonly jumps: boolean
}

/** What may be done to a branch. `n` is a small number that is different from step to step. */
interface Kind {
  readonly flow: (n: number, lane: { readonly lane?: Lane }) => Flow<number, number>
  /** Absent: the items as they are; `'loose'`: not known. */
  readonly model?: ((items: readonly number[], n: number) => readonly number[]) | 'loose'
  readonly order?: 'none' | 'any' | 'sorted'
  /** Of the beginning of its input it makes something else than the beginning of what it makes of all. */
  readonly jumps?: true
  readonly early?: true
}

const kinds = {
  map: { flow: (n, lane) => map((x: number, { n }) => x + n, { ...lane, env: { n } }), model: (all, n) => all.map((x) => x + n) },
  filter: {
    flow: (n, lane) => filter((x: number, { n }) => x % (n + 2) !== 0, { ...lane, env: { n } }),
    model: (all, n) => all.filter((x) => x % (n + 2) !== 0)
  },
  flatMap: {
    flow: (_, lane) => flatMap((x: number) => (x % 3 === 0 ? [] : [x, -x]), lane),
    model: (all) => all.flatMap((x) => (x % 3 === 0 ? [] : [x, -x]))
  },
  records: {
    flow: (_, lane) => compose(map((x: number) => ({ x, text: `item ${x}`, odd: x % 2 !== 0, more: x % 5 === 0 ? [x] : null }), lane), filter((r) => r.text !== '', { lane: 'async' }), map((r) => r.x, lane))
  },
  columns: {
    flow: (_, lane) => compose(map((x: number) => ({ x, text: `item ${x}`, y: x / 2 }), lane), pick('x', 'y'), map((r) => r.x, lane))
  },
  strings: {
    flow: (_, lane) => compose(map((x: number) => `${x} ⚙`, lane), filter((s) => s !== '', { lane: 'async' }), map((s) => parseInt(s, 10), lane))
  },
  bytes: {
    flow: (_, lane) => compose(map((x: number) => new Uint8Array(new Float64Array([x]).buffer), lane), filter((b) => b.length > 0, { lane: 'async' }), map((b) => new Float64Array(b.slice().buffer)[0]!, lane))
  },
  json: { flow: (_, lane) => compose(map((x: number) => ({ x }), lane), toJson(), parseJson(), map((r) => (r as { x: number }).x, lane)) },
  codec: {
    flow: () => compose(map((x: number): unknown => ({ x })), decode(t.type({ x: t.number })), encode(t.type({ x: t.number })), map((r) => r.x))
  },
  scan: {
    flow: (_, lane) => scan((sum: number, x: number) => (sum + x) % 1009, 0, lane),
    model: (all) => { let sum = 0; return all.map((x) => (sum = (sum + x) % 1009)) }, order: 'any'
  },
  scanBy: {
    flow: (_, lane) => compose(scanBy((x: number) => Math.abs(x % 4), (_s: number, x: number) => x, 0, { ...lane, maxKeys: 4 }), map(([, x]) => x)),
    order: 'none'
  },
  batch: { flow: (n, lane) => compose(batch<number>({ count: n + 1 }), flatMap((xs) => xs, lane)) },
  timed: { flow: (n) => compose(batch<number>({ count: n + 1, maxMs: 1 }), flatMap((xs) => xs)) },
  pairwise: {
    flow: (_, lane) => compose(pairwise<number>(), map(([a, b]) => a + b, lane)),
    model: (all) => all.slice(1).map((x, i) => x + all[i]!), order: 'any'
  },
  indexed: { flow: (_, lane) => compose(zipWithIndex<number>(), map(([x]) => x, lane)) },
  startWith: { flow: (n) => startWith(n), model: (all, n) => [n, ...all] },
  take: { flow: (n, lane) => take(n * 30, lane), model: (all, n) => all.slice(0, n * 30), order: 'any', early: true },
  takeWhile: {
    flow: (n, lane) => takeWhile((x: number, { n }) => x % 61 !== n, { ...lane, env: { n } }),
    model: (all, n) => { const end = all.findIndex((x) => x % 61 === n); return end < 0 ? all : all.slice(0, end) }, order: 'any', early: true
  },
  dedupe: { flow: () => dedupe({ withinMs: 60_000, maxKeys: 100_000 }), model: (all) => [...new Set(all)] },
  sort: { flow: (n) => sort<number>({ maxItems: 20 + n }), model: (all) => [...all].sort((a, b) => a - b), order: 'sorted' },
  mapAsync: { flow: (n) => mapAsync(async (x: number) => { if (x % 5 === 0) await turn(); return x }, { concurrency: n + 1 }) },
  unordered: {
    flow: (n) => mapAsync(async (x: number) => { if (x % 5 === 0) await turn(); return x }, { concurrency: n + 1, ordered: false }),
    order: 'none'
  },
  mergeMap: {
    flow: (n) => mergeMap((x: number) => (x % 2 === 0 ? [x, x + 1] : (async function* () { yield x; await turn(); yield -x })()), { concurrency: n + 1 }),
    model: (all) => all.flatMap((x) => (x % 2 === 0 ? [x, x + 1] : [x, -x])), order: 'none'
  },
  concatMap: {
    flow: (_, lane) => mergeMap((x: number) => (x % 40 === 0 ? range(0, 3).pipe(map((k) => k, lane)) : [x]), { concurrency: 1 }),
    model: (all) => all.flatMap((x) => (x % 40 === 0 ? [0, 1, 2] : [x])), jumps: true
  },
  inOrder: {
    flow: (n) => mergeMap((x: number) => (x % 40 === 0 ? range(0, 3).pipe(mapAsync(async (k) => k)) : [x]), { ordered: true, concurrency: n + 1 }),
    model: (all) => all.flatMap((x) => (x % 40 === 0 ? [0, 1, 2] : [x])), jumps: true
  },
  switchMap: {
    flow: () => switchMap((x: number) => (x % 2 === 0 ? range(0, x % 9) : (async function* () { await turn(); yield x })())),
    model: 'loose'
  },
  recurse: {
    flow: () => recurse((x: number) => (Math.abs(x) > 900 ? { again: [Math.trunc(x / 2)] } : { emit: [x] })),
    model: (all) => all.map((x) => { let y = x; while (Math.abs(y) > 900) y = Math.trunc(y / 2); return y }), order: 'none'
  },
  feedback: {
    flow: (_, lane) => feedback(map((x: number) => (x > 400 ? ({ _tag: 'Left', left: x - 300 } as const) : ({ _tag: 'Right', right: x } as const)), lane), { capacity: 4000 }),
    model: (all) => all.map((x) => { let y = x; while (y > 400) y -= 300; return y }), order: 'none'
  },
  feedbackWaits: {
    flow: (n) => feedback(mapAsync(async (x: number) => { await turn(); return x > 400 ? left(x - 300) : right(x) }, { concurrency: n + 1 }), { capacity: 4000 }),
    model: (all) => all.map((x) => { let y = x; while (y > 400) y -= 300; return y }), order: 'none'
  },
  enrich: {
    flow: (n) => compose(enrich({ key: (x: number) => x % 10, lookup: async (keys: readonly number[]) => { await turn(); return keys }, batch: n + 1, maxKeys: 5 }), map(([x]) => x))
  },
  buffer: { flow: (n) => buffer<number>({ capacity: n + 1 }) },
  dropping: { flow: (n) => buffer<number>({ capacity: n + 1, overflow: n % 2 === 0 ? 'dropOldest' : 'dropNewest' }), model: 'loose' },
  conflate: { flow: () => conflate((a: number, b: number) => a + b), model: 'loose' },
  expand: { flow: () => expand((x: number) => [x]) },
  debounce: { flow: () => debounce<number>({ ms: 1 }), model: 'loose' },
  sample: { flow: () => sample<number>({ ms: 1 }), model: 'loose' },
  delay: { flow: () => delay<number>({ ms: 1 }) },
  throttle: { flow: () => throttle<number>({ units: 1e6, perMs: 1 }) },
  balance: {
    flow: (n) => ({ apply: (source) => merge(...balance(source, n % 2 === 0 ? 2 : 3).map((way) => way.pipe(mapAsync(async (x) => { await turn(); return x }, { concurrency: 50 })))) }),
    order: 'none'
  },
  parts: {
    flow: (n) => ({ apply: (source) => { const [some, others] = partition(source, (x, { n }) => x % (n + 2) === 0, { env: { n } }); return merge(some.pipe(map((x) => x)), others.pipe(mapAsync(async (x) => x))) } }),
    order: 'none'
  },
  diamond: {
    flow: (_, lane) => ({ apply: (source) => zip(source.pipe(map((x) => x, lane)), source.pipe(mapAsync(async (x) => x))).pipe(map(([x]) => x)) })
  },
  merged: {
    flow: (n) => ({ apply: (source) => merge(source, range(0, n * 10)) }),
    model: (all, n) => [...all, ...Array.from({ length: n * 10 }, (_, i) => i)], order: 'none'
  },
  concatenated: {
    flow: (n) => ({ apply: (source) => concat(source, range(0, n * 10).pipe(map((x) => x))) }),
    model: (all, n) => [...all, ...Array.from({ length: n * 10 }, (_, i) => i)], jumps: true
  },
  interleaved: {
    flow: (n) => ({ apply: (source) => interleave(source, range(0, n)) }),
    model: (all, n) => [...all, ...Array.from({ length: n }, (_, i) => i)], order: 'none'
  },
  orElse: { flow: () => ({ apply: (source) => orElse(source, () => undefined) }) },
  reopen: { flow: () => ({ apply: (source) => reopen(source, { times: 1, initialMs: 0 }) }), model: 'loose' }, // it may be read again where it failed
  within: { flow: () => ({ apply: (source) => from(source) }) }
} satisfies Record<string, Kind>

export type KindName = keyof typeof kinds
export const kindNames = Object.keys(kinds) as readonly KindName[]

/** A stage that throws on some of its items, or ends the worker that it is in. */
interface Trouble {
  readonly trouble: 'sync' | 'async' | 'exit' | 'reject'
  readonly policy: OnError
  readonly every: number
  readonly lane: Lane | undefined
}
export type Link = { readonly kind: KindName; readonly n: number; readonly lane: Lane | undefined } | Trouble

const lane = fc.constantFrom<Lane | undefined>(undefined, undefined, 'async', 'blocking')
const policy = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<OnError>('skip', 'deadLetter', 'stop', retry({ times: 1, initialMs: 0, then: 'skip' }), retry({ times: 1, initialMs: 0, then: 'deadLetter' })) },
  { weight: 1, arbitrary: fc.constantFrom<OnError>('fail', retry({ times: 1, initialMs: 0 })) }
)
export const linkArb: fc.Arbitrary<Link> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom(...kindNames), n: fc.integer({ min: 0, max: 12 }), lane }) },
  { weight: 1, arbitrary: fc.record({ trouble: fc.constantFrom<Trouble['trouble']>('sync', 'sync', 'sync', 'async', 'async', 'exit', 'reject'), policy, every: fc.integer({ min: 2, max: 300 }), lane }) }
)

const troubled = (branch: Faulty, { trouble, policy: onError, every, lane: where }: Trouble): Faulty => {
  const hit = (x: number): boolean => Math.abs(x) % every === 1
  const at = where === undefined ? {} : { lane: where }
  const bad = branch.model.some(hit)
  if (trouble === 'exit') {
    const dies = map((x: number, { last }) => {
      if (x === last && !process.getBuiltinModule('node:worker_threads').isMainThread) process.exit(3)
      return x
    }, { lane: 'blocking', env: { last: branch.model.at(-1) } })
    return { ...branch, source: branch.source.pipe(dies), codes: [...branch.codes, 'ERR_MILLRACE_WORKER_DIED'] }
  }
  const source = branch.source.pipe(
    trouble === 'sync' ? map((x: number, { every }) => { if (Math.abs(x) % every === 1) throw new RangeError(`bad ${x}`); return x }, { ...at, env: { every }, onError })
    : trouble === 'async' ? mapAsync(async (x: number) => { if (x % 3 === 0) await turn(); if (hit(x)) throw new RangeError(`bad ${x}`); return x }, { concurrency: 9, onError })
    : mergeMap(function* (x: number) { if (hit(x)) throw new RangeError(`bad ${x}`); yield x }, { concurrency: 1, onError: typeof onError === 'object' ? onError.then : onError })
  )
  const then = typeof onError === 'object' ? onError.then : onError
  if (then === 'skip' || then === 'deadLetter') return { ...branch, source, model: branch.model.filter((x) => !hit(x)) }
  if (then === 'stop') return { ...branch, source, model: branch.ordered ? branch.model.slice(0, bad ? branch.model.findIndex(hit) : undefined) : branch.model, early: true, loose: branch.loose || (bad && !branch.ordered) }
  return { ...branch, source, codes: bad || branch.loose ? [...branch.codes, 'ERR_MILLRACE_STAGE_FAILED'] : branch.codes }
}

export const linked = (branch: Faulty, link: Link): Faulty => {
  if ('trouble' in link) return troubled(branch, link)
  const { flow, model, order, early, jumps }: Kind = kinds[link.kind]
  const loose = branch.loose || model === 'loose' || (order === 'any' && !branch.ordered)
  const model_ = typeof model === 'function' ? model(branch.model, link.n) : branch.model
  return {
    source: branch.source.pipe(flow(link.n, link.lane === undefined ? {} : { lane: link.lane })),
    model: model_,
    ordered: order === 'sorted' || (branch.ordered && order !== 'none'),
    loose,
    codes: branch.codes,
    early: branch.early || early === true,
    jumps: branch.jumps || jumps === true || order === 'sorted'
  }
}

/** Sources: numbers, a list, an asynchronous one that waits now and then, one that fails and is gone on with, lines of a file. */
export const sourceNames = ['range', 'list', 'ticking', 'orElse', 'lines', 'nested'] as const
export const sourceOf = (name: (typeof sourceNames)[number], size: number, file: string): Faulty => {
  const model = Array.from({ length: size }, (_, i) => i)
  const ticking = async function* (until: number, then?: Error): AsyncGenerator<number> {
    for (const n of model.slice(0, until)) {
      if (n % 50 === 0) await turn()
      yield n
    }
    if (then !== undefined) throw then
  }
  const sources = {
    range: () => range(0, size),
    list: () => from(model),
    ticking: () => from({ [Symbol.asyncIterator]: () => ticking(size) }),
    orElse: () => orElse(from(ticking(size >> 1, new Error('gone'))), (_, emitted) => range(emitted, size).pipe(map((n) => n))),
    lines: () => fs.lines(file).pipe(map((line: string) => Number(line)), take(size)), // the file has more
    nested: () => range(0, 1).pipe(mergeMap(() => range(0, size).pipe(map((n) => n))))
  }
  return { source: sources[name](), model, ordered: true, loose: false, codes: [], early: name === 'lines', jumps: false }
}
