/**
 * Puts something between the items, and in front of them and behind them.
 *
 *     in  a-----b-----c--|   intersperse(',', { start: '[', end: ']' })    out  [a----,b----,c--]|
 *     lane blocking          state whether an item has come     fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { beginning, stageOptions } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export interface IntersperseOptions<B> extends Pick<CpuOptions, 'name' | 'lane'> {
  /** Comes in front of the first item, with it, or at the end when there is none. */
  readonly start?: B | undefined
  /** Comes behind the last item. */
  readonly end?: B | undefined
}

export const kernel: Kernel = {
  kind: 'intersperse',
  state: () => ({ any: false }),
  each: (g, item) => {
    const [s, a] = [g.state, g.args]
    return `if (${s}.any) { ${g.emitOne(`${a}.between`)} }
      else { ${s}.any = true; if (${a}.start !== undefined) { ${g.emitOne(`${a}.start`)} } }
      ${g.emit(item)}`
  },
  end: (g) => {
    const [s, a] = [g.state, g.args]
    return `if (!${s}.any && ${a}.start !== undefined) { ${g.emitOne(`${a}.start`)} }
      if (${a}.end !== undefined) { ${g.emit(`${a}.end`)} }`
  }
}

/**
 * Emits `between` between any two items; `start` in front of the first and `end` behind the last, also when there is no item.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one more item per item
 * **Errors**  TypeError at declaration when what is put between does not survive structured clone
 * **Memory**  one flag
 * **Source**  Pekko `intersperse`, Effect `intersperseAffixes`
 * @example
 * (await from(['1', '2']).pipe(intersperse(',', { start: '[', end: ']' })).toArray()).join('') // => '[1,2]'
 */
export const intersperse = <A, B = A>(between: B, options: IntersperseOptions<B> = {}): Flow<A, A | B> => {
  stageOptions('intersperse', options)
  const { start, end } = options
  const args = {
    between: beginning('intersperse', 'between', between),
    start: beginning('intersperse', 'start', start),
    end: beginning('intersperse', 'end', end)
  }
  return flowOf(cpu('intersperse', {}, { name: options.name, lane: options.lane }, { parallelism: 'serial', args }), options.name)
}
