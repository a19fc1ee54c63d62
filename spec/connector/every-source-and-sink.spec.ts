/**
 * Every source and sink of `millrace` itself stands the same cases; one that src/index.ts exports and that has no entry here fails. For
 * operators the same is in spec/operator/every/.
 *
 * Sources: the items and the end, a reader that leaves early, a failure. Sinks: none and many, a world outside that fails, an upstream
 * that fails, a cancel.
 */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { concat as rxConcat, interval as rxInterval, of, throwError } from 'rxjs'
import * as assert from 'uvu/assert'
import {
  forEach, from, fromEvent, fromObservable, interval, intoWebWritable, intoWritable, map, orElse, pipeline, queue, range, reopen, take, toArray, toReadable, toWebStream, type PipelineError,
  type Sink, type Source
} from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const boom = new Error('boom')

interface Input {
  /** A source of 1, 2, 3. */
  readonly finite?: () => Source<number>
  /** A source without an end, and whether it has been closed. */
  readonly endless: () => { readonly source: Source<number>, readonly closed?: () => boolean }
  /** A source that fails with `boom` after some items. */
  readonly failing?: () => Source<number>
}

function* counting(end: number, over: () => void = () => undefined): Generator<number> {
  try {
    for (let n = 1; n <= end; n++) yield n
    if (end !== Infinity) return
  } finally {
    over()
  }
}

const emitting = (): { readonly emitter: EventEmitter, readonly source: Source<number>, readonly closed: () => boolean } => {
  const emitter = new EventEmitter()
  const timer = setInterval(() => { emitter.emit('n', 1) }, 1).unref()
  const source = fromEvent<number>(emitter, 'n', { capacity: 100, overflow: 'dropOldest', endOn: 'end' })
  return {
    emitter,
    source,
    closed: () => {
      clearInterval(timer)
      return emitter.listenerCount('n') === 0
    }
  }
}

const SOURCES: Readonly<Record<string, Input>> = {
  from: {
    finite: () => from([1, 2, 3]),
    endless: () => {
      let over = false
      return { source: from(counting(Infinity, () => { over = true })), closed: () => over }
    },
    failing: () => from((function* () { yield 1; throw boom })())
  },
  fromObservable: {
    finite: () => fromObservable(of(1, 2, 3), { capacity: 10, overflow: 'fail' }),
    endless: () => ({ source: fromObservable(rxInterval(1), { capacity: 10, overflow: 'dropOldest' }) }),
    failing: () => fromObservable(rxConcat(of(1), throwError(() => boom)), { capacity: 10, overflow: 'fail' })
  },
  fromEvent: {
    finite: () => {
      const { emitter, source } = emitting()
      return source.pipe(take(3), map((_, { emitter: by }) => by.next++, { lane: 'async', env: { emitter: Object.assign(emitter, { next: 1 }) } }))
    },
    endless: emitting
  },
  queue: {
    finite: () => {
      const { source, tryOffer, end } = queue<number>()
      for (const n of [1, 2, 3]) tryOffer(n)
      end()
      return source
    },
    endless: () => {
      const { source, offer } = queue<number>({ capacity: 2 })
      let over = false
      void (async () => {
        while ((await offer(1)) !== 'closed') await Promise.resolve()
        over = true
      })()
      return { source, closed: () => over }
    }
  },
  interval: {
    finite: () => interval(1).pipe(take(3), map((n) => n + 1)),
    endless: () => ({ source: interval(1) })
  },
  orElse: {
    finite: () => orElse(from((function* () { yield 1; throw boom })()), () => from([2, 3])),
    endless: () => ({ source: orElse(range(1, Infinity), () => from([0])) }),
    failing: () => orElse(from((function* () { yield 1; throw boom })()), () => failing())
  },
  reopen: {
    finite: () => reopen(({ emitted }) => from((function* () { yield* [1, 2, 3].slice(emitted, emitted + 2); if (emitted === 0) throw boom })()), { initialMs: 1 }),
    endless: () => ({ source: reopen(range(1, Infinity), { initialMs: 1 }) }),
    failing: () => reopen(() => from((function* () { yield 1; throw boom })()), { times: 1, initialMs: 1 })
  },
  range: {
    finite: () => range(1, 4),
    endless: () => ({ source: range(1, Infinity) })
  }
}

interface Output {
  /** A sink that writes down what it gets, or fails at once with `boom`. */
  readonly sink: (seen: number[], fails: boolean) => Sink<number, unknown>
  /** It has no world outside that could fail. */
  readonly safe?: true
}

const SINKS: Readonly<Record<string, Output>> = {
  forEach: {
    sink: (seen, fails) => forEach((n) => {
      if (fails) throw boom
      seen.push(n)
    })
  },
  toArray: { sink: () => toArray(), safe: true },
  intoWritable: {
    sink: (seen, fails) => intoWritable(new Writable({
      objectMode: true,
      write: (n: number, _, done) => {
        if (!fails) seen.push(n)
        done(fails ? boom : null)
      }
    }))
  },
  intoWebWritable: {
    sink: (seen, fails) => intoWebWritable(new WritableStream<number>({
      write: (n) => {
        if (fails) throw boom
        seen.push(n)
      }
    }))
  }
}

