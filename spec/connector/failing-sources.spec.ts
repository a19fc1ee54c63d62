/** Sources that fail: orElse goes on with another one, reopen with the same one, after waits. */
import { setTimeout as later } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import {
  from, forEach, interval, map, mapAsync, orElse, pipeline, range, reopen, take, toArray, type Opening, type PipelineError, type Report, type Source
} from '../../src/index.ts'
import { codeThrown, rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'
import { jumping } from '../support/timed.ts'

const failing = (items: readonly number[], message = 'gone'): Source<number> =>
  from({
    async *[Symbol.asyncIterator]() {
      for (const item of items) yield await Promise.resolve(item)
      throw new Error(message)
    }
  })

const WORKERS = { workers: 0 }

suite('orElse', (it) => {
  it('goes on behind what came before the failure', async () => {
    for (const items of [[], [1], [1, 2, 3]]) {
      const seen: unknown[] = []
      const source = orElse(failing(items), (error, emitted) => {
        seen.push([(error as Error).message, emitted])
        return from([7, 8])
      })
      assert.equal(await source.toArray(WORKERS), [...items, 7, 8])
      assert.equal(seen, [['gone', items.length]])
    }
  })

  it('is the source where that does not fail: over nothing, one, many', async () => {
    for (const size of [0, 1, 10_000]) {
      assert.is((await orElse(range(0, size), () => { throw new Error('not asked') }).toArray(WORKERS)).length, size)
    }
  })

  it('each run begins with the first source', async () => {
    const source = orElse(failing([1]), () => from([2]))
    assert.equal([await source.toArray(WORKERS), await source.toArray(WORKERS)], [[1, 2], [1, 2]])
  })

  it('a source with stages behind it is caught too, and one that fails to open, and one that workers read', async () => {
    const piped = range(0, 10).pipe(map((n) => { if (n === 0) throw new RangeError('bad'); return n }))
    let caught: unknown
    assert.equal(await orElse(piped, (error) => { caught = error; return from([-1]) }).toArray(WORKERS), [-1])
    assert.is((caught as PipelineError).code, 'ERR_MILLRACE_STAGE_FAILED')
    const closed = from({ [Symbol.asyncIterator]: () => { throw new Error('cannot be opened') } } as unknown as AsyncIterable<number>)
    assert.equal(await orElse(closed, () => from([-1])).toArray(WORKERS), [-1])
  })

  it('undefined, and what other throws, and the failure of the other one, end the run', async () => {
    assert.is(((await rejection(orElse(failing([1]), () => undefined).toArray(WORKERS))).cause as Error).message, 'gone')
    assert.is(((await rejection(orElse(failing([1]), () => { throw new Error('worse') }).toArray(WORKERS))).cause as Error).message, 'worse')
    assert.is(((await rejection(orElse(failing([1]), () => failing([2], 'too')).toArray(WORKERS))).cause as Error).message, 'too')
    assert.equal(await orElse(orElse(failing([1]), () => failing([2], 'too')), (_, emitted) => from([emitted])).toArray(WORKERS), [1, 2, 2])
    assert.is(((await rejection(orElse(failing([1]), () => 7 as never).toArray(WORKERS))).cause as { code?: unknown }).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('is left early, and closes what is read, of a run of its own too', async () => {
    let closed = 0
    const endless = from({
      async *[Symbol.asyncIterator]() {
        try {
          for (let n = 0; ; n++) yield await Promise.resolve(n)
        } finally {
          closed++
        }
      }
    })
    assert.equal(await orElse(failing([5]), () => endless).pipe(take(3)).toArray(WORKERS), [5, 0, 1])
    assert.is(closed, 1)
    assert.equal(await orElse(failing([5]), () => endless.pipe(mapAsync((n) => n))).pipe(take(3)).toArray(WORKERS), [5, 0, 1])
    assert.is(closed, 2)
  })

  it('is cancelled while it waits for a source that never says anything, and drains', async () => {
    const never = from({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) })
    for (const source of [orElse(never, () => from([1])), orElse(failing([1]), () => never)]) {
      const run = pipeline({ out: source.to(forEach(() => undefined)) }).run(WORKERS)
      setTimeout(() => { run.cancel(new Error('enough')) }, 5)
      assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
      const other = pipeline({ out: source.to(forEach(() => undefined)) }).run(WORKERS)
      setTimeout(() => { void other.drain() }, 5)
      await other.done
    }
  })

  it('says which source is read, and refuses what is no source', async () => {
    const report: Report = await pipeline({ out: orElse(failing([1]), () => from([2]), { name: 'either' }).to(toArray()) }).run(WORKERS).done
    assert.is(report.stages.find((s) => s.name === 'either')!.gauges!['source'], 'other')
    for (const make of [() => orElse(7 as never, () => from([1])), () => orElse(from([1]), 7 as never), () => orElse(from([1]), () => undefined, { name: '' })]) {
      assert.is(codeThrown(make), 'ERR_MILLRACE_ARGUMENT')
    }
  })
})

/** A log that can be read from any place, and that is cut after so many items. */
const log = (size: number, cut: number) => ({ emitted }: Opening): Source<number> => {
  const items = Array.from({ length: Math.min(cut, size - emitted) }, (_, i) => emitted + i)
  return emitted + cut < size ? failing(items, `cut at ${emitted + cut}`) : from(items)
}

suite('reopen', (it) => {
  it('reads a log to its end, however often it is cut', async () => {
    for (const [size, cut] of [[0, 1], [1, 1], [7, 2], [50, 7]] as const) {
      assert.equal(await reopen(log(size, cut), { initialMs: 0, maxMs: 0 }).toArray(WORKERS), Array.from({ length: size }, (_, i) => i))
    }
  })

  it('opens a source itself again, and a run of its own', async () => {
    let opened = 0
    const source = from({
      async *[Symbol.asyncIterator]() {
        opened++
        yield await Promise.resolve(opened)
        if (opened < 4) throw new Error('cut')
      }
    })
    assert.equal(await reopen(source, { initialMs: 0 }).toArray(WORKERS), [1, 2, 3, 4])
    opened = 0
    const piped = await reopen(source.pipe(mapAsync((n) => n * 10)), { initialMs: 0 }).toArray(WORKERS)
    assert.is(piped.at(-1), 40) // what was on its way when it was cut is lost
  })

  it('tells each opening what came before, and ends when tries are used up, with the last failure', async () => {
    const openings: (readonly unknown[])[] = []
    const source = reopen((o) => {
      openings.push([o.attempts, o.emitted, (o.error as Error | undefined)?.message])
      return failing([o.attempts], `failure ${o.attempts}`)
    }, { times: 2, initialMs: 0, maxMs: 1e6, name: 'again' })
    const error = await rejection(source.toArray(WORKERS))
    assert.equal(openings, [[0, 0, undefined], [1, 1, 'failure 0'], [2, 2, 'failure 1']])
    assert.equal([error.code, error.stage, (error.cause as Error).message], ['ERR_MILLRACE_SOURCE_FAILED', 'again', 'failure 2'])
  })

  it('waits longer each time, no longer than maxMs, and anew when it has been well', async () => {
    await jumping(async (clock) => {
      const at: number[] = []
      const source = reopen(({ attempts }) => {
        at.push(clock.now())
        return at.length === 6 ? interval(5000).pipe(map((n) => { if (n === 1) throw new Error('late'); return n })) : at.length < 8 ? failing([attempts]) : from([-1])
      }, { initialMs: 100, factor: 3, maxMs: 1000, jitter: 0 })
      await source.toArray(WORKERS)
      const gaps = at.slice(1).map((instant, i) => Math.round(instant - at[i]!))
      assert.equal(gaps, [100, 300, 900, 1000, 1000, 10_100, 300])
    })
  })

  it('asks decide, which may end it', async () => {
    const asked: number[] = []
    const ends = reopen(() => failing([1]), { initialMs: 0, maxMs: 1e6, decide: (_, attempts) => { asked.push(attempts); return attempts < 3 ? 'retry' : 'end' } })
    assert.equal(await ends.toArray(WORKERS), [1, 1, 1])
    assert.equal(asked, [1, 2, 3])
    assert.is(((await rejection(reopen(() => failing([1]), { decide: () => 'fail' }).toArray(WORKERS))).cause as Error).message, 'gone')
    const wrong = await rejection(reopen(() => failing([1]), { decide: () => 'skip' as never }).toArray(WORKERS))
    assert.is(wrong.code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(((await rejection(reopen(() => failing([1]), { decide: () => { throw new Error('worse') } }).toArray(WORKERS))).cause as Error).message, 'worse')
  })

  it('at its end too, where that is asked for', async () => {
    assert.equal(await reopen(({ emitted }) => from([emitted, emitted + 1]), { whenEnded: 'reopen', initialMs: 0 }).pipe(take(7)).toArray(WORKERS), [0, 1, 2, 3, 4, 5, 6])
  })

  it('fails at once when the source cannot be opened twice', async () => {
    const once = from((function* () { yield 1; throw new Error('cut') })())
    const error = await rejection(reopen(once, { initialMs: 0 }).toArray(WORKERS))
    assert.is(error.code, 'ERR_MILLRACE_SOURCE_USED')
  })

  it('is cancelled, left and drained while it waits', async () => {
    const down = reopen(() => failing([1]), { initialMs: 3_600_000, maxMs: 3_600_000 })
    assert.equal(await down.pipe(take(1)).toArray(WORKERS), [1])
    const run = pipeline({ out: down.to(forEach(() => undefined)) }).run(WORKERS)
    setTimeout(() => { run.cancel(new Error('enough')) }, 20)
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    const drained = pipeline({ out: down.to(toArray()) }).run(WORKERS)
    await later(20)
    assert.equal((await drained.drain()).results['out'], [1])
  })

  it('shows how often it was opened, in explain what it waits, and refuses what makes no sense', async () => {
    const p = pipeline({ out: reopen(log(5, 2), { name: 'log', initialMs: 0 }).to(toArray()) })
    assert.equal((await p.run(WORKERS).done).stages.find((s) => s.name === 'log')!.gauges, { opened: 3, attempts: 2 })
    for (const options of [{ times: 0 }, { times: 1.5 }, { initialMs: -1 }, { factor: 0.5 }, { maxMs: -1 }, { jitter: 2 }, { resetAfterMs: -1 }, { whenEnded: 'fail' }, { decide: 'retry' }, { name: '' }]) {
      assert.is(codeThrown(() => reopen(from([1]), options as never)), 'ERR_MILLRACE_ARGUMENT', JSON.stringify(options))
    }
    for (const wrong of [7, undefined, {}, 'source']) assert.is(codeThrown(() => reopen(wrong as never)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(((await rejection(reopen(() => 7 as never, { times: 1, initialMs: 0 }).toArray(WORKERS)))).code, 'ERR_MILLRACE_ARGUMENT')
  })
})
