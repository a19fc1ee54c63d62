/** What TypeScript infers for aggregates, and what it refuses. Checked by `tsc` alone; nothing here runs. */
import { expectTypeOf } from 'expect-type'
import {
  aggregate, aggregateBy, collect, combined, count, distinctCount, first, max, maxBy, quantiles, sum, topK, type Aggregate, type Combiner, type Flow, type Source
} from '../../src/index.ts'

interface Row { readonly path: string, readonly bytes: number }

declare const rows: Source<Row>
declare const numbers: Source<number>
declare const own: Combiner<Row, Set<string>, number>
declare const plain: Combiner<Row, Set<string>>

expectTypeOf(rows.pipe(aggregate(sum((r) => r.bytes)))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(aggregate(count()))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(aggregate(sum()))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(aggregate(sum((n, { k }) => n * k), { env: { k: 2 } }))).toEqualTypeOf<Source<number>>()
expectTypeOf(rows.pipe(aggregate(topK(3, (r) => r.bytes)))).toEqualTypeOf<Source<readonly Row[]>>()
expectTypeOf(rows.pipe(aggregate(maxBy((r) => r.path)))).toEqualTypeOf<Source<Row | undefined>>()
expectTypeOf(rows.pipe(aggregate(max((r) => r.path)))).toEqualTypeOf<Source<string | undefined>>()
expectTypeOf(rows.pipe(aggregate(first((r) => r.path)))).toEqualTypeOf<Source<string | undefined>>()
expectTypeOf(rows.pipe(aggregate(first<Row>()))).toEqualTypeOf<Source<Row | undefined>>()
expectTypeOf(rows.pipe(aggregate(quantiles([0.5], (r) => r.bytes)))).toEqualTypeOf<Source<readonly number[]>>()
expectTypeOf(rows.pipe(aggregate(collect({ max: 3 }, (r) => r.path)))).toEqualTypeOf<Source<readonly string[]>>()
expectTypeOf(rows.pipe(aggregateBy((r) => r.path, distinctCount((r) => r.bytes)))).toEqualTypeOf<Source<ReadonlyMap<string, number>>>()
expectTypeOf(rows.pipe(aggregateBy((r) => r.path, count()))).toEqualTypeOf<Source<ReadonlyMap<string, number>>>()
expectTypeOf(aggregate(sum((r: Row) => r.bytes))).toEqualTypeOf<Flow<Row, number>>()

// -- combined: names and answers, the user's own too
const several = combined({ bytes: sum((r: Row) => r.bytes), n: count(), own, plain, top: topK(2, (r: Row) => r.bytes) })
expectTypeOf(rows.pipe(aggregate(several))).toEqualTypeOf<
  Source<{ readonly bytes: number, readonly n: number, readonly own: number, readonly plain: Set<string>, readonly top: readonly Row[] }>
>()
expectTypeOf(rows.pipe(aggregateBy((r) => r.path, combined({ n: count(), m: combined({ c: count() }) })))).toEqualTypeOf<
  Source<ReadonlyMap<string, { readonly n: number, readonly m: { readonly c: number } }>>
>()

// -- refused
// @ts-expect-error -- items are no numbers
rows.pipe(aggregate(sum()))
// @ts-expect-error -- a text cannot be added up
sum((r: Row) => r.path)
// @ts-expect-error -- an object is no key
distinctCount((r: Row) => r)
// @ts-expect-error -- an object has no place in an order
topK(3, (r: Row) => r)
// @ts-expect-error -- another item
numbers.pipe(aggregate(several))
// @ts-expect-error -- max is needed
collect({})
export const unused: Aggregate<unknown, number> = count()
