/**
 * Writes items as JSON texts, one line each: what sinks for text take.
 *
 *     in  1--{ a: 2 }--|    out  '1'--'{"a":2}'--|
 *     lane blocking         state none             fuses yes
 *
 * In front of a text sink it is the last stage of the task on the pool, so that workers make the bytes and the loop only
 * writes them. No function has to travel.
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu, type PlainOptions } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'toJson',
  each: (g, item) => {
    const y = g.fresh('y')
    const what = `(typeof ${item} === 'object' ? 'an item whose toJSON answers nothing' : typeof ${item})`
    return `${y} = JSON.stringify(${item});
      if (${y} === undefined) throw new TypeError('toJson: ' + ${what} + ' has no JSON form');
      ${g.emit(y)}`
  }
}

/**
 * Makes a JSON text of every item, without line breaks in it.
 *
 * **Errors**  an item without a JSON form (undefined, a function, a symbol, a bigint, a cycle) is handled by `onError`
 * @example
 * await from([{ a: 1 }, 'x']).pipe(toJson()).toArray() // => ['{"a":1}', '"x"']
 */
export const toJson = (options: PlainOptions = {}): Flow<unknown, string> =>
  flowOf(cpu('toJson', {}, options), options.name)
