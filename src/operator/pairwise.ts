/**
 * Puts every item beside the one before it.
 *
 *     in  1--2--4--7--|   pairwise()    out  ---[1,2]--[2,4]--[4,7]--|
 *     lane blocking       state the item before      fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'pairwise',
  state: () => ({ any: false, last: undefined }),
  each: (g, item) => {
    const [s, y] = [g.state, g.fresh('y')]
    return `${y} = ${s}.any ? [${s}.last, ${item}] : undefined; ${s}.any = true; ${s}.last = ${item}; if (${y} !== undefined) { ${g.emit(y)} }`
  }
}

/**
 * Emits, for every item but the first, a pair: the item before it, and the item. Of fewer than two items comes nothing.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one array per item
 * **Errors**  none of its own
 * **Memory**  one item
 * **Source**  RxJS `pairwise`
 * @example
 * await from([1, 2, 4]).pipe(pairwise()).toArray() // => [[1, 2], [2, 4]]
 */
export const pairwise = <A>(options: Pick<CpuOptions, 'name' | 'lane'> = {}): Flow<A, readonly [A, A]> =>
  flowOf(cpu('pairwise', {}, options, { parallelism: 'serial' }), options.name)