/** Ways out that start a run of their own. */
const OUT: Readonly<Record<string, (source: Source<number>) => AsyncIterable<number>>> = {
  toReadable: (source) => toReadable(source, { workers: 0 }),
  toWebStream: (source) => toWebStream(source, { workers: 0 })
}

/** Exported from connector/memory/, but neither. */
const OTHERS = new Set(['through'])

const failing = (): Source<number> => from((function* () { yield 1; throw boom })())

const causes = (error: unknown): boolean => error === boom || (error instanceof Error && causes(error.cause))

suite('every source and sink', (it) => {
  it('has an entry here', () => {
    const index = readFileSync(new URL('../../src/index.ts', import.meta.url), 'utf8')
    const exported = [...index.matchAll(/^export \{ ([^}]+) \} from '\.\/connector\/memory\//gm)].flatMap(([, list]) => list!.split(',').map((name) => name.trim())).filter((name) => !name.startsWith('type '))
    assert.ok(exported.length > 10, 'the names are found')
    const missing = exported.filter((name) => ![SOURCES, SINKS, OUT].some((table) => Object.hasOwn(table, name)) && !OTHERS.has(name))
    assert.equal(missing, [], `add to SOURCES, SINKS or OUT in spec/connector/every-source-and-sink.spec.ts: ${missing.join(', ')}`)
  })

  for (const [name, { finite, endless, failing: broken }] of Object.entries(SOURCES)) {
    for (const workers of [0, 2]) {
      it(`${name}, workers ${workers}: its items and its end, a reader that leaves, a cancel, a failure`, async () => {
        if (finite !== undefined) assert.equal(await finite().toArray({ workers }), [1, 2, 3])

        const left = endless()
        assert.is((await left.source.pipe(take(2)).toArray({ workers })).length, 2)
        await new Promise((resolve) => setImmediate(resolve)) // an offer that waited goes on
        assert.is(left.closed?.() ?? true, true, 'closed when its reader has left')

        const cancelled = endless()
        const run = pipeline({ out: cancelled.source.observe() }).run({ workers })
        run.outputs.out.subscribe({ next: () => { run.cancel(new Error('enough')) }, error: () => undefined })
        assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
        await new Promise((resolve) => setImmediate(resolve))
        assert.is(cancelled.closed?.() ?? true, true, 'closed when the run was cancelled')

        if (broken === undefined) return
        const error: PipelineError = await rejection(broken().toArray({ workers }))
        assert.is(error.code, 'ERR_MILLRACE_SOURCE_FAILED')
        assert.is(error.cause, boom)
      })
    }
  }

  for (const [name, { sink, safe }] of Object.entries(SINKS)) {
    it(`${name}: none and many, a failure of its own, one upstream, a cancel`, async () => {
      for (const items of [[], [1], Array.from({ length: 300 }, (_, i) => i)]) {
        const seen: number[] = []
        const run = pipeline({ out: from(items).to(sink(seen, false)) }).run({ workers: 0 })
        const results: unknown[] = []
        run.outputs.out.subscribe((result) => results.push(result))
        await run.done
        assert.is(results.length, 1)
        assert.equal(Array.isArray(results[0]) ? results[0] : seen, items)
      }
      if (safe !== true) {
        const error = await rejection(pipeline({ out: from([1, 2]).to(sink([], true)) }).run({ workers: 0 }).done)
        assert.is(error.code, 'ERR_MILLRACE_SINK_FAILED')
        assert.ok(causes(error), String(error.cause))
      }
      assert.is((await rejection(pipeline({ out: failing().to(sink([], false)) }).run({ workers: 0 }).done)).cause, boom)
      const run = pipeline({ out: from(counting(Infinity)).to(sink([], false)) }).run({ workers: 0 })
      setImmediate(() => { run.cancel(new Error('enough')) })
      assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    })
  }

  for (const [name, way] of Object.entries(OUT)) {
    it(`${name}: none and many, an error upstream, a reader that leaves`, async () => {
      const all = async (source: Source<number>): Promise<readonly number[]> => {
        const seen: number[] = []
        for await (const n of way(source)) seen.push(n)
        return seen
      }
      for (const items of [[], [1], Array.from({ length: 300 }, (_, i) => i)]) assert.equal(await all(from(items)), items)
      assert.ok(causes(await rejection(all(failing()))))
      let over = false
      for await (const n of way(from(counting(Infinity, () => { over = true })))) if (n > 1) break
      for (let turn = 0; turn < 200 && !over; turn++) await new Promise((resolve) => setImmediate(resolve))
      assert.is(over, true, 'the source is closed')
    })
  }
}, 10_000)
