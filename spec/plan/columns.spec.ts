/** What is known of items before there are any: which fields are read downstream, and what codec they have passed. Nothing is started. */
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import {
  aggregate, aggregateBy, balance, buffer, concat, count, countBy, debounce, decode, delay, distinct, drop, filter, forEach, from,
  idleTimeout, interleave, map, mapAsync, mapState, merge, pairwise, partition, pick, pipeline, race, sample, scanBy, sort, startWith,
  take, takeUntil, tap, throttle, toJson, zip, zipWithIndex, type Flow, type Source
} from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { plan, type Plan } from '../../src/plan/plan.ts'
import { suite } from '../support/suite.ts'

interface Row { readonly id: number, readonly host: string, readonly path: string, readonly bytes: number }

const rows = (): Source<Row> => from<Row>([])
const nothing = forEach<unknown>(() => undefined)
const planned = (sources: Readonly<Record<string, Source<unknown>>>, project?: boolean): Plan =>
  plan(Object.fromEntries(Object.entries(sources).map(([name, source]) => [name, source.to(nothing).port])), { workers: 2, capacity: 64, project })

/** The fields that cross into the first task, from its source. */
const input = (source: Source<unknown>, project?: boolean): readonly string[] | undefined => planned({ source }, project).tasks[0]!.input?.fields

const sum = { create: () => 0, add: (s: number, r: Pick<Row, 'host' | 'bytes'>) => s + r.bytes, combine: (a: number, b: number) => a + b }
const blocking = { lane: 'blocking' } as const

