/**
 * `Source` among the types of fp-ts: instances, and the same functions data-last, for fp-ts's `pipe`.
 *
 *     pipe(range(0, 10), filter(isEven), map(String))          a Source, as by range(0, 10).pipe(filter(…), map(…))
 *
 * Only types come from fp-ts, so nothing of it is loaded. Two sources are equal when they emit equal items in the same order: with that
 * the laws hold (spec/connector/fp-ts/laws.spec.ts). Each function makes stages of millrace's own; those that are made of more than one
 * are written so that all of them fuse, and travel to workers.
 */
import type { Apply1 } from 'fp-ts/lib/Apply.js'
import type { Compactable1 } from 'fp-ts/lib/Compactable.js'
import type { Either } from 'fp-ts/lib/Either.js'
import type { Filterable1 } from 'fp-ts/lib/Filterable.js'
import type { Functor1 } from 'fp-ts/lib/Functor.js'
import type { Monoid } from 'fp-ts/lib/Monoid.js'
import type { Option } from 'fp-ts/lib/Option.js'
import type { Predicate } from 'fp-ts/lib/Predicate.js'
import type { Refinement } from 'fp-ts/lib/Refinement.js'
import type { Separated } from 'fp-ts/lib/Separated.js'
import type { Flow, Source } from '../../graph/source.ts'
import { concat } from '../../operator/concat.ts'
import { filter as filterFlow } from '../../operator/filter.ts'
import { map as mapFlow } from '../../operator/map.ts'
import { partition as parted } from '../../operator/partition.ts'
import { zip } from '../../operator/zip.ts'
import { from } from '../memory/from.ts'

export const URI = 'millrace/Source'
export type URI = typeof URI

declare module 'fp-ts/HKT.js' {
  interface URItoKind<A> {
    readonly 'millrace/Source': Source<A>
  }
}

const mapped = <A, B>(fa: Source<A>, f: (a: A) => B): Source<B> => fa.pipe(mapFlow(f))

const filtered = <A>(fa: Source<A>, predicate: Predicate<A>): Source<A> => fa.pipe(filterFlow(predicate))

const compacted = <A>(fa: Source<Option<A>>): Source<A> =>
  fa.pipe(
    filterFlow((option) => option._tag === 'Some'),
    mapFlow((option) => option.value)
  )

const separated = <A, B>(fa: Source<Either<A, B>>): Separated<Source<A>, Source<B>> => {
  const [right, left] = parted(fa, (either) => either._tag === 'Right')
  return {
    left: left.pipe(mapFlow((either) => (either as { readonly left: A }).left)),
    right: right.pipe(mapFlow((either) => (either as { readonly right: B }).right))
  }
}

const partedBy = <A>(fa: Source<A>, predicate: Predicate<A>): Separated<Source<A>, Source<A>> => {
  const [right, left] = parted(fa, predicate)
  return { left, right }
}

const applied = <A, B>(fab: Source<(a: A) => B>, fa: Source<A>): Source<B> =>
  zip(fab, fa).pipe(mapFlow(([f, a]) => f(a), { lane: 'async' })) // functions do not cross threads

/**
 * `map` of every item.
 *
 * **Source**  fp-ts `Functor`
 * @example
 * await Functor.map(from([1, 2]), (n) => n + 1).toArray() // => [2, 3]
 */
export const Functor: Functor1<URI> = { URI, map: mapped }

/**
 * Options without their `none`; Eithers as two sources. A side of `separate` that nobody uses is thrown away.
 *
 * **Source**  fp-ts `Compactable`
 * @example
 * import * as O from 'fp-ts/lib/Option.js'
 * await Compactable.compact(from([O.some(1), O.none])).toArray() // => [1]
 */
export const Compactable: Compactable1<URI> = { URI, compact: compacted, separate: separated }

/**
 * `filter`, `filterMap`, `partition` and `partitionMap`: the left side of a partition has what the predicate refuses.
 *
 * **Source**  fp-ts `Filterable`
 * @example
 * const { left, right } = Filterable.partition(from([1, 2, 3]), (n) => n > 1)
 * await left.toArray() // => [1]
 * await right.toArray() // => [2, 3]
 */
