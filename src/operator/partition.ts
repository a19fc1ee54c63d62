/**
 * Splits a source in two by a predicate.
 *
 *     in  1--2--3--4--|   partition(even)    [0]  ---2-----4--|
 *     lane blocking       state none         [1]  1-----3-----|      fuses yes
 */
import type { CpuOptions } from '../graph/options.ts'
import { Source } from '../graph/source.ts'
import { makeStage } from '../graph/stage.ts'
import { sources } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'partition',
  each: (g, item) => {
    const ok = g.fresh('ok')
    return `${ok} = ${g.call('predicate', item)}; ${g.refusePromise(ok)}
      if (${ok}) { ${g.emit(item, 0)} } else { ${g.emit(item, 1)} }`
  }
}

/**
 * The items for which `predicate` answers true, and the others: every item goes one way, and `predicate` is called once.
 * A type guard narrows both. A side that nobody uses is thrown away.
 *
 * **Order**   kept on each side
 * **Errors**  an item that `predicate` throws on is handled by `onError` and goes neither way
 * **Source**  RxJS `partition`, fp-ts `partition` (which has the two the other way round)
 * @example
 * const [even, odd] = partition(range(0, 6), (n) => n % 2 === 0)
 * await odd.toArray() // => [1, 3, 5]
 */
export function partition<A, B extends A, E = undefined>(
  source: Source<A>,
  predicate: (item: A, env: E) => item is B,
  options?: CpuOptions<E>
): readonly [Source<B>, Source<Exclude<A, B>>]
export function partition<A, E = undefined>(
  source: Source<A>,
  predicate: (item: A, env: E) => boolean,
  options?: CpuOptions<E>
): readonly [Source<A>, Source<A>]
export function partition<A, E>(
  source: Source<A>,
  predicate: (item: A, env: E) => boolean,
  options: CpuOptions<E> = {}
): readonly [Source<A>, Source<A>] {
  sources('partition', [source], 1, 1)
  const stage = makeStage(cpu('partition', { predicate }, options, { outlets: 2, passes: 'items' }), [source.port], options.name)
  return [new Source({ stage, outlet: 0 }), new Source({ stage, outlet: 1 })]
}
