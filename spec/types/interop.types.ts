/** What TypeScript infers for the ways between millrace and RxJS, streams, emitters and callbacks. Checked by `tsc` alone. */
import { EventEmitter } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { ReadableStream, WritableStream } from 'node:stream/web'
import { expectTypeOf } from 'expect-type'
import { bufferCount, concatMap, map as rxMap, pairwise, type OperatorFunction } from 'rxjs'
import { fromEvent, intoWebWritable, intoWritable, map, pipeline, queue, range, rx, through, toReadable, toWebStream, type Offered, type Source } from '../../src/index.ts'

const numbers = range(0, 10)

// rx
expectTypeOf(numbers.pipe(rx((n$) => n$.pipe(pairwise())))).toEqualTypeOf<Source<[number, number]>>()
expectTypeOf(numbers.pipe(rx((n$) => n$.pipe(rxMap((n) => String(n))), { capacity: 4, overflow: 'latest' }))).toEqualTypeOf<Source<string>>()
expectTypeOf(numbers.pipe(rx((n$) => n$.pipe(concatMap((n) => [n, n]))), map((n) => n + 1))).toEqualTypeOf<Source<number>>()
expectTypeOf(numbers.pipe(map((n) => n + 1), rx((n$) => n$.pipe(bufferCount(2))))).toEqualTypeOf<Source<number[]>>()
// @ts-expect-error the policy 'wait' is not one for who cannot wait
rx((n$) => n$, { overflow: 'wait' })
// @ts-expect-error an answer that is no observable
numbers.pipe(rx(() => 7))
expectTypeOf(through(map((n: number) => String(n)))).toEqualTypeOf<OperatorFunction<number, string>>()

// events
const emitter = new EventEmitter()
expectTypeOf(fromEvent(emitter, 'x')).toEqualTypeOf<Source<unknown>>()
expectTypeOf(fromEvent<number>(emitter, 'x')).toEqualTypeOf<Source<number>>()
expectTypeOf(fromEvent(emitter, 'x', { select: (a: number, b: string) => [a, b] as const })).toEqualTypeOf<Source<readonly [number, string]>>()
expectTypeOf(fromEvent(new EventTarget(), 'x')).toEqualTypeOf<Source<Event>>()
expectTypeOf(fromEvent(new EventTarget(), 'x', { select: (event: Event) => event.type })).toEqualTypeOf<Source<string>>()

// callbacks
const q = queue<number>()
expectTypeOf(q.source).toEqualTypeOf<Source<number>>()
expectTypeOf(q.offer(1)).resolves.toEqualTypeOf<'accepted' | 'dropped' | 'closed'>()
expectTypeOf(q.tryOffer(1)).toEqualTypeOf<Offered>()
// @ts-expect-error a text is no number
void q.offer('x')

// streams
declare const writable: Writable
declare const web: WritableStream<number>
expectTypeOf(toReadable(numbers)).toEqualTypeOf<Readable>()
expectTypeOf(toWebStream(numbers)).toEqualTypeOf<ReadableStream<number>>()
expectTypeOf(pipeline({ out: numbers.to(intoWritable(writable)) }).run().outputs.out).toHaveProperty('subscribe')
numbers.to(intoWebWritable(web))
// @ts-expect-error the stream takes numbers
numbers.pipe(map((n) => `${n}`)).to(intoWebWritable(web))
