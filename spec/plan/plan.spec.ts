/**
 * Plans: which lane, why, what is fused, what lies between, and what is refused. Nothing is started.
 */
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import {
  aggregate, aggregateBy, concat, countBy, decode, filter, forEach, from, map, mapAsync, mapState, merge, partition, pipeline, range, reduce, scan, take, toArray,
  type Flow
} from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const drop = forEach(() => undefined)

suite('plan', (it) => {
  it('sync stages go to the blocking lane, async ones and sinks stay, neighbours are fused', () => {
    const { tasks, channels } = pipeline({
      out: range(0, 10).pipe(map((n) => n + 1), filter((n) => n > 2), mapAsync(async (n) => n), map((n) => n)).to(drop)
    }).explain({ workers: 2 })
    assert.equal(tasks.map((task) => [task.lane, task.stages.map((s) => s.kind)]), [
      ['blocking', ['range', 'map', 'filter']],
      ['async', ['mapAsync']],
      ['blocking', ['map']],
      ['async', ['forEach']]
    ])
    assert.is(channels.length, 3)
    assert.ok(channels.every((c) => c.kind === 'mpsc' && c.capacity > 0))
    assert.ok(tasks.every((task) => task.stages.every((stage) => stage.why !== '')))
  })

  it('with no workers everything is on the caller\'s loop', () => {
    const { tasks } = pipeline({ out: range(0, 10).pipe(map((n) => n)).to(drop) }).explain({ workers: 0 })
    assert.ok(tasks.every((task) => task.lane === 'async' && task.parallelism === 1))
  })

  it('a lane that is given is kept', () => {
    const { tasks } = pipeline({ out: range(0, 10).pipe(map((n) => n, { lane: 'async' }), map((n) => n, { lane: 'blocking' })).to(drop) }).explain({ workers: 2 })
    assert.equal(tasks.map((task) => [task.lane, task.start]), [['async', 'caller'], ['blocking', 'pool'], ['async', 'caller']])
  })

  it('stateless stages run on all workers, stages that need order in one place', () => {
    const { tasks } = pipeline({ out: range(0, 10).pipe(map((n) => n), scan((a, n) => a + n, 0)).to(drop) }).explain({ workers: 4 })
    assert.equal(tasks.map((task) => task.parallelism), [4, 1, 1])
  })

  it('an aggregation is split: a combiner beside the items, a merge behind the channel, and where parts may be many what makes one of them on a worker', () => {
    const { tasks } = pipeline({ out: range(0, 10).pipe(countBy((n) => n % 2, { name: 'parity' })).observe() }).explain({ workers: 2 })
    assert.equal(tasks[0]!.stages.map((s) => s.name), ['range', 'parity.partial'])
    assert.equal(tasks.slice(1, 3).map(({ lane, parallelism, start, stages }) => [lane, parallelism, start, stages.map((s) => s.name)]), [
      ['blocking', 1, 'caller', ['parity.combine']],
      ['async', 1, 'caller', ['parity']]
    ])
  })

  it('parts are combined on the loop where they are made there, where what combines cannot travel, and where there is one of each worker', () => {
    const far = Date.now()
    const own = { create: () => 0, add: (n: number) => n + 1, combine: (a: number, b: number) => a + b }
    const size = (n: number) => n
    const kinds = (flow: Flow<number, unknown>, workers: number) =>
      pipeline({ out: range(0, 10).pipe(flow).observe() }).explain({ workers }).tasks.map(({ lane, parallelism, stages }) => [`${lane} ${parallelism}`, ...stages.map((s) => s.kind)])
    assert.equal(kinds(countBy((n) => n), 0), [['async 1', 'range', 'countBy.partial', 'countBy.combine', 'countBy.merge'], ['async 1', 'observe']])
    assert.equal(kinds(aggregate({ ...own, size, combine: (a, b) => a + b + 0 * far }), 2).slice(0, 2), [['blocking 2', 'range', 'aggregate.partial'], ['async 1', 'aggregate.combine', 'aggregate.merge']])
    assert.equal(kinds(aggregate({ ...own, size }, { lane: 'async' }), 2).slice(0, 1), [['async 1', 'range', 'aggregate.partial', 'aggregate.combine', 'aggregate.merge']])
    assert.equal(kinds(aggregate(own), 2).slice(0, 2), [['blocking 2', 'range', 'aggregate.partial'], ['async 1', 'aggregate.merge']])
    assert.equal(kinds(aggregateBy((n) => n, own, { onError: 'stop' }), 2).slice(0, 2), [['blocking 1', 'range', 'aggregateBy.partial'], ['async 1', 'aggregateBy.merge']])
  })

  it('a stage with a state per key has one copy per worker behind a spread, and one where there is one worker or none', () => {
    const counted = range(0, 10).pipe(map((n) => n), mapState({ key: (n) => n, create: () => ({ n: 0 }), map: (state) => ++state.n, name: 'seen' }), map((n) => n))
    const { tasks, channels } = pipeline({ out: counted.to(drop) }).explain({ workers: 3 })
    assert.equal(tasks.map((task) => [task.lane, task.parallelism, task.stages.map((s) => s.name)]), [
      ['blocking', 3, ['range', 'map', 'seen.spread']],
      ['blocking', 1, ['seen']],
      ['blocking', 1, ['seen']],
      ['blocking', 1, ['seen']],
      ['async', 1, ['seen.gather']],
      ['blocking', 3, ['map#2']],
      ['async', 1, ['forEach']]
    ])
    assert.is(channels.length, 8)
    assert.match(String(pipeline({ out: counted.to(drop) }).explain({ workers: 3 })), /holds a state per key, without a bound/)
    for (const workers of [0, 1]) {
      const { tasks: few } = pipeline({ out: counted.to(drop) }).explain({ workers })
      assert.is(few.flatMap((task) => task.stages).filter((s) => s.name.startsWith('seen')).length, 1)
    }
    const pinned = range(0, 10).pipe(mapState({ key: (n) => n, create: () => ({}), map: () => 1, lane: 'async' }))
    assert.is(pipeline({ out: pinned.to(drop) }).explain({ workers: 3 }).tasks.length, 2)
  })

  it('a value that is used twice is one stage with a broadcast behind it', () => {
    const shared = range(0, 10).pipe(mapAsync(async (n) => n))
    const { tasks, channels } = pipeline({ a: shared.to(toArray()), b: shared.pipe(map((n) => n)).to(drop) }).explain({ workers: 2 })
    assert.is(tasks.filter((task) => task.stages.some((s) => s.kind === 'mapAsync')).length, 1)
    assert.is(channels.filter((c) => c.kind === 'broadcast').length, 2)
  })

  it('fan-out between CPU stages stays inside one task', () => {
    const shared = range(0, 10).pipe(map((n) => n))
    const { tasks } = pipeline({ a: shared.pipe(filter((n) => n > 1)).to(drop), b: shared.pipe(filter((n) => n < 1)).to(drop) }).explain({ workers: 2 })
    assert.is(tasks[0]!.stages.length, 4)
  })

  it('partition has two outlets, and merge reads both', () => {
    const [even, odd] = partition(range(0, 10), (n) => n % 2 === 0)
    const { tasks } = pipeline({ out: merge(even, odd).to(drop) }).explain({ workers: 2 })
    assert.is(tasks.find((task) => task.stages[0]!.kind === 'merge')!.reads.length, 2)
  })

  it('files are splits that workers read', () => {
    const { tasks } = pipeline({ out: fs.lines('no/such/file').pipe(map((line) => line.length)).to(drop) }).explain({ workers: 2 })
    assert.equal([tasks[0]!.lane, tasks[0]!.parallelism], ['blocking', 2])
    assert.ok(tasks[0]!.stages[0]!.why.includes('splits'))
  })

  it('a structural codec travels, one with a function of its own says why not', () => {
    const Row = t.type({ a: t.number })
    const Even = t.refinement(t.number, (n) => n % 2 === 0, 'Even')
    const lanes = (codec: t.Type<unknown, unknown>) =>
      pipeline({ out: from([{}]).pipe(decode(codec)).to(drop) }).explain({ workers: 2 }).tasks[0]!
    assert.is(lanes(Row as never).lane, 'blocking')
    const stays = lanes(Even as never)
    assert.is(stays.lane, 'async')
    assert.ok(stays.stages.some((s) => s.why.includes('Even')), JSON.stringify(stays.stages))
  })

  it('names are given or derived, and unique', () => {
    const { tasks } = pipeline({ out: range(0, 1).pipe(map((n) => n), map((n) => n, { name: 'second' }), map((n) => n)).to(drop) }).explain({ workers: 0 })
    const names = tasks.flatMap((task) => task.stages.map((s) => s.name))
    assert.is(new Set(names).size, names.length)
    assert.ok(names.includes('second'))
  })

  it('stages know where they were declared', () => {
    const { tasks } = pipeline({ out: range(0, 1).pipe(map((n) => n)).to(drop) }).explain({ workers: 0 })
    for (const stage of tasks.flatMap((task) => task.stages)) assert.match(stage.site ?? '', /plan\.spec\.ts:\d+:\d+$/)
  })

  it('the plan is shown as text and as Mermaid, with lanes, bounds and reasons', () => {
    const p = pipeline({ total: range(0, 10).pipe(map((n) => n), reduce((a, b) => a + b, 0)).observe(), byKey: range(0, 10).pipe(aggregateBy((n) => n % 2, { create: () => 0, add: (s, n: number) => s + n, combine: (a, b) => a + b })).observe() })
    const text = String(p.explain({ workers: 2 }))
    for (const word of ['blocking lane', 'async lane', 'mpsc', 'at most', 'fused', 'output total', 'starts no worker']) assert.ok(text.includes(word), `${word}\n${text}`)
    const mermaid = p.explain({ workers: 2 }).toMermaid()
    assert.ok(mermaid.startsWith('flowchart LR') && mermaid.includes('blocking × 2') && mermaid.includes('-->'))
    assert.is(JSON.stringify(p.explain({ workers: 2 })).includes('"lane":"blocking"'), true)
  })

  it('concat of two readers of one source would wait for itself, and is refused with the stage', () => {
    const source = range(0, 10)
    const error = thrown(() => pipeline({ out: concat(source.pipe(map((n) => n)), source.pipe(take(2))).to(drop) }).explain())
    assert.is(error.code, 'ERR_MILLRACE_GRAPH_INVALID')
    assert.is(error.stage, 'concat')
  })

  it('a pipeline without outputs, or with an open end, is refused at declaration', () => {
    assert.is(thrown(() => pipeline({})).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => pipeline({ out: range(0, 1) as never })).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => pipeline({ out: range(0, 1).to(drop) }, { capacity: 0 })).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => pipeline({ out: range(0, 1).to(drop) }).run({ workers: -1 })).code, 'ERR_MILLRACE_ARGUMENT')
  })
})
