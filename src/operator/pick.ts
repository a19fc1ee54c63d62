/**
 * Keeps some fields of every item.
 *
 *     in  {a: 1, b: 2, c: 3}--|    pick('a', 'c')    out  {a: 1, c: 3}--|
 *     lane blocking                state none        fuses yes
 */
import { argumentError } from '../error/pipeline-error.ts'
import { flowOf, type Flow } from '../graph/source.ts'
import { cpu, type PlainOptions } from './cpu.ts'
import type { Kernel } from './loop/kernel.ts'

export const kernel: Kernel = {
  kind: 'pick',
  each: (g, item) => {
    const y = g.fresh('y')
    return `${y} = ${g.help}.picked(${item}, ${g.args}.fields); ${g.emit(y)}`
  }
}

const checked = (fields: readonly unknown[]): readonly string[] => {
  const wrong = fields.find((field) => typeof field !== 'string')
  if (wrong !== undefined || fields.length === 0) {
    const got = fields.length === 0 ? 'got none' : `got ${wrong === null ? 'null' : typeof wrong}`
    throw argumentError('type', 'pick: it takes the names of fields', got, "pass pick('a', 'b')")
  }
  if (fields.includes('__proto__')) {
    throw argumentError('range', "pick: '__proto__' is no name of a field", 'it would be the prototype of what is made', 'leave it out')
  }
  return [...new Set(fields as readonly string[])]
}

/**
 * A new object for every item, with those of the fields that the item has, in the order of the arguments. What is not picked does
 * not cross threads on its way here, when nothing else reads it: `explain()` shows the fields of each channel.
 *
 * **Order**   of the input
 * **Cost**    one small object per item; saves what the other fields would cost to encode and decode
 * **Errors**  an item that is no object is handled by `onError`. A field that nobody reads is not looked at: it may hold what
 *             cannot cross threads
 * **Source**  SQL's projection; lodash `pick`
 * @example
 * const rows = from([{ host: 'a', path: '/', bytes: 3 }, { host: 'b', path: '/x', bytes: 4 }])
 * await rows.pipe(pick('host', 'bytes')).toArray() // => [{ host: 'a', bytes: 3 }, { host: 'b', bytes: 4 }]
 */
export function pick<A extends object, K extends keyof A & string>(...fields: readonly K[]): Flow<A, Pick<A, K>>
export function pick<A extends object, K extends keyof A & string>(
  ...given: readonly [...fields: readonly K[], options: PlainOptions]
): Flow<A, Pick<A, K>>
export function pick<A, B>(...given: readonly unknown[]): Flow<A, B> {
  const last = given.at(-1)
  const options: PlainOptions = typeof last === 'object' && last !== null ? last : {}
  const fields = checked(options === last ? given.slice(0, -1) : given)
  return flowOf(cpu('pick', {}, options, { args: { fields }, reads: fields, passes: 'fields' }), options.name)
}
