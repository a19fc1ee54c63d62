/**
 * Windows of so many items, one every so many items.
 *
 *     in  a--b--c--d--e--|   slidingCount({ size: 3 })              out  ------[a,b,c]--[b,c,d]--[c,d,e]--|
 *                            slidingCount({ size: 2, every: 3 })    out  ---[a,b]--------[d,e]--|
 *     lane blocking          state the window that is being filled     fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { stageOptions, wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export interface SlidingCountOptions extends Pick<CpuOptions, 'name' | 'lane'> {
  /** Items in a window. A whole number >= 1. */
  readonly size: number
  /** Items from the beginning of one window to that of the next. A whole number >= 1. Default 1. */
  readonly every?: number | undefined
  /** Whether the end of the input closes a window that is not full, if it has an item that no other window had. Default false. */
  readonly partial?: boolean | undefined
}

export const kernel: Kernel = {
  kind: 'slidingCount',
  // `fresh`: items that no window has had yet; `skip`: items until the next window begins
  state: () => ({ items: [], fresh: 0, skip: 0 }),
  each: (g, item) => {
    const [s, a, y] = [g.state, g.args, g.fresh('y')]
    return `if (${s}.skip > 0) ${s}.skip--;
      else {
        ${s}.items.push(${item}); ${s}.fresh++;
        if (${s}.items.length >= ${a}.size) {
          ${y} = ${s}.items;
          ${s}.items = ${a}.every < ${a}.size ? ${y}.slice(${a}.every) : [];
          ${s}.skip = ${a}.every > ${a}.size ? ${a}.every - ${a}.size : 0;
          ${s}.fresh = 0;
          ${g.emit(y)}
        }
      }`
  },
  end: (g) => {
    const [s, y] = [g.state, g.fresh('y')]
    return `if (${g.args}.partial && ${s}.fresh > 0) { ${y} = ${s}.items; ${s}.items = []; ${s}.fresh = 0; ${g.emit(y)} }`
  }
}

/**
 * Emits arrays of `size` items that follow each other; one begins every `every` items. With `every` less than `size` they
 * overlap, with more there are items between them that are in none. Only full windows come, but for the last with `partial`.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one array of `size` per window
 * **Errors**  none of its own
 * **Memory**  one window
 * **Source**  Pekko and Effect `sliding`, RxJS `bufferCount(size, every)`
 * @example
 * await range(0, 5).pipe(slidingCount({ size: 3 })).toArray() // => [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
 */
export const slidingCount = <A>(options: SlidingCountOptions): Flow<A, readonly A[]> => {
  stageOptions('slidingCount', options)
  const size = wholeNumber('slidingCount', 'size', options.size, 1)
  const every = wholeNumber('slidingCount', 'every', options.every ?? 1, 1)
  const args = { size, every, partial: options.partial === true }
  return flowOf(cpu('slidingCount', {}, options, { parallelism: 'serial', args, holds: `items, at most ${size}` }), options.name)
}
