/**
 * The first item.
 *
 *     a--b--c--|  aggregate(first())  ---------a|        state one item        in one place, in order
 */
import type { Aggregate } from '../combiner.ts'
import type { Core } from './core.ts'
import { ready } from './ready.ts'

interface One {
  readonly has: boolean
  readonly value: unknown
}

export const firstCore: Core<One> = {
  name: 'first',
  ordered: true,
  create: () => ({ has: false, value: undefined }),
  add: (state, value) => (state.has ? state : { has: true, value }),
  combine: (a, b) => (a.has ? a : b),
  finish: ({ value }) => value
}

/**
 * The first item, or what `by` answers for it. Of nothing: `undefined`. `by` is called for every item.
 *
 * **Order**   that of the input: the stage gathers in one place
 * **Memory**  one item
 * @example
 * await from(['a', 'b', 'c']).pipe(aggregate(first())).toArray() // => ['a']
 */
export function first<A>(): Aggregate<A, A | undefined>
export function first<A, V, E = unknown>(by: (item: A, env: E) => V): Aggregate<A, V | undefined, E>
export function first(by?: (item: never, env: never) => unknown): Aggregate<never, unknown, never> {
  return ready(firstCore, {}, by)
}
