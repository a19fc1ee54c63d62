/**
 * Several aggregates over the same items, in one pass.
 *
 *     1--2--6--|  aggregate(combined({ n: count(), mean: mean() }))  ---------{ n: 3, mean: 3 }|
 */
import { argumentError } from '../../error/pipeline-error.ts'
import { optionsObject } from '../check.ts'
import type { Aggregate } from '../combiner.ts'
import { combinedOf, describe } from './ready.ts'

/** Any aggregate over items `A`, ready-made or a user's own. */
export interface AnyAggregate<in A, in E> {
  readonly create: (env: E) => unknown
  readonly add: (state: never, item: A, env: E) => unknown
  readonly combine: (a: never, b: never, env: E) => unknown
}

/** What an aggregate answers: what its `finish` does, or its state. */
export type AnswerOf<C> = NonNullable<C extends { readonly finish?: infer F } ? F : never> extends (state: never, env: never) => infer R
  ? R
  : C extends { readonly create: (env: never) => infer S } ? S : never

/**
 * Computes several aggregates at once; the answer is an object with the same names. A part may be a `combined` itself. An item
 * that one part refuses is in none; but where two parts are a user's own, or `collect`, and the second of them throws, it stays in
 * the first.
 *
 * **Cost**    the sum of the parts: an item is added to all of them by one function, written for them
 * **Errors**  those of the parts
 * **Memory**  that of the parts. It can be deducted where all parts can, and is `ordered` where one is
 * @example
 * await range(1, 4).pipe(aggregate(combined({ n: count(), total: sum() }))).toArray() // => [{ n: 3, total: 6 }]
 */
export const combined = <A, P extends Readonly<Record<string, AnyAggregate<A, E>>>, E = unknown>(
  parts: P & Readonly<Record<string, AnyAggregate<A, E>>>
): Aggregate<A, { readonly [N in keyof P]: AnswerOf<P[N]> }, E> => {
  optionsObject('combined', parts)
  const all = Object.entries(parts).map(([name, part]) => [name, describe(`combined: ${name}`, part)] as const)
  if (all.length === 0) throw argumentError('type', 'combined: at least one aggregate is needed', 'got none', 'pass { name: aggregate }')
  return combinedOf(all)
}
