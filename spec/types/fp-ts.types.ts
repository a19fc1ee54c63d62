/** What TypeScript infers for the instances, TaskEither and Reader of `millrace/fp-ts`. Checked by `tsc` alone. */
import { expectTypeOf } from 'expect-type'
import { sequenceT } from 'fp-ts/lib/Apply.js'
import { pipe } from 'fp-ts/lib/function.js'
import { bindTo } from 'fp-ts/lib/Functor.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Flow, PipelineError, Source } from '../../src/index.ts'
import { range } from '../../src/index.ts'
import { Apply, composeReader, filter, filterMap, filterReader, Filterable, Functor, getMonoid, map, mapReader, mapTaskEither, partition, provide, toTaskEither, via } from '../../src/fp-ts.ts'

const numbers = range(0, 3)
expectTypeOf(Functor.map(numbers, String)).toEqualTypeOf<Source<string>>()
expectTypeOf(pipe(numbers, bindTo(Functor)('n'))).toEqualTypeOf<Source<{ readonly n: number }>>()
expectTypeOf(sequenceT(Apply)(numbers, Functor.map(numbers, String))).toEqualTypeOf<Source<[number, string]>>()
expectTypeOf(getMonoid<number>().concat(numbers, numbers)).toEqualTypeOf<Source<number>>()
expectTypeOf(pipe(numbers, filter((n) => n > 1), map((n) => `${n}`), via<string, string>({ apply: (s) => s }))).toEqualTypeOf<Source<string>>()
expectTypeOf(pipe(numbers, filterMap((n) => (n > 1 ? O.some([n]) : O.none)))).toEqualTypeOf<Source<number[]>>()
declare const mixed: Source<string | number>
const isText = (x: string | number): x is string => typeof x === 'string'
expectTypeOf(Filterable.filter(mixed, isText)).toEqualTypeOf<Source<string>>()
expectTypeOf(pipe(mixed, partition(isText)).right).toEqualTypeOf<Source<string>>()
expectTypeOf(toTaskEither(numbers)).toEqualTypeOf<TE.TaskEither<PipelineError, readonly number[]>>()
expectTypeOf(numbers.pipe(mapTaskEither((n) => TE.right(`${n}`)))).toEqualTypeOf<Source<string>>()
const both = composeReader(filterReader((n: number, e: { least: number }) => n > e.least), mapReader((n: number, e: { by: number }) => `${n * e.by}`))
expectTypeOf(provide({ least: 1, by: 2 })(both)).toEqualTypeOf<Flow<number, string>>()
// @ts-expect-error an environment that lacks something
provide({ least: 1 })(both)
