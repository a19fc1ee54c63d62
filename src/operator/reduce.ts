/**
 * Folds all items into one value, emitted when the input has ended.
 *
 *     in  1--2--3--|      reduce(sum, 0)    out  ---------6|
 *     without combine     serial: one place, in order
 *     with combine        one part per worker, combined at the end (see aggregate.ts)
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { halved, mergeOf, partialOf } from './aggregate.ts'
import { beginning, callable, stageOptions } from './check.ts'
import { cpu } from './cpu.ts'
import type { Emitter, Kernel } from './loop/kernel.ts'

export interface ReduceOptions<S, E = undefined> extends CpuOptions<E> {
  /**
   * Two values as one. With it every worker folds the items that it comes by, beginning with `initial`, and the values are
   * combined in any order: it must not care (be associative and commutative), and `initial` must change nothing.
   */
  readonly combine?: ((a: S, b: S, env: E) => S) | undefined
}

export const kernel: Kernel = {
  kind: 'reduce',
  emits: 'none',
  keeps: 'value',
  state: (args) => ({ value: structuredClone(args['initial']) }),
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = ${g.call('fn', g.kept, item)}; ${g.refusePromise(y)} ${g.keep(y)}`
  },
  end: (g) => {
    const y = g.fresh('y')
    return `${y} = ${g.state}.value; ${g.emit(y)}`
  }
}

const fresh = (g: Emitter): string => `structuredClone(${g.args}.initial)`

export const partialKernel = partialOf('reduce.partial', fresh)
export const mergeKernel = mergeOf('reduce.merge', fresh, (_, total) => total)

/**
 * Folds all items with `fn`, beginning with a copy of `initial`, and emits the one value at the end; `initial` itself when
 * there were no items. Say `combine` where it makes sense: then all workers take part.
 *
 * **Order**   without `combine` that of the input; with it, none
 * **Errors**  an item that `fn` throws on is handled by `onError` and leaves the value as it was; what `combine` throws ends the run
 * **Memory**  one value, per worker with `combine`. It must survive structured clone
 * **Source**  RxJS `reduce`
 * @example
 * await range(1, 5).pipe(reduce((sum, n) => sum + n, 0, { combine: (a, b) => a + b })).toArray() // => [10]
 */
export const reduce = <A, S, E = undefined>(
  fn: (value: S, item: A, env: E) => S,
  initial: S,
  options: ReduceOptions<S, E> = {}
): Flow<A, S> => {
  callable('reduce', 'fn', fn)
  stageOptions('reduce', options)
  const args = { initial: beginning('reduce', 'initial', initial) }
  const { combine } = options
  const spec =
    combine === undefined
      ? cpu('reduce', { fn }, options, { parallelism: 'serial', args })
      : halved('reduce', { partial: { add: fn }, merge: { combine }, args }, options)
  return flowOf(spec, options.name)
}
