/**
 * Emits the first `count` items, then ends; what only feeds this stage is stopped.
 *
 *     in  a--b--c--d--    take(2)    out  a--b|
 *     lane caller's       state how many went by     fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'take',
  stops: true,
  state: () => ({ taken: 0 }),
  stopped: (state, args) => (state as { taken: number }).taken >= (args['count'] as number),
  each: (g, item) => `${g.state}.taken++; ${g.emitOne(item)} if (${g.state}.taken >= ${g.args}.count) { ${g.stop} }`
}

const PASSES = { parallelism: 'serial', reads: [], passes: 'items' } as const

/**
 * Emits the first `count` items and ends. `take(0)` takes none.
 *
 * **Order**   of the input; behind an unordered stage, the first to arrive
 * **Errors**  RangeError at declaration when `count` is not a whole number >= 0
 * @example
 * await range(0, 1_000_000_000).pipe(take(3)).toArray() // => [0, 1, 2]
 */
export const take = <A>(count: number, options: Pick<CpuOptions, 'name' | 'lane'> = {}): Flow<A, A> =>
  flowOf(cpu('take', {}, options, { ...PASSES, args: { count: wholeNumber('take', 'count', count, 0) } }), options.name)
