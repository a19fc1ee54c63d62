/**
 * Calls a function for its effect and passes the item on unchanged.
 *
 *     in  a--b--c--|      out  a--b--c--|
 *     lane blocking       state none             fuses yes
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'tap',
  emits: 'one',
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = ${g.call('fn', item)}; ${g.refusePromise(y)} ${g.emit(item)}`
  }
}

/**
 * Calls `fn` with every item and passes the item on. The effect happens where the stage runs: on a worker, unless the lane
 * is `'async'` or `fn` cannot travel.
 *
 * **Errors**  an item that `fn` throws on is handled by `onError`, and not passed on; a returned promise is an error
 * **Source**  RxJS `tap`
 * @example
 * await range(0, 2).pipe(tap((n) => console.log(n), { lane: 'async' })).toArray() // logs 0 and 1 => [0, 1]
 */
export const tap = <A, E = undefined>(fn: (item: A, env: E) => unknown, options: CpuOptions<E> = {}): Flow<A, A> =>
  flowOf(cpu('tap', { fn }, options, { passes: 'items' }), options.name)
