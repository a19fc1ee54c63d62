/** Types of graphs, pipelines and runs: what is inferred, and what must not compile. Checked by tsc, never run. */
import { expectTypeOf } from 'expect-type'
import type { Observable } from 'rxjs'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import {
  compose, countBy, filter, forEach, from, map, mapAsync, pipeline, range, toArray, type Closed, type Flow, type Observed, type PipelineError, type Report, type Sink, type Source
} from '../../src/index.ts'
import * as fs from '../../src/fs.ts'

// inference through pipe, without annotations
expectTypeOf(range(0, 3)).toEqualTypeOf<Source<number>>()
expectTypeOf(range(0, 3).pipe(map((n) => `${n}`))).toEqualTypeOf<Source<string>>()
expectTypeOf(range(0, 3).pipe(map((n) => ({ n })), filter(({ n }) => n > 1), mapAsync(async ({ n }) => BigInt(n)))).toEqualTypeOf<Source<bigint>>()
expectTypeOf(from(['a']).pipe(countBy((s) => s.length))).toEqualTypeOf<Source<ReadonlyMap<number, number>>>()

// sinks say what they answer
expectTypeOf(range(0, 3).to(toArray())).toEqualTypeOf<Closed<number[]>>()
expectTypeOf(range(0, 3).to(forEach((n) => void n.toFixed()))).toEqualTypeOf<Closed<number>>()
expectTypeOf(range(0, 3).observe()).toEqualTypeOf<Observed<number>>()

// outputs keep their names and types
const run = pipeline({ numbers: range(0, 3).observe(), all: from(['a']).to(toArray()) }).run()
expectTypeOf(run.outputs.numbers).toEqualTypeOf<Observable<number>>()
expectTypeOf(run.outputs.all).toEqualTypeOf<Observable<string[]>>()
type Outs = { numbers: Observed<number>; all: Closed<string[]> }
expectTypeOf(run.done).toEqualTypeOf<Promise<Report<Outs>>>()
expectTypeOf(run.drain()).toEqualTypeOf<Promise<Report<Outs>>>()
expectTypeOf(run.result).toEqualTypeOf<TaskEither<PipelineError, Report<Outs>>>()
// the report knows what the sinks answer; a report of whatever run takes any
declare const report: Report<Outs>
expectTypeOf(report.results.all).toEqualTypeOf<string[]>()
expectTypeOf(report.results.numbers).toEqualTypeOf<undefined>()
expectTypeOf(report.results['deadLetters']).toEqualTypeOf<unknown>()
expectTypeOf(report).toExtend<Report>()
// @ts-expect-error not a number
export const wrong: number = report.results.all
expectTypeOf<keyof typeof run.outputs>().toEqualTypeOf<'numbers' | 'all'>()

// flows compose, and a source fits where less is asked
expectTypeOf(compose(map((s: string) => s.length), map((n) => n > 1))).toEqualTypeOf<Flow<string, boolean>>()
expectTypeOf(from(['a'])).toExtend<Source<string | number>>()

// a wrong connection does not compile
// @ts-expect-error a flow of strings behind a source of numbers
range(0, 3).pipe(map((s: string) => s.length))
// @ts-expect-error the second flow wants what the first does not give
compose(map((s: string) => s.length), map((s: string) => s))
// @ts-expect-error a sink of strings
range(0, 3).to({} as Sink<string, void>)
// @ts-expect-error an open source is not an output
pipeline({ out: range(0, 3) })
// @ts-expect-error lines are strings
fs.lines('x').pipe(map((n: number) => n))
expectTypeOf(fs.blocks('x', { blockBytes: 1000 })).toEqualTypeOf<Source<Uint8Array>>()
// @ts-expect-error blocks are bytes
fs.blocks('x').pipe(map((line: string) => line))
// @ts-expect-error nothing is written in blocks
from([new Uint8Array(1)]).to(fs.blocks('x'))
// @ts-expect-error a lane that does not exist
range(0, 3).pipe(map((n) => n, { lane: 'gpu' }))
