/**
 * What TypeScript infers for operators, and what it refuses. Checked by `tsc` alone; nothing here runs.
 */
import { expectTypeOf } from 'expect-type'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { compose } from '../../src/graph/flow.ts'
import type { Afterwards } from '../../src/graph/options.ts'
import type { Flow, Source } from '../../src/graph/source.ts'
import { adaptive } from '../../src/operator/adaptive.ts'
import { aggregate } from '../../src/operator/aggregate.ts'
import type { Combiner } from '../../src/operator/combiner.ts'
import { aggregateBy } from '../../src/operator/aggregate-by.ts'
import { batch } from '../../src/operator/batch.ts'
import { buffer } from '../../src/operator/buffer.ts'
import { circuitBreaker } from '../../src/operator/circuit-breaker.ts'
import { concat } from '../../src/operator/concat.ts'
import { countBy } from '../../src/operator/count-by.ts'
import { decode } from '../../src/operator/decode.ts'
import { distinct } from '../../src/operator/distinct.ts'
import { drop } from '../../src/operator/drop.ts'
import { enrich } from '../../src/operator/enrich.ts'
import { feedback } from '../../src/operator/feedback.ts'
import { filter } from '../../src/operator/filter.ts'
import { flatMap } from '../../src/operator/flat-map.ts'
import { joinAsOf } from '../../src/operator/join-as-of.ts'
import { joinTable } from '../../src/operator/join-table.ts'
import { joinWithin } from '../../src/operator/join-within.ts'
import { map } from '../../src/operator/map.ts'
import { mapAsync, type MapAsyncOptions } from '../../src/operator/map-async.ts'
import { mapEither } from '../../src/operator/map-either.ts'
import { merge } from '../../src/operator/merge.ts'
import { parseJson } from '../../src/operator/parse-json.ts'
import { partition } from '../../src/operator/partition.ts'
import { recurse } from '../../src/operator/recurse.ts'
import { reduce } from '../../src/operator/reduce.ts'
import type { DeadLetter } from '../../src/exec/failure.ts'
import { replay } from '../../src/operator/replay.ts'
import { retry } from '../../src/operator/retry.ts'
import { route } from '../../src/operator/route.ts'
import { mapState } from '../../src/operator/map-state.ts'
import { scan } from '../../src/operator/scan.ts'
import { scanBy } from '../../src/operator/scan-by.ts'
import { take } from '../../src/operator/take.ts'
import { takeWhile } from '../../src/operator/take-while.ts'
import { tap } from '../../src/operator/tap.ts'
import { toJson } from '../../src/operator/to-json.ts'
import { zip } from '../../src/operator/zip.ts'

interface Row { readonly path: string, readonly status: number, readonly bytes: number | undefined }

declare const numbers: Source<number>
declare const texts: Source<string>
declare const rows: Source<Row>
declare const mixed: Source<string | number | null>
declare const k: number
declare const someLane: { readonly lane: 'async' | 'blocking' } | object

// -- map: the item flows from the source, env from its option --------------------------------------------------------------
expectTypeOf(rows.pipe(map((r) => r.status))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(map((n, { k: by }) => n * by, { env: { k } }))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(map((n, { k: by }) => `${n * by}`, { ...someLane, env: { k } }))).toEqualTypeOf<Source<string>>()
expectTypeOf(rows.pipe(map((r) => r.path), map((p) => p.length), map((n) => [n]))).toEqualTypeOf<Source<number[]>>()
expectTypeOf(map((s: string) => s.length)).toEqualTypeOf<Flow<string, number>>()
numbers.pipe(
  map((n, env) => {
    expectTypeOf(n).toEqualTypeOf<number>()
    expectTypeOf(env).toEqualTypeOf<{ re: RegExp, limit: number }>()
    return n
  }, { env: { re: /x/, limit: 3 } })
)
numbers.pipe(
  map((_n, env) => {
    expectTypeOf(env).toEqualTypeOf<undefined>()
  })
)
// @ts-expect-error a function of texts on numbers
numbers.pipe(map((s: string) => s.length))
// @ts-expect-error no such member in env
numbers.pipe(map((n, { nope }) => n * nope, { env: { k } }))
// @ts-expect-error the second flow does not take what the first makes
numbers.pipe(map((n) => `${n}`), map((n: number) => n))
// @ts-expect-error no such policy
map((n: number) => n, { onError: 'ignore' })

