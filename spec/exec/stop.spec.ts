/** The policy `stop`: an item that fails ends its stage as if the input had ended there, on every lane, and the report says so. */
import * as assert from 'uvu/assert'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  aggregate, batch, circuitBreaker, conflate, count, dedupe, enrich, expand, feedback, flatMap, forEach, from, interval, joinAsOf, joinTable, joinWithin, keyedProcess, map, mapAsync,
  mapState, mergeMap, pipeline, queue, range, recurse, retry, scan, sort, switchMap, throttle, tumbling, window, type Flow, type OnError, type Report, type Source
} from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'
import { warmPool } from '../support/warm.ts'

await warmPool(1)
await warmPool(2)

const stoppedOf = (report: Report, name: string): Report['stages'][number]['stopped'] => report.stages.find((s) => s.name === name)?.stopped

const collected = async <A>(source: Source<A>, workers: number): Promise<{ readonly items: A[]; readonly report: Report }> => {
  const items: A[] = []
  const run = pipeline({ out: source.observe() }).run({ workers })
  run.outputs.out.subscribe((item) => items.push(item))
  return { items, report: await run.done }
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const WORKERS = [0, 1, 2]

suite('stop', (it) => {
  for (const workers of WORKERS) {
    for (const lane of workers === 0 ? [undefined] : [undefined, 'blocking' as const]) {
      const where = `${workers} workers${lane === undefined ? '' : ', from the start'}`
      const breaks = (at: number, onError: OnError = 'stop') =>
        map((n: number, { at }) => { if (n === at) throw new RangeError(`bad ${n}`); return n }, { name: 'breaks', onError, env: { at }, ...(lane && { lane }) })

      it(`gives what came before the item, and nothing behind it (${where})`, async () => {
        for (const at of [0, 1, 999, 4999]) {
          const { items, report } = await collected(range(0, 5000).pipe(breaks(at)), workers)
          assert.equal(items, upTo(at))
          const stopped = stoppedOf(report, 'breaks')!
          assert.is(stopped.position.index, at)
          assert.is(stopped.item, at)
          assert.is(stopped.attempts, 1)
          assert.is(stopped.whole, true)
          assert.is((stopped.cause as Error).name, 'RangeError')
          assert.is((stopped.cause as Error).message, `bad ${at}`)
          const row = report.stages.find((s) => s.name === 'breaks')!
          assert.is(row.failed, 1)
          assert.is(row.out, at)
        }
      })

      it(`tells nothing where no item fails, and runs over nothing (${where})`, async () => {
        for (const size of [0, 1, 3000]) {
          const { items, report } = await collected(range(0, size).pipe(breaks(-1)), workers)
          assert.is(items.length, size)
          assert.is(stoppedOf(report, 'breaks'), undefined)
        }
      })

      it(`what is behind it comes to its end: a batch is sent, a total is told (${where})`, async () => {
        const { items } = await collected(range(0, 4000).pipe(breaks(2500), batch({ count: 1000 })), workers)
        assert.equal(items.map((b) => b.length), [1000, 1000, 500])
        assert.equal((await collected(range(0, 4000).pipe(breaks(2500), aggregate(count())), workers)).items, [2500])
      })

      it(`a sibling goes on, and sees every item (${where})`, async () => {
        const source = range(0, 6000).pipe(map((n) => n + 0))
        const seen = { a: [] as number[], b: [] as number[] }
        const run = pipeline({ a: source.pipe(breaks(700)).observe(), b: source.pipe(map((n) => n * 2, lane && { lane })).observe() }).run({ workers })
        run.outputs.a.subscribe((n) => seen.a.push(n))
        run.outputs.b.subscribe((n) => seen.b.push(n))
        const report = await run.done
        assert.equal(seen.a, upTo(700))
        assert.equal(seen.b, upTo(6000).map((n) => n * 2))
        assert.is(stoppedOf(report, 'breaks')!.item, 700)
      })

      it(`the earliest of many failures counts, and failures behind it do not (${where})`, async () => {
        const source = range(0, 20_000).pipe(
          map((n) => { if (n >= 1500) throw new TypeError('behind it'); return n }, { ...(lane && { lane }) }),
          map((n) => { if (n % 1000 === 999) throw new RangeError(`bad ${n}`); return n }, { name: 'breaks', onError: 'stop', ...(lane && { lane }) })
        )
        const { items, report } = await collected(source, workers)
        assert.equal(items, upTo(999))
        assert.is(stoppedOf(report, 'breaks')!.item, 999)
      })

      it(`dead letters from behind it are not told (${where})`, async () => {
        const source = range(0, 10_000).pipe(
          map((n) => { if (n % 100 === 50) throw new Error('set aside'); return n }, { onError: 'deadLetter', ...(lane && { lane }) }),
          breaks(1000)
        )
        const { items, report } = await collected(source, workers)
        assert.is(items.length, 990)
        assert.is(report.deadLetters, 10)
      })

      it(`as what a retry comes to, with its tries, and as an answer of decide (${where})`, async () => {
        const then = await collected(range(0, 3000).pipe(breaks(1200, retry({ times: 2, initialMs: 0, then: 'stop' }))), workers)
        assert.equal(then.items, upTo(1200))
        assert.is(stoppedOf(then.report, 'breaks')!.attempts, 3)
        const decide = await collected(range(0, 3000).pipe(breaks(1200, retry({ times: 2, initialMs: 60_000, decide: () => 'stop' }))), workers)
        assert.equal(decide.items, upTo(1200))
        assert.is(stoppedOf(decide.report, 'breaks')!.attempts, 1)
      })

      it(`in the middle of what an item expands to (${where})`, async () => {
        const source = range(0, 2000).pipe(flatMap((n) => [n, n, n], lane && { lane }), breaks(1000))
        assert.equal((await collected(source, workers)).items, upTo(1000).flatMap((n) => [n, n, n]))
        const own = range(0, 50).pipe(flatMap(function* (n: number) { yield n; if (n === 20) throw new Error('half'); yield n }, { onError: 'stop', ...(lane && { lane }) }))
        assert.equal((await collected(own, workers)).items, [...upTo(20).flatMap((n) => [n, n]), 20])
      })

      it(`of a stage that remembers (${where})`, async () => {
        const options = { onError: 'stop', name: 'keeps', ...(lane && { lane }) } as const
        const totals = range(0, 3000).pipe(scan((total: number, n: number) => { if (n === 1777) throw new RangeError('bad'); return total + n }, 0, options))
        assert.is((await collected(totals, workers)).items.length, 1777)
        const keyed = range(0, 3000).pipe(mapState({
          key: (n: number) => n % 7, create: () => ({ seen: 0 }), map: (s, n: number) => { if (n === 1777) throw new RangeError('bad'); s.seen++; return n }, ...options
        }))
        assert.equal((await collected(keyed, workers)).items, upTo(1777))
        const weighed = range(0, 3000).pipe(batch({ maxWeight: 1000, weigh: (n: number) => { if (n === 1777) throw new RangeError('bad'); return 1 }, ...options }))
        assert.equal((await collected(weighed, workers)).items.flat(), upTo(1777))
      })

      it(`of an aggregate, whose answer is that of what came before (${where})`, async () => {
        const failing = { create: () => ({ n: 0 }), add: (s: { n: number }, n: number) => { if (n === 1777) throw new RangeError('bad'); s.n++; return s }, combine: (a: { n: number }, b: { n: number }) => ({ n: a.n + b.n }), finish: (s: { n: number }) => s.n }
        assert.equal((await collected(range(0, 9000).pipe(aggregate(failing, { onError: 'stop', ...(lane && { lane }) })), workers)).items, [1777])
      })
    }
  }
}, 20_000)

const bad = (n: number): number => {
  if (n === 37) throw new RangeError('bad 37')
  return n
}

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('stop of stages that wait', (it) => {
  const stops = async <B>(flow: Flow<number, B>, name: string, size = 100): Promise<readonly B[]> => {
    const { items, report } = await collected(range(0, size).pipe(flow), 0)
    const stopped = stoppedOf(report, name)
    assert.is(stopped?.position.index, 37, name)
    assert.is(stopped?.item, 37, name)
    assert.is((stopped?.cause as Error).message, 'bad 37')
    return items
  }

  it('mapAsync answers for what came before, in order or not, whatever is in flight', async () => {
    for (const concurrency of [1, 2, 7, 100]) {
      for (const ordered of [true, false]) {
        const slowFirst = async (n: number): Promise<number> => {
          for (let i = n % 5; i > 0; i--) await later()
          return bad(n)
        }
        const options = { concurrency, ordered, onError: 'stop' } as const
        const items = await stops(mapAsync(slowFirst, options), 'mapAsync')
        const before = (items).filter((n) => n < 37)
        assert.equal(ordered ? items : [...before].sort((a, b) => a - b), upTo(37), `concurrency ${concurrency}, ordered ${ordered}`)
        assert.equal(await stops(mapAsync(bad, options), 'mapAsync'), upTo(37), 'answers at once')
      }
    }
  })

  it('of several failures in flight the earliest ends mapAsync, whichever is known first; what fails behind it does not end the run', async () => {
    for (const ordered of [true, false]) {
      const fn = async (n: number): Promise<number> => {
        if (n === 5) await later()
        if (n === 5 || n === 7) throw new RangeError(`bad ${n}`)
        if (n === 8) await later()
        if (n >= 8) throw new TypeError('behind it')
        return n
      }
      const onError = retry({ times: 1, decide: (error) => ((error as Error).name === 'RangeError' ? 'stop' : 'fail') })
      const source = from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).pipe(mapAsync(fn, { concurrency: ordered ? 10 : 8, ordered, onError }))
      const { items, report } = await collected(source, 0)
      assert.equal(items.filter((n) => n < 5), upTo(5))
      assert.is(stoppedOf(report, 'mapAsync')!.position.index, 5)
      if (ordered) assert.equal(items, upTo(5))
    }
  })

  it('mapAsync counts its tries, tells calls behind the item, and stops an endless source', async () => {
    let told = 0
    let closed = 0
    const endless = {
      async *[Symbol.asyncIterator]() {
        try {
          for (let n = 0; ; n++) yield await Promise.resolve(n)
        } finally {
          closed++
        }
      }
    }
    const fn = async (n: number, { signal }: { signal: AbortSignal }): Promise<number> => {
      if (n > 37) {
        await new Promise((_, reject) => {
          signal.addEventListener('abort', () => { told++; reject(new Error('told')) })
        })
      }
      return bad(n)
    }
    const { items, report } = await collected(from(endless).pipe(mapAsync(fn, { concurrency: 8, onError: retry({ times: 2, initialMs: 1, then: 'stop' }) })), 0)
    assert.equal(items, upTo(37))
    assert.is(stoppedOf(report, 'mapAsync')!.attempts, 3)
    assert.ok(told > 0)
    assert.is(closed, 1)
  })

  it('a circuit can say it', async () => {
    const circuit = circuitBreaker({ failures: 2, whenOpen: 'stop' })
    const fn = circuit.around(async (n: number) => { await later(); if (n >= 10) throw new Error('down'); return n })
    const { items, report } = await collected(range(0, 50).pipe(mapAsync(fn, { concurrency: 1, onError: 'skip' })), 0)
    assert.equal(items, upTo(10))
    assert.is(stoppedOf(report, 'mapAsync')!.position.index, 12)
  })

  it('every operator that waits lets go of what it holds, and no item behind the failing one counts', async () => {
    const onError = 'stop' as const
    assert.equal(await stops(enrich({ key: (n: number) => n, lookup: async (keys) => { await later(); keys.forEach(bad); return keys.map((k) => -k) }, batch: 1, onError }), 'enrich'), upTo(37).map((n) => [n, -n]))
    assert.equal(await stops(enrich({ key: bad, lookup: (keys) => keys.map((k) => -k), onError }), 'enrich'), upTo(37).map((n) => [n, -n]))
    assert.equal(await stops(batch({ count: 10, maxMs: 60_000, maxWeight: 1e9, weigh: bad, onError }), 'batch'), [0, 10, 20, 30].map((n) => upTo(37).slice(n, n + 10)))
    assert.equal(await stops(dedupe({ maxKeys: 1000, withinMs: 60_000, key: bad, onError }), 'dedupe'), upTo(37))
    assert.equal(await stops(sort({ by: (n: number) => -bad(n), onError }), 'sort'), upTo(37).reverse())
    assert.equal(await stops(throttle({ units: 1e9, perMs: 1, burst: 1e9, cost: (n: number) => bad(n) * 0, onError }), 'throttle'), upTo(37))
    assert.is((await stops(conflate((a: number, n: number) => a + bad(n), { onError }), 'conflate')).reduce((a, n) => a + n, 0), (36 * 37) / 2)
    assert.equal(await stops(mergeMap((n: number) => [bad(n)], { concurrency: 1, onError }), 'mergeMap'), upTo(37))
    assert.equal(await stops(recurse((n: number) => ({ emit: [bad(n)] }), { concurrency: 1, onError }), 'recurse'), upTo(37))
    const wide = await stops(recurse(async (n: number) => { await later(); return { emit: [bad(n)] } }, { concurrency: 9, onError }), 'recurse')
    assert.equal(wide.filter((n) => n < 37), upTo(37))
  })

  it('streams that items have begun go on to their end, unless their item is behind the failing one', async () => {
    const inner = (n: number): AsyncIterable<number> => ({
      async *[Symbol.asyncIterator]() {
        for (let k = 0; k < 3; k++) {
          if (n === 2 && k === 1) throw new RangeError('bad 2')
          if (n === 0) for (let i = 0; i < 5; i++) await later()
          await later()
          yield n * 10 + k
        }
      }
    })
    const { items, report } = await collected(range(0, 10).pipe(mergeMap(inner, { concurrency: 4, onError: 'stop' })), 0)
    assert.equal(items.filter((n) => n < 20).sort((a, b) => a - b), [0, 1, 2, 10, 11, 12])
    assert.is(stoppedOf(report, 'mergeMap')!.item, 2)
    const switched = await collected(from([1, 2]).pipe(switchMap((n: number) => { if (n === 2) throw new Error('bad'); return [n] }, { onError: 'stop' })), 0)
    assert.is(stoppedOf(switched.report, 'switchMap')!.item, 2)
    const expanded = await collected(from([1]).pipe(expand((n: number) => { if (n === 1) throw new Error('bad'); return [n] }, { onError: 'stop' })), 0)
    assert.equal([expanded.items, stoppedOf(expanded.report, 'expand')!.item], [[], 1])
  })

  it('an inner stream that waits for ever does not hold up the end', async () => {
    const source = interval(1).pipe(expand((n: number) => { if (n === 3) throw new Error('bad'); return [n] }, { onError: 'stop' }))
    assert.is(stoppedOf((await collected(source, 0)).report, 'expand')!.item, 3)
  })

  it('joins end both of their inputs', async () => {
    const sides = (): readonly [Source<number>, Source<number>] => [range(0, 100), range(0, 100)]
    const table = await collected(joinTable(...sides(), { keys: [bad, (n) => n], onError: 'stop' }), 0)
    assert.equal(table.items, upTo(37).map((n) => [n, n]))
    assert.is(stoppedOf(table.report, 'joinTable')!.item, 37)
    const asOf = await collected(joinAsOf(...sides(), { keys: [bad, (n) => n], at: [(n) => n, (n) => n], onError: 'stop' }), 0)
    assert.equal(asOf.items, upTo(37).map((n) => [n, n]))
    const within = await collected(joinWithin(...sides(), { keys: [bad, (n) => n], at: [(n) => n, (n) => n], withinMs: 0, onError: 'stop' }), 0)
    assert.ok(within.items.length <= 37)
    assert.is(stoppedOf(within.report, 'joinWithin')!.item, 37)
  })
})

