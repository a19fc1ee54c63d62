/**
 * Checks items with an io-ts codec: what fits goes on, decoded; what does not is set aside as a dead letter.
 *
 *     in  raw--raw--raw--|    out  A--------A--|     dead letters  DecodeError
 *     lane blocking           state none             fuses yes
 */
import type { Type } from 'io-ts'
import { argumentError } from '../error/pipeline-error.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu, type PlainOptions } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'decode',
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = ${g.checker}(${item});
      if (${y}._tag === 'Right') { ${y} = ${y}.right; ${g.emit(y)} } else { ${g.left(item, `${y}.left`)} }`
  }
}

/**
 * Decodes every item with `codec`. An item that does not fit becomes a dead letter whose cause is a `DecodeError`, which says
 * what was expected where. A codec made of structure is checked on workers by compiled code, without io-ts; one with functions
 * of its own travels by `portable`.
 *
 * **Cost**    one check per item, inside the task's loop
 * **Errors**  what a codec of your own throws is handled by `onError`
 * **Source**  io-ts `decode`
 * @example
 * const Row = t.type({ path: t.string, status: t.number })
 * await from([{ path: '/', status: 200 }, { path: 7 }]).pipe(decode(Row)).toArray() // => [{ path: '/', status: 200 }]
 */
export const decode = <A, O = A, I = unknown>(codec: Type<A, O, I>, options: PlainOptions = {}): Flow<I, A> => {
  const given = codec as unknown
  const codecLike = (typeof given === 'object' || typeof given === 'function') && given !== null // one of fromModule can be called
  if (!codecLike || typeof codec.decode !== 'function' || typeof codec.validate !== 'function') {
    throw argumentError(
      'type',
      'decode: the codec must be an io-ts codec',
      `got ${given === null ? 'null' : typeof given}`,
      'pass t.type({ … }) or another t.Type'
    )
  }
  return flowOf(cpu('decode', {}, options, { codec }), options.name)
}
