/**
 * Emits some items behind the last of the input.
 *
 *     in  a--b--|         endWith(x, y)    out  a--b--x-y|
 *     lane blocking       state none       fuses with serial neighbours
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { beginning } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'endWith',
  each: (g, item) => g.emit(item),
  end: (g) => {
    const y = g.fresh('y')
    return `for (${y} of ${g.args}.last) { ${g.emitOne(y)} }`
  }
}

/**
 * Emits the items of the input, then `last`. When the input fails they do not come.
 *
 * **Order**   kept. Serial: all items pass one place
 * **Cost**    none per item
 * **Errors**  TypeError at declaration when `last` does not survive structured clone
 * **Memory**  the items given
 * **Source**  RxJS `endWith`
 * @example
 * await from([0, 1]).pipe(endWith(2, 3)).toArray() // => [0, 1, 2, 3]
 */
export const endWith = <A, B = A>(...last: readonly B[]): Flow<A, A | B> =>
  flowOf(cpu('endWith', {}, {}, { parallelism: 'serial', args: { last: beginning('endWith', 'last', [...last]) } }))
