/**
 * Keyed stages that go by time, in runs: shared among workers, each partition sees time go on as one place would that sees all items.
 * What comes out is the same, as a set and within a key; so is what is late.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {
  collect, count, counted, filter, forEach, from, keyedProcess, map, pipeline, range, session, sliding, take, toArray, tumbling, window, windowWithLate,
  type Source, type WindowKind
} from '../../src/index.ts'
import { hashKey } from '../../src/operator/loop/hash.ts'
import { rejection } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

interface Event {
  readonly key: number
  readonly at: number
  readonly id: number
}

const event = fc.record({ key: fc.nat(6), at: fc.nat(100) })
const disorder = fc.array(event, { maxLength: 150 }).map((all) => all.map((e, id): Event => ({ ...e, id })))

const texts = (rows: readonly unknown[]): readonly string[] => rows.map((row) => JSON.stringify(row)).sort()

/** A busy source: what is before the keyed stage is on the pool, where batches are made anew. */
const pooled = (items: readonly Event[]): Source<Event> => from(items).pipe(map((e) => e, { lane: 'blocking' }))

/** Sees what time it is in its partition, so that a watermark that is too early or too late in one of them is seen. */
const watched = (late: 'process' | 'drop') => keyedProcess({
  key: 'key', at: (e: Event) => e.at, outOfOrderMs: 10, late, create: () => ({ ids: [] as number[] }), maxKeys: 100,
  process: (state, e, on): unknown => {
    state.ids.push(e.id)
    on.setTimer(e.at + 15)
    return ['item', e.id, state.ids.length, e.at < on.watermark, on.watermark]
  },
  onTimer: (state, { at }, on): unknown => ['timer', on.key, at, state.ids.length]
})

suite('keyedProcess on workers', (it) => {
  it('any disorder, any number of workers: what one place answers, with the same watermark before every item', async () => {
    await fc.assert(fc.asyncProperty(disorder, fc.integer({ min: 2, max: 3 }), fc.constantFrom<'process' | 'drop'>('process', 'drop'), async (events, workers, late) => {
      const alone = await from(events).pipe(watched(late)).toArray({ workers: 0 })
      assert.equal(texts(await pooled(events).pipe(watched(late)).toArray({ workers })), texts(alone))
    }), { seed, numRuns: 10 })
  })

  it('many items in many batches, on the loop and on the pool; within a key in order', async () => {
    const events = Array.from({ length: 10_000 }, (_, id): Event => ({ key: id % 97, at: id + ((id * 7919) % 40), id }))
    const alone = await from(events).pipe(watched('process')).toArray({ workers: 0 })
    for (const source of [from(events), pooled(events), from(events).pipe(filter((e) => e.id >= 0))]) {
      assert.equal(await source.pipe(watched('process')).toArray({ workers: 1 }), alone) // its state moves to the worker
      const out = await source.pipe(watched('process')).toArray({ workers: 2 })
      assert.equal(texts(out), texts(alone))
      const ids = (out as [string, number][]).flatMap(([what, id]) => (what === 'item' && id % 97 === 5 ? [id] : []))
      assert.equal(ids, ids.toSorted((a, b) => a - b))
    }
  })

  it('a partition whose keys are silent sees time go on', async () => {
    // key 0 says something once; its timer has to go off while keys of the other partition go on, and not only at the end
    const others = Array.from({ length: 50 }, (_, k) => k).filter((k) => hashKey(k) % 2 !== hashKey(0) % 2)
    const endless = from((function* () { for (let id = 0; ; id++) yield { key: id === 0 ? 0 : others[id % others.length]!, at: id, id } })())
    const flow = keyedProcess({
      key: 'key', at: (e: Event) => e.at, create: () => ({}), maxKeys: 100,
      process: (_, e, on) => { if (e.id === 0) on.setTimer(1000) },
      onTimer: (_, timer, on) => [on.key, timer.at, on.ended]
    })
    assert.equal(await endless.pipe(map((e) => e, { lane: 'blocking' }), flow, take(1)).toArray({ workers: 2 }), [[0, 1000, false]])
  })

  it('the report has one row for the copies, and counts items only', async () => {
    const items = range(0, 10_000).pipe(map((id) => ({ key: id % 10, at: id, id }), { lane: 'blocking' }))
    const { stages } = await pipeline({ out: items.pipe(watched('process')).to(forEach(() => undefined)) }).run({ workers: 2 }).done
    const row = (name: string) => stages.find((s) => s.name === name)
    assert.equal([row('keyedProcess.spread')!.in, row('keyedProcess')!.in], [10_000, 10_000])
    assert.is(row('keyedProcess')!.out, row('forEach')!.in)
  })

  it('a failing item, timer or instant is what the policy says, and letters have the item itself', async () => {
    const failing = (onError: 'fail' | 'skip' | 'deadLetter') => keyedProcess({
      key: 'key', create: () => ({}), maxKeys: 100, onError, name: 'mine', lane: 'blocking',
      at: (e: Event) => { if (e.id === 7) throw new Error('at'); return e.at },
      process: (_, e, on) => { if (e.id === 500) throw new Error('process'); if (e.id === 900) on.setTimer(e.at + 1); return e.id },
      onTimer: (): number => { throw new Error('timer') }
    })
    const events = Array.from({ length: 2000 }, (_, id): Event => ({ key: id % 13, at: id, id }))
    const error = await rejection(pooled(events).pipe(failing('fail')).toArray({ workers: 2 })) as { code?: string, stage?: string, position?: unknown }
    assert.is(error.code, 'ERR_MILLRACE_STAGE_FAILED')
    const letters: unknown[] = []
    const run = pipeline({ out: pooled(events).pipe(failing('deadLetter')).to(toArray()) }).run({ workers: 2 })
    run.deadLetters.subscribe(({ stage, item }) => letters.push([stage, item]))
    const { results } = await run.done
    assert.is((results['out'] as unknown[]).length, 1998)
    assert.equal(texts(letters), texts([['mine', events[7]], ['mine', events[500]], ['mine', { key: 900 % 13, name: '', at: 901 }]]))
  })
}, 60_000)

