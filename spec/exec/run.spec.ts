/**
 * A run from its start to its one end: outputs, report, cancel, drain, signals; on the caller's loop and on the pool.
 */
import { Observable, firstValueFrom, of, toArray as collectAll } from 'rxjs'
import * as assert from 'uvu/assert'
import {
  filter, forEach, from, fromObservable, interval, map, mapAsync, merge, pipeline, range, reduce, take, through, toArray, PipelineError
} from '../../src/index.ts'
import { Runtime } from '../../src/runtime.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { noteOpen } from '../support/leftovers.ts'
import { suite } from '../support/suite.ts'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

for (const workers of [0, 2]) {
  suite(`a run with ${workers} workers`, (it) => {
    it('shares a source that is used twice: it runs once, and every reader sees every item', async () => {
      let pulls = 0
      const source = from((function* () { for (const n of numbers(1000)) { pulls++; yield n } })())
      const run = pipeline({
        even: source.pipe(filter((n) => n % 2 === 0)).observe(),
        sum: source.pipe(reduce((a, b) => a + b, 0)).observe(),
        all: source.to(toArray())
      }).run({ workers })
      const even: number[] = []
      run.outputs.even.subscribe((n) => even.push(n))
      const [sum, all] = await Promise.all([firstValueFrom(run.outputs.sum), firstValueFrom(run.outputs.all)])
      await run.done
      assert.is(pulls, 1000)
      assert.equal(even, numbers(1000).filter((n) => n % 2 === 0))
      assert.is(sum, 499_500)
      assert.equal(all, numbers(1000))
    })

    it('reports what entered, left and was filtered by each stage', async () => {
      const run = pipeline({
        out: range(0, 1000).pipe(map((n) => n + 1, { name: 'plus' }), filter((n) => n % 10 === 0, { name: 'tens' })).to(forEach(() => undefined))
      }).run({ workers })
      const report = await run.done
      const row = (name: string) => report.stages.find((stage) => stage.name === name)!
      assert.equal([row('plus').in, row('plus').out], [1000, 1000])
      assert.equal([row('tens').in, row('tens').out, row('tens').filtered], [1000, 100, 900])
      assert.is(row('forEach').in, 100)
      assert.ok(report.wallMs > 0 && report.cpuMs >= 0)
    })

    it('the same values when forced onto the blocking lane, in order', async () => {
      const got = await range(0, 20_000).pipe(map((n) => n * 2, { lane: workers === 0 ? 'async' : 'blocking' })).toArray({ workers })
      assert.equal(got, numbers(20_000).map((n) => n * 2))
    })

    it('cancel stops an endless run, and done says so', async () => {
      const closed = noteOpen()
      const run = pipeline({ out: from((function* () { for (let i = 0; ; i++) yield i })()).pipe(map((n) => n + 1)).to(forEach(() => undefined)) }).run({ workers })
      setTimeout(() => {
        run.cancel(new Error('enough'))
      }, 30)
      const error = await rejection(run.done)
      assert.is(error.code, 'ERR_MILLRACE_CANCELLED')
      assert.is((error.cause as Error).message, 'enough')
      await closed()
    })

    it('an AbortSignal cancels, also one that was aborted before', async () => {
      const p = pipeline({ out: interval(1).pipe(map((n) => n)).to(forEach(() => undefined)) })
      const controller = new AbortController()
      setTimeout(() => {
        controller.abort(new Error('stop'))
      }, 20)
      assert.is((await rejection(p.run({ workers, signal: controller.signal }).done)).code, 'ERR_MILLRACE_CANCELLED')
      assert.is((await rejection(p.run({ workers, signal: AbortSignal.abort() }).done)).code, 'ERR_MILLRACE_CANCELLED')
    })

    it('drain ends the sources and lets what was read run through', async () => {
      let read = 0
      const seen: number[] = []
      const source = from((async function* () { for (;;) { await new Promise((r) => setTimeout(r, 1)); yield read++ } })())
      const run = pipeline({ out: source.pipe(map((n) => n)).to(forEach((n: number) => void seen.push(n))) }).run({ workers })
      setTimeout(() => void run.drain(), 40)
      const report = await run.done
      assert.ok(seen.length > 0)
      assert.equal(seen, numbers(seen.length))
      assert.ok(read - seen.length <= 1, 'at most the item that was being read is not counted')
      assert.is(report.stages.at(-1)!.in, seen.length)
    })

    it('take stops an endless source', async () => {
      const closed = noteOpen()
      assert.equal(await interval(1).pipe(take(3)).toArray({ workers }), [0, 1, 2])
      assert.equal(await range(0, 1e12).pipe(map((n) => n * 2), take(3)).toArray({ workers }), [0, 2, 4])
      await closed()
    })

    it('for await goes at its own pace; leaving it cancels the run', async () => {
      const closed = noteOpen()
      const seen: number[] = []
      for await (const n of range(0, 1e9).pipe(map((x) => x + 1))) {
        seen.push(n)
        if (seen.length === 1000) break
      }
      assert.equal(seen, numbers(1000).map((n) => n + 1))
      await closed()
    })

    it('toObservable is cold: each subscription is a run, unsubscribing ends it', async () => {
      let runs = 0
      const source = from({ [Symbol.iterator]: () => { runs++; return numbers(5)[Symbol.iterator]() } })
      const obs = source.pipe(map((n) => n * 2)).toObservable({ workers })
      assert.equal(await firstValueFrom(obs.pipe(collectAll())), [0, 2, 4, 6, 8])
      assert.equal(await firstValueFrom(obs.pipe(collectAll())), [0, 2, 4, 6, 8])
      assert.is(runs, 2)
      const closed = noteOpen()
      await new Promise<void>((resolve) => {
        const subscription = interval(1).toObservable({ workers }).subscribe((n) => {
          if (n < 3) return
          subscription.unsubscribe()
          resolve()
        })
      })
      await closed()
    })

    it('two runs of one pipeline at the same time do not meet', async () => {
      const p = pipeline({ out: range(0, 3000).pipe(map((n) => n + 1)).to(toArray()) })
      const results = await Promise.all([1, 2, 3].map(async () => {
        const run = p.run({ workers })
        const [out] = await Promise.all([firstValueFrom(run.outputs.out), run.done])
        return out
      }))
      for (const result of results) assert.equal(result, numbers(3000).map((n) => n + 1))
    })
  }, 10_000)
}

