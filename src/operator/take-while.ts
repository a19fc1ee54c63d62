/**
 * Emits items as long as a predicate holds, then ends; what only feeds this stage is stopped.
 *
 *     in  1--2--3--1--    takeWhile(n < 3)    out  1--2|      (inclusive: 1--2--3|)
 *     lane blocking       state whether it has ended         fuses with serial neighbours
 */
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { stageOptions } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export interface TakeWhileOptions<E = undefined> extends CpuOptions<E> {
  /** Whether the item that ends it is emitted too. Default false. */
  readonly inclusive?: boolean | undefined
}

export const kernel: Kernel = {
  kind: 'takeWhile',
  stops: true,
  state: () => ({ ended: false }),
  stopped: (state) => (state as { ended: boolean }).ended,
  each: (g, item) => {
    const ok = g.fresh('ok')
    return `${ok} = ${g.call('predicate', item)}; ${g.refusePromise(ok)}
      if (!${ok}) ${g.state}.ended = true;
      if (${ok} || ${g.args}.inclusive) { ${g.emitOne(item)} }
      if (${g.state}.ended) { ${g.stop} }`
  }
}

/**
 * Emits items up to the first for which `predicate` answers false, and ends there. With `inclusive` that item is the last one
 * emitted.
 *
 * **Order**   of the input
 * **Errors**  what `predicate` throws is handled by `onError`: a skipped item does not end it
 * **Source**  RxJS `takeWhile`
 * @example
 * await range(1, 100).pipe(takeWhile((n) => n % 4 !== 0)).toArray() // => [1, 2, 3]
 */
export function takeWhile<A, B extends A, E = undefined>(
  predicate: (item: A, env: E) => item is B,
  options?: TakeWhileOptions<E> & { readonly inclusive?: false | undefined }
): Flow<A, B>
export function takeWhile<A, E = undefined>(predicate: (item: A, env: E) => boolean, options?: TakeWhileOptions<E>): Flow<A, A>
export function takeWhile<A, E>(predicate: (item: A, env: E) => boolean, options: TakeWhileOptions<E> = {}): Flow<A, A> {
  stageOptions('takeWhile', options)
  const args = { inclusive: options.inclusive === true }
  return flowOf(cpu('takeWhile', { predicate }, options, { parallelism: 'serial', args, passes: 'items' }), options.name)
}
