/**
 * What TypeScript infers for the operators of rate, shape and combination, and what it refuses. Checked by `tsc` alone.
 */
import { expectTypeOf } from 'expect-type'
import type { Flow, Source } from '../../src/graph/source.ts'
import { balance } from '../../src/operator/balance.ts'
import { changes } from '../../src/operator/changes.ts'
import { combineLatest } from '../../src/operator/combine-latest.ts'
import { concat } from '../../src/operator/concat.ts'
import { conflate } from '../../src/operator/conflate.ts'
import { debounce } from '../../src/operator/debounce.ts'
import { dedupe } from '../../src/operator/dedupe.ts'
import { delay } from '../../src/operator/delay.ts'
import { dropWhile } from '../../src/operator/drop-while.ts'
import { endWith } from '../../src/operator/end-with.ts'
import { intersperse } from '../../src/operator/intersperse.ts'
import { expand } from '../../src/operator/expand.ts'
import { idleTimeout } from '../../src/operator/idle-timeout.ts'
import { interleave } from '../../src/operator/interleave.ts'
import { merge } from '../../src/operator/merge.ts'
import { mergeMap } from '../../src/operator/merge-map.ts'
import { pairwise } from '../../src/operator/pairwise.ts'
import { race } from '../../src/operator/race.ts'
import { sample } from '../../src/operator/sample.ts'
import { slidingCount } from '../../src/operator/sliding-count.ts'
import { sort } from '../../src/operator/sort.ts'
import { splitLines } from '../../src/operator/split-lines.ts'
import { startWith } from '../../src/operator/start-with.ts'
import { switchMap } from '../../src/operator/switch-map.ts'
import { takeBytes } from '../../src/operator/take-bytes.ts'
import { takeUntil } from '../../src/operator/take-until.ts'
import { throttle } from '../../src/operator/throttle.ts'
import { zip } from '../../src/operator/zip.ts'
import { zipLatest } from '../../src/operator/zip-latest.ts'
import { zipWithIndex } from '../../src/operator/zip-with-index.ts'

interface Row { readonly path: string, readonly bytes: number }

declare const numbers: Source<number>
declare const texts: Source<string>
declare const rows: Source<Row>

// -- rate and time ---------------------------------------------------------------------------------------------------------
expectTypeOf(rows.pipe(throttle({ units: 10, cost: (r) => r.bytes, burst: 100, mode: 'drop' }))).toEqualTypeOf<Source<Row>>()
expectTypeOf(rows.pipe(throttle({ units: 10 }), debounce({ ms: 5 }), sample({ ms: 5 }), delay({ ms: 1 }))).toEqualTypeOf<Source<Row>>()
expectTypeOf(throttle<number>({ units: 1 })).toEqualTypeOf<Flow<number, number>>()
// @ts-expect-error a rate is needed
rows.pipe(throttle({}))
// @ts-expect-error a cost is a number
rows.pipe(throttle({ units: 10, cost: (r) => r.path }))
// @ts-expect-error no such mode
rows.pipe(throttle({ units: 10, mode: 'lose' }))
// @ts-expect-error it would cost the same again
rows.pipe(throttle({ units: 10, onError: { policy: 'retry' } }))
// @ts-expect-error a time is needed
rows.pipe(debounce({}))

