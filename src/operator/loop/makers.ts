/**
 * From the text of a loop to what makes loops of it, once for each text and the functions that it calls.
 *
 * Called by compile.ts, on every thread. The only state is this table, of bounded size; losing an entry costs time only.
 */
import { evaluate } from '../../prelude/evaluate.ts'
import type { Fns } from './kernel.ts'

/** What makes loops of a text, by the text and by the functions that it calls. */
const makers = new Map<string, (bound: unknown) => unknown>()
const MOST_MAKERS = 128
/** How many have been made, so far. */
let made = 0

/** Of whatever can be called, without calling anything of the user's. */
export const textOf = (fn: unknown): string => (typeof fn === 'function' ? Function.prototype.toString.call(fn) : '')

/**
 * Loops of one text share what V8 learns of them, and what it compiles: a pipeline that is run again begins at full speed. With other
 * functions they would spoil it for each other (a call site that sees several is never inlined), so that those are part of the key.
 */
export const makerOf = (source: string, fns: readonly Fns[]): ((bound: unknown) => unknown) => {
  const key = [source, ...fns.flatMap((of) => Object.values(of).map(textOf))].join('\n')
  let maker = makers.get(key)
  if (maker === undefined) {
    if (makers.size >= MOST_MAKERS) makers.delete(makers.keys().next().value!)
    // V8 itself knows texts that it has compiled: this one is to be another.
    maker = evaluate(['bound'], `${source} ${made++}`, 'task')
    makers.set(key, maker)
  }
  return maker
}
