/**
 * What TypeScript infers for the test kit, and what it refuses. Checked by `tsc` alone; nothing here runs.
 */
import { expectTypeOf } from 'expect-type'
import type { Closed, Observed, Sink, Source } from '../../src/graph/source.ts'
import { batch, compose, map, pipeline, range, toArray, type PipelineError } from '../../src/index.ts'
import {
  cold, expectMarbles, probeSink, probeSource, simulate, verifyOperator, withVirtualTime, type Fault, type ProbeSink, type ProbeSource, type Simulation, type Verified
} from '../../src/testing.ts'

// probes
const source = probeSource<number>()
expectTypeOf(source).toEqualTypeOf<ProbeSource<number>>()
expectTypeOf(source.pipe(map((n) => String(n)))).toEqualTypeOf<Source<string>>()
expectTypeOf(source.expectRequest({ withinMs: 5 })).toEqualTypeOf<Promise<void>>()
// @ts-expect-error an item of another type
source.send('text')
const sink = probeSink<string>()
expectTypeOf(sink).toEqualTypeOf<ProbeSink<string>>()
expectTypeOf(sink).toExtend<Sink<string, undefined>>()
expectTypeOf(source.pipe(map((n) => String(n))).to(sink)).toEqualTypeOf<Closed<undefined>>()
// @ts-expect-error a sink of texts behind a source of numbers
source.to(sink)
// @ts-expect-error an item of another type
void sink.expectNext(5)
expectTypeOf(sink.expectError('ERR_MILLRACE_CANCELLED')).toEqualTypeOf<Promise<unknown>>()

// marbles
expectTypeOf(cold('ab|')).toEqualTypeOf<Source<string>>()
expectTypeOf(cold('ab|', { a: 1, b: 2 })).toEqualTypeOf<Source<number>>()
expectTypeOf(expectMarbles(cold('a|', { a: 1 }), 'a|', { a: 1 })).toEqualTypeOf<Promise<void>>()

// time
expectTypeOf(withVirtualTime(async (time) => { await time.advance(5); return time.now() })).toEqualTypeOf<Promise<number>>()

// operators
expectTypeOf(verifyOperator(compose(map((n: number) => String(n)), batch({ count: 2 })), { inputs: [1], expected: [['1']] })).toEqualTypeOf<Promise<Verified<readonly string[]>>>()
// @ts-expect-error inputs of another type
void verifyOperator(map((n: number) => n), { inputs: ['text'] })
// @ts-expect-error items of another type
void verifyOperator(map((n: number) => n), { inputs: [1], expected: ['1'] })

// simulation
const p = pipeline({ n: range(0, 3).observe(), all: range(0, 3).to(toArray()) })
expectTypeOf(simulate(p)).toEqualTypeOf<Promise<Simulation<{ n: Observed<number>; all: Closed<number[]> }>>>()
void simulate(() => p, {
  faults: ['throw', 'cancel'],
  check: ({ outputs, error, faults }) => {
    expectTypeOf(outputs.n).toEqualTypeOf<readonly number[]>()
    expectTypeOf(outputs.all).toEqualTypeOf<readonly number[][]>()
    expectTypeOf(error).toEqualTypeOf<PipelineError | undefined>()
    expectTypeOf(faults).toEqualTypeOf<readonly Fault[]>()
  }
})
// @ts-expect-error a fault that there is not
void simulate(p, { faults: ['fire'] })
void simulate(p, { workers: 2, faults: ['worker', 'throw'] })
// @ts-expect-error a number of workers
void simulate(p, { workers: 'two' })