suite('a run', (it) => {
  it('result is a TaskEither of the same', async () => {
    const good = await pipeline({ out: range(0, 3).to(toArray()) }).run({ workers: 0 }).result()
    assert.is(good._tag, 'Right')
    const bad = await pipeline({ out: range(0, 3).pipe(map(() => { throw new Error('no') })).to(toArray()) }).run({ workers: 0 }).result()
    assert.is(bad._tag, 'Left')
    if (bad._tag === 'Left') assert.instance(bad.left, PipelineError)
  })

  it('await using cancels at the end of the block', async () => {
    const run = pipeline({ out: interval(1).to(forEach(() => undefined)) }).run({ workers: 0 })
    await run[Symbol.asyncDispose]()
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
  })

  it('an output without a subscriber follows its policy, and drops are counted', async () => {
    for (const overflow of ['dropOldest', 'dropNewest'] as const) {
      const run = pipeline({ out: range(0, 100).observe({ capacity: 10, overflow }) }).run({ workers: 0 })
      const report = await run.done
      assert.is(report.dropped['out'], 90)
      const kept = await firstValueFrom(run.outputs.out.pipe(collectAll()))
      assert.equal(kept, overflow === 'dropOldest' ? numbers(100).slice(90) : numbers(10))
    }
    const latest = pipeline({ out: range(0, 100).observe({ overflow: 'latest' }) }).run({ workers: 0 })
    await latest.done
    assert.equal(await firstValueFrom(latest.outputs.out.pipe(collectAll())), [99])
    const error = await rejection(pipeline({ out: range(0, 100).observe({ capacity: 10, overflow: 'fail' }) }).run({ workers: 0 }).done)
    assert.is(error.code, 'ERR_MILLRACE_BUFFER_OVERFLOW')
  })

  it('an output that waits for its subscriber loses nothing', async () => {
    const run = pipeline({ out: range(0, 5000).observe({ capacity: 10 }) }).run({ workers: 0 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const seen: number[] = []
    run.outputs.out.subscribe((n) => seen.push(n))
    await run.done
    assert.equal(seen, numbers(5000))
  })

  it('observers are told of the failure', async () => {
    const run = pipeline({ out: range(0, 10).pipe(map((n) => { if (n === 5) throw new Error('five'); return n })).observe() }).run({ workers: 0 })
    const told = new Promise((resolve) => run.outputs.out.subscribe({ error: resolve }))
    assert.is(((await told) as PipelineError).code, 'ERR_MILLRACE_STAGE_FAILED')
    await rejection(run.done)
  })

  it('through makes an RxJS operator of a flow', async () => {
    const got = await firstValueFrom(of(1, 2, 3).pipe(through(map((n: number) => n * 2)), collectAll()))
    assert.equal(got, [2, 4, 6])
  })

  it('fromObservable holds what comes too fast under its policy', async () => {
    const fast = new Observable<number>((subscriber) => { for (const n of numbers(100)) subscriber.next(n); subscriber.complete() })
    assert.equal(await fromObservable(fast, { capacity: 200 }).toArray({ workers: 0 }), numbers(100))
    const error = await rejection(fromObservable(fast, { capacity: 10, overflow: 'fail' }).toArray({ workers: 0 }))
    assert.is(error.code, 'ERR_MILLRACE_BUFFER_OVERFLOW')
  })

  it('metrics can be read while it goes on', async () => {
    const run = pipeline({ out: interval(1).pipe(map((n) => n), take(20)).to(forEach(() => undefined)) }).run({ workers: 0 })
    await new Promise((resolve) => setTimeout(resolve, 10))
    const { wallMs, stages } = run.metrics()
    assert.ok(wallMs > 0 && stages.length > 0)
    await run.done
  })

  it('merging a source with itself sees every item twice', async () => {
    const source = range(0, 500)
    const got = await merge(source.pipe(map((n) => n)), source.pipe(mapAsync(async (n) => n))).toArray({ workers: 0 })
    assert.equal(got.sort((a, b) => a - b), numbers(500).flatMap((n) => [n, n]))
  })

  it('a graph that waits for itself is told apart from a slow one', async () => {
    const source = range(0, 100_000)
    const slowStart = pipeline({
      out: source.pipe(mapAsync(async (n) => n)).to(forEach(() => undefined)),
      held: source.observe({ capacity: 1, overflow: 'wait' })
    }).run({ workers: 0 })
    setTimeout(() => slowStart.outputs.held.subscribe(), 1500)
    await slowStart.done
  })

  it('a runtime runs, and its shutdown cancels what runs there', async () => {
    const runtime = Runtime.currentThread()
    const run = runtime.run(pipeline({ out: interval(1).to(forEach(() => undefined)) }))
    await runtime.shutdown()
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    assert.is(thrown(() => runtime.run(pipeline({ out: range(0, 1).to(toArray()) }))).code, 'ERR_MILLRACE_CLOSED')
  })
}, 10_000)