// -- filter, takeWhile, partition: guards narrow ---------------------------------------------------------------------------
expectTypeOf(numbers.pipe(filter((n) => n > 1))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(filter((n, { k: least }) => n > least, { env: { k } }))).toEqualTypeOf<Source<number>>()
expectTypeOf(mixed.pipe(filter((x): x is string => typeof x === 'string'))).toEqualTypeOf<Source<string>>()
expectTypeOf(mixed.pipe(filter((x) => x !== null))).toEqualTypeOf<Source<string | number>>()
expectTypeOf(mixed.pipe(filter((x) => x !== null), filter((x) => typeof x === 'string'), map((s) => s.length))).toEqualTypeOf<Source<number>>()
// @ts-expect-error not a boolean
numbers.pipe(filter((n) => n))
// @ts-expect-error a promise is no boolean
numbers.pipe(filter(async (n) => Promise.resolve(n > 1)))
expectTypeOf(mixed.pipe(takeWhile((x) => x !== null))).toEqualTypeOf<Source<string | number>>()
expectTypeOf(mixed.pipe(takeWhile((x) => x !== null, { inclusive: true }))).toEqualTypeOf<Source<string | number | null>>()
expectTypeOf(numbers.pipe(takeWhile((n, { k: end }) => n < end, { env: { k } }))).toEqualTypeOf<Source<number>>()
expectTypeOf(partition(numbers, (n) => n > 1)).toEqualTypeOf<readonly [Source<number>, Source<number>]>()
expectTypeOf(partition(numbers, (n, { k: least }) => n > least, { env: { k } })).toEqualTypeOf<readonly [Source<number>, Source<number>]>()
expectTypeOf(partition(mixed, (x): x is string => typeof x === 'string')).toEqualTypeOf<readonly [Source<string>, Source<number | null>]>()
// @ts-expect-error a predicate of texts on numbers
partition(numbers, (s: string) => s === '')

// -- route: names, narrowing, otherwise ------------------------------------------------------------------------------------
const ways = route(mixed, { text: (x): x is string => typeof x === 'string', none: (x) => x === null, big: (x) => String(x) === '7', seven: (x) => x === 7 })
expectTypeOf(ways.text).toEqualTypeOf<Source<string>>()
expectTypeOf(ways.none).toEqualTypeOf<Source<null>>()
expectTypeOf(ways.big).toEqualTypeOf<Source<string | number | null>>()
expectTypeOf(ways.seven).toEqualTypeOf<Source<7>>()
expectTypeOf(ways.otherwise).toEqualTypeOf<Source<string | number | null>>()
const withEnv = route(rows, { bad: (r, env: { least: number }) => r.status >= env.least }, { env: { least: 500 } })
expectTypeOf(withEnv.bad).toEqualTypeOf<Source<Row>>()
expectTypeOf<keyof typeof ways>().toEqualTypeOf<'text' | 'none' | 'big' | 'seven' | 'otherwise'>()
// @ts-expect-error not a boolean
route(numbers, { a: (n) => n })