suite('stop, and what feeds the stage', (it) => {
  for (const workers of WORKERS) {
    it(`is stopped, though it says nothing any more (${workers} workers)`, async () => {
      for (const between of [undefined, mapAsync((n: number) => n)]) {
        for (const serial of [false, true]) {
          const { source, offer } = queue<number>()
          const lane = workers === 0 ? {} : { lane: 'blocking' as const }
          const failing = serial
            ? scan((_: number, n: number) => { if (n === 2) throw new Error('bad'); return n }, 0, { name: 'breaks', onError: 'stop', ...lane })
            : map((n: number) => { if (n === 2) throw new Error('bad'); return n }, { name: 'breaks', onError: 'stop', ...lane })
          const ended = collected((between === undefined ? source : source.pipe(between)).pipe(failing), workers)
          for (const n of [0, 1, 2]) await offer(n)
          const { items, report } = await ended
          assert.equal(items, [0, 1])
          assert.is(stoppedOf(report, 'breaks')!.item, 2)
          assert.is(await offer(3), 'closed')
        }
      }
    })
  }

  it('is a stage with timers, which go off as at the end', async () => {
    for (const workers of WORKERS) {
      const flow = keyedProcess({
        key: (n: number) => n % 3, at: (n: number) => n, create: () => ({ sum: 0 }), onError: 'stop', name: 'timed',
        process: (state, n, on) => { if (n === 37) throw new RangeError('bad 37'); state.sum += n; on.setTimer(1000) },
        onTimer: (state) => state.sum
      })
      const { items, report } = await collected(range(0, 100).pipe(flow), workers)
      assert.equal(items, [0, 1, 2].map((k) => upTo(37).filter((n) => n % 3 === k).reduce((a, n) => a + n, 0)))
      assert.is(stoppedOf(report, 'timed')!.item, 37)
    }
  })

  it('is a loop, which ends', async () => {
    for (const workers of WORKERS) {
      const lane = workers === 0 ? {} : { lane: 'blocking' as const }
      const body = map((n: number) => { if (n === 7) throw new RangeError('bad'); return n > 10 ? { _tag: 'Left' as const, left: n - 10 } : { _tag: 'Right' as const, right: n } }, { name: 'body', onError: 'stop', ...lane })
      const { items, report } = await collected(from([1, 12, 3, 27, 5]).pipe(feedback(body, { capacity: 100 })), workers)
      assert.is(stoppedOf(report, 'body')!.item, 7)
      for (const item of items) assert.ok([1, 2, 3, 5].includes(item), `${item}`)
    }
  })

  it('goes on for its other readers, and a cancel afterwards is a cancel', async () => {
    const { source, offer } = queue<number>()
    const seen: number[] = []
    const run = pipeline({
      a: source.pipe(map((n) => { if (n === 1) throw new Error('bad'); return n }, { onError: 'stop', lane: 'async' })).observe(),
      b: source.to(forEach((n) => void seen.push(n)))
    }).run({ workers: 0 })
    run.outputs.a.subscribe({ error: () => undefined })
    for (const n of [0, 1, 2, 3]) assert.is(await offer(n), 'accepted')
    while (seen.length < 4) await later()
    assert.equal(seen, [0, 1, 2, 3])
    run.cancel(new Error('enough'))
    assert.is(((await run.done.catch((error: unknown) => error)) as { code?: unknown }).code, 'ERR_MILLRACE_CANCELLED')
  })
}, 20_000)

