/**
 * Parses JSON texts.
 *
 *     in  '1'--'{"a":2}'--|    out  1--{ a: 2 }--|
 *     lane blocking            state none             fuses yes
 *
 * It is `map((text) => JSON.parse(text))` without a function that has to travel: its kernel names `JSON` itself, so it runs on
 * workers whatever becomes of the user's source (bundlers, coverage tools), and its answers are `unknown`, not `any`.
 */
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu, type PlainOptions } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'parseJson',
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = JSON.parse(${item}); ${g.emit(y)}`
  }
}

/**
 * Parses every text as one JSON value. Put `decode` behind it to know what it is.
 *
 * **Errors**  a text that is not JSON (SyntaxError) is handled by `onError`
 * @example
 * await from(['1', '[2]']).pipe(parseJson()).toArray() // => [1, [2]]
 */
export const parseJson = (options: PlainOptions = {}): Flow<string, unknown> =>
  flowOf(cpu('parseJson', {}, options), options.name)
