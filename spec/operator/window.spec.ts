/** Windows of event time: against a naive model under any disorder, in any weather, on real threads. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {
  aggregate, aggregateBy, collect, combined, count, countBy, counted, distinct, everything, from, last, map, max, pipeline, session, sliding, sum, take, toArray, tumbling, window, windowWithLate,
  type Combiner, type PipelineError, type WindowKind, type WindowOptions, type WindowResult
} from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { runFlow, runGraph } from '../support/run-kernel.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyGraph, verifyOperator, verifyPlainPolicies, verifyRefusals } from '../support/verify-operator.ts'
import { model, type Event, type ModelOptions, type Row } from './window-model.ts'

const at = (n: number): number => n
const MINUTE = 60_000

/** Lists of ids, changed in place wherever that is allowed: what shares parts with a state is found out. */
const ids: Combiner<Event, number[]> = {
  create: () => [],
  add: (list, e) => { list.push(e.id); return list },
  combine: (a, b) => { for (const id of b) a.push(id); b.push(NaN); return a }
}
/** The same with sets, which can be deducted. */
const idSet: Combiner<Event, Set<number>, number[]> = {
  create: () => new Set(),
  add: (set, e) => set.add(e.id),
  combine: (a, b) => { for (const id of b) a.add(id); b.add(NaN); return a },
  deduct: (a, b) => { for (const id of b) a.delete(id); b.add(NaN); return a },
  finish: (set) => { const found = [...set]; set.clear(); return found }
}

const events = fc.array(fc.record({ at: fc.nat(60), key: fc.constantFrom('a', 'b'), split: fc.constantFrom('x', 'y', 'z') }), { maxLength: 40 })
  .map((list): readonly Event[] => list.map((e, id) => ({ ...e, id })))
const kinds: fc.Arbitrary<WindowKind> = fc.oneof(
  fc.record({ sizeMs: fc.integer({ min: 1, max: 20 }), offsetMs: fc.nat(5) }).map(tumbling),
  fc.record({ sizeMs: fc.integer({ min: 1, max: 20 }), everyMs: fc.integer({ min: 1, max: 12 }), offsetMs: fc.nat(5) }).map(sliding),
  fc.record({ sizeMs: fc.constantFrom(12, 20, 30), everyMs: fc.constantFrom(2, 3, 4) }).map(sliding),
  fc.record({ gapMs: fc.integer({ min: 1, max: 12 }) }).map(session)
)
const timings: fc.Arbitrary<ModelOptions> = fc.record({
  outOfOrderMs: fc.constantFrom(0, 3, 10, 40), latenessMs: fc.constantFrom(0, 0, 4, 15), expectSplits: fc.constantFrom(1, 1, 2), splits: fc.boolean(),
  earlyCount: fc.constantFrom(undefined, undefined, 1, 2, 3)
})