suite('stop, and where it was', (it) => {
  it('names file and line, on workers too', async ({ defer }) => {
    const dir = tempDir(defer)
    const file = join(dir, 'lines.txt')
    writeFileSync(file, Array.from({ length: 300_000 }, (_, i) => `line ${i}`).join('\n'))
    for (const workers of WORKERS) {
      const { items, report } = await collected(fs.lines(file).pipe(map((line: string) => { if (line === 'line 212345') throw new Error('bad'); return line.length }, { name: 'breaks', onError: 'stop' })), workers)
      assert.is(items.length, 212_345)
      const { position } = stoppedOf(report, 'breaks')!
      assert.equal([position.index, position.line, position.file], [212_345, 212_346, file])
    }
  })

  it('is shown by explain', () => {
    const plan = pipeline({ out: range(0, 3).pipe(map((n) => n, { onError: 'stop' }), mapAsync((n) => n)).observe() }).explain()
    assert.equal(plan.tasks.flatMap((t) => t.stages.map((s) => [s.kind, s.stops])), [['range', false], ['map', true], ['mapAsync', false], ['observe', false]])
    assert.match(plan.toString(), /map .*an item that fails may end it/)
  })

  it('a window that is open fires with what it has', async () => {
    for (const workers of WORKERS) {
      const source = range(0, 100).pipe(window(tumbling({ sizeMs: 30 }), { at: bad, onError: 'stop', aggregate: count() }))
      const { items, report } = await collected(source, workers)
      assert.equal(items.map((w) => w.value), [30, 7])
      assert.is(stoppedOf(report, 'window')!.item, 37)
    }
  })
}, 20_000)
