/** What grows without a bound is said by `explain()`, at its end, and by a process warning when it is run: once for each declaration. */
import * as assert from 'uvu/assert'
import {
  aggregateBy, batch, buffer, count, countBy, dedupe, delay, distinct, forEach, from, keyedProcess, mapState, pipeline, scanBy, slidingCount, sort, tumbling, window,
  type Flow
} from '../../src/index.ts'
import { suite } from '../support/suite.ts'

interface Row { readonly id: number, readonly at: number }

const rows = (): Row[] => [{ id: 1, at: 1 }]
const nothing = forEach<unknown>(() => undefined)
const of = (flow: Flow<Row, unknown>) => pipeline({ out: from(rows()).pipe(flow).to(nothing) })

const state = { key: 'id' as const, create: () => ({ n: 0 }), map: (s: { n: number }, _: Row) => ++s.n }
const timed = { key: 'id' as const, at: 'arrival' as const, create: () => ({ n: 0 }), process: (s: { n: number }, _: Row) => ++s.n, onTimer: () => 1 }

/** Warnings of this process while `body` runs, and what node says at the next turns. */
const warned = async (body: () => Promise<unknown>): Promise<readonly { readonly code?: string, readonly message: string }[]> => {
  const seen: (Error & { readonly code?: string })[] = []
  const listen = (warning: Error): void => { seen.push(warning) }
  process.on('warning', listen)
  await body()
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', listen)
  return seen.filter(({ code }) => code === 'MILLRACE_UNBOUNDED_STATE')
}

suite('state without a bound', (it) => {
  it('explain lists the stage, where it was declared, and the options that would bound it: as text, as data, and as Mermaid', () => {
    const flows: readonly (readonly [string, Flow<Row, unknown>, readonly string[]])[] = [
      ['mapState', mapState(state), ['maxKeys', 'ttlMs']],
      ['scanBy', scanBy('id', (n: number, _: Row) => n + 1, 0), ['maxKeys', 'ttlMs']],
      ['keyedProcess', keyedProcess(timed), ['maxKeys', 'ttlMs']],
      ['distinct', distinct('id'), ['maxKeys']],
      ['countBy', countBy('id'), ['maxKeys']],
      ['aggregateBy', aggregateBy('id', count<Row>()), ['maxKeys']]
    ]
    for (const [name, flow, options] of flows) {
      for (const workers of [0, 3]) {
        const plan = of(flow).explain({ workers })
        assert.equal(plan.warnings.map((w) => [w.stage, w.options]), [[name, options]], name)
        assert.match(plan.warnings[0]!.site!, /unbounded\.spec\.ts:\d+:\d+$/)
        const last = String(plan).split('\n').at(-1)!
        assert.ok(last.startsWith(`!  ${name} (declared at `) && last.includes(`give ${options.join(' or ')}`) && last.includes('without a bound'), last)
        assert.match(plan.toMermaid(), new RegExp(`w0\\["⚠ ${name} .*\\n {2}w0 -.- t\\d`))
        assert.is((JSON.parse(JSON.stringify(plan)) as typeof plan).warnings[0]!.stage, name)
      }
    }
  })

  it('a bound is a bound, and Infinity says that the keys are few', () => {
    const bounded: readonly Flow<Row, unknown>[] = [
      mapState({ ...state, maxKeys: 5 }), mapState({ ...state, ttlMs: 5 }), mapState({ ...state, maxKeys: Infinity }), scanBy('id', (n: number) => n, 0, { maxKeys: Infinity }),
      keyedProcess({ ...timed, maxKeys: Infinity }), distinct('id', { maxKeys: Infinity }), distinct('id', { maxKeys: 3 }), countBy('id', { maxKeys: Infinity }),
      aggregateBy('id', count<Row>(), { maxKeys: 2 }), dedupe({ key: (r) => r.id, maxKeys: 3 }), sort({ by: (r) => r.id }),
      window(tumbling({ sizeMs: 5 }), { at: (r) => r.at, aggregate: count() })
    ]
    for (const flow of bounded) {
      const plan = of(flow).explain({ workers: 2 })
      assert.equal(plan.warnings, [])
      assert.not.match(String(plan), /\n!/)
      assert.not.match(plan.toMermaid(), /warning/)
    }
  })

  it('a run warns once for all its stages, and not again for the same declaration', async () => {
    const flow = mapState({ ...state, name: 'visits' })
    const declared = (): ReturnType<typeof of> => pipeline({
      out: from(rows()).pipe(flow).to(nothing), other: from(rows()).pipe(distinct('id')).to(nothing), quiet: from(rows()).pipe(countBy('id')).to(nothing)
    })
    const seen = await warned(async () => {
      for (let i = 0; i < 3; i++) await declared().run({ workers: i }).done
    })
    assert.is(seen.length, 1)
    for (const word of ['2 stages', 'visits (declared at ', 'distinct (declared at ', 'maxKeys: Infinity', 'ttlMs']) assert.ok(seen[0]!.message.includes(word), `${word}: ${seen[0]!.message}`)
    assert.not.match(seen[0]!.message, /countBy/)
    const other = await warned(() => of(distinct('id')).run({ workers: 0 }).done)
    assert.is(other.length, 1)
    assert.match(other[0]!.message, /a stage remembers more and more: distinct/)
  })

  it('who says that the keys are few is not warned', async () => {
    assert.equal(await warned(() => of(mapState({ ...state, maxKeys: Infinity })).run({ workers: 0 }).done), [])
  })
})

suite('what a stage holds', (it) => {
  it('is told by explain, with its bound', () => {
    const told: readonly (readonly [Flow<Row, unknown>, RegExp])[] = [
      [dedupe({ key: (r) => r.id, maxKeys: 3 }), /holds the keys seen last, at most 3/], [dedupe({ key: (r) => r.id, maxKeys: 3, withinMs: 9 }), /holds the keys seen last, at most 3/],
      [sort({ by: (r) => r.id, maxItems: 7 }), /holds items, at most 7 in memory/], [batch({ count: 4 }), /holds one batch/], [batch({ maxMs: 4 }), /holds one batch/],
      [slidingCount({ size: 4 }), /holds items, at most 4/], [delay({ ms: 1, capacity: 5 }), /holds items, at most 5/], [buffer({ capacity: 6 }), /holds items, at most 6/],
      [window(tumbling({ sizeMs: 5 }), { at: (r) => r.at, aggregate: count(), maxWindows: 8 }), /holds a state per key and open window, at most 8/],
      [distinct('id', { maxKeys: 3 }), /holds an entry per key, at most 3/], [countBy('id', { maxKeys: 3 }), /holds a count per key, at most 3/],
      [mapState({ ...state, maxKeys: Infinity }), /holds a state per key, of keys that are said to be few/], [keyedProcess({ ...timed, ttlMs: 9, maxTimers: 2 }), /forgotten after 9 ms without use, with at most 2 timers each/]
    ]
    for (const [flow, want] of told) assert.match(String(of(flow).explain({ workers: 2 })), want)
  })
})
