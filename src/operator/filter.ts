/**
 * Lets through the items for which a predicate holds.
 *
 *     in  1--2--3--4--|   filter(even)   out  ---2-----4--|
 *     lane blocking       state none          fuses yes
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'filter',
  emits: 'oneOrNone',
  each: (g, item) => {
    const ok = g.fresh('ok')
    return `${ok} = ${g.call('predicate', item)}; ${g.refusePromise(ok)} if (${ok}) { ${g.emit(item)} }`
  }
}

/**
 * Lets through, in order, the items for which `predicate` answers true; a type guard narrows the items' type.
 *
 * **Cost**    one call per item, inside the task's loop
 * **Errors**  what `predicate` throws is handled by `onError`; a promise is an error, not "true"
 * **Source**  RxJS `filter`, fp-ts `Filterable`
 * @example
 * await range(0, 10).pipe(filter((n) => n % 3 === 0)).toArray() // => [0, 3, 6, 9]
 */
export function filter<A, B extends A, E = undefined>(predicate: (item: A, env: E) => item is B, options?: CpuOptions<E>): Flow<A, B>
export function filter<A, E = undefined>(predicate: (item: A, env: E) => boolean, options?: CpuOptions<E>): Flow<A, A>
export function filter<A, E>(predicate: (item: A, env: E) => boolean, options: CpuOptions<E> = {}): Flow<A, A> {
  return flowOf(cpu('filter', { predicate }, options, { passes: 'items' }), options.name)
}
