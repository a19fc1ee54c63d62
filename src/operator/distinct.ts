/**
 * Lets each key through once: the first item that has it.
 *
 *     in  a--b--a--c--|   distinct()     out  a--b-----c--|
 *     lane blocking       state the keys seen    fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { oneOf, stageOptions, wholeNumber } from './check.ts'
import { heldByKey } from './count-by.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'
import { keyedBy, keyLimit, keyOf, unboundedBy, type Key, type KeyField } from './keyed/keys.ts'

export interface DistinctOptions<E = undefined> extends CpuOptions<E> {
  /** Keys that are kept. A whole number >= 1, or Infinity: they are known to be few, and nobody need be warned. Default: no bound. */
  readonly maxKeys?: number | undefined
  /**
   * What happens to a new key when `maxKeys` are kept: `'fail'` (default) is an error; `'evictOldest'` forgets the key that was
   * seen first, which may then come through again.
   */
  readonly whenFull?: 'fail' | 'evictOldest' | undefined
}

export const kernel: Kernel = {
  kind: 'distinct',
  // `ring` has the keys in the order in which they came: the oldest of a Set is slow to find once many are gone from its front
  state: () => ({ seen: new Set(), ring: [], oldest: 0 }),
  each: (g, item) => {
    const [key, s] = [g.fresh('key'), g.state]
    const max = `${g.args}.evict ? undefined : ${g.args}.maxKeys`
    return `${key} = ${keyOf(g, item)};
      if (!${s}.seen.has(${key})) {
        ${g.refusePromise(key)} ${key} = ${g.help}.newKey('distinct', ${s}.seen.size, ${max}, ${key});
        if (${g.args}.evict) {
          if (${s}.seen.size >= ${g.args}.maxKeys) ${s}.seen.delete(${s}.ring[${s}.oldest]);
          ${s}.ring[${s}.oldest] = ${key};
          ${s}.oldest = (${s}.oldest + 1) % ${g.args}.maxKeys;
        }
        ${s}.seen.add(${key});
        ${g.emit(item)}
      }`
  }
}

const itself = (item: unknown): unknown => item

/**
 * Lets through the first item of each key; without `key` the item is its own; `key` is a
 * function, or the name of a field. Keys are compared like those of a `Map`: texts,
 * numbers, booleans, bigints, `null` and `undefined`; an object is refused, for it would be equal to no other.
 *
 * **Order**   of the input
 * **Errors**  an item that `key` throws on, or whose key is an object, is handled by `onError`; more than `maxKeys` keys are
 *             `ERR_MILLRACE_TOO_MANY_KEYS`
 * **Memory**  one entry per different key, for as long as the run lasts, unless `maxKeys` bounds it. Without it a run warns
 *             (`MILLRACE_UNBOUNDED_STATE`); `maxKeys: Infinity` says that the keys are known to be few
 * **Source**  RxJS `distinct`
 * @example
 * await from([3, 1, 3, 2, 1]).pipe(distinct()).toArray() // => [3, 1, 2]
 */
export function distinct<A extends Key>(): Flow<A, A>
export function distinct<A, E = undefined>(key: (item: A, env: E) => Key, options?: DistinctOptions<E>): Flow<A, A>
export function distinct<A>(field: KeyField<A>, options?: DistinctOptions): Flow<A, A>
export function distinct<A>(key: unknown = itself, options: DistinctOptions<unknown> = {}): Flow<A, A> {
  stageOptions('distinct', options)
  const whenFull = oneOf('distinct', 'whenFull', options.whenFull ?? 'fail', ['fail', 'evictOldest'])
  const maxKeys = whenFull === 'evictOldest' ? wholeNumber('distinct', 'maxKeys', options.maxKeys, 1) : keyLimit('distinct', options.maxKeys)
  const { fns, args: field, reads } = keyedBy(key)
  const bound = maxKeys === undefined ? {} : { maxKeys, evict: whenFull === 'evictOldest' }
  const spec = cpu('distinct', fns, options, {
    parallelism: 'serial', args: { ...field, ...bound }, reads, passes: 'items', holds: heldByKey('an entry', options), unbounded: unboundedBy({ maxKeys })
  })
  return flowOf(spec, options.name)
}
