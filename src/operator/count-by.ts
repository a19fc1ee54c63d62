/**
 * Counts items by key; the counts are emitted when the input has ended.
 *
 *     in  a1--b1--a2--|   countBy(letter)    out  ----------{ a: 2, b: 1 }|
 *     lane blocking       state a count per key; one map per worker, added up as they get large, and at the end, on a worker
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { halved, sendPart, type Held } from './aggregate.ts'
import { stageOptions } from './check.ts'
import { PART_SIZE } from './combiner.ts'
import type { Kernel } from './loop/kernel.ts'
import { keyedBy, keyLimit, keyOf, unboundedBy, type Key, type KeyField } from './keyed/keys.ts'

export interface KeyedOptions<E = undefined> extends CpuOptions<E> {
  /**
   * Different keys that may be kept, on each worker and in all; one more is an error. A whole number >= 1, or Infinity: they are known to
   * be few. Default: no bound.
   */
  readonly maxKeys?: number | undefined
}

export const partialKernel: Kernel = {
  kind: 'countBy.partial',
  state: () => ({ counts: new Map() }),
  each: (g, item) => {
    const [key, n, counts] = [g.fresh('key'), g.fresh('n'), `${g.state}.counts`]
    return `${key} = ${keyOf(g, item)}; ${n} = ${counts}.get(${key});
      if (${n} !== undefined) ${counts}.set(${key}, ${n} + 1);
      else {
        ${g.refusePromise(key)} ${counts}.set(${g.help}.newKey('countBy', ${counts}.size, ${g.args}.maxKeys, ${key}), 1);
        if (${counts}.size >= ${PART_SIZE}) { ${sendPart(g, 'counts')} }
      }`
  },
  end: (g) => `if (${g.state}.counts.size > 0) { ${sendPart(g, 'counts')} }`
}

export const mergeKernel: Kernel = {
  kind: 'countBy.merge',
  state: () => ({ counts: new Map() }),
  each: (g, item) => {
    const [one, key, n, counts] = [g.fresh('one'), g.fresh('key'), g.fresh('n'), `${g.state}.counts`]
    return `if (${counts}.size === 0) ${counts} = ${item};
      else for (${one} of ${item}) {
        ${key} = ${one}[0]; ${n} = ${counts}.get(${key});
        if (${n} === undefined) { ${n} = 0; ${key} = ${g.help}.newKey('countBy', ${counts}.size, ${g.args}.maxKeys, ${key}); }
        ${counts}.set(${key}, ${n} + ${one}[1]);
      }`
  },
  end: (g) => {
    const total = g.fresh('total')
    return `${total} = ${g.state}.counts; ${g.state}.counts = new Map(); ${g.emit(total)}`
  }
}

/** Between the halves: all maps as one. */
export const combineKernel: Kernel = { ...mergeKernel, kind: 'countBy.combine', end: partialKernel.end! }

/** What a stage that keeps keys holds, for `explain()`. */
export const heldByKey = (what: string, { maxKeys }: KeyedOptions<unknown>): string =>
  `${what} per key, ${maxKeys === undefined ? 'without a bound (maxKeys)' : maxKeys === Infinity ? 'of keys that are said to be few' : `at most ${maxKeys}`}`

/** That, and whether it is bounded at all, of a stage that answers with what it holds. */
export const answeredByKey = (what: string, { maxKeys }: KeyedOptions<unknown>): Held => ({
  holds: heldByKey(what, { maxKeys }),
  unbounded: unboundedBy({ maxKeys }, true)
})

/** The arguments of a stage that keeps keys. */
export const keyedArgs = (operator: string, options: KeyedOptions<unknown>): Readonly<Record<string, unknown>> => {
  stageOptions(operator, options)
  const maxKeys = keyLimit(operator, options.maxKeys)
  return maxKeys === undefined ? {} : { maxKeys }
}

/**
 * Counts the items of each key and emits one map at the end: key to count. The order of the keys is not promised. `key` is a
 * function, or the name of a field: then nothing else of an item is needed, and nothing else crosses threads.
 *
 * **Cost**    one call of `key` (one read of the field) and one look-up per item; a map per worker, and per 16 384 keys, crosses threads
 * **Errors**  an item that `key` throws on, or whose key is an object, is handled by `onError`; more than `maxKeys` keys are
 *             `ERR_MILLRACE_TOO_MANY_KEYS`
 * **Memory**  a count per different key in the sum, and 16 384 on each worker: bound the keys, by what they are or by `maxKeys`
 * **Source**  lodash `countBy`
 * @example
 * await from(['mill', 'race', 'mint']).pipe(countBy((word) => word[0])).toArray() // => [Map { 'm' => 2, 'r' => 1 }]
 * await from([{ host: 'a' }, { host: 'b' }]).pipe(countBy('host')).toArray() // => [Map { 'a' => 1, 'b' => 1 }]
 */
export function countBy<A, K extends Key, E = undefined>(
  key: (item: A, env: E) => K,
  options?: KeyedOptions<E>
): Flow<A, ReadonlyMap<K, number>>
export function countBy<A, F extends KeyField<A>>(field: F, options?: KeyedOptions): Flow<A, ReadonlyMap<A[F], number>>
export function countBy<A>(key: unknown, options: KeyedOptions<unknown> = {}): Flow<A, ReadonlyMap<unknown, number>> {
  const { fns, args, reads } = keyedBy(key)
  const all = { ...args, ...keyedArgs('countBy', options) }
  return flowOf(halved('countBy', { partial: fns, combine: {}, merge: {}, args: all, ...answeredByKey('a count', options), reads }, options), options.name)
}