const kinds: readonly WindowKind[] = [tumbling({ sizeMs: 10 }), sliding({ sizeMs: 20, everyMs: 5 }), session({ gapMs: 8 })]

suite('windows on workers', (it) => {
  it('with ordered: false the keys are shared: the same windows and the same late items, under any disorder', async () => {
    await fc.assert(fc.asyncProperty(disorder, fc.constantFrom(...kinds), fc.constantFrom(0, 20), fc.constantFrom(0, 15), async (events, kind, outOfOrderMs, latenessMs) => {
      const run = async (workers: number, ordered: boolean | undefined) => {
        const { windows, late } = windowWithLate(pooled(events), kind, { key: (e) => e.key, at: (e) => e.at, outOfOrderMs, latenessMs, ordered, aggregate: collect({ max: 1000 }, (e) => e.id) })
        const { results } = await pipeline({ windows: windows.to(toArray()), late: late.to(toArray()) }).run({ workers }).done
        return [texts(results['windows']), texts(results['late'])]
      }
      assert.equal(await run(3, false), await run(0, undefined))
    }), { seed, numRuns: 10 })
  })

  it('one side only, windows without time, many items', async () => {
    const events = Array.from({ length: 10_000 }, (_, id): Event => ({ key: id % 31, at: id + ((id * 7919) % 40), id }))
    for (const kind of [tumbling({ sizeMs: 100 }), counted({ count: 7 })]) {
      const flow = (ordered: boolean) => window(kind, {
        key: (e: Event) => e.key, ordered, aggregate: count(), ...(kind.kind === 'counted' ? {} : { at: (e: Event) => e.at, outOfOrderMs: 20 })
      })
      assert.equal(texts(await pooled(events).pipe(flow(false)).toArray({ workers: 2 })), texts(await from(events).pipe(flow(true)).toArray({ workers: 2 })))
    }
    const { late } = windowWithLate(pooled(events), tumbling({ sizeMs: 10 }), { key: (e) => e.key, at: (e) => e.at, ordered: false, aggregate: count() })
    const { late: alone } = windowWithLate(from(events), tumbling({ sizeMs: 10 }), { key: (e) => e.key, at: (e) => e.at, aggregate: count() })
    assert.equal(texts(await late.toArray({ workers: 2 })), texts(await alone.toArray({ workers: 0 })))
  })

  it('is refused where one place has to see all items', () => {
    const good = { key: (e: Event) => e.key, at: (e: Event) => e.at, aggregate: count<Event>(), ordered: false }
    for (const more of [{ key: undefined }, { split: () => 1 }, { expectSplits: 2 }, { idleMs: 5 }, { early: { everyMs: 5 } }, { at: 'arrival' as const }, { ordered: 'no' as never }]) {
      assert.throws(() => window(tumbling({ sizeMs: 10 }), { ...good, ...more }), (e: { code?: string }) => e.code === 'ERR_MILLRACE_ARGUMENT')
    }
    const { tasks } = pipeline({ out: from<Event>([]).pipe(window(tumbling({ sizeMs: 10 }), good)).to(toArray()) }).explain({ workers: 3 })
    assert.is(tasks.filter((task) => task.stages[0]!.name === 'window').length, 3)
  })
}, 60_000)
