/**
 * A function's source as an expression that can be compiled anywhere, with what it needs from around it.
 *
 * A method (`parse(line) { … }`) is no expression: it becomes a function. Read as strict code, which is how workers compile
 * it. acorn is loaded when the first function is read, and synchronously, because planning is synchronous.
 * Called by describe.ts.
 */
import type { AnyNode, Function as FunctionNode } from 'acorn'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { needsOf, type Needs } from './free-variables.ts'

/** A function that was read, or why it cannot be. */
export type Read =
  | { readonly expression: string; readonly needs: Needs }
  | { readonly unreadable: 'native' | 'class' | 'no parser' | 'not understood'; readonly detail: string }

type Acorn = typeof import('acorn')

let acorn: Acorn | undefined

const loadAcorn = (): Acorn => {
  if (acorn !== undefined) return acorn
  // In a CommonJS bundle there is no import.meta.url: then it is looked for from where the program runs.
  const here = import.meta.url as string | undefined
  return (acorn = createRequire(here ?? join(process.cwd(), 'package.json'))('acorn') as Acorn)
}

type Parsed = { readonly node: AnyNode; readonly expression: string }

/** Module code is strict, and knows `import.meta`, of which we want to tell more than "syntax error". */
const parse = (text: string): AnyNode => {
  const program = loadAcorn().parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true, allowAwaitOutsideFunction: false })
  const [statement, more] = program.body
  if (statement?.type !== 'ExpressionStatement' || more !== undefined) throw new SyntaxError('it is not an expression')
  return statement.expression
}

const asExpression = (text: string): Parsed => ({ node: parse(`(${text}\n)`), expression: text })

/** As a member of a class, where every kind of method may stand: also computed, private and accessors. */
const asMethod = (text: string): Parsed => {
  const open = '(class {'
  const made = parse(`${open}${text}\n})`)
  const member = made.type === 'ClassExpression' ? made.body.body[0] : undefined
  if (member?.type !== 'MethodDefinition') throw new SyntaxError('it is not a method')
  const { value } = member
  const head = `${value.async ? 'async ' : ''}function${value.generator ? '*' : ''} `
  return { node: value, expression: head + text.slice(value.start - open.length) }
}

const isFunction = (node: AnyNode): node is AnyNode & FunctionNode =>
  node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression'

const NATIVE = /\{\s*\[native code\]\s*\}\s*$/

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Reads the source of a function. */
export const readSource = (fn: object): Read => {
  const text = Function.prototype.toString.call(fn)
  if (NATIVE.test(text)) return { unreadable: 'native', detail: text }
  try {
    loadAcorn()
  } catch (error) {
    return { unreadable: 'no parser', detail: messageOf(error) }
  }
  let parsed: Parsed
  try {
    parsed = asExpression(text)
  } catch (error) {
    try {
      parsed = asMethod(text)
    } catch {
      return { unreadable: 'not understood', detail: messageOf(error) }
    }
  }
  if (parsed.node.type === 'ClassExpression') return { unreadable: 'class', detail: text }
  if (!isFunction(parsed.node)) return { unreadable: 'not understood', detail: 'it is not a function expression' }
  return { expression: parsed.expression, needs: needsOf(parsed.node) }
}
