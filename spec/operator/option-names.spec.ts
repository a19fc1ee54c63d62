/** A name that no option has is told where it is written, by everything that takes options. */
import { EMPTY } from 'rxjs'
import * as assert from 'uvu/assert'
import {
  adaptive, batch, circuitBreaker, collect, count, countBy, dedupe, distinct, enrich, filter, forEach, from, fromEvent, fromObservable, interval, intoWritable, map,
  mapAsync, mapState, merge, mergeMap, pipeline, queue, range, reduce, retry, scan, sort, take, throttle, toArray, toJson, toReadable, tumbling, window, zip
} from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { command, JoinSet, listen } from '../../src/runtime.ts'
import { mpsc } from '../../src/sync.ts'
import { optionNames } from '../../src/operator/option-names.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

/** Options as JavaScript programs give them: with any names. */
const typo = (more: object = {}): never => ({ ...more, typpo: 1 }) as never

const same = (x: unknown): never => x as never

const calls: Readonly<Record<string, () => unknown>> = {
  map: () => map(same, typo()),
  filter: () => filter(same, typo()),
  take: () => take(1, typo()),
  toJson: () => toJson(typo()),
  scan: () => scan((a: number) => a, 0, typo()),
  reduce: () => reduce((a: number) => a, 0, typo()),
  mapAsync: () => mapAsync(same, typo()),
  mergeMap: () => mergeMap(same, typo()),
  batch: () => batch(typo({ count: 1 })),
  sort: () => sort(typo()),
  throttle: () => throttle(typo({ units: 1 })),
  distinct: () => distinct(same, typo()),
  dedupe: () => dedupe(typo({ maxKeys: 1 })),
  countBy: () => countBy(same, typo()),
  mapState: () => mapState(typo({ key: same, create: same, map: same })),
  window: () => window(tumbling({ sizeMs: 1 }), typo({ at: same, aggregate: count() })),
  tumbling: () => tumbling(typo({ sizeMs: 1 })),
  enrich: () => enrich(typo({ key: same, lookup: same })),
  retry: () => retry(typo({ times: 1 })),
  circuitBreaker: () => circuitBreaker(typo()),
  adaptive: () => adaptive(typo({ max: 1 })),
  collect: () => collect(typo({ max: 1 })),
  merge: () => merge(range(0, 1), typo()),
  zip: () => zip(range(0, 1), typo()),
  from: () => from([], typo()),
  fromObservable: () => fromObservable(EMPTY, typo()),
  fromEvent: () => fromEvent(process, 'x', typo()),
  queue: () => queue(typo()),
  range: () => range(0, 1, 1, typo()),
  interval: () => interval(1, typo()),
  forEach: () => forEach(same, typo()),
  toArray: () => toArray(typo()),
  toReadable: () => toReadable(range(0, 1), typo()),
  intoWritable: () => intoWritable(process.stdout, typo()),
  observe: () => range(0, 1).observe(typo()),
  pipeline: () => pipeline({ out: range(0, 1).observe() }, typo()),
  run: () => pipeline({ out: range(0, 1).observe() }).run(typo()),
  explain: () => pipeline({ out: range(0, 1).observe() }).explain(typo()),
  'fs.lines': () => fs.lines('x', typo()),
  'fs.csv': () => fs.csv('x', typo()),
  'fs.ndjson': () => fs.ndjson('x', typo()),
  'fs.bytes': () => fs.bytes('x', typo()),
  'fs.blocks': () => fs.blocks('x', typo()),
  command: () => command('ls', [], typo()),
  JoinSet: () => new JoinSet(typo()),
  mpsc: () => mpsc(typo({ capacity: 1 }))
}

suite('option names', (it) => {
  it('a typo is told, with the call and the names that there are', () => {
    for (const [name, call] of Object.entries(calls)) {
      const error = thrown(call)
      assert.is(error.code, 'ERR_MILLRACE_ARGUMENT', name)
      assert.match(error.message, `${name}: there is no option 'typpo'; it takes `, name)
    }
    assert.match(thrown(calls['mapAsync']!).message, 'it takes name, onError, concurrency, ordered, timeoutMs, fallback.')
  })

  it('a call that answers a promise, and a method that runs, reject', async () => {
    for (const promise of [listen(typo({ port: 0 })), range(0, 1).toArray(typo())]) {
      assert.match((await rejection(promise)).message, "there is no option 'typpo'")
    }
  })

  it('no options where there must be some is told as an argument, too', () => {
    assert.is(thrown(() => mpsc(undefined as never)).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('options for tests are not told, and an option that is undefined is none', async () => {
    assert.not.match(thrown(calls['fs.lines']!).message, 'splitBytes')
    assert.equal(await range(0, 2).pipe(map((n) => n, { typpo: undefined } as never)).toArray(), [0, 1])
  })

  it('nothing that every object has counts as an option', () => {
    assert.match(thrown(() => map(same, { toString: 1 } as never)).message, "there is no option 'toString'")
    assert.is(optionNames('constructor'), undefined)
  })
})
