/** Parts of an answer that become large: combined on a worker, one by one; the caller's loop gets one, and calls `finish`. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { aggregate, aggregateBy, countBy, map, pipeline, range, toArray, type Combiner } from '../../src/index.ts'
import { PART_SIZE } from '../../src/operator/combiner.ts'
import { failure } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { warmPool } from '../support/warm.ts'

interface Seen {
  readonly keys: Map<string, number>
  /** Calls of `combine`, on the main thread and elsewhere. */
  here: number
  there: number
}

/** How often each text was seen, and where parts were combined. */
const texts: Combiner<string, Seen> = {
  create: () => ({ keys: new Map(), here: 0, there: 0 }),
  add: (seen, text) => {
    seen.keys.set(text, (seen.keys.get(text) ?? 0) + 1)
    return seen
  },
  combine: (a, b) => {
    for (const [key, n] of b.keys) a.keys.set(key, (a.keys.get(key) ?? 0) + n)
    if (process.getBuiltinModule('node:worker_threads').isMainThread) a.here++
    else a.there++
    a.here += b.here
    a.there += b.there
    return a
  },
  size: (seen) => seen.keys.size
}

const text = (n: number): string => `text number ${n}`
const KEYS = 5 * PART_SIZE

suite('parts', (it) => {
  it('that are large are combined on a worker, and go there as they are', async () => {
    await warmPool(2)
    const items = range(0, KEYS + 1000).pipe(map((n, { keys }: { keys: number }) => `text number ${n % keys}`, { lane: 'blocking', env: { keys: KEYS } }))
    const { results, crossings } = await pipeline({ out: items.pipe(aggregate(texts)).to(toArray()) }).run({ workers: 2 }).done
    const [{ keys, here, there }] = results.out as [Seen]
    assert.is(keys.size, KEYS)
    assert.equal([keys.get(text(0)), keys.get(text(999)), keys.get(text(1000))], [2, 2, 1])
    assert.ok(here + there >= 3 && here < there, `combined ${here} times on the main thread, ${there} times on a worker`)
    assert.ok(crossings.decoded <= 3, `${crossings.decoded} frames of ${crossings.fromWorkers.frames} were decoded`)
  })

  it(`any keys in any number of parts, on the loop and on workers, make the answer of a plain loop (seed ${seed})`, async () => {
    const sum: Combiner<number, { s: number }, number, { keys: number }> = {
      create: () => ({ s: 0 }),
      add: (state, n) => {
        state.s += n
        return state
      },
      combine: (a, b) => ({ s: a.s + b.s }),
      finish: ({ s }) => s
    }
    const sorted = <K, V>(map: ReadonlyMap<K, V>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 1, max: 50_000 }), fc.constantFrom(0, 1, 2), async (n, keys, workers) => {
        const [counts, sums] = [new Map<string, number>(), new Map<number, number>()]
        for (let x = 0; x < n; x++) {
          counts.set(text(x % keys), (counts.get(text(x % keys)) ?? 0) + 1)
          sums.set((x * 7) % keys, (sums.get((x * 7) % keys) ?? 0) + x)
        }
        const items = range(0, n)
        const env = { keys }
        const { results } = await pipeline({
          counts: items.pipe(countBy((x, env) => `text number ${x % env.keys}`, { env })).to(toArray()),
          sums: items.pipe(aggregateBy((x, env) => (x * 7) % env.keys, sum, { env })).to(toArray()),
          texts: items.pipe(map((x, env) => `text number ${x % env.keys}`, { env }), aggregate(texts)).to(toArray())
        }).run({ workers }).done
        assert.equal(sorted((results.counts as [Map<string, number>])[0]), sorted(counts))
        assert.equal(sorted((results.sums as [Map<number, number>])[0]), sorted(sums))
        assert.equal(sorted((results.texts as [Seen])[0].keys), sorted(counts))
      }),
      { numRuns: 12, seed, endOnFailure: true }
    )
  })

  it('that cannot be combined end the run with the name of the stage, wherever they are', async () => {
    const stuck: Combiner<string, Seen> = { ...texts, combine: () => { throw new RangeError('no sum') } }
    const p = pipeline({ out: range(0, 2 * PART_SIZE + 3000).pipe(map((n) => `text number ${n}`), aggregate(stuck, { name: 'stuck', onError: 'skip' })).to(toArray()) })
    for (const workers of [0, 2]) {
      const error = await failure(p.run({ workers }).done)
      assert.equal([error.code, error.stage, (error.cause as Error).message], ['ERR_MILLRACE_STAGE_FAILED', 'stuck', 'no sum'])
      assert.instance(error.cause, RangeError)
    }
  })

  it('and a worker that dies while it combines them fails the run', async () => {
    await warmPool(2)
    const deadly: Combiner<string, Seen> = {
      ...texts,
      combine: (a) => {
        if (!process.getBuiltinModule('node:worker_threads').isMainThread) process.exit(3)
        return a
      }
    }
    const items = range(0, 8 * PART_SIZE).pipe(map((n) => `text number ${n}`, { lane: 'blocking' }))
    const error = await failure(items.pipe(aggregate(deadly, { name: 'deadly' })).toArray({ workers: 2 }))
    assert.is(error.code, 'ERR_MILLRACE_WORKER_DIED')
    assert.match(error.message, /deadly/)
  })

  it('and a run is cancelled while a worker combines, which the caller\'s loop does not wait for', async () => {
    await warmPool(2)
    const slow: Combiner<string, Seen> = {
      ...texts,
      combine: (a) => {
        for (const end = Date.now() + 20_000; Date.now() < end;);
        return a
      }
    }
    const items = range(0, 8 * PART_SIZE).pipe(map((n) => `text number ${n}`, { lane: 'blocking' }))
    const run = pipeline({ out: items.pipe(aggregate(slow)).to(toArray()) }).run({ workers: 2 })
    setTimeout(() => { run.cancel() }, 1000)
    const began = Date.now()
    assert.is((await failure(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    assert.ok(Date.now() - began < 15_000)
  })
}, 60_000)
