/**
 * Functions that do nothing but compute with their parameters, and so are as good as any other of the same text.
 *
 *     range(0, n).pipe(map((n) => n * 3), filter((n) => n % 2 === 0), reduce((a, b) => a + b, 0))      three of them, new ones in each run
 *
 * V8 takes a function into the loop that calls it, and checks at each call that it is still that one. A function that is always the same costs
 * one comparison; of one that is made anew for each run V8 looks up where it comes from (0.25 ns a call, decision 0026), and forgets what it had
 * compiled when it meets the second. So in long runs over numbers one stands in for all of them: made of their text, once for the program.
 *
 * Nobody can tell which of them was called: they read nothing but numbers, and operators on those do not fail, so there is no stack either.
 * Whoever sets a breakpoint, or counts calls, sees the first items of a run (compile.ts). What is allowed here is a short list, and
 * everything else stays as it is. Pure; called by compile.ts.
 */
import type { Program, Target } from '../../plan/program.ts'
import { evaluate } from '../../prelude/evaluate.ts'
import type { Fns } from './kernel.ts'
import { textOf } from './makers.ts'

/** `n => …`, `(a, b) => …`: plain parameters, and something on the right that is no block. */
const ARROW = /^(?:([A-Za-z_$][\w$]*)|\(([\w$,\s]*)\))\s*=>\s*([^{][^]*)$/
const NAME = /^[A-Za-z_$][\w$]*$/
const LETTERS = /^[\w$\s.+\-*%/<>=!&|^~?:(),]+$/
/** Fields, calls, spreads, functions, comments, regular expressions: whatever is more than operators between names and numbers. */
const MORE = /\.\s*[A-Za-z_$(.]|[\w$)]\s*\(|=>|\/\/|\/\*|<!--|-->|(?:^|[^\w$)\s])\s*\/|\?\./
const WORD = /[A-Za-z_$][\w$]*|\.?\d[\w.$]*/g
const NUMBER = /^(?:0[xX][\dA-Fa-f]+|[\d.]+(?:[eE]\d*)?)$/

const isArithmeticText = (text: string): boolean => {
  const [, only, several, body = ''] = ARROW.exec(text) ?? []
  if (!LETTERS.test(body) || MORE.test(body)) return false
  const names = new Set(only === undefined ? (several ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '') : [only])
  if (![...names].every((name) => NAME.test(name))) return false
  return (body.match(WORD) ?? []).every((word) => names.has(word) || NUMBER.test(word))
}

const known = new WeakMap<object, boolean>()

/** Whether a function computes with its parameters alone, by operators that fail for no number and answer none but numbers, strings and truths. */
export const isArithmetic = (fn: unknown): boolean => {
  if (typeof fn !== 'function') return false
  let answer = known.get(fn)
  if (answer === undefined) known.set(fn, (answer = isArithmeticText(textOf(fn))))
  return answer
}

/** The functions that are called with nothing but numbers, and what such functions make of them, when all items are numbers: by node, their names. */
const ofNumbers = ({ nodes, roots }: Program, fns: readonly Fns[], numeric: boolean): readonly (string | undefined)[] => {
  const names: (string | undefined)[] = nodes.map(() => undefined)
  const walk = (targets: readonly Target[]): void => {
    for (const t of targets) {
      if ('outlet' in t) continue
      const { kind, hasEnv, targets: next } = nodes[t.node]!
      const name = kind === 'filter' ? 'predicate' : 'fn'
      const fits = !hasEnv && isArithmetic(fns[t.node]![name])
      if (fits && (kind === 'map' || kind === 'filter' || (kind === 'reduce' && numeric))) names[t.node] = name
      if (kind === 'filter' || kind === 'tap' || (kind === 'map' && fits)) walk(next.flat())
    }
  }
  walk(roots)
  return names
}

/**
 * The functions of a program whose items are numbers, with others in the place of those that do nothing but arithmetic; `undefined` where
 * there are none. `numeric`: what stages keep are numbers too. By node; functions that are not in it stay.
 */
export const standInsOf = (program: Program, fns: readonly Fns[], numeric: boolean): readonly Fns[] | undefined => {
  const names = ofNumbers(program, fns, numeric)
  const texts = names.map((name, k) => (name === undefined ? 'undefined' : `(${textOf(fns[k]![name])})`))
  if (names.every((name) => name === undefined)) return undefined
  const made = evaluate([], `return [${texts.join(', ')}];`, 'arithmetic')() as readonly unknown[]
  return names.map((name, k) => (name === undefined ? {} : { [name]: made[k] }))
}
