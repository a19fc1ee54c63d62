/**
 * Emits items as long as they are no more bytes than a bound, then ends; what only feeds this stage is stopped.
 *
 *     in  ab--c--de--f--   takeBytes(4)                          out  ab--c|
 *                          takeBytes(4, { whenOver: 'fail' })    out  ab--c--X
 *     lane blocking        state the bytes so far      fuses with serial neighbours
 */
import type { CpuOptions, OnError, Retry } from '../graph/options.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { callable, oneOf, stageOptions, wholeNumber } from './check.ts'
import { cpu } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'
import { plainPolicy } from './refusals.ts'

export interface TakeBytesOptions<A, E = undefined> extends CpuOptions<E> {
  /** Bytes of an item: a number >= 0. Default: those of a byte array, and of a text in UTF-8; needed for other items. */
  readonly weigh?: ((item: A, env: E) => number) | undefined
  /** What happens at the item that does not fit any more: the stream ends before it (default), or the run fails. */
  readonly whenOver?: 'end' | 'fail' | undefined
  /** What becomes of an item that cannot be weighed. Default `'fail'`. */
  readonly onError?: Exclude<OnError, Retry> | undefined
}

export const kernel: Kernel = {
  kind: 'takeBytes',
  stops: true,
  state: () => ({ bytes: 0, over: false }),
  stopped: (state, args) => (state as { over: boolean }).over && args['fail'] !== true,
  each: (g, item) => {
    const [s, a, w] = [g.state, g.args, g.fresh('w')]
    const weight = g.has('weigh') ? g.call('weigh', item) : `${g.help}.bytes(${item})`
    return `${w} = ${weight}; ${g.refusePromise(w)} ${g.help}.weight(${w}, 'takeBytes');
      if (${s}.over || ${s}.bytes + ${w} > ${a}.max) { ${s}.over = true; if (${a}.fail) ${g.help}.tooManyBytes(${a}.max); ${g.stop} }
      else { ${s}.bytes += ${w}; ${g.emit(item)} }`
  }
}

/**
 * Emits the first items, up to the last that keeps their bytes within `max`, and ends; with `whenOver: 'fail'` more than that ends
 * the run instead: a bound on what somebody else sends. An item is never cut.
 *
 * **Order**   of the input. Serial: all items pass one place
 * **Cost**    one call per item
 * **Errors**  an item that `weigh` throws on, or that is no bytes and no text, is handled by `onError`;
 *             with `'fail'`, `ERR_MILLRACE_TOO_MANY_BYTES`
 * **Memory**  one number
 * **Source**  Pekko `limitWeighted`
 * @example
 * await from(['ab', 'c', 'de', 'f']).pipe(takeBytes(4)).toArray() // => ['ab', 'c']
 */
export const takeBytes = <A, E = undefined>(max: number, options: TakeBytesOptions<A, E> = {}): Flow<A, A> => {
  stageOptions('takeBytes', options)
  const whenOver = oneOf('takeBytes', 'whenOver', options.whenOver ?? 'end', ['end', 'fail'])
  const { weigh } = options
  if (weigh !== undefined) callable('takeBytes', 'weigh', weigh)
  plainPolicy('takeBytes', options.onError)
  const args = { max: wholeNumber('takeBytes', 'max', max, 0), fail: whenOver === 'fail' }
  return flowOf(cpu('takeBytes', weigh === undefined ? {} : { weigh }, options, { parallelism: 'serial', args }), options.name)
}
