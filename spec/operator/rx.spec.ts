/** RxJS operators as a stage: alone, with every reader and input, and in whole pipelines. */
import fc from 'fast-check'
import { concat, defer, interval as rxInterval, merge as rxMerge, NEVER, Observable, of, throwError, timer, type Observer } from 'rxjs'
import { bufferCount, concatMap, delay, finalize, ignoreElements, last, map as rxMap, mergeMap as rxMergeMap, retry, take as rxTake, tap as rxTap } from 'rxjs'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { from } from '../../src/connector/memory/from.ts'
import { range } from '../../src/connector/memory/range.ts'
import { toArray } from '../../src/connector/memory/to-array.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { map } from '../../src/operator/map.ts'
import { rx } from '../../src/operator/rx.ts'
import { take } from '../../src/operator/take.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { failure } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

suite('rx', (it) => {
  it('emits what the operators make of it, for any input and any reader', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(9), { maxLength: 5 }), { maxLength: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), fc.func(fc.nat(2)), fc.func(fc.nat(2)),
        async (batches, size, capacity, slow, gap) => {
          const { out, error, dropped } = await runOne(rx<number, number[]>((n$) => n$.pipe(bufferCount(size)), { capacity }), { batches, gap }, { slow })
          assert.is(error, undefined)
          assert.is(dropped, 0)
          const all = batches.flat()
          assert.equal(out, Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size)))
        }
      ),
      { seed, numRuns: 100 }
    )
  })

  it('ends with an empty input, and waits for what the operators do afterwards', async () => {
    assert.equal((await runOne(rx<number, number>((n$) => n$), { batches: [] })).out, [])
    assert.equal((await runOne(rx<number, number>((n$) => n$.pipe(delay(5))), { batches: [[1, 2]] })).out, [1, 2])
    assert.equal((await runOne(rx<number, number>((n$) => n$.pipe(last())), { batches: [[1], [2]] })).out, [2])
  })

  it('holds the input back while the reader is slow, and keeps to its bound', async () => {
    let ahead = 0
    let most = 0
    const flow = rx<number, number>((n$) => n$.pipe(rxTap(() => { most = Math.max(most, ++ahead) })), { capacity: 8 })
    const { out, pushes } = await runOne(flow, { batches: [numbers(100)] }, { slow: () => 2, onItem: () => { ahead-- } })
    assert.equal(out, numbers(100))
    assert.ok(most <= 8, `${most} ahead`)
    assert.ok(pushes.every((items) => items.length <= 8))
  })

  it('drops what the operators make by themselves and the reader does not take, by each policy, and counts it', async () => {
    const burst = async (overflow: 'dropOldest' | 'dropNewest' | 'latest' | 'fail'): Promise<unknown> => {
      const { out, dropped, error } = await runOne(rx<number, number>((n$) => n$.pipe(rxMergeMap(() => of(...numbers(10)))), { capacity: 3, overflow }), { batches: [[0]] })
      return error === undefined ? [out, dropped] : (error as PipelineError).code
    }
    assert.equal(await burst('dropOldest'), [[7, 8, 9], 7])
    assert.equal(await burst('dropNewest'), [[0, 1, 2], 7])
    assert.equal(await burst('latest'), [[9], 9])
    assert.is(await burst('fail'), 'ERR_MILLRACE_BUFFER_OVERFLOW')
    const report = await pipeline({ out: range(0, 1).pipe(rx((n$) => n$.pipe(rxMergeMap(() => of(...numbers(10)))), { capacity: 3, overflow: 'dropNewest', name: 'burst' })).to(toArray()) }).run({ workers: 0 }).done
    assert.equal([report.results['out'], report.dropped['burst']], [[0, 1, 2], 7])
  })

  it('gives nothing while nobody is subscribed, and loses nothing of it', async () => {
    const later = rx<number, number>((n$) => concat(timer(10).pipe(ignoreElements()), n$))
    assert.equal((await runOne(later, { batches: [numbers(5)] })).out, numbers(5))
    const parts = rx<number, string>((n$) => concat(n$.pipe(rxTake(2), rxMap((n) => `a${n}`)), n$.pipe(rxMap((n) => `b${n}`))))
    assert.equal((await runOne(parts, { batches: [numbers(4)] })).out, ['a0', 'a1', 'b2', 'b3'])
    const both = rx<number, string>((n$) => rxMerge(n$.pipe(rxMap((n) => `a${n}`)), n$.pipe(rxMap((n) => `b${n}`))))
    assert.equal((await runOne(both, { batches: [[0], [1]] })).out, ['a0', 'b0', 'a1', 'b1'])
    const after = rx<number, number>((n$) => concat(n$.pipe(ignoreElements()), defer(() => n$), of(7)))
    assert.equal((await runOne(after, { batches: [[0, 1]] })).out, [7])
  })

  it('may answer without its input, and for ever', async () => {
    assert.equal((await runOne(rx<number, number>(() => of(5)), { batches: [], endless: true })).out, [5])
    let unsubscribed = 0
    const ticking = rx<number, number>(() => rxInterval(1).pipe(finalize(() => unsubscribed++)))
    assert.equal((await runOne(ticking, { batches: [], endless: true }, { leaveAfter: 3 })).out, [0, 1, 2])
    assert.is(unsubscribed, 1)
    assert.equal(await range(0, 3).pipe(rx((n$) => rxMerge(n$, rxInterval(1).pipe(finalize(() => unsubscribed++)))), take(6)).toArray({ workers: 0 }), [0, 1, 2, 0, 1, 2])
    assert.is(unsubscribed, 2)
  })

  it('closes its input when the operators have enough', async () => {
    let closed = 0
    const endless = (function* () { try { for (let n = 0; ; n++) yield n } finally { closed++ } })()
    assert.equal(await from(endless).pipe(rx((n$) => n$.pipe(rxTake(3)))).toArray({ workers: 0 }), [0, 1, 2])
    assert.is(closed, 1)
  })

  it('unsubscribes once when the reader leaves, the run is cancelled, or the input fails', async () => {
    let log: string[] = []
    const watched = rx<number, number>((n$) => n$.pipe(finalize(() => log.push('gone'))))
    assert.equal((await runOne(watched, { batches: [numbers(3)], endless: true }, { leaveAfter: 3 })).out, [0, 1, 2])
    assert.equal(log, ['gone'])
    log = []
    const controller = new AbortController()
    const cancelled = runOne(watched, { batches: [[1]], endless: true }, { signal: controller.signal, onItem: () => { setImmediate(() => { controller.abort(new Error('enough')) }) } })
    assert.is(((await cancelled).error as Error).message, 'enough')
    assert.equal(log, ['gone'])
    log = []
    const failed = await runOne(watched, { batches: [[1]], fails: new Error('broken') })
    assert.equal([failed.out, (failed.error as Error).message, log], [[1], 'broken', ['gone']])
  })

  it('fails after the items before it, as a stage with that cause', async () => {
    const broken = rx<number, number>((n$) => n$.pipe(rxMap((n) => { if (n === 3) throw new Error('three'); return n })), { name: 'mapped' })
    const alone = await runOne(broken, { batches: [numbers(9)] })
    assert.equal([alone.out, (alone.error as Error).message], [[0, 1, 2], 'three'])
    const error = await failure(range(0, 9).pipe(broken).toArray({ workers: 0 }))
    assert.equal([error.code, error.stage, (error.cause as Error).message], ['ERR_MILLRACE_STAGE_FAILED', 'mapped', 'three'])
    assert.is((await failure(range(0, 9).pipe(rx(() => throwError(() => new Error('at once')))).toArray({ workers: 0 }))).code, 'ERR_MILLRACE_STAGE_FAILED')
    assert.is((await failure(range(0, 9).pipe(rx(() => { throw new Error('in fn') })).toArray({ workers: 0 }))).code, 'ERR_MILLRACE_STAGE_FAILED')
    assert.match((await failure(range(0, 9).pipe(rx(() => 7 as never)).toArray({ workers: 0 }))).message, 'must answer an Observable')
    const mended = rx<number, number>((n$) => n$.pipe(rxMap((n) => { if (n === 3) throw new Error('three'); return n }), retry(1)))
    assert.equal((await runOne(mended, { batches: [numbers(5)] })).out, [0, 1, 2, 4])
  })

  it('waits with operators that never answer until it is cancelled', async () => {
    const controller = new AbortController()
    const run = pipeline({ out: range(0, 3).pipe(rx(() => NEVER)).to(toArray()) }).run({ workers: 0, signal: controller.signal })
    setImmediate(() => { controller.abort() })
    assert.is((await failure(run.done)).code, 'ERR_MILLRACE_CANCELLED')
  })

  it('begins anew with each run, and answers any observable', async () => {
    let called = 0
    const source = range(0, 3).pipe(rx((n$) => { called++; return n$.pipe(concatMap((n) => [n, n])) }), map((n) => n + 1))
    assert.equal(await source.toArray({ workers: 0 }), [1, 1, 2, 2, 3, 3])
    assert.equal(await source.toArray({ workers: 0 }), [1, 1, 2, 2, 3, 3])
    assert.is(called, 2)
    const own = (n$: Observable<number>): unknown => ({ subscribe: (observer: Partial<Observer<number>>) => n$.subscribe(observer) })
    assert.equal((await runOne(rx<number, number>(own as never), { batches: [[1, 2]] })).out, [1, 2]) // of another copy of RxJS
    const rude = rx<number, number>(() => new Observable((s) => { s.next(1); s.complete(); s.next(2) }))
    assert.equal((await runOne(rude, { batches: [] })).out, [1])
  })

  it('checks its arguments', () => {
    for (const make of [() => rx(7 as never), () => rx((n$) => n$, { capacity: 0 }), () => rx((n$) => n$, { overflow: 'wait' as never }), () => rx((n$) => n$, { name: '' })]) {
      try {
        make()
        assert.unreachable()
      } catch (error) {
        assert.is((error as { code?: unknown }).code, 'ERR_MILLRACE_ARGUMENT', String(make))
      }
    }
  })
})
