/**
 * Applies a function to every item.
 *
 *     in  a--b--c--|      out  f(a)--f(b)--f(c)--|
 *     lane blocking       state none             fuses yes
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'map',
  emits: 'one',
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = ${g.call('fn', item)}; ${g.refusePromise(y)} ${g.emit(y)}`
  }
}

/**
 * Applies `fn` to every item: one out for one in, in order.
 *
 * **Cost**    one call of `fn` per item, inside the task's loop; no allocation and no crossing of millrace's own
 * **Errors**  what `fn` throws is handled by `onError` (default: the run fails, naming stage and position);
 *             a returned promise is an error: see `mapAsync`
 * **Source**  the functor's map; RxJS `map`
 * @example
 * await range(1, 4).pipe(map((n) => n * 10)).toArray() // => [10, 20, 30]
 */
export const map = <A, B, E = undefined>(fn: (item: A, env: E) => B, options: CpuOptions<E> = {}): Flow<A, B> =>
  flowOf(cpu('map', { fn }, options), options.name)
