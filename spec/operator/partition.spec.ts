import * as assert from 'uvu/assert'
import { map } from '../../src/operator/map.ts'
import { partition } from '../../src/operator/partition.ts'
import { route } from '../../src/operator/route.ts'
import { take } from '../../src/operator/take.ts'
import { input, runGraph } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyGraph, verifyRefusals } from '../support/verify-operator.ts'

const boom = (): never => {
  throw new Error('boom')
}

const even = (n: number): boolean => n % 2 === 0

suite('partition', (it) => {
  it('sends every item one way, in order', async () => {
    for (const items of [[], [1], [2], [4, 1, 2, 3, 8]]) {
      const { outs, counts } = await verifyGraph<number>((s) => partition(s, even), items)
      assert.equal(outs, [items.filter(even), items.filter((n) => !even(n))])
      assert.equal(counts, [items.length])
    }
  })

  it('a side that nobody uses is thrown away; one that stops does not stop the other', async () => {
    assert.equal((await verifyGraph<number>((s) => [partition(s, even)[1]], [1, 2, 3])).outs, [[1, 3]])
    const { outs, closed } = await verifyGraph<number>((s) => {
      const [a, b] = partition(s, even)
      return [a.pipe(take(1)), b.pipe(map((n) => n * 10))]
    }, [2, 4, 1, 3])
    assert.equal([outs, closed], [[[2], [10, 30]], false])
  })

  it('asks the predicate once per item, with env', async () => {
    const asked: number[] = []
    const { outs } = await runGraph<number>((s) => partition(s, (n, { to, k }) => { to.push(n); return n > k }, { env: { to: asked, k: 1 } }), [[1, 2]])
    assert.equal([outs, asked], [[[2], [1]], [1, 2]])
  })

  it('an item that the predicate throws on goes neither way', async () => {
    const picky = (n: number): boolean => (n === 3 ? boom() : even(n))
    const { outs, letters } = await verifyGraph<number>((s) => partition(s, picky, { onError: 'deadLetter' }), [1, 2, 3, 4])
    assert.equal([outs, letters.map((l) => l.item)], [[[2, 4], [1]], [3]])
    assert.is((await verifyGraph<number>((s) => partition(s, picky), [1, 3])).failure!.index, 1)
    const promise = await runGraph<number>((s) => partition(s, (() => Promise.resolve(true)) as never), [[1]])
    assert.is((promise.failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('partition', [() => partition([1] as never, even), () => partition(input<number>(), 'even' as never), () => partition(input<number>(), even, { lane: 'q' as never })])
  })
})

suite('route', (it) => {
  const routes = { big: (n: number) => n > 10, even }

  it('sends every item the first way whose predicate holds, or otherwise', async () => {
    const { outs, counts } = await verifyGraph<number>((s) => {
      const { big, even: pairs, otherwise } = route(s, routes)
      return [big, pairs, otherwise]
    }, [1, 2, 12, 13, 4, 3])
    assert.equal(outs, [[12, 13], [2, 4], [1, 3]])
    assert.equal(counts, [6])
    assert.equal((await verifyGraph<number>((s) => [route(s, routes).big], [])).outs, [[]])
  })

  it('ways that nobody uses are thrown away', async () => {
    assert.equal((await verifyGraph<number>((s) => [route(s, routes).otherwise], [1, 2, 12])).outs, [[1]])
  })

  it('asks no further than the first that holds, with env', async () => {
    const asked: string[] = []
    await runGraph<number>((s) => [
      route(s, {
        a: (n: number, { log }: { log: string[] }) => { log.push(`a${n}`); return n === 1 },
        b: (n: number, { log }: { log: string[] }) => { log.push(`b${n}`); return true }
      }, { env: { log: asked } }).a
    ], [[1, 2]])
    assert.equal(asked, ['a1', 'a2', 'b2'])
  })

  it('an item that a predicate throws on goes nowhere', async () => {
    const { outs, skipped } = await verifyGraph<number>((s) => {
      const { a, b, otherwise } = route(s, { a: (n) => n === 1, b: (n) => (n === 2 ? boom() : n === 3) }, { onError: 'skip' })
      return [a, b, otherwise]
    }, [1, 2, 3, 4])
    assert.equal([outs, skipped.map((r) => r.item)], [[[1], [3], [4]], [2]])
  })

  it('any name will do but otherwise and numbers; what it is called does not get into the code', async () => {
    const odd = ['__proto__', 'constructor', '"];process.exit()//', '']
    const is = (i: number) => (n: number): boolean => n === i
    const { outs } = await verifyGraph<number>((s) => {
      const ways = route(s, Object.fromEntries(odd.map((name, i) => [name, is(i)])))
      return [...odd.map((name) => Object.getOwnPropertyDescriptor(ways, name)!.value as typeof s), ways.otherwise]
    }, [0, 1, 2, 3, 4])
    assert.equal(outs, [[0], [1], [2], [3], [4]])
  })

  it('refuses bad arguments at declaration', () => {
    const s = input<number>()
    verifyRefusals('route', [
      () => route(3 as never, routes as never),
      () => route(s, null as never),
      () => route(s, {}),
      () => route(s, { otherwise: even }),
      () => route(s, { 7: even }),
      () => route(s, { a: 1 as never })
    ])
  })
})