// -- conflate: with and without a first value of its own -------------------------------------------------------------------
expectTypeOf(numbers.pipe(conflate((sum, n) => sum + n))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(conflate((r) => r.bytes, (sum, r) => sum + r.bytes))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(conflate((_, r) => r, { maxCount: 3 }))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error what is held is a row
rows.pipe(conflate((sum, r) => r.path))

// -- beside, apart, less ---------------------------------------------------------------------------------------------------
expectTypeOf(rows.pipe(pairwise())).toEqualTypeOf<Source<readonly [Row, Row]>>()
expectTypeOf(rows.pipe(zipWithIndex())).toEqualTypeOf<Source<readonly [Row, number]>>()
expectTypeOf(splitLines({ maxLineBytes: 80 })).toEqualTypeOf<Flow<Uint8Array, string>>()
expectTypeOf(rows.pipe(slidingCount({ size: 3, every: 2, partial: true }))).toEqualTypeOf<Source<readonly Row[]>>()
expectTypeOf(rows.pipe(dropWhile((r, { least }) => r.bytes < least, { env: { least: 3 } }))).toEqualTypeOf<Source<Row>>()
expectTypeOf(numbers.pipe(changes())).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(changes((r) => r.path))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error an object is no key
rows.pipe(changes())
expectTypeOf(texts.pipe(takeBytes(10))).toEqualTypeOf<Source<string>>()
expectTypeOf(rows.pipe(takeBytes(10, { weigh: (r) => r.bytes, whenOver: 'fail' }))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error a weight is a number
rows.pipe(takeBytes(10, { weigh: (r) => r.path }))
expectTypeOf(numbers.pipe(dedupe({ maxKeys: 10 }))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(dedupe({ maxKeys: 10, key: (r) => r.path, withinMs: 5 }))).toEqualTypeOf<Source<Row>>()
expectTypeOf(rows.pipe(dedupe({ maxKeys: 10, key: (r, { at }) => r[at], env: { at: 'path' as const } }))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error an object is no key
rows.pipe(dedupe({ maxKeys: 10 }))
// @ts-expect-error a bound is needed
numbers.pipe(dedupe({}))

// -- items of its own: of the same type, or of another -----------------------------------------------------------------------
expectTypeOf(numbers.pipe(startWith(0))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(startWith('x'))).toEqualTypeOf<Source<number | string>>()
expectTypeOf(numbers.pipe(endWith(0, 1))).toEqualTypeOf<Source<number>>()
expectTypeOf(texts.pipe(intersperse(', ', { start: '[', end: ']' }))).toEqualTypeOf<Source<string>>()
expectTypeOf(numbers.pipe(intersperse(null))).toEqualTypeOf<Source<number | null>>()

// -- several sources: options come last ---------------------------------------------------------------------------------------
expectTypeOf(merge(numbers, texts, { name: 'both' })).toEqualTypeOf<Source<number | string>>()
expectTypeOf(merge(numbers, texts, { prefer: 1 })).toEqualTypeOf<Source<number | string>>()
expectTypeOf(merge(rows, rows, { by: (r) => r.bytes, order: 'descending' })).toEqualTypeOf<Source<Row>>()
expectTypeOf(merge(rows, rows, { compare: (a, b) => a.bytes - b.bytes })).toEqualTypeOf<Source<Row>>()
expectTypeOf(merge(...[rows, rows])).toEqualTypeOf<Source<Row>>()
expectTypeOf(concat(numbers, numbers, { name: 'one by one' })).toEqualTypeOf<Source<number>>()
expectTypeOf(zip(numbers, texts, { name: 'rows' })).toEqualTypeOf<Source<readonly [number, string]>>()
expectTypeOf(combineLatest(numbers, texts, rows)).toEqualTypeOf<Source<readonly [number, string, Row]>>()
expectTypeOf(zipLatest(numbers, texts, { name: 'x' })).toEqualTypeOf<Source<readonly [number, string]>>()
// @ts-expect-error one is not enough
combineLatest(numbers)
expectTypeOf(interleave(numbers, texts, { segment: 2 })).toEqualTypeOf<Source<number | string>>()
expectTypeOf(race(numbers, texts)).toEqualTypeOf<Source<number | string>>()

// -- streams of items -------------------------------------------------------------------------------------------------------
declare const later: (row: Row) => AsyncIterable<string>
expectTypeOf(rows.pipe(mergeMap(() => numbers, { concurrency: 2 }))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(mergeMap(later))).toEqualTypeOf<Source<string>>()
expectTypeOf(rows.pipe(switchMap((r, { signal }) => (signal.aborted ? [] : [r.path])))).toEqualTypeOf<Source<string>>()
expectTypeOf(rows.pipe(expand((r) => [r.path]))).toEqualTypeOf<Source<string>>()
// @ts-expect-error a number is no stream
rows.pipe(mergeMap((r) => r.bytes))
// @ts-expect-error a promise is no stream
rows.pipe(switchMap(async (r) => Promise.resolve([r])))

// -- ends and ways ------------------------------------------------------------------------------------------------------------
expectTypeOf(rows.pipe(takeUntil(AbortSignal.timeout(1)), takeUntil(numbers), idleTimeout({ ms: 5, whenIdle: 'end' }))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error neither a signal nor a source
rows.pipe(takeUntil(5))
expectTypeOf(balance(rows, 3)).toEqualTypeOf<readonly [Source<Row>, Source<Row>, Source<Row>]>()
declare const some: number
expectTypeOf(balance(rows, some, { piece: 8 })).toEqualTypeOf<readonly Source<Row>[]>()

// -- sort: by the items where they have an order, else by what is said --------------------------------------------------------
expectTypeOf(numbers.pipe(sort())).toEqualTypeOf<Source<number>>()
expectTypeOf(texts.pipe(sort({ order: 'descending', maxItems: 9 }))).toEqualTypeOf<Source<string>>()
expectTypeOf(rows.pipe(sort({ by: (r) => r.bytes }))).toEqualTypeOf<Source<Row>>()
expectTypeOf(rows.pipe(sort({ compare: (a, b) => a.bytes - b.bytes }))).toEqualTypeOf<Source<Row>>()
// @ts-expect-error rows have no order of their own
rows.pipe(sort())
// @ts-expect-error a row is no key
rows.pipe(sort({ by: (r) => r }))
