/**
 * Which of the user's functions had better not become a part of the generated loop: those that may have a loop of their own.
 *
 *     (n) => n * 3        (line) => line.split(',')         a part: no call, no objects for numbers
 *     (n) => { for … }    (n) => burn(n)                    apart: their variables stay in registers (generate.ts)
 *
 * A guess by the text; a wrong one costs a call, some nanoseconds an item. Pure; called by compile.ts.
 */
import type { Fns } from './kernel.ts'
import { textOf } from './makers.ts'

/** A loop, or a call of something by its bare name: nobody knows what that does. */
const LOOPS = /\b(?:for|while|do)\b|(?<![.\w$])(?!(?:if|switch|catch|function|return|typeof|Number|String|Boolean|BigInt|parseInt|parseFloat|isNaN)\b)[A-Za-z_$][\w$]*\s*\((?!\w+(?:, ?\w+)*\) ?=>)/

const known = new WeakMap<object, boolean>()

const mayLoop = (fn: unknown): boolean => {
  if (typeof fn !== 'function') return false
  let answer = known.get(fn)
  if (answer === undefined) known.set(fn, (answer = LOOPS.test(textOf(fn))))
  return answer
}

/** The names of a node's functions that should stay apart. */
export const apartOf = (fns: Fns): ReadonlySet<string> => new Set(Object.entries(fns).flatMap(([name, fn]) => (mayLoop(fn) ? [name] : [])))
