/**
 * The move from the caller's loop to the pool: same answers wherever a task is when its items come, state and all.
 */
import * as assert from 'uvu/assert'
import { batch, countBy, distinct, filter, flatMap, forEach, from, fromModule, map, mapAsync, pipeline, range, reduce, scan, take, type Source } from '../../src/index.ts'
import { suite } from '../support/suite.ts'
import { warmPool } from '../support/warm.ts'

/** About 10 microseconds of work, so that a few hundred items make a task move. */
const heavy = <A>(item: A): A => {
  let x = 1
  for (let i = 0; i < 3000; i++) x = (x * 31 + 7) % 1_000_003
  if (x === -1) throw new Error('never')
  return item
}

const sizes = [10, 1000, 6000]

const same = async <A>(make: () => Source<A>): Promise<void> => {
  const [loop, pool] = [await make().toArray({ workers: 0 }), await make().toArray({ workers: 2 })]
  assert.equal(pool, loop)
}

suite('the move to the pool', (it) => {
  it('takes place while the loop goes on, once the pool is warm', async () => {
    await warmPool(2)
    const report = await pipeline({ out: range(0, 6000).pipe(map(heavy), scan((sum, x) => sum + x, 0)).to(forEach(() => undefined)) }).run({ workers: 2 }).done
    assert.is(report.workers, 2)
    assert.equal(report.stages.map((stage) => stage.out), [6000, 6000, 6000, 6000])
  })

  for (const n of sizes) {
    it(`stateless stages, ${n} items`, () => same(() => range(0, n).pipe(map(heavy), filter((x) => x % 3 !== 0), flatMap((x) => [x, -x]))))
    it(`stages that need order take their state along, ${n} items`, () =>
      same(() => range(0, n).pipe(map(heavy), scan((sum, x) => sum + x, 0), map(heavy), distinct((x) => x % 777), batch({ count: 7 }))))
    it(`aggregates count every item once, ${n} items`, async () => {
      await same(() => range(0, n).pipe(map(heavy), reduce((a, b) => a + b, 0, { combine: (a, b) => a + b })))
      const [counts] = await range(0, n).pipe(map(heavy), countBy((x) => x % 5)).toArray({ workers: 2 })
      assert.equal([...counts!].sort(), Array.from({ length: Math.min(5, n) }, (_, k) => [k, n / 5]))
    })
    it(`tasks in a row, with a waiting stage between, ${n} items`, () => same(() => range(0, n).pipe(map(heavy), mapAsync(async (x) => x, { concurrency: 8 }), map(heavy), map((x) => ({ x })), map(({ x }) => `${x}`))))
    it(`an early end, ${n} items`, () => same(() => range(0, n).pipe(map(heavy), take(Math.floor(n / 2)), map(heavy))))
  }

  it('state that cannot be cloned keeps its task on the loop, with the right answer', async () => {
    const got = await range(0, 3000).pipe(map(heavy), scan((state: { sum: number; say?: () => number }, x) => { const sum = state.sum + x; return { sum, say: () => sum } }, { sum: 0 }), map((s) => s.say!(), { lane: 'async' })).toArray({ workers: 2 })
    assert.is(got.at(-1), (2999 * 3000) / 2)
  })

  it('functions of a module that the main thread does not load run in workers, and here when there are none', async () => {
    const there = fromModule<typeof import('../support/fixtures/remote-only.ts')>(new URL('../support/fixtures/remote-only.ts', import.meta.url))
    for (const workers of [2, 0]) {
      const got = await range(0, 10).pipe(map(there.plusThread)).toArray({ workers })
      assert.equal(got.map(({ n }) => n), Array.from({ length: 10 }, (_, i) => i + 1))
      assert.ok(got.every(({ main }) => main === (workers === 0)))
    }
  })

  it('items of every kind cross and come back as structured clone makes them', async () => {
    const items = [1, -0, NaN, 'text', '\ud800', null, undefined, { a: [1, { b: 2 }] }, new Date(5), new Map([[1, new Set([2])]]), 10n, new Uint8Array([1, 2])]
    const got = await from(Array.from({ length: 600 }, (_, i) => items[i % items.length])).pipe(map((x) => x, { lane: 'blocking' })).toArray({ workers: 2 })
    got.forEach((x, i) => {
      assert.ok(Object.is(x, items[i % items.length]) || typeof x === 'object')
      assert.equal(x, items[i % items.length])
    })
  })

  it('items larger than a frame cross too, in order', async () => {
    const sizesOf = [10, 3_000_000, 5, 400_000, 1]
    const got = await from(sizesOf).pipe(map((n) => 'x'.repeat(n), { lane: 'blocking' }), mapAsync(async (s) => s), map((s) => ({ s }), { lane: 'blocking' })).toArray({ workers: 2 })
    assert.equal(got.map(({ s }) => s.length), sizesOf)
  })
}, 20_000)
