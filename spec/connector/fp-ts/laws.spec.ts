/** The laws of fp-ts's classes for Source: two sources are equal when they emit equal items. */
import fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as RA from 'fp-ts/lib/ReadonlyArray.js'
import * as assert from 'uvu/assert'
import { from } from '../../../src/connector/memory/from.ts'
import * as S from '../../../src/connector/fp-ts/instances.ts'
import type { Source } from '../../../src/graph/source.ts'
import { take } from '../../../src/operator/take.ts'
import '../../../src/exec/pipeline.ts'
import { seed } from '../../support/seed.ts'
import { suite } from '../../support/suite.ts'

const items = <A>(source: Source<A>): Promise<A[]> => source.toArray({ workers: 0 })

const equal = async <A>(a: Source<A>, b: Source<A>): Promise<void> => {
  assert.equal(await items(a), await items(b))
}

const ints = fc.array(fc.integer(), { maxLength: 20 })
const fn = fc.func(fc.integer())
const fns = fc.array(fn, { maxLength: 6 })
const predicate = fc.func(fc.boolean())
const options = { seed, numRuns: 30 }

const always = <T>(arbitrary: fc.Arbitrary<T>, law: (value: T) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, law), options)

suite('the laws of Source', (it) => {
  it('Functor: identity and composition', async () => {
    await always(ints, async (xs) => { await equal(S.Functor.map(from(xs), identity), from(xs)) })
    await always(fc.tuple(ints, fn, fn), async ([xs, f, g]) => {
      await equal(S.Functor.map(from(xs), (x) => g(f(x))), S.Functor.map(S.Functor.map(from(xs), (x: number) => f(x)), (x: number) => g(x)))
    })
  })

  it('Apply: associative composition, and agreement with map and zip', async () => {
    await always(fc.tuple(ints, fns, fns), async ([xs, fs, gs]) => {
      const [fa, fab, fbc] = [from(xs), from(gs.map((g) => (x: number) => g(x))), from(fs.map((f) => (x: number) => f(x)))]
      const compose = (f: (b: number) => number) => (g: (a: number) => number) => (a: number) => f(g(a))
      await equal(S.Apply.ap(S.Apply.ap(S.Apply.map(fbc, compose), fab), fa), S.Apply.ap(fbc, S.Apply.ap(fab, fa)))
      assert.equal(await items(S.Apply.ap(fab, fa)), RA.zipWith(gs, xs, (g, x) => g(x)))
    })
  })

  it('Monoid: associative, with a neutral element', async () => {
    const M = S.getMonoid<number>()
    await always(fc.tuple(ints, ints, ints), async ([a, b, c]) => {
      await equal(M.concat(M.concat(from(a), from(b)), from(c)), M.concat(from(a), M.concat(from(b), from(c))))
      await equal(M.concat(from(a), M.empty), from(a))
      await equal(M.concat(M.empty, from(a)), from(a))
      assert.equal(await items(M.concat(from(a), from(b))), [...a, ...b])
    })
  })

  it('Filterable: distributive, identity and annihilation', async () => {
    await always(fc.tuple(ints, predicate, predicate), async ([xs, p, q]) => {
      const F = S.Filterable
      await equal(F.filter(from(xs), (x: number) => p(x) && q(x)), F.filter(F.filter(from(xs), (x: number) => p(x)), (x: number) => q(x)))
      await equal(F.filter(from(xs), () => true), from(xs))
      await equal(F.filter(from(xs), () => false), F.filter(from<number>([]), (x: number) => p(x)))
    })
  })

  it('Filterable: each function says what the others say, and what it says of arrays', async () => {
    await always(fc.tuple(ints, fn, predicate), async ([xs, f, p]) => {
      const F = S.Filterable
      const half = (x: number) => (p(x) ? O.some(f(x)) : O.none)
      const side = (x: number) => (p(x) ? E.right(f(x)) : E.left(x))
      assert.equal(await items(F.filterMap(from(xs), half)), RA.filterMap(half)(xs))
      await equal(F.filterMap(from(xs), O.some), from(xs))
      await equal(F.compact(F.map(from(xs), half)), F.filterMap(from(xs), half))
      const parted = F.partition(from(xs), (x: number) => p(x))
      const wanted = RA.partition((x: number) => p(x))(xs)
      assert.equal([await items(parted.left), await items(parted.right)], [wanted.left, wanted.right])
      const sides = F.partitionMap(from(xs), side)
      const asArrays = RA.partitionMap(side)(xs)
      assert.equal([await items(sides.left), await items(sides.right)], [asArrays.left, asArrays.right])
      const two = F.separate(from(xs.map(side)))
      assert.equal([await items(two.left), await items(two.right)], [asArrays.left, asArrays.right])
    })
  })

  it('data-last, in a pipe of fp-ts', async () => {
    const isOdd = (n: number): boolean => n % 2 === 1
    assert.equal(await items(pipe(from([1, 2, 3, 4]), S.filter(isOdd), S.map((n) => n * 10), S.via(take(1)))), [10])
    assert.equal(await items(pipe(from([1, 2, 3]), S.filterMap((n) => (isOdd(n) ? O.some(String(n)) : O.none)))), ['1', '3'])
    assert.equal(await items(pipe(from([(n: number) => n + 1]), S.ap(from([1, 2])))), [2])
    const { left, right } = pipe(from([1, 2, 3]), S.partition(isOdd))
    assert.equal([await items(left), await items(right)], [[2], [1, 3]])
    assert.equal(await items(pipe(from([1, 2, 3]), S.partitionMap((n) => (isOdd(n) ? E.right(n) : E.left(`${n}`)))).left), ['2'])
    assert.equal(await items(S.compact(from([O.none, O.some(1)]))), [1])
    assert.equal(await items(S.separate(from([E.left(1), E.right(2)])).left), [1])
  })

  it('on workers too, where the functions travel', async () => {
    const numbers = from(Array.from({ length: 30_000 }, (_, i) => i))
    const kept = S.Filterable.filterMap(numbers, (n) => (n % 2 === 0 ? { _tag: 'Some' as const, value: n * 2 } : { _tag: 'None' as const }))
    const all = await kept.toArray({ workers: 2 })
    assert.equal([all.length, all[3]], [15_000, 12])
  })
}, 20_000)
