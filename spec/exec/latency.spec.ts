/**
 * Company: items travel in large frames where there are many, and do not wait for others where somebody waits for them. Every wait here
 * is for an event; one that would not come is given up by the deadline, or by the worker's own.
 */
import * as assert from 'uvu/assert'
import { filter, flatMap, forEach, from, map, mapAsync, pipeline, range, toArray } from '../../src/index.ts'
import { thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'
import { warmPool } from '../support/warm.ts'

/** Shared words: functions on both sides set them and wait for them. */
const shared = (): Int32Array => new Int32Array(new SharedArrayBuffer(16))

const PATIENT = { workers: 2, maxLatencyMs: 60_000 }

suite('an item on its way', (it) => {
  it('is seen downstream before the next one is sent, though it might wait for a minute', async () => {
    let seen: (n: number) => void = () => undefined
    const source = async function* (): AsyncGenerator<number> {
      for (let n = 0; n < 50; n++) {
        const arrived = new Promise<number>((resolve) => (seen = resolve))
        yield n
        assert.is(await arrived, n)
      }
    }
    const stages = from(source()).pipe(
      map((n: number) => n + 1, { lane: 'blocking' }),
      mapAsync(async (n) => n + 1),
      map((n) => n - 2, { lane: 'blocking' })
    )
    const report = await pipeline({ out: stages.to(forEach((n) => { seen(n) })) }).run(PATIENT).done
    assert.equal(report.results, { out: 50 })
    assert.equal(report.crossings, { toWorkers: { frames: 100, items: 100 }, fromWorkers: { frames: 100, items: 100 }, decoded: 100 })
  })

  it('leaves for a worker that is free while another is busy', async () => {
    const words = shared()
    const source = async function* (): AsyncGenerator<number> {
      yield 1
      while (Atomics.load(words, 0) !== 1) await new Promise((resolve) => setImmediate(resolve))
      yield 2
      yield 3
    }
    // The first item ends when the last one has been there.
    const work = map((n: number, env: { words: Int32Array }) => {
      Atomics.store(env.words, 0, n)
      if (n === 1) return Atomics.wait(env.words, 1, 0, 4000)
      if (n === 3) {
        Atomics.store(env.words, 1, 1)
        Atomics.notify(env.words, 1)
      }
      return 'done'
    }, { env: { words }, lane: 'blocking' })
    assert.equal(await from(source()).pipe(work).toArray({ workers: 2, maxLatencyMs: 20 }), ['ok', 'done', 'done'])
  })

  it('comes back while its morsel goes on, when it is waited for', async () => {
    const words = shared()
    const slow = map((n: number, env: { words: Int32Array }) => {
      const until = performance.now() + 0.1
      while (performance.now() < until);
      if (n < 200) return 'free'
      return Atomics.wait(env.words, 0, 0, 4000) // until the first one has been seen
    }, { env: { words }, lane: 'blocking' })
    const seen: string[] = []
    await pipeline({
      out: range(0, 250).pipe(slow).to(forEach((word) => {
        seen.push(word)
        Atomics.store(words, 0, 1)
        Atomics.notify(words, 0)
      }))
    }).run({ workers: 2 }).done
    assert.is(seen.length, 250)
    assert.not.ok(seen.includes('timed-out'))
  })

  it('comes back from the middle of a list that goes on and on', async () => {
    const words = shared()
    const endless = flatMap(function* (_: number, env: { words: Int32Array }) {
      yield 1
      for (let turn = 0; Atomics.load(env.words, 0) === 0 && turn < 1e9; turn++) yield 0
      yield Atomics.load(env.words, 0) + 1
    }, { env: { words }, lane: 'blocking' })
    for (const workers of [2, 0]) {
      words[0] = 0
      const seen: number[] = []
      await pipeline({ out: from([1]).pipe(endless, filter((n) => n > 0)).to(forEach((n) => { words[0] = seen.push(n) })) }).run({ workers }).done
      assert.equal(seen, [1, 2])
    }
  })

  it('travels in large company under load', async () => {
    await warmPool(2)
    const p = pipeline({ out: range(0, 400_000).pipe(map((n) => n + 0.5, { lane: 'blocking' })).to(forEach(() => undefined)) })
    const run = p.run({ workers: 2 })
    const { crossings, results } = await run.done
    assert.is(results['out'], 400_000)
    assert.is(crossings.decoded, crossings.fromWorkers.frames)
    for (const { frames, items } of [crossings.toWorkers, crossings.fromWorkers]) {
      assert.is(items, 400_000)
      assert.ok(items / frames >= 1000, `${items} items in ${frames} frames`)
    }
    assert.equal(run.metrics().crossings, crossings)
  })

  it('travels in large company, too, when it comes in small batches and the workers are busy', async () => {
    const source = async function* (): AsyncGenerator<number> {
      for (let n = 0; n < 20_000; n++) {
        if (n % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
        yield n
      }
    }
    const { crossings, results } = await pipeline({ out: from(source()).pipe(map((n: number) => n, { lane: 'blocking' })).to(toArray()) }).run(PATIENT).done
    assert.equal(results['out'], Array.from({ length: 20_000 }, (_, n) => n))
    assert.is(crossings.toWorkers.items, 20_000)
    assert.ok(crossings.toWorkers.frames < 1500, `${crossings.toWorkers.frames} frames`)
  })

  it('waits for a time that is checked when it is declared', () => {
    const closed = range(0, 1).to(toArray())
    for (const maxLatencyMs of [-1, NaN, Infinity, '1' as unknown as number]) {
      assert.is(thrown(() => pipeline({ closed }, { maxLatencyMs })).code, 'ERR_MILLRACE_ARGUMENT')
      assert.is(thrown(() => pipeline({ closed }).run({ maxLatencyMs })).code, 'ERR_MILLRACE_ARGUMENT')
    }
  })
}, 20_000)