// -- the others that keep or change the item -------------------------------------------------------------------------------
expectTypeOf(texts.pipe(flatMap((s) => s.split(' ')))).toEqualTypeOf<Source<string>>()
expectTypeOf(texts.pipe(flatMap((s, { sep }) => s.split(sep), { env: { sep: ' ' } }))).toEqualTypeOf<Source<string>>()
// @ts-expect-error not iterable
numbers.pipe(flatMap((n) => n))
expectTypeOf(rows.pipe(tap((r) => r.path))).toEqualTypeOf<Source<Row>>()
expectTypeOf(rows.pipe(tap(() => undefined), take(3), drop(1))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error no env here
take(3, { env: { k } })
expectTypeOf(numbers.pipe(scan((sum, n) => sum + n, 0))).toEqualTypeOf<Source<number>>()
expectTypeOf(texts.pipe(scan((seen, s) => [...seen, s], [] as readonly string[]))).toEqualTypeOf<Source<readonly string[]>>()
expectTypeOf(numbers.pipe(scan((sum, n, { k: by }) => sum + n * by, 0, { env: { k } }))).toEqualTypeOf<Source<number>>()
// @ts-expect-error the state is a number
numbers.pipe(scan((sum: number, n) => `${sum}${n}`, 0))
expectTypeOf(numbers.pipe(distinct())).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(distinct((r) => r.path, { maxKeys: 10 }))).toEqualTypeOf<Source<Row>>()
expectTypeOf(rows.pipe(distinct((r, { at }) => r[at], { env: { at: 'path' as const } }))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error an object is no key
rows.pipe(distinct())
// @ts-expect-error an object is no key
rows.pipe(distinct((r) => ({ path: r.path })))
expectTypeOf(rows.pipe(batch({ count: 3 }))).toEqualTypeOf<Source<readonly Row[]>>()
expectTypeOf(texts.pipe(batch({ maxWeight: 10, weigh: (s) => s.length }), map((b) => b.map((s) => s.length)))).toEqualTypeOf<Source<number[]>>()
expectTypeOf(rows.pipe(batch({ maxMs: 10, maxWeight: 5, weigh: (r, { per }) => (r.bytes ?? 0) / per, env: { per: 8 } }))).toEqualTypeOf<Source<readonly Row[]>>()
// @ts-expect-error a weight is a number
texts.pipe(batch({ maxWeight: 10, weigh: (s) => s }))
// @ts-expect-error a weight would be the same again
batch({ count: 1, onError: retry({ times: 1 }) })
expectTypeOf(rows.pipe(buffer({ capacity: 10, overflow: 'dropOldest' }))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error a bound is needed
buffer({})

// -- gathering -------------------------------------------------------------------------------------------------------------
expectTypeOf(numbers.pipe(reduce((sum, n) => sum + n, 0))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(reduce((sum, r) => sum + r.status, 0, { combine: (a, b) => a + b }))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(reduce((sum, r, { k: by }) => sum + r.status * by, 0, { env: { k }, combine: (a, b, { k: by }) => a + b + by }))).toEqualTypeOf<Source<number>>()
// @ts-expect-error the value is a number
numbers.pipe(reduce((sum: number, n) => sum + n, 0, { combine: (a: number, b: number) => `${a}${b}` }))
expectTypeOf(rows.pipe(countBy((r) => r.path))).toEqualTypeOf<Source<ReadonlyMap<string, number>>>()
expectTypeOf(rows.pipe(countBy((r, { at }) => r[at], { env: { at: 'bytes' as const }, maxKeys: 3 }))).toEqualTypeOf<Source<ReadonlyMap<number | undefined, number>>>()
// @ts-expect-error an object is no key
rows.pipe(countBy((r) => [r.path]))
expectTypeOf(numbers.pipe(aggregateBy((n) => n % 2, { create: () => 0, add: (s, n) => s + n, combine: (a, b) => a + b }))).toEqualTypeOf<Source<ReadonlyMap<number, number>>>()
expectTypeOf(
  rows.pipe(aggregateBy((r) => r.path, {
    create: () => ({ sum: 0, n: 0 }),
    add: (s, r) => ({ sum: s.sum + r.status, n: s.n + 1 }),
    combine: (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
    finish: (s) => `${s.sum / s.n}`
  }))
).toEqualTypeOf<Source<ReadonlyMap<string, string>>>()
declare const mean: Combiner<number, { sum: number, n: number }, string>
expectTypeOf(numbers.pipe(aggregate(mean))).toEqualTypeOf<Source<string>>()
expectTypeOf(numbers.pipe(aggregate(mean, { lane: 'async' }))).toEqualTypeOf<Source<string>>()
expectTypeOf(rows.pipe(aggregate({ create: () => 0, add: (s, r) => s + r.status, combine: (a, b) => a + b }))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(aggregateBy((n) => n > 1, mean))).toEqualTypeOf<Source<ReadonlyMap<boolean, string>>>()
expectTypeOf(rows.pipe(aggregate({ create: () => 0, add: (s, r) => s + (r.bytes ?? 0), combine: (a, b) => a + b }))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(aggregate({ create: ({ k: at }) => at, add: (s, r, { k: by }) => s + r.status * by, combine: (a, b) => a + b }, { env: { k } }))).toEqualTypeOf<Source<number>>()
// @ts-expect-error a combiner of numbers on texts
texts.pipe(aggregate(mean))

// -- refusing --------------------------------------------------------------------------------------------------------------
declare const half: (n: number) => Either<string, bigint>
expectTypeOf(numbers.pipe(mapEither(half))).toEqualTypeOf<Source<bigint>>()
expectTypeOf(numbers.pipe(mapEither((n, { k: by }): Either<Error, number> => ({ _tag: 'Right', right: n * by }), { env: { k } }))).toEqualTypeOf<Source<number>>()
// @ts-expect-error the answer is no Either
numbers.pipe(mapEither((n) => n))
const RowCodec = t.type({ path: t.string, status: t.number })
expectTypeOf(texts.pipe(parseJson(), decode(RowCodec))).toEqualTypeOf<Source<t.TypeOf<typeof RowCodec>>>()
expectTypeOf(texts.pipe(map((line) => JSON.parse(line) as unknown), decode(RowCodec), map((r) => r.status))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(decode(t.string))).toEqualTypeOf<Source<string>>()
declare const NumberFromString: t.Type<number, string, string>
expectTypeOf(texts.pipe(decode(NumberFromString))).toEqualTypeOf<Source<number>>()
// @ts-expect-error the codec decodes texts
numbers.pipe(decode(NumberFromString))
// @ts-expect-error not a text
numbers.pipe(parseJson())
expectTypeOf(rows.pipe(toJson())).toEqualTypeOf<Source<string>>()
// @ts-expect-error there is nothing to try again
parseJson({ onError: retry({ times: 1 }) })
expectTypeOf(retry({ times: 1, decide: (error, attempts) => { expectTypeOf(error).toBeUnknown(); return attempts > 1 ? 'skip' : 'retry' } }).then).toEqualTypeOf<Afterwards>()
// @ts-expect-error an answer that is no word
retry({ times: 1, decide: () => true })
// @ts-expect-error the answer is needed at once
retry({ times: 1, decide: () => Promise.resolve('skip' as const) })

// -- waiting ---------------------------------------------------------------------------------------------------------------
expectTypeOf(numbers.pipe(mapAsync(async (n) => Promise.resolve(`${n}`)))).toEqualTypeOf<Source<string>>()
expectTypeOf(numbers.pipe(mapAsync((n) => n))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(mapAsync((n) => (n > 1 ? Promise.resolve(n) : n), { concurrency: 4, ordered: false }))).toEqualTypeOf<Source<number>>()
expectTypeOf(texts.pipe(mapAsync(async (url, { signal }) => (await fetch(url, { signal })).text(), { timeoutMs: 1000, onError: retry({ times: 3 }) }))).toEqualTypeOf<Source<string>>()
// @ts-expect-error a function of texts on numbers
numbers.pipe(mapAsync(async (s: string) => Promise.resolve(s)))
// @ts-expect-error it stays on the loop
mapAsync((n: number) => n, { lane: 'blocking' })

// -- several sources -------------------------------------------------------------------------------------------------------
expectTypeOf(merge(numbers, texts)).toEqualTypeOf<Source<number | string>>()
expectTypeOf(concat(numbers, numbers)).toEqualTypeOf<Source<number>>()
expectTypeOf(zip(numbers, texts)).toEqualTypeOf<Source<readonly [number, string]>>()
expectTypeOf(zip(numbers, texts, rows, numbers, texts, rows)).toEqualTypeOf<Source<readonly [number, string, Row, number, string, Row]>>()
expectTypeOf(zip(numbers, numbers).pipe(map(([a, b]) => a * 7 + b))).toEqualTypeOf<Source<number>>()
// @ts-expect-error one is not enough
zip(numbers)
// @ts-expect-error not a source
merge(numbers, 3)

// -- flows of their own ----------------------------------------------------------------------------------------------------
const clean = compose(map((s: string) => s.trim()), filter((s) => s !== ''), distinct(), batch({ count: 2 }))
expectTypeOf(clean).toEqualTypeOf<Flow<string, readonly string[]>>()
expectTypeOf(texts.pipe(clean)).toEqualTypeOf<Source<readonly string[]>>()
// @ts-expect-error texts, not numbers
numbers.pipe(clean)

// a state per key: key, state and answer are inferred; `undefined` is no answer
expectTypeOf(
  rows.pipe(mapState({ key: (r) => r.path, create: (path) => ({ path, n: 0 }), map: (s, r) => (r.status < 400 ? undefined : { path: s.path, n: ++s.n }) }))
).toEqualTypeOf<Source<{ path: string; n: number }>>()
expectTypeOf(rows.pipe(scanBy((r) => r.path, (sum, r) => sum + r.status, 0))).toEqualTypeOf<Source<readonly [string, number]>>()
expectTypeOf(rows.pipe(scanBy((r, { by }) => r.status % by, (n) => n + 1, 0, { env: { by: 10 }, maxKeys: 10, ttlMs: 1, at: (r) => r.status }))).toEqualTypeOf<Source<readonly [number, number]>>()
// @ts-expect-error a state is an object: a number could not be changed
rows.pipe(mapState({ key: (r) => r.path, create: () => 0, map: (s) => s }))
// @ts-expect-error an object is no key
rows.pipe(scanBy((r) => r, (n: number) => n, 0))

// joins: pairs of both types; what may be alone may be undefined
declare const hosts: Source<{ readonly path: string; readonly at: number; readonly owner: string }>
expectTypeOf(joinTable(rows, hosts, { keys: [(r) => r.path, (h) => h.path] }).pipe(map(([r, h]) => [r.status, h.owner] as const))).toEqualTypeOf<Source<readonly [number, string]>>()
expectTypeOf(joinTable(rows, hosts, { keys: [(r) => r.path, (h) => h.path], type: 'left' }).pipe(map(([, h]) => h?.owner))).toEqualTypeOf<Source<string | undefined>>()
expectTypeOf(joinAsOf(rows, hosts, { keys: [(r) => r.path, (h) => h.path], at: [(r) => r.status, (h) => h.at] }).pipe(map(([, h]) => h.owner))).toEqualTypeOf<Source<string>>()
expectTypeOf(
  joinWithin(rows, hosts, { keys: [(r) => r.path, (h) => h.path], at: [(r) => r.status, (h) => h.at], withinMs: 5, type: 'full' }).pipe(map(([r, h]) => r?.path ?? h?.owner))
).toEqualTypeOf<Source<string | undefined>>()
// @ts-expect-error keys of two types are never equal
joinTable(rows, hosts, { keys: [(r) => r.status, (h) => h.path] })
// @ts-expect-error there is no right join: exchange the sources
joinTable(rows, hosts, { keys: [(r) => r.path, (h) => h.path], type: 'right' })

// enrich: the value may be unknown, unless such items are dropped
expectTypeOf(rows.pipe(enrich({ key: (r) => r.path, lookup: async (paths: readonly string[]) => paths.map(() => 1) }))).toEqualTypeOf<Source<readonly [Row, number | undefined]>>()
expectTypeOf(rows.pipe(enrich({ key: (r: Row) => r.path, lookup: (paths) => new Map(paths.map((p) => [p, p.length])), type: 'inner' }))).toEqualTypeOf<Source<readonly [Row, number]>>()

// feedback: what goes round again has the type of the items, what leaves is inferred
expectTypeOf(numbers.pipe(feedback(map((n: number) => (n > 0 ? left(n - 1) : right(`${n}`))), { capacity: 10 }))).toEqualTypeOf<Source<string>>()
expectTypeOf(feedback(compose(filter((n: number) => n > 0), map((n): Either<number, Date> => left(n))), { capacity: 10 })).toEqualTypeOf<Flow<number, Date>>()
expectTypeOf(numbers.pipe(feedback(mapAsync(async (n: number): Promise<Either<number, boolean>> => right(n > 0)), { capacity: 10 }))).toEqualTypeOf<Source<boolean>>()
// @ts-expect-error: a string cannot go round in a loop of numbers
numbers.pipe(feedback(map((n: number): Either<string, number> => (n > 0 ? left('a') : right(n))), { capacity: 10 }))
// @ts-expect-error: the bound is not optional
feedback(map((n: number) => right(n)), {})
// @ts-expect-error: the body must answer an Either
feedback(map((n: number) => n), { capacity: 10 })
// recurse: what is given back has the type of the items
expectTypeOf(numbers.pipe(recurse((n) => ({ emit: [`${n}`], again: n > 0 ? [n - 1] : [] })))).toEqualTypeOf<Source<string>>()
// @ts-expect-error what is given back would not be an item
numbers.pipe(recurse((n) => ({ emit: [n], again: ['a'] })))
// dead letters, and back
declare const letters: Source<DeadLetter>
expectTypeOf(letters.pipe(replay<string>('ask'))).toEqualTypeOf<Source<string>>()
expectTypeOf(letters.pipe(replay<string>(['ask', 'parse'], { onError: 'skip' }))).toEqualTypeOf<Source<string>>()
// @ts-expect-error not a source of letters
texts.pipe(replay<string>('ask'))
// @ts-expect-error there is nothing to try again
replay('ask', { onError: retry({ times: 1 }) })

// what is called fails
const guarded = circuitBreaker({ whenOpen: 'wait' }).around(async (url: string, { signal }) => (await fetch(url, { signal })).text())
expectTypeOf(texts.pipe(mapAsync(guarded))).toEqualTypeOf<Source<string>>()
expectTypeOf(texts.pipe(mapAsync((s) => s.length, { fallback: (s, error) => { expectTypeOf(s).toBeString(); expectTypeOf(error).toBeUnknown(); return 0 } }))).toEqualTypeOf<Source<number>>()
expectTypeOf(texts.pipe(mapAsync((s) => s.length, { concurrency: adaptive({ max: 10 }) }))).toEqualTypeOf<Source<number>>()
declare const common: MapAsyncOptions
expectTypeOf(texts.pipe(mapAsync((s) => s.length, common))).toEqualTypeOf<Source<number>>()
// @ts-expect-error the fallback answers something else
texts.pipe(mapAsync((s: string): number => s.length, { fallback: () => 'none' }))
// @ts-expect-error not a word
circuitBreaker({ whenOpen: 'drop' })
// @ts-expect-error the function takes texts
numbers.pipe(mapAsync(guarded))
// @ts-expect-error max is needed
adaptive({ min: 1 })
expectTypeOf(numbers.pipe(scan((a, n) => a + n, 0, { restart: true, onError: 'skip' }))).toEqualTypeOf<Source<number>>()
// @ts-expect-error true or false
scan((a: number, n: number) => a + n, 0, { restart: 'yes' })
// @ts-expect-error a map has no state
map((n: number) => n, { restart: true })
