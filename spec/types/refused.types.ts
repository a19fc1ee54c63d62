/**
 * What operators refuse that the other files here only use rightly, so that each has both: spec/operator/every-operator.spec.ts asks for it.
 * Checked by `tsc` alone; nothing here runs.
 */
import { expectTypeOf } from 'expect-type'
import * as t from 'io-ts'
import {
  balance, concat, delay, drop, dropWhile, encode, endWith, enrich, expand, idleTimeout, interleave, intersperse, joinAsOf, joinWithin, pairwise, sample, slidingCount, splitLines,
  startWith, takeWhile, tap, toJson, zipLatest, zipWithIndex, type Source
} from '../../src/index.ts'

interface Row { readonly path: string, readonly at: number }

declare const numbers: Source<number>
declare const texts: Source<string>
declare const rows: Source<Row>
declare const DateFromText: t.Type<Date, string>
declare const dates: Source<Date>

// -- encode: the other way of decode
expectTypeOf(dates.pipe(encode(DateFromText))).toEqualTypeOf<Source<string>>()
// @ts-expect-error the codec encodes dates
numbers.pipe(encode(DateFromText))

// -- item by item
// @ts-expect-error there is no function to hand the env to
numbers.pipe(pairwise({ env: { k: 1 } }))
// @ts-expect-error the index begins at 0
numbers.pipe(zipWithIndex(1))
// @ts-expect-error a function of texts on numbers
numbers.pipe(tap((s: string) => s.length))
// @ts-expect-error there is nothing to try again
toJson({ onError: { policy: 'retry', times: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: 0, then: 'fail' } })

// -- part of the input
// @ts-expect-error not a boolean
numbers.pipe(takeWhile((n) => n))
// @ts-expect-error a count is a number
drop('3')
// @ts-expect-error not a boolean
numbers.pipe(dropWhile((n) => n))

// -- items of its own: they are among what comes out
// @ts-expect-error a text comes out, too
expectTypeOf(numbers.pipe(startWith('a'))).toEqualTypeOf<Source<number>>()
// @ts-expect-error a text comes out, too
expectTypeOf(numbers.pipe(endWith('a'))).toEqualTypeOf<Source<number>>()
// @ts-expect-error a text comes out, too
expectTypeOf(numbers.pipe(intersperse('a'))).toEqualTypeOf<Source<number>>()

// -- several sources
// @ts-expect-error a number of sources
balance(numbers, 'two')
// @ts-expect-error not a source
concat(numbers, 3)
// @ts-expect-error not a source
interleave(numbers, 3)
// @ts-expect-error a row has one of each
expectTypeOf(zipLatest(numbers, texts)).toEqualTypeOf<Source<readonly [number, number]>>()

// -- gathering
// @ts-expect-error a size is needed
slidingCount({ every: 2 })

// -- joins and look-ups
// @ts-expect-error an instant is needed for both
joinAsOf(rows, rows, { keys: [(r) => r.path, (r) => r.path], at: [(r) => r.at] })
// @ts-expect-error a distance is needed
joinWithin(rows, rows, { keys: [(r) => r.path, (r) => r.path], at: [(r) => r.at, (r) => r.at] })
// @ts-expect-error an answer may be unknown, unless type is 'inner'
expectTypeOf(rows.pipe(enrich({ key: (r: Row) => r.path, lookup: () => new Map<string, number>() }))).toEqualTypeOf<Source<readonly [Row, number]>>()

// -- rate and time
// @ts-expect-error a time is needed
numbers.pipe(sample({}))
// @ts-expect-error a time is needed
numbers.pipe(delay({}))
// @ts-expect-error a time is needed
numbers.pipe(idleTimeout({}))
// @ts-expect-error not iterable
numbers.pipe(expand((n) => n))
// @ts-expect-error texts are lines already, or not: it cuts bytes
texts.pipe(splitLines())
