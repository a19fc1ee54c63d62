/**
 * Maps every item with a state that belongs to its key.
 *
 *     in  a1--b5--a2--|   mapState(letter, running sum)    out  a1--b5--a3--|
 *     lane blocking       state one per key, by one owner each; bounded by maxKeys and ttlMs; fuses no
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { callable } from './check.ts'
import { keyedKernel, keyedSpec, type KeptOptions, type Step } from './keyed/stages.ts'
import type { HasKey, Key, KeyOf } from './keyed/keys.ts'

/** Why a state was let go: it was not used for `ttlMs`, room was needed, or the input has ended. */
export type Gone = 'ttl' | 'full' | 'end'

export interface MapStateOptions<A, S, B, K extends Key, E = undefined> extends KeptOptions<A, E> {
  /** Whose state an item is for. */
  readonly key: (item: A, env: E) => K
  /** The state of a key that is new: an object, which `map` changes. It must survive structured clone. */
  readonly create: (key: K, env: E) => S
  /** The answer to an item; `undefined` emits nothing. May change the state. */
  readonly map: (state: S, item: A, key: K, env: E) => B
  /** Told of every state that is let go, once; what it answers is emitted, unless it is `undefined`. */
  readonly onEvict?: ((state: S, key: K, why: Gone, env: E) => B) | undefined
}

/** The same, where a field of the items is the key. */
export interface MapStateFieldOptions<A, F extends keyof A, S, B, E = undefined> extends Omit<MapStateOptions<A, S, B, KeyOf<A, F>, E>, 'key'> {
  /** The field that says whose state an item is for. */
  readonly key: F
}

const step: Step = {
  fresh: (g, key) => g.call('create', key),
  each: (g, item, { key, value, keep, tried }) => {
    const y = g.fresh('y')
    return `${tried(`${y} = ${g.call('map', value, item, key)}; ${g.refusePromise(y)}`)} ${keep(value)} if (${y} !== undefined) { ${g.emit(y)} }`
  }
}

export const kernel = keyedKernel('mapState', step, true)

/**
 * Emits, for every item, what `map` answers from the state of the item's key, which it may change; `undefined` emits nothing.
 *
 * The items of one key are answered in one place, in their order; those of different keys side by side, one partition of the keys per
 * worker. A state that was not used for `ttlMs` is forgotten, and one is when room is needed and `whenFull` says so; the key then
 * begins anew. `key` is a function, or the name of a field.
 *
 * **Order**   kept within a key; between keys only when the plan has one partition (`workers` 0 or 1)
 * **Cost**    a call of `key` and of `map` and one look-up per item; with several workers one more call of `key`, and the items cross
 *             threads twice
 * **Errors**  an item that `key`, `at`, `create` or `map` throws on, or whose key is an object, is handled by `onError`; with `restart` the
 *             state of its key begins anew, and `onEvict` is not told. A key more than `maxKeys` is `ERR_MILLRACE_TOO_MANY_KEYS`
 * **Memory**  one state per key: in each partition at most `maxKeys`, and those used within twice `ttlMs`. Without either a run warns
 *             (`MILLRACE_UNBOUNDED_STATE`); `maxKeys: Infinity` says that the keys are known to be few
 * **Source**  Hazelcast Jet `mapStateful`, Flink's keyed state with TTL
 * @example
 * const visits = mapState({
 *   key: (r: { host: string }) => r.host,
 *   create: () => ({ seen: 0 }),
 *   map: (state, r) => ({ host: r.host, visit: ++state.seen }),
 *   maxKeys: 1000,
 *   whenFull: 'evictOldest'
 * })
 * await from([{ host: 'a' }, { host: 'a' }]).pipe(visits).toArray() // => [{ host: 'a', visit: 1 }, { host: 'a', visit: 2 }]
 * const nth = mapState({ key: 'host', create: () => ({ n: 0 }), map: (state, r: { host: string }) => r.host + ++state.n, maxKeys: Infinity })
 * await from([{ host: 'a' }, { host: 'a' }]).pipe(nth).toArray() // => ['a1', 'a2']
 */
export function mapState<A, S extends object, B, K extends Key, E = undefined>(
  options: MapStateOptions<A, S, B, K, E>
): Flow<A, Exclude<B, undefined>>
export function mapState<F extends string, A extends HasKey<F>, S extends object, B, E = undefined>(
  options: MapStateFieldOptions<A, F & keyof A, S, B, E>
): Flow<A, Exclude<B, undefined>>
export function mapState<A, B>(
  options: Omit<MapStateOptions<A, object, B, Key, unknown>, 'key'> & { readonly key: unknown }
): Flow<A, Exclude<B, undefined>> {
  const { key, create, map, onEvict, ...rest } = options
  if (onEvict !== undefined) callable('mapState', 'onEvict', onEvict)
  const fns = { create, map, ...(onEvict === undefined ? {} : { onEvict }) }
  return flowOf(keyedSpec('mapState', key, fns, rest as KeptOptions<never, unknown>), options.name)
}
