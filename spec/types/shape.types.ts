/**
 * What TypeScript infers for the operators of rate, shape and combination, and what it refuses. Checked by `tsc` alone.
 */
import { expectTypeOf } from 'expect-type'
import type { Flow, Source } from '../../src/graph/source.ts'
import { conflate } from '../../src/operator/conflate.ts'
import { debounce } from '../../src/operator/debounce.ts'
import { delay } from '../../src/operator/delay.ts'
import { sample } from '../../src/operator/sample.ts'
import { throttle } from '../../src/operator/throttle.ts'

interface Row { readonly path: string, readonly bytes: number }

declare const numbers: Source<number>
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
