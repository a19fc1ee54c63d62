/** The ready-made aggregates: against models, in parts, without what is deducted, by key, and on real threads. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {
  aggregate, aggregateBy, collect, combined, count, distinctCount, first, from, last, max, maxBy, mean, min, minBy, pipeline, quantiles, range,
  stddev, sum, toArray, topK, variance, type Aggregate, type Combiner
} from '../../src/index.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

type Any<A> = Aggregate<A, unknown>

const gathered = <A>(of: Any<A>, items: readonly A[]): unknown => items.reduce((state: unknown, item) => of.add(state, item, undefined), of.create(undefined))
const answer = <A>(of: Any<A>, items: readonly A[]): unknown => of.finish(gathered(of, items), undefined)

/** What parts make, combined from the left or from the right; states cross threads by structured clone. */
const inParts = <A>(of: Any<A>, parts: readonly (readonly A[])[], fromRight = false): unknown => {
  const states = parts.map((items) => structuredClone(gathered(of, items)))
  const join = (a: unknown, b: unknown): unknown => of.combine(a, b, undefined)
  const fresh = of.create(undefined)
  return of.finish(fromRight ? join(states.reduceRight((b, a) => join(a, b), fresh), of.create(undefined)) : states.reduce(join, fresh), undefined)
}

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e150, max: 1e150 })
const check = <A>(arbitrary: fc.Arbitrary<A>, holds: (value: A) => void, numRuns = 200): void => {
  fc.assert(fc.property(arbitrary, holds), { seed, numRuns })
}

/** Those whose answer is the same bit by bit, however the items are split. */
const exact: Readonly<Record<string, Any<number>>> = {
  count: count(), sum: sum(), mean: mean(), min: min(), max: max(), minBy: minBy((n) => Math.abs(n)), maxBy: maxBy((n) => Math.abs(n)),
  topK: topK(3, (n) => Math.abs(n)), distinctCount: distinctCount(), quantiles: quantiles([0, 0.1, 0.5, 0.9, 1]),
  fewBins: quantiles([0, 0.5, 1], (n) => n, { maxBins: 3 }), first: first(), last: last(), collect: collect({ max: 50 }),
  keepFirst: collect({ max: 3, whenFull: 'keepFirst' }), combined: combined({ a: sum(), b: combined({ c: count(), d: topK(2, (n: number) => n) }) })
}

