/** Draining a run that has runs inside its stages: their sources end too, and what they have read is not lost. */
import * as assert from 'uvu/assert'
import {
  forEach, from, interval, map, mapAsync, mergeMap, orElse, pipeline, queue, range, reduce, reopen, switchMap, take, toArray, type Source
} from '../../src/index.ts'
import { suite } from '../support/suite.ts'

const endless = (): Source<number> => interval(1).pipe(map((n) => n))
const failing = (): Source<number> => from((function* (): Generator<number> { throw new Error('gone') })())

const ways: Readonly<Record<string, () => Source<number>>> = {
  mergeMap: () => range(0, 3).pipe(mergeMap(endless)),
  'mergeMap, concurrency 1': () => range(0, 3).pipe(mergeMap(endless, { concurrency: 1 })),
  'mergeMap, ordered': () => range(0, 3).pipe(mergeMap(endless, { ordered: true })),
  'mergeMap in mergeMap': () => range(0, 2).pipe(mergeMap(() => range(0, 2).pipe(mergeMap(endless)))),
  switchMap: () => range(0, 3).pipe(switchMap(endless)),
  orElse: () => orElse(endless(), () => undefined),
  'orElse.other': () => orElse(failing(), endless),
  reopen: () => reopen(endless()),
  'reopen whenEnded': () => reopen(() => endless().pipe(take(2)), { whenEnded: 'reopen', initialMs: 0 }),
  'orElse in reopen in from': () => from(reopen(() => orElse(failing(), endless)))
}

/** Runs, and drains when the sink has seen so many items. */
const drainedAt = async (source: Source<unknown>, count: number, workers = 0): Promise<{ readonly seen: readonly unknown[]; readonly dropped: Readonly<Record<string, number>> }> => {
  const seen: unknown[] = []
  const run = pipeline({
    out: source.to(forEach((item) => {
      seen.push(item)
      if (seen.length === count) void run.drain()
    }))
  }).run({ workers })
  const { dropped } = await run.done
  return { seen, dropped }
}

suite('a drained run with runs inside', (it) => {
  for (const [way, source] of Object.entries(ways)) {
    for (const workers of [0, 2]) {
      it(`${way}, ${workers} workers: comes to its end although the source inside has none`, async () => {
        const { seen } = await drainedAt(source(), 5, workers)
        assert.ok(seen.length >= 5)
      })
    }
  }

  const arounds: Readonly<Record<string, (inner: () => Source<number>) => Source<number>>> = {
    mergeMap: (inner) => range(0, 1).pipe(mergeMap(inner)),
    orElse: (inner) => orElse(inner(), () => undefined),
    reopen: (inner) => reopen(inner()),
    from: (inner) => from(inner())
  }
  for (const [way, around] of Object.entries(arounds)) {
    it(`${way}: what the run inside has read comes out`, async () => {
      const { source: asked, offer } = queue<number>({ capacity: 16 })
      let answer: () => void = () => undefined
      const answered = new Promise<void>((resolve) => { answer = resolve })
      let begun = 0
      const inner = (): Source<number> => asked.pipe(mapAsync(async (n) => {
        if (++begun === 4) void run.drain()
        await answered
        return n
      }, { concurrency: 4 }))
      const run = pipeline({ out: around(inner).to(toArray()) }).run({ workers: 0 })
      for (let n = 0; n < 4; n++) await offer(n)
      while (begun < 4) await new Promise((resolve) => setImmediate(resolve))
      answer()
      assert.equal((await run.done).results.out, [0, 1, 2, 3])
    })
  }

  it('an item whose source has not been opened is dropped, and counted: no answer of nothing stands for it', async () => {
    const sums = range(0, 4).pipe(mergeMap(() => endless().pipe(map((n) => { if (n === 5) drain(); return n }), reduce((a, b) => a + b, 0)), { concurrency: 1 }))
    let drain: () => void = () => undefined
    const run = pipeline({ out: sums.to(toArray()) }).run({ workers: 0 })
    drain = () => void run.drain()
    const { results, dropped } = await run.done
    assert.is(results.out.length, 1)
    assert.equal(dropped, { mergeMap: 3 })
  })

  it('iterables of either kind are what the function answers: they are read to their end', async () => {
    const both = range(0, 4).pipe(mergeMap((n) => (n % 2 === 0 ? [n, n] : (async function* () { yield n; await Promise.resolve(); yield n })()), { concurrency: 1 }))
    const { seen, dropped } = await drainedAt(both, 1)
    assert.equal([seen, dropped], [[0, 0, 1, 1, 2, 2, 3, 3], {}])
  })

  it('a source that is waited for is not opened again', async () => {
    let opened = 0
    const flaky = reopen(() => { opened++; return failing().pipe(map((n) => n)) }, { initialMs: 60_000, maxMs: 60_000 })
    const run = pipeline({ out: flaky.to(toArray()) }).run({ workers: 0 })
    while (opened === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.equal((await run.drain()).results['out'], [])
    assert.is(opened, 1)
  })

  it('channels of the run inside hold as many items as those of the one around', async () => {
    let [made, most, taken] = [0, 0, 0]
    const inner = (): Source<number> => range(0, 500).pipe(
      map((n) => { made++; most = Math.max(most, made - taken); return n }),
      mapAsync(async (n) => { await new Promise((resolve) => setImmediate(resolve)); taken++; return n }, { concurrency: 1 })
    )
    await pipeline({ out: range(0, 1).pipe(mergeMap(inner)).to(toArray()) }, { capacity: 4 }).run({ workers: 0, maxLatencyMs: 0 }).done
    assert.ok(most < 300, `${most} items ahead`)
  })

  it('what has stopped a stage of a run inside is told by the stage around, which goes on', async () => {
    const parse = map((n: number) => { if (n === 2) throw new Error('no 2'); return n }, { name: 'parse', onError: 'stop' })
    const { stages, results } = await pipeline({ out: range(0, 2).pipe(mergeMap(() => range(0, 9).pipe(parse), { concurrency: 1 })).to(toArray()) }).run({ workers: 0 }).done
    const { stopped, failed } = stages.find(({ kind }) => kind === 'mergeMap')!
    assert.equal(results.out, [0, 1, 0, 1])
    assert.equal([stopped?.stage, stopped?.item, failed], ['mergeMap.parse', 2, 0])
  })
}, 10_000)
