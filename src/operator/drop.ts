/**
 * Leaves out the first `count` items.
 *
 *     in  a--b--c--d--|   drop(2)    out  ------c--d--|
 *     lane caller's       state how many were left out   fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'drop',
  state: () => ({ dropped: 0 }),
  each: (g, item) => `if (${g.state}.dropped < ${g.args}.count) ${g.state}.dropped++; else { ${g.emit(item)} }`
}

const PASSES = { parallelism: 'serial', reads: [], passes: 'items' } as const

/**
 * Emits all items but the first `count`.
 *
 * **Order**   of the input; behind an unordered stage, the first to arrive are left out
 * **Errors**  RangeError at declaration when `count` is not a whole number >= 0
 * **Source**  RxJS `skip`
 * @example
 * await range(0, 5).pipe(drop(3)).toArray() // => [3, 4]
 */
export const drop = <A>(count: number, options: Pick<CpuOptions, 'name' | 'lane'> = {}): Flow<A, A> =>
  flowOf(cpu('drop', {}, options, { ...PASSES, args: { count: wholeNumber('drop', 'count', count, 0) } }), options.name)