const sortedRows = (rows: readonly Row[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort()

const optionsOf = ({ outOfOrderMs, latenessMs, expectSplits, splits, earlyCount }: ModelOptions): Omit<WindowOptions<Event, string, number[], number[]>, 'aggregate'> => ({
  at: (e) => e.at, key: (e) => e.key, outOfOrderMs, latenessMs, expectSplits,
  ...(splits ? { split: (e) => e.split } : {}), ...(earlyCount === undefined ? {} : { early: { count: earlyCount } })
})

suite('windows of event time', (it) => {
  it('agree with a naive model under any disorder: rows, late items, and how often they fire', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, timings, events, fc.constantFrom(ids, idSet, collect({ max: 100 }, (e: Event) => e.id)), async (kind, timing, items, aggregate) => {
        const options = { ...optionsOf(timing), aggregate: aggregate as Combiner<Event, unknown, readonly number[]> }
        const expected = model(kind, timing, items)
        const { outs } = await runGraph<Event>((source) => Object.values(windowWithLate(source, kind, options)), [items])
        const rows = (outs[0] as WindowResult<string, readonly number[]>[]).map(({ key, start, end, value, firing, count: n }): Row => {
          assert.is(n, value.length)
          return { key, start, end, ids: [...value].sort((a, b) => a - b), firing }
        })
        assert.equal(sortedRows(rows), sortedRows(expected.rows))
        const ends = rows.filter((row) => row.firing === 'onTime').map((row) => row.end)
        assert.equal(ends, [...ends].sort((a, b) => a - b), 'in the order of their ends')
        assert.equal((outs[1] as Event[]).map((e) => e.id), expected.late)
        assert.is((await runFlow(window(kind, options), [items])).dropped, expected.late.length)
      }),
      { seed, numRuns: 200 }
    )
  })

  it('are the same in any weather: in pieces, with pauses, moved between any two batches', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, timings, events, fc.constantFrom(ids, idSet, collect({ max: 100 }, (e: Event) => e.id)), async (kind, timing, items, aggregate) => {
        const options = { ...optionsOf(timing), aggregate: aggregate as Combiner<Event, unknown, readonly number[]> }
        await verifyGraph<Event>((source) => {
          const { windows, late } = windowWithLate(source, kind, options)
          return [windows, late]
        }, items)
      }),
      { seed, numRuns: 30 }
    )
  })

  it('tumbling: empty, one, many; a window ends before its end', async () => {
    const flow = () => window(tumbling({ sizeMs: 10 }), { at, aggregate: sum() })
    assert.equal((await verifyOperator(flow, [])).outs[0], [])
    assert.equal((await verifyOperator(flow, [13])).outs[0], [{ key: undefined, start: 10, end: 20, value: 13, firing: 'onTime', count: 1 }])
    const many = (await verifyOperator(flow, [0, 9, 10, 25, -1])).outs[0] as WindowResult<undefined, number>[]
    assert.equal(many.map((w) => [w.start, w.value]), [[0, 9], [10, 10], [20, 25]])
    const before = (await verifyOperator(flow, [-1, -10, -11])).outs[0] as WindowResult<undefined, number>[]
    assert.equal(before.map((w) => [w.start, w.value]), [[-10, -11]])
  })

  it('a window fires when the watermark has passed its end, not before', async () => {
    const flow = window(tumbling({ sizeMs: 10 }), { at, outOfOrderMs: 5, aggregate: count() })
    assert.equal((await runFlow(flow, [[1, 14.5]], { noEnd: true })).outs[0]!.length, 0)
    assert.equal((await runFlow(flow, [[1, 15]], { noEnd: true })).outs[0]!.length, 1)
  })

  it('a session that fired and grows beyond the watermark fires again at its new end, not when its lateness is over', async () => {
    const items = [{ k: 'a', t: 0 }, { k: 'b', t: 12 }, { k: 'a', t: 5 }, { k: 'b', t: 16 }]
    const flow = window(session({ gapMs: 10 }), { at: (x: { k: string, t: number }) => x.t, key: (x) => x.k, latenessMs: 20, aggregate: count() })
    const { outs } = await runFlow(flow, [items], { noEnd: true })
    assert.equal((outs[0] as WindowResult<string, number>[]).map((w) => [w.key, w.end, w.value, w.firing]), [['a', 10, 1, 'onTime'], ['a', 15, 2, 'onTime']])
  })

  it('late items are counted, dead letters with the watermark in their cause, or a source of their own', async () => {
    const options = { at, aggregate: count() }
    const dropped = await verifyOperator(() => window(tumbling({ sizeMs: 10 }), options), [5, 25, 3, 4, 21])
    assert.equal([dropped.dropped, dropped.letters.length], [2, 0])
    const dead = await verifyOperator(() => window(tumbling({ sizeMs: 10 }), { ...options, late: 'deadLetter' }), [5, 25, 3])
    assert.equal(dead.letters.map((l) => [l.index, l.item, (l.cause as { code?: string }).code]), [[2, 3, 'ERR_MILLRACE_LATE']])
    assert.match((dead.letters[0]!.cause as Error).message, 'watermark was 25')
    const { windows, late } = windowWithLate(from([5, 25, 3]), tumbling({ sizeMs: 10 }), options)
    const { results, stages } = await pipeline({ late: late.to(toArray()), n: windows.pipe(map((w) => w.value)).to(toArray()) }).run({ workers: 0 }).done
    assert.equal([results.late, results.n], [[3], [1, 1]])
    assert.ok(stages.some((stage) => stage.kind === 'window' && stage.in === 3 && stage.out === 3))
    const report = await pipeline({ n: from([5, 25, 3]).pipe(window(tumbling({ sizeMs: 10 }), options)).to(toArray()) }).run().done
    assert.equal(report.stages.filter((stage) => stage.kind === 'window').map((stage) => [stage.in, stage.skipped]), [[3, 1]])
  })

  it('a split that is behind holds the windows open; nothing closes before all that are expected have spoken', async () => {
    const items = [{ s: 'a', t: 5 }, { s: 'a', t: 100 }, { s: 'b', t: 7 }, { s: 'b', t: 30 }]
    const options = { at: (x: { s: string, t: number }) => x.t, split: (x: { s: string, t: number }) => x.s, aggregate: count() }
    const rows = async (expectSplits: number) =>
      ((await verifyOperator(() => window(tumbling({ sizeMs: 10 }), { ...options, expectSplits }), items)).outs[0] as WindowResult<undefined, number>[]).map((w) => [w.start, w.value])
    assert.equal(await rows(2), [[0, 2], [30, 1], [100, 1]])
    assert.equal(await rows(1), [[0, 1], [100, 1]], 'b came as a surprise')
  })

  it('counted and everything: windows of items, per key', async () => {
    const flow = () => window(counted({ count: 2 }), { key: (n: number) => n % 2, aggregate: sum() })
    const rows = ((await verifyOperator(flow, [1, 2, 3, 4, 5])).outs[0] as WindowResult<number, number>[]).map((w) => [w.key, w.value, w.count])
    assert.equal(rows, [[1, 4, 2], [0, 6, 2], [1, 5, 1]])
    const all = () => window(everything(), { aggregate: ids as unknown as Combiner<number, number[]>, early: { count: 2 } })
    const firings = ((await verifyOperator(all, [1, 2, 3])).outs[0] as WindowResult<undefined, number[]>[]).map((w) => [w.firing, w.count, w.value.length])
    assert.equal(firings, [['early', 2, 2], ['onTime', 3, 3]])
  })

  it('aggregates of any kind: combined, ordered, with env', async () => {
    const flow = () => window(tumbling({ sizeMs: 10 }), {
      at: (n: number, { k }: { k: number }) => n * k, aggregate: combined({ n: count(), last: last<number>(), top: max((n: number, { k }: { k: number }) => n * k) }), env: { k: 2 }
    })
    const rows = ((await verifyOperator(flow, [1, 3, 2, 7])).outs[0] as WindowResult<undefined, unknown>[]).map((w) => [w.start, w.value])
    assert.equal(rows, [[0, { n: 3, last: 2, top: 6 }], [10, { n: 1, last: 7, top: 14 }]])
  })

  it('an item that a function throws on follows the policy and leaves nothing behind', async () => {
    const value = (start: number, v: number) => ({ key: undefined, start, end: start + 10, value: v, firing: 'onTime', count: 1 })
    const bad = (n: number): number => { if (n === 12) throw new Error('twelve'); return n }
    const good = [value(0, 1), value(20, 23)]
    await verifyPlainPolicies((o) => window(tumbling({ sizeMs: 10 }), { at: bad, aggregate: sum(), ...o }), [1, 12, 23], 12, good)
    await verifyPlainPolicies((o) => window(tumbling({ sizeMs: 10 }), { at, aggregate: sum(bad), ...o }), [1, 12, 23], 12, good)
    await verifyPlainPolicies((o) => window(tumbling({ sizeMs: 10 }), { at, split: (n) => bad(n) * 0, aggregate: sum(), ...o }), [1, 12, 23], 12, good)
    await verifyPlainPolicies((o) => window(tumbling({ sizeMs: 10 }), { at, key: (n) => (n === 12 ? {} : undefined) as undefined, aggregate: sum(), ...o }), [1, 12, 23], 12, good)
    for (const odd of [NaN, Infinity, '1', new Date(0), undefined]) {
      const { failure } = await runFlow(window(tumbling({ sizeMs: 10 }), { at: () => odd as number, aggregate: count() }), [[1]])
      assert.instance(failure!.cause, TypeError)
    }
    const promise = await runFlow(window(session({ gapMs: 10 }), { at: (async () => 1) as unknown as () => number, aggregate: count() }), [[1]])
    assert.is((promise.failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
  })

  it('a window that cannot be finished follows the policy in the place of its items; the others go on', async () => {
    const picky: Combiner<number, number, number> = { create: () => 0, add: (s, n) => s + n, combine: (a, b) => a + b, finish: (s) => { if (s === 12) throw new Error('twelve'); return s } }
    for (const kind of [tumbling({ sizeMs: 10 }), session({ gapMs: 5 }), sliding({ sizeMs: 10, everyMs: 5 })]) {
      const all = (onError: 'skip' | 'deadLetter' | 'fail') => verifyOperator(() => window(kind, { at, aggregate: picky, onError }), [1, 12, 23])
      const dead = await all('deadLetter')
      assert.ok(dead.letters.length > 0 && dead.letters.every((l) => (l.item as { start: number }).start >= 5 && (l.item as { count: number }).count === 1))
      const values = (dead.outs[0] as WindowResult<undefined, number>[]).map((w) => w.value)
      assert.ok(values.includes(1) && values.includes(23) && !values.includes(12))
      assert.is((await all('skip')).skipped.length, dead.letters.length)
      assert.is(((await all('fail')).failure!.cause as Error).message, 'twelve')
    }
    const stuck: Combiner<number, number> = { ...picky, combine: () => { throw new Error('stuck') }, deduct: (a, b) => a - b, finish: undefined }
    const { letters, outs } = await runFlow(window(sliding({ sizeMs: 20, everyMs: 5 }), { at, aggregate: stuck, onError: 'deadLetter' }), [[1, 2, 40]])
    assert.equal([letters.length, outs[0]!.length], [8, 0])
  })

  it('what is held is bounded, and the error says by what', async () => {
    const code = async (kind: WindowKind, more: object): Promise<readonly unknown[]> => {
      const flow = window(kind, { ...(kind.kind === 'counted' ? {} : { at: (n: number) => n }), key: (n: number) => n, aggregate: count(), maxWindows: 2, ...more })
      const { failure } = await runFlow(flow, [[1, 1, 2, 2, 3]])
      return [failure?.index, (failure?.cause as { code?: string } | undefined)?.code]
    }
    for (const kind of [tumbling({ sizeMs: 10 }), session({ gapMs: 10 }), everything()]) assert.equal(await code(kind, {}), [4, 'ERR_MILLRACE_TOO_MANY_WINDOWS'])
    assert.equal(await code(tumbling({ sizeMs: 1 }), {}), [undefined, undefined], 'those that have closed are let go')
    assert.equal(await code(session({ gapMs: 1 }), {}), [undefined, undefined])
    assert.equal(await code(tumbling({ sizeMs: 10 }), { maxWindows: 9, maxSplits: 2, split: (n: number) => n }), [4, 'ERR_MILLRACE_TOO_MANY_KEYS'])
  })

  it('state does not grow with the input', async () => {
    const { instanceState } = await import('./window-state.ts')
    const items = Array.from({ length: 20_000 }, (_, i) => i)
    for (const [kind, bound] of [[tumbling({ sizeMs: 10 }), 30], [sliding({ sizeMs: 40, everyMs: 10 }), 90], [session({ gapMs: 2 }), 60]] as const) {
      const size = instanceState(window(kind, { at, key: (n: number) => n % 7, outOfOrderMs: 5, latenessMs: 5, aggregate: sum(), early: { count: 3 } }), items)
      assert.ok(size <= bound, `${kind.kind} holds ${size}`)
    }
    // windows that are opened by an item that is late, but allowed
    const late = items.flatMap((n) => [20 * n, 20 * n - 8])
    for (const kind of [tumbling({ sizeMs: 5 }), sliding({ sizeMs: 6, everyMs: 3 }), session({ gapMs: 2 })]) {
      const size = instanceState(window(kind, { at, outOfOrderMs: 5, latenessMs: 5, aggregate: sum() }), late)
      assert.ok(size <= 30, `${kind.kind} holds ${size}`)
    }
  })

  it('a reader that has enough leaves early; an endless input is no matter', async () => {
    const endless = from((function* () { for (let n = 0; ; n++) yield n })())
    const rows = await endless.pipe(window(tumbling({ sizeMs: 10 }), { at, aggregate: count() }), take(3)).toArray({ workers: 0 })
    assert.equal(rows.map((w) => [w.start, w.value]), [[0, 10], [10, 10], [20, 10]])
    const all = await verifyOperator(() => ({ apply: (source) => source.pipe(window(tumbling({ sizeMs: 1 }), { at, aggregate: count() }), take(2)) }), [1, 2, 3, 4, 5])
    assert.equal(all.outs[0]!.length, 2)
  })

  it('an error of the input ends it', async () => {
    const failing = from((function* () { yield 1; throw new Error('disk') })())
    const error: PipelineError = await rejection(failing.pipe(window(tumbling({ sizeMs: 10 }), { at, aggregate: count() })).toArray({ workers: 0 }))
    assert.match(`${error.message} ${String(error.cause)}`, 'disk')
  })

  it('the result is that of the caller\'s loop with any number of workers', async () => {
    const items = Array.from({ length: 20_000 }, (_, i) => ({ t: i + ((i * 7919) % 50), user: `user ${i % 13}`, bytes: i % 101 }))
    const run = async (workers: number, lane?: 'async' | 'blocking') => {
      type Click = typeof items[number]
      const options = {
        at: (x: Click) => x.t, key: (x: Click) => x.user, outOfOrderMs: 20, lane, aggregate: combined({ n: count(), bytes: sum((x: Click) => x.bytes) })
      }
      const source = from(items).pipe(map((x) => x))
      const p = pipeline({
        a: source.pipe(window(tumbling({ sizeMs: 100 }), options)).to(toArray()),
        b: source.pipe(window(sliding({ sizeMs: 500, everyMs: 100 }), options)).to(toArray()),
        c: source.pipe(window(session({ gapMs: 15 }), options)).to(toArray())
      })
      const { results, stages } = await p.run({ workers }).done
      return { results, skipped: stages.filter((stage) => stage.kind === 'window').map((stage) => [stage.name, stage.skipped]).sort(), lanes: stages.filter((stage) => stage.kind === 'window').map((stage) => stage.lane) }
    }
    const loop = await run(0, 'async')
    for (const pool of [await run(2, 'blocking'), await run(2)]) {
      assert.equal(pool.lanes, ['blocking', 'blocking', 'blocking'])
      assert.equal(pool.results, loop.results)
      assert.equal(pool.skipped, loop.skipped)
    }
    assert.ok(loop.skipped.some(([, n]) => Number(n) > 0))
  })

  it('explain says what is held', () => {
    const plan = pipeline({ a: from([1]).pipe(window(tumbling({ sizeMs: 10 }), { at, aggregate: count(), maxWindows: 99 }), aggregate(count())).observe() }).explain()
    assert.match(String(plan), 'holds a state per key and open window, at most 99')
    const keyed = pipeline({ a: from([1]).pipe(aggregateBy(at, count())).observe(), b: from([1]).pipe(countBy(at, { maxKeys: 7 })).observe(), c: from([1]).pipe(distinct()).observe() })
    for (const held of ['a state per key, without a bound (maxKeys)', 'a count per key, at most 7', 'an entry per key, without a bound (maxKeys)']) {
      assert.match(String(keyed.explain()), `holds ${held}`)
    }
    assert.ok(plan.tasks.flatMap((task) => task.stages).some((stage) => stage.holds === 'a state per key and open window, at most 99'))
  })

  it('bad arguments are refused at declaration', () => {
    const kind = tumbling({ sizeMs: MINUTE })
    const with_ = (more: object) => () => window(kind, { at, aggregate: count(), ...more })
    verifyRefusals('tumbling', [() => tumbling({ sizeMs: 0 }), () => tumbling(undefined as never), () => tumbling({ sizeMs: 1, offsetMs: -1 })])
    verifyRefusals('sliding', [() => sliding({ sizeMs: 1, everyMs: 0 }), () => sliding({ sizeMs: 1.5, everyMs: 1 })])
    verifyRefusals('session', [() => session({ gapMs: 0 })])
    verifyRefusals('counted', [() => counted({ count: 0 })])
    verifyRefusals('window', [
      () => window(undefined as never, { at, aggregate: count() }), () => window(kind, { aggregate: count() }), () => window(kind, { at } as never), () => window(kind, undefined as never),
      with_({ outOfOrderMs: -1 }), with_({ latenessMs: NaN }), with_({ maxWindows: 0 }), with_({ maxSplits: 0 }), with_({ expectSplits: 0 }), with_({ late: 'x' }), with_({ early: {} }),
      with_({ early: { count: 0 } }), with_({ early: { everyMs: 0 } }), with_({ idleMs: 0 }), with_({ key: 3 }), with_({ split: 3 }), with_({ name: '' }), with_({ lane: 'blocking', idleMs: 5 }),
      with_({ onError: { policy: 'retry', times: 1, initialMs: 0, factor: 1, maxMs: 0, jitter: 0, then: 'fail' } }), with_({ at: 'arrival', latenessMs: 3 }), with_({ aggregate: {} }),
      () => window(everything(), { at, aggregate: count() }), () => window(counted({ count: 3 }), { aggregate: count(), latenessMs: 3 })
    ])
    verifyRefusals('windowWithLate', [() => windowWithLate(undefined as never, kind, { at, aggregate: count() })])
  })
}, 60_000)