export const Filterable: Filterable1<URI> = {
  ...Functor,
  ...Compactable,
  filter: filtered,
  filterMap: (fa, f) => compacted(mapped(fa, f)),
  partition: partedBy,
  partitionMap: (fa, f) => separated(mapped(fa, f))
}

/**
 * Applies the functions of one source to the items of another, pair by pair, as far as both go: `zip`. There is no `of` to it that would
 * be lawful but the endless one, so `Source` is no Applicative.
 *
 * **Cost**    functions do not cross threads: give the stage that makes them `lane: 'async'` where there are many. For sources of
 *             values `zip` and `map` say the same, and `map` can then move to a worker
 * **Source**  fp-ts `Apply`, Haskell `ZipList`
 * @example
 * await Apply.ap(from([(n: number) => n + 1, (n: number) => n * 10]), from([1, 2, 3])).toArray() // => [2, 20]
 */
export const Apply: Apply1<URI> = { ...Functor, ap: applied }

/**
 * One source behind the other; the empty one is neutral. Both may be the same only where it is declared twice: one that is used twice
 * runs once, and its second reader would hold up the first.
 *
 * **Source**  fp-ts `Monoid`
 * @example
 * const { concat, empty } = getMonoid<number>()
 * await concat(concat(from([1]), empty), from([2])).toArray() // => [1, 2]
 */
export const getMonoid = <A>(): Monoid<Source<A>> => ({ concat: (x, y) => concat(x, y), empty: from<A>([]) })

/**
 * A flow as a function, for fp-ts's `pipe` and `flow`.
 *
 * @example
 * import { pipe } from 'fp-ts/lib/function.js'
 * await pipe(from([1, 2, 3]), via(take(2))).toArray() // => [1, 2]
 */
export const via =
  <A, B>(flow: Flow<A, B>) =>
  (source: Source<A>): Source<B> =>
    flow.apply(source)

/** {@link Functor}'s `map`, data-last. */
export const map =
  <A, B>(f: (a: A) => B) =>
  (fa: Source<A>): Source<B> =>
    mapped(fa, f)

/** {@link Apply}'s `ap`, data-last. */
export const ap =
  <A>(fa: Source<A>) =>
  <B>(fab: Source<(a: A) => B>): Source<B> =>
    applied(fab, fa)

/** {@link Compactable}'s `compact`. */
export const compact: <A>(fa: Source<Option<A>>) => Source<A> = compacted

/** {@link Compactable}'s `separate`. */
export const separate: <A, B>(fa: Source<Either<A, B>>) => Separated<Source<A>, Source<B>> = separated

/** {@link Filterable}'s `filter`, data-last. */
export function filter<A, B extends A>(refinement: Refinement<A, B>): (fa: Source<A>) => Source<B>
export function filter<A>(predicate: Predicate<A>): <B extends A>(fa: Source<B>) => Source<B>
export function filter<A>(predicate: Predicate<A>): (fa: Source<A>) => Source<A> {
  return (fa) => filtered(fa, predicate)
}

/** {@link Filterable}'s `filterMap`, data-last. */
export const filterMap =
  <A, B>(f: (a: A) => Option<B>) =>
  (fa: Source<A>): Source<B> =>
    compacted(mapped(fa, f))

/** {@link Filterable}'s `partition`, data-last. */
export function partition<A, B extends A>(refinement: Refinement<A, B>): (fa: Source<A>) => Separated<Source<A>, Source<B>>
export function partition<A>(predicate: Predicate<A>): <B extends A>(fa: Source<B>) => Separated<Source<B>, Source<B>>
export function partition<A>(predicate: Predicate<A>): (fa: Source<A>) => Separated<Source<A>, Source<A>> {
  return (fa) => partedBy(fa, predicate)
}

/** {@link Filterable}'s `partitionMap`, data-last. */
export const partitionMap =
  <A, B, C>(f: (a: A) => Either<B, C>) =>
  (fa: Source<A>): Separated<Source<B>, Source<C>> =>
    separated(mapped(fa, f))
