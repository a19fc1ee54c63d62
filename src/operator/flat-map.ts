/**
 * Maps every item to an iterable and emits what it holds, one after the other.
 *
 *     in  a-----b--|      out  a1-a2-a3-b1-|
 *     lane blocking       state none             fuses yes (as a generator)
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'flatMap',
  expands: true,
  each: (g, item) => {
    const many = g.fresh('many')
    const y = g.fresh('y')
    const walker = g.fresh('walker')
    return `${many} = ${g.call('fn', item)}; ${g.refusePromise(many)}
      ${walker} ??= ${g.help}.walker(); ${walker}.begin(${many});
      try { while (${walker}.advance()) { ${y} = ${walker}.value; ${g.emitOne(y)} ${g.pause} } }
      catch (thrown) { ${walker}.abandon(); throw thrown; } finally { ${walker}.leave(); }`
  }
}

/**
 * Emits, for every item, the members of the iterable that `fn` makes of it, in order. The iterable is walked lazily:
 * an endless one is fine as long as something downstream stops it, and leaving it early calls its `return()`.
 *
 * **Cost**    one call of `fn` per item, and one iterator where it answers anything but a list; memory: what one pause gathers (about 1000 results)
 * **Errors**  what `fn` or the iterable throws is handled by `onError`; members emitted before it stay emitted
 * **Source**  the monad's chain; RxJS `concatMap` over iterables
 * @example
 * await from(['a b', 'c']).pipe(flatMap((s) => s.split(' '))).toArray() // => ['a', 'b', 'c']
 */
export const flatMap = <A, B, E = undefined>(
  fn: (item: A, env: E) => Iterable<B>,
  options: CpuOptions<E> = {}
): Flow<A, B> => flowOf(cpu('flatMap', { fn }, options), options.name)
