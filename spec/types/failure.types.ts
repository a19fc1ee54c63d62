/** Types of what becomes of failures: policies, what the report says, sinks that call. Checked by tsc, not run. */
import { expectTypeOf } from 'expect-type'
import {
  adaptive, circuitBreaker, enrich, forEach, from, map, mapAsync, mergeMap, orElse, range, reopen, retry, type Closed, type FailedItem, type Report, type Source
} from '../../src/index.ts'
import { forEachTaskEither } from '../../src/fp-ts.ts'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

const numbers: Source<number> = range(0, 3)

// stop, wherever a policy is
expectTypeOf(numbers.pipe(map((n) => `${n}`, { onError: 'stop' }))).toEqualTypeOf<Source<string>>()
numbers.pipe(mapAsync((n) => n, { onError: retry({ times: 1, then: 'stop', decide: (_, attempts) => (attempts > 1 ? 'stop' : 'retry') }) }))
numbers.pipe(mergeMap((n) => [n], { onError: 'stop' }))
circuitBreaker({ whenOpen: 'stop' })
// @ts-expect-error no such word
numbers.pipe(map((n) => n, { onError: 'end' }))
expectTypeOf<NonNullable<Report['stages'][number]['stopped']>>().toExtend<FailedItem>()

// sinks that call: with an option of calls, and only then, there is a context
const send = async (n: number, { signal }: { readonly signal: AbortSignal }): Promise<boolean> => Promise.resolve(signal.aborted && n > 0)
expectTypeOf(numbers.to(forEach(send, { concurrency: adaptive({ max: 8 }), timeoutMs: 10, onError: 'deadLetter' }))).toEqualTypeOf<Closed<number>>()
expectTypeOf(numbers.to(forEach(async (n, { signal }) => send(n, { signal }), { concurrency: 2, fallback: (n, error) => [n.toFixed(), error] }))).toEqualTypeOf<Closed<number>>()
// @ts-expect-error without such options there is none
numbers.to(forEach(send))
// @ts-expect-error nor with a name alone
numbers.to(forEach(send, { name: 'send' }))
// @ts-expect-error not of the source's items
numbers.to(forEach((s: string) => s, { concurrency: 2 }))

declare const save: (n: number, context: { readonly signal: AbortSignal }) => TaskEither<Error, void>
expectTypeOf(numbers.to(forEachTaskEither(save, { concurrency: 4 }))).toEqualTypeOf<Closed<number>>()
// @ts-expect-error as of forEach
numbers.to(forEachTaskEither(save))

// lookups
enrich({ key: (n: number) => n, lookup: (keys) => keys.map(String), concurrency: adaptive({ max: 4 }), fallback: (keys, error) => keys.map((k) => `${k} ${String(error)}`) })
// @ts-expect-error the fallback answers what the lookup does
enrich<number, number, string>({ key: (n) => n, lookup: (keys) => keys.map(String), fallback: (keys) => keys })

// sources that fail
expectTypeOf(orElse(numbers, (error, emitted) => from([String(error), emitted.toFixed()]))).toEqualTypeOf<Source<number | string>>()
expectTypeOf(orElse(numbers, () => (Math.random() > 2 ? from([1]) : undefined))).toEqualTypeOf<Source<number>>()
// @ts-expect-error a source, not a list
orElse(numbers, () => [1])
expectTypeOf(reopen(numbers, { times: 3, decide: (error) => (error instanceof TypeError ? 'fail' : 'retry') })).toEqualTypeOf<Source<number>>()
expectTypeOf(reopen(({ emitted, attempts, error }) => from([emitted + attempts, error]))).toEqualTypeOf<Source<unknown>>()
// @ts-expect-error 'stop' is for items
reopen(numbers, { decide: () => 'stop' })
