/** Stages with a state per key, in runs: side by side they answer what they answer in one place, and nothing is lost or doubled. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { forEach, from, map, mapState, pipeline, range, scanBy, take } from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

interface Seen {
  readonly key: number
  readonly item: number
  readonly n: number
}

const numbered = (keys: number) =>
  mapState({
    key: (item: number, { keys: k }) => item % k,
    create: (key) => ({ key, n: 0 }),
    map: (state, item): Seen => ({ key: state.key, item, n: ++state.n }),
    env: { keys },
    maxKeys: Infinity
  })

/** By key, in the order of arrival. */
const byKey = (all: readonly Seen[]): ReadonlyMap<number, readonly Seen[]> => {
  const found = new Map<number, Seen[]>()
  for (const one of all) {
    const list = found.get(one.key)
    if (list === undefined) found.set(one.key, [one])
    else list.push(one)
  }
  return new Map([...found].sort(([a], [b]) => a - b))
}

suite('stages with a state per key', (it) => {
  it('with any number of workers: every key gets its items, all of them, in order', async () => {
    const items = Array.from({ length: 20_000 }, (_, i) => i)
    const want = byKey(await range(0, 20_000).pipe(numbered(97)).toArray({ workers: 0 }))
    for (const workers of [1, 2, 3]) {
      for (const source of [range(0, 20_000), range(0, 20_000).pipe(map((n) => n, { lane: 'blocking' })), from(items)]) {
        assert.equal(byKey(await source.pipe(numbered(97)).toArray({ workers })), want, `${workers} workers`)
      }
    }
  })

  it('the report has one row for the copies, and its counts add up', async () => {
    const { stages } = await pipeline({ out: range(0, 50_000).pipe(map((n) => n, { lane: 'blocking' }), numbered(10)).to(forEach(() => undefined)) }).run({ workers: 2 }).done
    assert.equal(stages.map((s) => [s.name, s.in, s.out]), [
      ['range', 0, 50_000], ['map', 50_000, 50_000], ['mapState.spread', 50_000, 50_000], ['mapState', 50_000, 50_000], ['mapState.gather', 50_000, 50_000], ['forEach', 50_000, 50_000]
    ])
  })

  it('a failing item ends the run, is skipped, or is set aside, by its policy, wherever its key is', async () => {
    const failing = (onError: 'fail' | 'skip' | 'deadLetter') =>
      range(0, 20_000).pipe(scanBy((n) => n % 7, (sum, n) => { if (n % 1000 === 999) throw new Error(`no ${n}`); return sum + 1 }, 0, { onError, lane: 'blocking', name: 'totals', maxKeys: Infinity }))
    const error = await rejection(pipeline({ out: failing('fail').to(forEach(() => undefined)) }).run({ workers: 2 }).done) as { code?: string; stage?: string }
    assert.equal([error.code, error.stage], ['ERR_MILLRACE_STAGE_FAILED', 'totals'])
    for (const onError of ['skip', 'deadLetter'] as const) {
      const report = await pipeline({ out: failing(onError).to(forEach(() => undefined)) }).run({ workers: 2 }).done
      const row = report.stages.find((s) => s.name === 'totals')!
      assert.equal([row.in, row.out, row.skipped + row.deadLetters], [20_000, 19_980, 20])
    }
  })

  it('a reader that leaves early stops an endless source, and a cancelled run leaves nothing behind', async () => {
    const endless = from((function* () { for (let i = 0; ; i++) yield i })())
    const got = await endless.pipe(numbered(5), take(100)).toArray({ workers: 2 })
    assert.is(got.length, 100)
    const again = from((function* () { for (let i = 0; ; i++) yield i })())
    const run = pipeline({ out: again.pipe(map((n) => n, { lane: 'blocking' }), numbered(5)).observe() }).run({ workers: 2 })
    await new Promise<void>((resolve) => {
      let seen = 0
      run.outputs.out.subscribe({ next: () => { if (++seen === 5000) resolve() }, error: () => undefined })
    })
    run.cancel(new Error('enough'))
    assert.is((await rejection(run.done) as { code?: string }).code, 'ERR_MILLRACE_CANCELLED')
  })

  it('random items, keys and bounds: the same per key in one place and in three', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(30), { maxLength: 300 }), fc.integer({ min: 1, max: 31 }), async (items, keys) => {
      const flow = (lane: 'async' | 'blocking') => scanBy((n: number, { keys: k }) => n % k, (all: readonly number[], n) => [...all, n], [] as readonly number[], { env: { keys }, lane, maxKeys: Infinity })
      const last = (all: readonly (readonly [number, readonly number[]])[]) => [...new Map(all)].sort(([a], [b]) => a - b)
      assert.equal(last(await from(items).pipe(flow('blocking')).toArray({ workers: 3 })), last(await from(items).pipe(flow('async')).toArray({ workers: 0 })))
    }), { seed, numRuns: 30 })
  })
}, 60_000)
