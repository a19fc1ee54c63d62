/** Sources and sinks in memory through whole pipelines, on the caller's loop and on the pool. */
import { Readable } from 'node:stream'
import { firstValueFrom, lastValueFrom, of, range as rxRange, Subject, toArray as rxToArray } from 'rxjs'
import * as assert from 'uvu/assert'
import { forEach, from, fromObservable, interval, map, pipeline, range, take, through, toArray, type Report } from '../../src/index.ts'
import { failure, rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const lanes = [0, 2] as const

suite('memory in a pipeline', (it) => {
  it('arrives in order', async () => {
    for (const workers of lanes) {
      const wanted = Array.from({ length: 20_000 }, (_, i) => i * 2)
      const double = map((n: number) => n * 2, { lane: workers === 0 ? undefined : 'blocking' })
      assert.equal(await range(0, 20_000).pipe(double).toArray({ workers }), wanted)
      assert.equal(await from(wanted.map((n) => n / 2)).pipe(double).toArray({ workers }), wanted)
      assert.equal(await from<number>(Readable.from(wanted.map((n) => n / 2))).pipe(double).toArray({ workers }), wanted)
    }
  })

  it('is closed when nobody wants more', async () => {
    const stream = new Readable({ objectMode: true, read() { this.push('x') } })
    assert.equal(await from(stream).pipe(take(2)).toArray(), ['x', 'x'])
    assert.ok(stream.destroyed)
    let closed = 0
    const generator = (async function* () { try { for (;;) yield 1 } finally { closed++ } })()
    for await (const n of from(generator)) if (n === 1) break
    assert.is(closed, 1)
    const subject = new Subject<number>()
    const run = pipeline({ out: fromObservable(subject).to(toArray()) }).run()
    while (!subject.observed) await new Promise((resolve) => setImmediate(resolve))
    run.cancel()
    assert.is((await failure(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    assert.not(subject.observed)
    assert.equal(await interval(1).pipe(take(3)).toArray(), [0, 1, 2])
  })

  it('counts what an Observable lost, or fails', async () => {
    const report = await pipeline({ out: fromObservable(rxRange(0, 100), { capacity: 10, overflow: 'dropOldest', name: 'fast' }).to(toArray()) }).run().done
    assert.equal(report.results['out'], [90, 91, 92, 93, 94, 95, 96, 97, 98, 99])
    assert.is(report.dropped['fast'], 90)
    const error = await failure(from(rxRange(0, 5000)).toArray())
    assert.is(error.code, 'ERR_MILLRACE_BUFFER_OVERFLOW')
    assert.is(error.stage, 'from')
  })

  it('fails with the error of its source or its sink', async () => {
    const error = await failure(from((function* () { yield 1; throw new Error('broken') })()).toArray())
    assert.equal([error.code, error.stage, (error.cause as Error).message], ['ERR_MILLRACE_SOURCE_FAILED', 'from', 'broken'])
    assert.match(error.message, 'after 1 items')
    const sink = await failure(pipeline({ out: range(0, 3).to(forEach((n) => { if (n === 1) throw new Error('broken') }, { name: 'each' })) }).run().done)
    assert.equal([sink.code, sink.stage, (sink.cause as Error).message], ['ERR_MILLRACE_SINK_FAILED', 'each', 'broken'])
    const once = from([1, 2].values())
    assert.equal(await once.toArray(), [1, 2])
    assert.is((await failure(once.toArray())).code, 'ERR_MILLRACE_SOURCE_USED')
  })

  it('an iterator whose next() answers no object is a failed source, and not one without end', async () => {
    const odd = { [Symbol.iterator]: () => ({ next: () => 7 }) } as unknown as Iterable<number>
    const oddLater = { [Symbol.asyncIterator]: () => ({ next: async () => undefined }) } as unknown as AsyncIterable<number>
    for (const source of [from(odd), from(oddLater)]) {
      const error = await rejection(source.toArray({ workers: 0 }))
      assert.is(error.code, 'ERR_MILLRACE_SOURCE_FAILED')
      assert.match(error.message, 'which is no object with value and done')
    }
  })

  it('is an RxJS operator', async () => {
    assert.equal(await lastValueFrom(of(1, 2, 3).pipe(through(map((n: number) => n * 2)), rxToArray())), [2, 4, 6])
    const reports: Report[] = []
    const lossy = through(map((n: number) => n), { capacity: 3, overflow: 'latest', name: 'in', run: { workers: 0 }, onReport: (report) => { reports.push(report) } })
    assert.equal(await lastValueFrom(rxRange(0, 10).pipe(lossy, rxToArray())), [9])
    assert.equal(reports.map(({ dropped }) => dropped), [{ in: 9 }])
    assert.is((await failure(lastValueFrom(rxRange(0, 10).pipe(through(map((n: number) => n), { capacity: 3 }))))).code, 'ERR_MILLRACE_BUFFER_OVERFLOW')
    const rude = lastValueFrom(of(1).pipe(through(map((n: number) => n), { onReport: () => { throw new Error('rude') } })))
    assert.is(await rude.then(() => '', (error: unknown) => (error as Error).message), 'rude')
    const subject = new Subject<number>()
    const left = firstValueFrom(subject.pipe(through(map((n: number) => n + 1), { run: { workers: 0 } })))
    while (!subject.observed) await new Promise((resolve) => setImmediate(resolve))
    subject.next(1)
    assert.is(await left, 2)
    for (let i = 0; i < 50 && subject.observed; i++) await new Promise((resolve) => setImmediate(resolve))
    assert.not(subject.observed)
    assert.is(await firstValueFrom(rxRange(0, 900).pipe(through(map((n: number) => n + 1)))), 1)
  })
}, 10_000)