suite('aggregates', (it) => {
  it('parts make what one pass makes, wherever the items are split, in any grouping', () => {
    for (const [name, of] of Object.entries(exact)) {
      check(fc.array(fc.array(numbers, { maxLength: 8 }), { maxLength: 6 }), (parts) => {
        const whole = answer(of, parts.flat())
        assert.equal(inParts(of, parts), whole, name)
        assert.equal(inParts(of, parts, true), whole, name)
      })
    }
  })

  it('many values: parts make what one pass makes', () => {
    const many = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 4093)
    for (const of of [distinctCount(), quantiles([0.5, 0.99], (n: number) => n - 2000, { maxBins: 64 })] as const) {
      const parts = [many.slice(0, 100), many.slice(100, 3000), [], many.slice(3000)]
      assert.equal(inParts(of, parts), answer(of, many))
      assert.equal(inParts(of, parts, true), answer(of, many))
    }
  })

  it('what is deducted was never there', () => {
    for (const [name, of] of Object.entries({ count: count(), sum: sum(), mean: mean(), combined: combined({ a: sum(), b: count() }) } as Record<string, Any<number>>)) {
      check(fc.tuple(fc.array(numbers), fc.array(numbers)), ([stay, leave]) => {
        const all = gathered(of, [...leave, ...stay])
        assert.equal(of.finish(of.deduct!(all, gathered(of, leave), undefined), undefined), answer(of, stay), name)
      })
    }
    assert.is(combined({ a: sum(), b: max<number>() }).deduct, undefined)
    assert.is(answer(sum(), [1, Infinity]), Infinity)
    const odd = gathered(sum(), [Infinity, NaN, 2])
    assert.is(sum().finish(sum().deduct!(odd, gathered(sum(), [Infinity, NaN]), undefined), undefined), 2)
  })

  it('a sum is the double nearest to the true one', () => {
    assert.is(answer(sum(), [1e100, 1, -1e100]), 1)
    assert.is(answer(sum(), Array.from({ length: 10 }, () => 0.1)), 1)
    assert.is(answer(sum(), [2 ** 53, 1, 2 ** -60]), 2 ** 53 + 2)
    assert.is(answer(sum(), [2 ** 53, 1]), 2 ** 53)
    assert.equal([answer(sum(), []), answer(sum(), [1, NaN]), answer(sum(), [Infinity, -Infinity])], [0, NaN, NaN])
    check(fc.array(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n })), (all) => {
      const doubles = all.map(Number)
      assert.is(answer(sum(), doubles), Number(doubles.reduce((total, n) => total + BigInt(n), 0n)))
    })
  })

  it('mean, variance and stddev agree with their definitions, in parts too', () => {
    const near = (a: unknown, b: number): void => {
      if (Number.isNaN(b)) assert.ok(Number.isNaN(a))
      else assert.ok(Math.abs((a as number) - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${String(a)} is ${b}`)
    }
    check(fc.array(fc.array(fc.double({ noNaN: true, min: -1000, max: 1000 }), { maxLength: 6 }), { maxLength: 5 }), (parts) => {
      const all = parts.flat()
      const middle = all.reduce((a, b) => a + b, 0) / all.length
      const squares = all.reduce((total, n) => total + (n - middle) ** 2, 0)
      near(answer(mean(), all), middle)
      for (const [of, expected] of [
        [variance(), all.length < 2 ? NaN : squares / (all.length - 1)],
        [variance((n: number) => n, { of: 'population' }), all.length === 0 ? NaN : squares / all.length],
        [stddev(), all.length < 2 ? NaN : Math.sqrt(squares / (all.length - 1))]
      ] as const) {
        near(answer(of, all), expected)
        near(inParts(of, parts), expected)
        near(inParts(of, parts, true), expected)
      }
    })
    near(answer(variance(), [1e9, 1e9 + 1, 1e9 + 2]), 1)
  })

  it('min, max, minBy, maxBy, topK: of equals the first', () => {
    const words = ['cc', 'a', 'bb', 'd', 'ee']
    assert.equal([answer(min<string>(), words), answer(max<string>(), words)], ['a', 'ee'])
    assert.equal([answer(min((w: string) => w.length), words), answer(max((w: string) => w.length), words)], [1, 2])
    assert.equal([answer(minBy((w: string) => w.length), words), answer(maxBy((w: string) => w.length), words)], ['a', 'cc'])
    assert.equal(answer(topK(4, (w: string) => w.length), words), ['cc', 'bb', 'ee', 'a'])
    assert.equal([answer(min<number>(), []), answer(maxBy(() => 1), []), answer(topK(1, () => 1), []), answer(first(), [])], [undefined, undefined, [], undefined])
    assert.equal([answer(max<bigint>(), [1n, 3n]), answer(min<number>(), [3, -Infinity])], [3n, -Infinity])
    check(fc.array(fc.nat(5)), (all) => {
      const items = all.map((n, i) => ({ n, i }))
      const expected = [...items].sort((a, b) => b.n - a.n || a.i - b.i).slice(0, 3)
      assert.equal(answer(topK(3, (x: { n: number }) => x.n), items), expected)
    })
  })

  it('distinctCount is exact for a few values and within four standard errors for many', () => {
    check(fc.array(fc.oneof(fc.nat(9), fc.string({ maxLength: 2 }), fc.boolean(), fc.constant(null), fc.bigInt(0n, 5n))), (keys) => {
      assert.is(answer(distinctCount(), keys), new Set(keys).size)
    })
    assert.is(answer(distinctCount(), [0, -0, NaN, NaN, '0', 0n, false]), 5)
    for (const precision of [8, 14]) {
      for (const n of [300, 1000, 5_000, 20_000, 100_000]) {
        for (const key of [(i: number) => i, (i: number) => `user-${i}@example`, (i: number) => i / 1000]) {
          const found = answer(distinctCount(key, { precision }), Array.from({ length: n }, (_, i) => i)) as number
          const error = Math.abs(found - n) / n
          assert.ok(error <= (4 * 1.04) / Math.sqrt(2 ** precision), `${found} of ${n}, precision ${precision}`)
        }
      }
    }
  })

  it('quantiles are within the relative error of the item that has the rank', () => {
    const qs = [0, 0.25, 0.5, 0.9, 1]
    for (const relativeError of [0.01, 0.1]) {
      check(fc.array(fc.oneof(fc.double({ noNaN: true, min: -1000, max: 1000 }), fc.constant(0)).filter((n) => n === 0 || Math.abs(n) > 1e-6), { minLength: 1 }), (all) => {
        const sorted = [...all].sort((a, b) => a - b)
        const found = answer(quantiles(qs, (n: number) => n, { relativeError }), all) as number[]
        qs.forEach((q, i) => {
          const truth = sorted[Math.floor(q * (all.length - 1))]!
          assert.ok(Math.abs(found[i]! - truth) <= relativeError * Math.abs(truth) + 1e-12, `${q}: ${found[i]!} is ${truth}`)
        })
      })
    }
    assert.equal(answer(quantiles([0.5]), []), [NaN])
    const state = gathered(quantiles([0.5], (n: number) => n, { maxBins: 8 }), Array.from({ length: 1000 }, (_, i) => 1.5 ** (i % 100)))
    assert.ok((state as { above: { counts: Map<number, number> } }).above.counts.size <= 8)
  })

  it('collect is bounded by max', () => {
    assert.equal(answer(collect({ max: 2, whenFull: 'keepFirst' }), [1, 2, 3]), [1, 2])
    assert.equal(answer(collect({ max: 3 }, (n: number) => n * 2), [1, 2, 3]), [2, 4, 6])
    assert.is((thrown(() => answer(collect({ max: 2 }), [1, 2, 3])) as { code?: string }).code, 'ERR_MILLRACE_COLLECT_FULL')
  })

  it('a value that cannot be gathered is refused, and leaves nothing behind in any part', async () => {
    for (const [of, bad] of [
      [sum(), '1'], [mean(), null], [variance(), undefined], [min(), NaN], [maxBy((x) => x as number), {}], [topK(1, (x) => x as number), []],
      [distinctCount(), {}], [quantiles([0.5]), Infinity], [combined({ n: count(), s: sum() }), 'x'], [sum((async () => 1) as unknown as () => number), 1]
    ] as unknown as readonly [Any<unknown>, unknown][]) {
      assert.instance(thrown(() => of.add(of.create(undefined), bad, undefined)), TypeError)
    }
    const both = combined({ n: count(), first: first<number>(), s: sum((n: number) => { if (n === 4) throw new Error('four'); return n }), own: collect<number>({ max: 9 }) })
    await verifyPolicies((o) => aggregate(both, o), [1, 4, 3], 4, [{ n: 2, first: 1, s: 4, own: [1, 3] }])
  })

  it('aggregate and aggregateBy take them, in any weather', async () => {
    assert.equal((await verifyOperator(() => aggregate(combined({ n: count(), mean: mean((x: number) => x * 2) })), [1, 2, 3])).outs[0], [{ n: 3, mean: 4 }])
    assert.equal((await verifyOperator(() => aggregate(sum()), [])).outs[0], [0])
    assert.equal((await verifyOperator(() => aggregate(last<number>()), [1, 2, 3])).outs[0], [3])
    assert.equal((await verifyOperator(() => aggregate(first<number>()), [])).outs[0], [undefined])
    assert.equal((await verifyOperator(() => aggregateBy((n: number) => n % 2, sum()), [1, 2, 3])).outs[0], [new Map([[1, 4], [0, 2]])])
    assert.equal((await verifyOperator(() => aggregateBy((n: number) => n % 2, collect({ max: 3 })), [1, 2, 3])).outs[0], [new Map([[1, [1, 3]], [0, [2]]])])
    assert.equal((await verifyOperator(() => aggregate(sum((n: number, { k }: { k: number }) => n * k), { env: { k: 10 } }), [1, 2])).outs[0], [30])
    const own: Combiner<number, number[]> = { create: () => [], add: (list, n) => [...list, n], combine: (a, b) => [...a, ...b], ordered: true }
    assert.equal((await verifyOperator(() => aggregate(own), [1, 2, 3])).outs[0], [[1, 2, 3]])
    assert.equal((await verifyOperator(() => aggregate(combined({ own, n: count() })), [1, 2])).outs[0], [{ own: [1, 2], n: 2 }])
  })

  it('they travel: workers gather with them, and the answers are those of the caller\'s loop', async () => {
    const all = combined({
      n: count(), total: sum((n: number, { k }: { k: number }) => n / k), mean: mean(), least: min<number>(), top: topK(2, (n: number) => n % 1000),
      different: distinctCount((n: number) => n % 700), middle: quantiles([0.5]),
      own: { create: () => 0, add: (s: number, n: number) => Math.max(s, n), combine: (a: number, b: number) => Math.max(a, b) }
    })
    const source = range(0, 20_000)
    const env = { k: 3 }
    const p = (lane: 'blocking' | 'async') =>
      pipeline({
        all: source.pipe(aggregate(all, { lane, env })).to(toArray()),
        byKey: source.pipe(aggregateBy((n) => n % 3, variance(), { lane })).to(toArray()),
        list: source.pipe(aggregate(collect({ max: 20_000 }), { lane })).to(toArray())
      })
    const on = async (lane: 'blocking' | 'async') => (await p(lane).run({ workers: lane === 'async' ? 0 : 2 }).done)
    const [pool, loop] = [await on('blocking'), await on('async')]
    const tidy = ({ results }: typeof pool): unknown => {
      const [one] = results.all as readonly { readonly top: unknown }[]
      return [{ ...one, top: 0 }, results.list]
    }
    assert.equal(tidy(pool), tidy(loop))
    assert.is(pool.stages.filter((stage) => /^aggregate.*(partial|inOrder)$/.test(stage.kind) && stage.lane === 'blocking').length, 3)
    const [parts, whole] = [pool, loop].map(({ results }) => (results.byKey as readonly ReadonlyMap<number, number>[])[0]!)
    for (const [key, value] of whole!) assert.ok(Math.abs(parts!.get(key)! / value - 1) < 1e-9)
  })

  it('a changed copy is a user\'s own', async () => {
    const half = { ...sum(), finish: (): string => 'changed' }
    assert.equal(await from([1, 2]).pipe(aggregate(half)).toArray({ workers: 0 }), ['changed'])
  })

  it('a state or a sum that is a promise is refused, also where it is the very promise that `create` made', async () => {
    const forever = Promise.resolve(0)
    const made = { create: () => forever, add: (state: Promise<number>) => state, combine: (a: Promise<number>) => a }
    const added = { create: () => 0, add: (() => Promise.resolve(0)) as unknown as () => number, combine: (a: number) => a }
    for (const of of [made, added] as readonly Combiner<number, unknown, unknown>[]) {
      assert.is((await rejection(from([1, 2]).pipe(aggregate(of)).toArray({ workers: 0 }))).code, 'ERR_MILLRACE_STAGE_PROMISE')
      assert.is((await rejection(from([1, 2]).pipe(aggregateBy((n) => n, of)).toArray({ workers: 0 }))).code, 'ERR_MILLRACE_STAGE_PROMISE')
      assert.is((await rejection(from([1, 2]).pipe(aggregate(combined({ n: count(), of }))).toArray({ workers: 0 }))).code, 'ERR_MILLRACE_STAGE_PROMISE')
    }
  })

  it('those in one program do not disturb each other: each has a function of its own, called with its own arguments', () => {
    const twice = combined({ all: sum((n: number) => n), even: sum((n: number) => (n % 2 === 0 ? n : 0)), inner: combined({ n: count(), last: last((n: number) => n) }) })
    const items = [1, 2, 3, 4]
    assert.equal(answer(twice, items), { all: 10, even: 6, inner: { n: 4, last: 4 } })
    assert.equal(answer(sum(), items), 10)
    assert.equal(answer(mean(), items), 2.5)
    assert.equal([topK(1, (n: number) => n), topK(3, (n: number) => n)].map((of) => answer(of as Any<number>, items)), [[4], [4, 3, 2]])
  })

  it('bad arguments are refused at declaration', () => {
    verifyRefusals('topK', [() => topK(0, () => 1), () => topK(1, 3 as never)])
    verifyRefusals('quantiles', [() => quantiles([2]), () => quantiles('x' as never), () => quantiles([0.5], (n: number) => n, { relativeError: 1 }), () => quantiles([0.5], (n: number) => n, { maxBins: 0 })])
    verifyRefusals('collect', [() => collect({ max: 0 }), () => collect(undefined as never), () => collect({ max: 1, whenFull: 'x' as never })])
    verifyRefusals('distinctCount', [() => distinctCount((x: number) => x, { precision: 3 }), () => distinctCount((x: number) => x, { precision: 19 })])
    verifyRefusals('sum', [() => sum(3 as never)])
    verifyRefusals('minBy', [() => minBy(undefined as never)])
    verifyRefusals('variance', [() => variance((n: number) => n, { of: 'all' as never })])
    verifyRefusals('combined', [() => combined({}), () => combined(undefined as never), () => combined({ a: { create: 1 } as never }), () => combined({ a: undefined as never })])
  })
}, 30_000)
