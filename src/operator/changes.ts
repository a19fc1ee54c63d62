/**
 * Lets an item through when it is not as the one before.
 *
 *     in  a--a--b--b--a--|   changes()    out  a-----b-----a--|
 *     lane blocking          state the key of the item before     fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'
import type { Key } from './keyed/keys.ts'

export const kernel: Kernel = {
  kind: 'changes',
  state: () => ({ any: false, key: undefined }),
  each: (g, item) => {
    const [s, key] = [g.state, g.fresh('key')]
    const same = `(${key} === ${s}.key || (${key} !== ${key} && ${s}.key !== ${s}.key))`
    return `${key} = ${g.call('key', item)};
      if (!${s}.any || !${same}) {
        ${g.refusePromise(key)} ${s}.key = ${g.help}.newKey('changes', 0, undefined, ${key}); ${s}.any = true;
        ${g.emit(item)}
      }`
  }
}

const itself = (item: unknown): unknown => item

/**
 * Lets through the items whose key is another than that of the item before; without `key` the item is its own. Keys are compared
 * like those of a `Map`; an object is refused, for it would be equal to no other.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one call and one comparison per item
 * **Errors**  an item that `key` throws on, or whose key is an object, is handled by `onError`, and is as if it had not come
 * **Memory**  one key
 * **Source**  RxJS `distinctUntilChanged`, Effect `changes`
 * @example
 * await from([1, 1, 2, 2, 1]).pipe(changes()).toArray() // => [1, 2, 1]
 */
export function changes<A extends Key>(): Flow<A, A>
export function changes<A, E = undefined>(key: (item: A, env: E) => Key, options?: CpuOptions<E>): Flow<A, A>
export function changes<A, E>(key: (item: A, env: E) => Key = itself as (item: A) => Key, options: CpuOptions<E> = {}): Flow<A, A> {
  return flowOf(cpu('changes', { key }, options, { parallelism: 'serial', passes: 'items' }), options.name)
}
