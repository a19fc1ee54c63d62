/**
 * The last item.
 *
 *     a--b--c--|  aggregate(last())  ---------c|        state one item        in one place, in order
 */
import type { Aggregate } from '../combiner.ts'
import type { Core } from './core.ts'
import { ready } from './ready.ts'

interface One {
  readonly has: boolean
  readonly value: unknown
}

export const lastCore: Core<One> = {
  name: 'last',
  ordered: true,
  create: () => ({ has: false, value: undefined }),
  add: (_, value) => ({ has: true, value }),
  combine: (a, b) => (b.has ? b : a),
  finish: ({ value }) => value
}

/**
 * The last item, or what `by` answers for it. Of nothing: `undefined`.
 *
 * **Order**   that of the input: the stage gathers in one place
 * **Memory**  one item
 * @example
 * await from(['a', 'b', 'c']).pipe(aggregate(last())).toArray() // => ['c']
 */
export function last<A>(): Aggregate<A, A | undefined>
export function last<A, V, E = unknown>(by: (item: A, env: E) => V): Aggregate<A, V | undefined, E>
export function last(by?: (item: never, env: never) => unknown): Aggregate<never, unknown, never> {
  return ready(lastCore, {}, by)
}
