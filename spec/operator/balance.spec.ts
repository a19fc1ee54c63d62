import { setTimeout as later } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { from } from '../../src/connector/memory/from.ts'
import { forEach } from '../../src/connector/memory/for-each.ts'
import { range } from '../../src/connector/memory/range.ts'
import { toArray } from '../../src/connector/memory/to-array.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { balance, type BalanceOptions } from '../../src/operator/balance.ts'
import { mapAsync } from '../../src/operator/map-async.ts'
import { merge } from '../../src/operator/merge.ts'
import { take } from '../../src/operator/take.ts'
import { input } from '../support/run-kernel.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

suite('balance', (it) => {
  it('every item goes one way, each way in order, for any number of ways', async () => {
    await fc.assert(fc.asyncProperty(fc.nat(300), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 9 }), async (count, n, piece) => {
      const ways = balance(range(0, count), n, { piece })
      const outputs = Object.fromEntries(ways.map((way, i) => [`way${i}`, way.to(toArray())]))
      const { results } = await pipeline(outputs).run({ workers: 0 }).done
      const lists = Object.values<number[]>(results)
      for (const list of lists) assert.equal(list, [...list].sort((a, b) => a - b))
      assert.equal(lists.flat().sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i))
    }), { seed, numRuns: 40 })
  })

  it('readers that are all free get the same', async () => {
    const [a, b] = balance(range(0, 1000), 2)
    const { results } = await pipeline({ a: a.to(toArray()), b: b.to(toArray()) }).run({ workers: 0 }).done
    assert.ok(Math.abs((results['a'] as unknown[]).length - 500) < 50, `${(results['a'] as unknown[]).length}`)
  })

  it('a slow reader gets fewer, and does not hold back the others', async () => {
    const [slow, fast] = balance(range(0, 200), 2)
    const late = slow.pipe(mapAsync(async (n) => { await later(40); return n }, { concurrency: 1 }))
    const { results } = await pipeline({ slow: late.to(toArray()), fast: fast.to(toArray()) }).run({ workers: 0 }).done
    const [few, many] = [results['slow'], results['fast']]
    assert.is(few.length + many.length, 200)
    assert.ok(few.length < many.length / 4, `${few.length}`)
  })

  it('ways that nobody reads get none; one that is left early loses three pieces at most', async () => {
    const [read] = balance(range(0, 100), 3)
    assert.is((await read.toArray({ workers: 0 })).length, 100)
    const [short, long] = balance(range(0, 100), 2)
    const { results } = await pipeline({ short: short.pipe(take(2)).to(toArray()), long: long.to(toArray()) }).run({ workers: 0 }).done
    assert.is((results['short'] as unknown[]).length, 2)
    assert.ok((results['long'] as unknown[]).length >= 95, `${(results['long'] as unknown[]).length}`)
  })

  it('ends when nobody reads any more, also with a source that never ends', async () => {
    const [a, b] = balance(from((function* () { for (let n = 0; ; n++) yield n })()), 2)
    const { results } = await pipeline({ a: a.pipe(take(3)).to(toArray()), b: b.pipe(take(3)).to(toArray()) }).run({ workers: 0 }).done
    assert.equal([(results['a'] as unknown[]).length, (results['b'] as unknown[]).length], [3, 3])
  })

  it('one item, and none; an input that fails; a reader that fails', async () => {
    const [a, b] = balance(from(['x']), 2)
    assert.equal(await merge(a, b).toArray({ workers: 0 }), ['x'])
    const [c, d] = balance(from([]), 2)
    assert.equal(await merge(c, d).toArray({ workers: 0 }), [])
    const [e] = balance(from((function* () { yield 1; throw new Error('disk') })()), 1)
    assert.match(String(await e.toArray({ workers: 0 }).catch((error: unknown) => error)), /disk/)
    const [f, g] = balance(range(0, 1e6), 2)
    const run = pipeline({ f: f.to(forEach(() => { throw new Error('reader') })), g: g.to(forEach(() => undefined)) }).run({ workers: 0 })
    assert.match(String(await run.done.catch((error: unknown) => error)), /reader/)
  })

  it('refuses bad arguments at declaration', () => {
    const of = (n: unknown, options?: object) => () => balance(input(), n as number, options as BalanceOptions)
    verifyRefusals('balance', [of(0), of(1.5), of('2'), of(257), of(2, { piece: 0 }), of(2, { name: '' }), () => balance([1] as never, 2)])
  })
}, 15_000)
