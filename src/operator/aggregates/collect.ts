/**
 * The items themselves, in a list that is bounded.
 *
 *     a--b--c--|  aggregate(collect({ max: 10 }))  ---------[a, b, c]|        state the list        in one place, in order
 */
import { oneOf, optionsObject, wholeNumber } from '../check.ts'
import type { Aggregate } from '../combiner.ts'
import type { Args, Core } from './core.ts'
import { ready } from './ready.ts'

export interface CollectOptions {
  /** Items that one list may hold. A whole number >= 1. */
  readonly max: number
  /** What becomes of one more: `'fail'` (default) refuses it with `ERR_MILLRACE_COLLECT_FULL`, `'keepFirst'` leaves it out. */
  readonly whenFull?: 'fail' | 'keepFirst' | undefined
}

const full = (max: number): never => {
  const error = new RangeError(`collect: more than ${max} items (max); raise it if memory allows, or say whenFull: 'keepFirst'`)
  throw Object.assign(error, { code: 'ERR_MILLRACE_COLLECT_FULL' })
}

const put = (list: unknown[], value: unknown, args: Args): void => {
  if (list.length < (args['max'] as number)) list.push(value)
  else if (args['fails'] === true) full(args['max'] as number)
}

export const collectCore: Core<unknown[]> = {
  name: 'collect',
  ordered: true,
  refuses: true,
  create: () => [],
  add: (list, value, _, args) => {
    put(list, value, args)
    return list
  },
  combine: (a, b, args) => {
    for (const value of b) put(a, value, args)
    return a
  },
  finish: (list) => [...list],
  size: (list) => list.length
}

/**
 * A list of the items, or of what `by` answers for them, in order.
 *
 * **Order**   that of the input: the stage gathers in one place
 * **Errors**  one item more than `max` is refused with `ERR_MILLRACE_COLLECT_FULL`, unless `whenFull` says otherwise
 * **Memory**  `max` items
 * @example
 * await from(['a', 'b', 'c']).pipe(aggregate(collect({ max: 10 }))).toArray() // => [['a', 'b', 'c']]
 */
export function collect<A>(options: CollectOptions): Aggregate<A, readonly A[]>
export function collect<A, V, E = unknown>(options: CollectOptions, by: (item: A, env: E) => V): Aggregate<A, readonly V[], E>
export function collect(options: CollectOptions, by?: (item: never, env: never) => unknown): Aggregate<never, readonly unknown[], never> {
  optionsObject('collect', options)
  const max = wholeNumber('collect', 'max', options.max, 1)
  const fails = oneOf('collect', 'whenFull', options.whenFull ?? 'fail', ['fail', 'keepFirst']) === 'fail'
  return ready(collectCore, { max, fails }, by)
}