suite('columns of a plan', (it) => {
  it('the fields that pick and keys by name read are those that cross', () => {
    assert.equal(input(rows().pipe(pick('host', 'bytes'))), ['host', 'bytes'])
    assert.equal(input(rows().pipe(countBy('host'))), ['host'])
    assert.equal(input(rows().pipe(pick('host', 'bytes'), aggregateBy('host', sum))), ['host', 'bytes'])
    assert.equal(input(rows().pipe(distinct('id'), pick('host'))), ['id', 'host'])
    assert.equal(planned({ out: rows().pipe(distinct('id'), pick('host')) }).channels.map((c) => c.fields), [['host'], undefined])
  })

  it('what looks at items with a function, or keeps them whole, reads all', () => {
    const readers: readonly Flow<Row, unknown>[] = [
      map((r) => r.id), filter((r) => r.id > 1), tap(() => undefined), aggregateBy('host', sum), countBy((r) => r.host), distinct('host'), toJson(),
      mapAsync(async (r) => r), distinct((r) => r.host)
    ]
    for (const reader of readers) assert.is(input(rows().pipe(take(3), reader)), undefined)
    assert.is(input(zip(rows().pipe(drop(1)), rows()).pipe(map(([a]) => a.id))), undefined)
  })

  it('a dead letter shows the item: a stage that may set it aside reads all of it, and so does decode', () => {
    assert.is(input(rows().pipe(countBy('host', { onError: 'deadLetter' }))), undefined)
    assert.is(input(rows().pipe(take(3), pick('host', { onError: 'deadLetter' }))), undefined)
    assert.equal(input(rows().pipe(countBy('host', { onError: 'skip' }))), ['host'])
    assert.is(input(rows().pipe(take(4), decode(t.exact(t.type({ host: t.string }))))), undefined)
  })

  it('stages that pass items on ask for what is asked of them: take, drop, buffer, merge, concat', () => {
    assert.equal(input(rows().pipe(drop(1), take(9), pick('path'))), ['path'])
    const a = rows().pipe(map((r) => r, blocking))
    const b = rows().pipe(map((r) => r, blocking))
    for (const both of [merge(a, b), concat(a, b), merge(a, b).pipe(buffer({ capacity: 4 }))]) {
      const { channels } = planned({ out: both.pipe(pick('id', 'path')) })
      assert.equal(channels.map((c) => c.fields).slice(0, 2), [['id', 'path'], ['id', 'path']])
    }
  })

  it('so do those that wait, choose a source or deal to several', () => {
    const passing: readonly Flow<Row, Row>[] = [
      throttle({ units: 9 }), delay({ ms: 1 }), sample({ ms: 1 }), debounce({ ms: 1 }), idleTimeout({ ms: 9 }), takeUntil(AbortSignal.abort()),
      takeUntil(from([1])), { apply: (source) => balance(source, 2)[1] }, { apply: (source) => race(source, from<Row>([])) },
      { apply: (source) => interleave(from<Row>([]), source) }, { apply: (source) => merge(source, from<Row>([]), { prefer: 1 }) }
    ]
    const left = (flow: Flow<Row, unknown>) => planned({ out: rows().pipe(map((r) => r, { ...blocking, name: 'first' }), flow) })
      .channels.find(({ from }) => from.stage === 'first')!.fields
    for (const flow of passing) assert.equal(left({ apply: (source) => source.pipe(flow, pick('path')) }), ['path'])
    assert.is(left({ apply: (source) => source.pipe(throttle({ units: 9, cost: (r) => r.bytes }), pick('path')) }), undefined)
  })

  it('operators that say nothing read all, of each of their inputs', () => {
    const silent: readonly Flow<Row, unknown>[] = [
      pairwise(), zipWithIndex(), sort({ by: (r) => r.id }), aggregate(count()), aggregateBy('host', count()), startWith([{ id: 0, host: '', path: '', bytes: 0 }]),
      scanBy((r) => r.host, (n) => n + 1, 0)
    ]
    for (const flow of silent) {
      const { channels, tasks } = planned({ out: rows().pipe(take(3), flow) })
      assert.equal(channels.map((c) => c.fields).filter((fields) => fields !== undefined), [], String(channels[0]?.to.stage))
      assert.is(tasks[0]!.input?.fields, undefined)
    }
    const first = rows().pipe(map((r) => r, { ...blocking, name: 'first' }))
    const ordered = planned({ out: merge(first, first, { by: (r) => r.id }).pipe(pick('host')) }).channels.filter(({ from }) => from.stage === 'first')
    assert.equal(ordered.map((c) => c.fields), [undefined, undefined])
  })

  it('what the copies of a keyed stage answer goes to who gathers it without what nobody reads', () => {
    const { channels } = planned({ out: rows().pipe(mapState({ key: (r) => r.host, create: () => ({ n: 0 }), map: (_, r) => r }), pick('host')) })
    assert.equal(channels.filter(({ to }) => to.stage === 'mapState.gather').map((c) => c.fields), [['host'], ['host']])
    assert.equal(channels.filter(({ to }) => to.stage === 'mapState').map((c) => c.fields), [undefined, undefined])
  })

  it('an outlet with several readers has what any of them reads', () => {
    const shared = rows().pipe(map((r) => r), buffer({ capacity: 3 }))
    const fields = (sources: Readonly<Record<string, Source<unknown>>>) => planned(sources).tasks[0]!.program!.outlets[0]!.columns?.fields
    assert.equal(fields({ a: shared.pipe(pick('host')), b: shared.pipe(countBy('id')) }), ['host', 'id'])
    assert.is(fields({ a: shared.pipe(pick('host')), b: shared }), undefined)
    const [even] = partition(rows().pipe(map((r) => r)), (r) => r.id % 2 === 0)
    assert.equal(fields({ a: even.pipe(take(3), pick('host')) }), ['host'])
  })

  it('items that have no other fields are sent as they are', () => {
    const { tasks } = planned({ out: rows().pipe(pick('host', 'id'), buffer({ capacity: 3 }), countBy('id')) })
    assert.equal([tasks[0]!.input?.fields, tasks[0]!.program!.outlets[0]!.columns?.fields], [['host', 'id'], ['id']])
    assert.is(planned({ out: rows().pipe(pick('id'), buffer({ capacity: 3 }), countBy('id')) }).tasks[0]!.program!.outlets[0]!.columns, undefined)
  })

  it('a codec before an outlet is known there, through stages that pass items on', () => {
    const Row = t.type({ id: t.number, host: t.string })
    const columns = (flow: Flow<unknown, unknown>) => planned({ out: from<unknown>([]).pipe(flow, buffer({ capacity: 3 })) }).tasks[0]!.program!.outlets[0]!.columns
    assert.ok(columns(decode(Row))?.codec !== undefined)
    const through = { apply: (s: Source<unknown>) => s.pipe(decode(Row), filter((r) => r.id > 1), pick('id')) }
    assert.equal(columns(through)?.only, ['id'])
    assert.is(columns({ apply: (s) => s.pipe(decode(Row), map((r) => r)) }), undefined)
    assert.is(columns(decode(t.refinement(t.number, (n) => n > 1, 'Large') as t.Type<unknown>)), undefined)
  })

  it('can be switched off; explain shows the fields of each channel', () => {
    assert.is(input(rows().pipe(pick('host')), false), undefined)
    const told = pipeline({ out: rows().pipe(distinct('id'), countBy('host')).observe() }).explain({ workers: 2 })
    const text = String(told)
    assert.ok(text.includes('from → workers: frames in shared memory, fields id, host'), text)
    assert.ok(/distinct → countBy\.partial .*, fields host\n/.test(text), text)
    assert.equal([told.tasks[0]!.fields, told.channels[0]!.fields], [['id', 'host'], ['host']])
    const files = String(pipeline({ out: fs.lines('no/such').pipe(map((line) => JSON.parse(line) as Row), countBy('host')).observe() }).explain({ workers: 2 }))
    assert.ok(!files.includes('fields'), files)
    assert.ok(!String(pipeline({ out: rows().pipe(countBy('host')).observe() }).explain({ workers: 0 })).includes('fields'))
  })
})
