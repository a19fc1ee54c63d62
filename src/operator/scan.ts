/**
 * Carries a state from item to item and emits it after each.
 *
 *     in  1--2--3--|      scan(sum, 0)    out  1--3--6--|
 *     lane blocking       state the last one   fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { beginning, flag } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'scan',
  state: (args) => ({ value: structuredClone(args['initial']) }),
  each: (g, item) => {
    const y = g.fresh('y')
    const anew = `if (${g.args}.restart) ${g.state}.value = ${g.help}.store.beginning(${g.args}.initial);`
    return `try { ${y} = ${g.call('fn', `${g.state}.value`, item)}; ${g.refusePromise(y)} } catch (e) { ${anew} throw e; }
      ${g.state}.value = ${y}; ${g.emit(y)}`
  }
}

export interface ScanOptions<E = undefined> extends CpuOptions<E> {
  /** Behind an item that `fn` failed on (and `onError` skipped or set aside) the state begins anew. Default false: it stays as it was. */
  readonly restart?: boolean | undefined
}

/**
 * Emits, for every item, the state that `fn` makes of the one before and the item; the first is made from `initial`.
 * Answer a new state rather than a changed one: what was emitted before may still be on its way.
 *
 * **Order**   of the input: the stage runs in one place
 * **Errors**  an item that `fn` throws on is handled by `onError` and leaves the state as it was, or, with `restart`, makes
 *             it begin anew
 * **Memory**  one state. It must survive structured clone: the stage may move between threads
 * **Source**  RxJS `scan`
 * @example
 * await range(1, 5).pipe(scan((sum, n) => sum + n, 0)).toArray() // => [1, 3, 6, 10]
 */
export const scan = <A, S, E = undefined>(
  fn: (state: S, item: A, env: E) => S,
  initial: S,
  options: ScanOptions<E> = {}
): Flow<A, S> => {
  const args = { initial: beginning('scan', 'initial', initial), restart: flag('scan', 'restart', options.restart) }
  return flowOf(cpu('scan', { fn }, options, { parallelism: 'serial', args }), options.name)
}
