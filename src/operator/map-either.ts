/**
 * Applies a function that may refuse: `Right` goes on, `Left` is set aside as a dead letter.
 *
 *     in  a--b--c--|      out  right(a)-----right(c)--|     dead letters  left(b)
 *     lane blocking       state none                        fuses yes
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type { CpuOptions } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'mapEither',
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = ${g.call('fn', item)};
      if (typeof ${y} === 'object' && ${y} !== null && ${y}._tag === 'Right') { ${y} = ${y}.right; ${g.emit(y)} }
      else if (typeof ${y} === 'object' && ${y} !== null && ${y}._tag === 'Left') { ${g.left(item, `${y}.left`)} }
      else { ${g.refusePromise(y)} throw new TypeError('mapEither: the function must answer Left or Right (fp-ts Either)'); }`
  }
}

/**
 * Applies `fn` to every item. What is `Right` goes on; an item whose answer is `Left` becomes a dead letter with the left
 * value as its cause. Refusing is not failing: `onError` is for what `fn` throws.
 *
 * **Cost**    one call of `fn` per item, inside the task's loop
 * **Errors**  what `fn` throws is handled by `onError`
 * **Source**  fp-ts `filterMap` over `Either`
 * @example
 * const age = (s: string): Either<string, number> => (/^\d+$/.test(s) ? right(Number(s)) : left(`no age: ${s}`))
 * await from(['7', 'x', '9']).pipe(mapEither(age)).toArray() // => [7, 9]
 */
export const mapEither = <A, L, B, E = undefined>(fn: (item: A, env: E) => Either<L, B>, options: CpuOptions<E> = {}): Flow<A, B> =>
  flowOf(cpu('mapEither', { fn }, options), options.name)
