/**
 * Carries a state from item to item within each key, and emits the key and its state after each.
 *
 *     in  a1--b5--a2--|   scanBy(letter, sum, 0)    out  [a,1]--[b,5]--[a,3]--|
 *     lane blocking       state one per key, by one owner each; bounded by maxKeys and ttlMs; fuses no
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { beginning } from './check.ts'
import { keyedKernel, keyedSpec, type KeptOptions } from './keyed/stages.ts'
import type { Key, KeyField, KeyOf } from './keyed/keys.ts'

export const kernel = keyedKernel(
  'scanBy',
  {
    fresh: (g) => `${g.help}.store.beginning(${g.args}.initial)`,
    each: (g, item, { key, value, keep, tried }) => {
      const y = g.fresh('y')
      return `${tried(`${y} = ${g.call('fn', value, item)}; ${g.refusePromise(y)}`)} ${keep(y)} ${y} = [${key}, ${y}]; ${g.emit(y)}`
    }
  },
  false
)

/**
 * Emits, for every item, its key and the state that `fn` makes of the key's state before and the item; the first is made from `initial`.
 * Answer a new state rather than a changed one: what was emitted before may still be on its way. `key` is a function, or the name of a field.
 *
 * **Order**   kept within a key; between keys only when the plan has one partition (`workers` 0 or 1)
 * **Cost**    a call of `key` and of `fn`, one look-up and one pair per item; with several workers one more call of `key`, and the items
 *             cross threads twice
 * **Errors**  an item that `key`, `at` or `fn` throws on, or whose key is an object, is handled by `onError` and leaves the state as it
 *             was, or, with `restart`, makes it begin anew; a key more than `maxKeys` is `ERR_MILLRACE_TOO_MANY_KEYS`
 * **Memory**  one state per key: in each partition at most `maxKeys`, and those used within twice `ttlMs`; without either a run warns
 *             (`MILLRACE_UNBOUNDED_STATE`), unless `maxKeys: Infinity` says that the keys are known to be few
 * **Source**  RxJS `groupBy` with `scan`, without a stream per key
 * @example
 * const totals = scanBy((o: { who: string; sum: number }) => o.who, (total, o) => total + o.sum, 0, { maxKeys: 1000 })
 * await from([{ who: 'ann', sum: 1 }, { who: 'ann', sum: 2 }]).pipe(totals).toArray() // => [['ann', 1], ['ann', 3]]
 */
export function scanBy<A, S, K extends Key, E = undefined>(
  key: (item: A, env: E) => K,
  fn: (state: S, item: A, env: E) => S,
  initial: S,
  options?: KeptOptions<A, E>
): Flow<A, readonly [K, S]>
export function scanBy<A, F extends KeyField<A>, S, E = undefined>(
  field: F,
  fn: (state: S, item: A, env: E) => S,
  initial: S,
  options?: KeptOptions<A, E>
): Flow<A, readonly [KeyOf<A, F>, S]>
export function scanBy<A, S>(key: unknown, fn: unknown, initial: S, options: KeptOptions<A, unknown> = {}): Flow<A, readonly [Key, S]> {
  const args = { initial: beginning('scanBy', 'initial', initial) }
  return flowOf(keyedSpec('scanBy', key, { fn }, options as KeptOptions<never, unknown>, args), options.name)
}
