/**
 * Puts every item beside its number.
 *
 *     in  a--b--c--|      zipWithIndex()    out  [a,0]--[b,1]--[c,2]--|
 *     lane blocking       state the next number      fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'zipWithIndex',
  state: () => ({ next: 0 }),
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = [${item}, ${g.state}.next++]; ${g.emit(y)}`
  }
}

/**
 * Emits, for every item, a pair: the item, and how many came before it.
 *
 * **Order**   of the input; behind an unordered stage, that of arrival. Serial: all items pass one place
 * **Cost**    one array per item
 * **Errors**  none of its own
 * **Memory**  one number
 * **Source**  Effect and Pekko `zipWithIndex`
 * @example
 * await from(['a', 'b']).pipe(zipWithIndex()).toArray() // => [['a', 0], ['b', 1]]
 */
export const zipWithIndex = <A>(options: Pick<CpuOptions, 'name' | 'lane'> = {}): Flow<A, readonly [A, number]> =>
  flowOf(cpu('zipWithIndex', {}, options, { parallelism: 'serial' }), options.name)
