/**
 * Leaves items out as long as a predicate holds.
 *
 *     in  1--2--3--1--|   dropWhile(n < 3)    out  ------3--1--|
 *     lane blocking       state whether it is over     fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'dropWhile',
  state: () => ({ over: false }),
  each: (g, item) => {
    const [s, ok] = [g.state, g.fresh('ok')]
    return `if (!${s}.over) { ${ok} = ${g.call('predicate', item)}; ${g.refusePromise(ok)} if (!${ok}) ${s}.over = true; }
      if (${s}.over) { ${g.emit(item)} }`
  }
}

/**
 * Leaves out the items before the first for which `predicate` answers false, and emits that one and all behind it. From there
 * on `predicate` is not called.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one call per item that is left out
 * **Errors**  an item that `predicate` throws on is handled by `onError`: a skipped item does not end the leaving out
 * **Memory**  one flag
 * **Source**  RxJS `skipWhile`
 * @example
 * await from([1, 2, 3, 1]).pipe(dropWhile((n) => n < 3)).toArray() // => [3, 1]
 */
export const dropWhile = <A, E = undefined>(predicate: (item: A, env: E) => boolean, options: CpuOptions<E> = {}): Flow<A, A> =>
  flowOf(cpu('dropWhile', { predicate }, options, { parallelism: 'serial', passes: 'items' }), options.name)
