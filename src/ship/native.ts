/**
 * Native functions that a worker has too, by the expression that names them: `Number`, `JSON.parse`, `Math.round`.
 *
 * They have no source to send, but `map(JSON.parse)` is plain to everyone. Looked for by identity among the language's
 * globals and their members. Called by describe.ts.
 */
import { knownGlobals } from './globals.ts'

let names: Map<unknown, string> | undefined

/** Members that are read without running an accessor. */
const members = (holder: object): readonly (readonly [string, unknown])[] =>
  Object.entries(Object.getOwnPropertyDescriptors(holder)).map(([name, d]) => [name, d.value as unknown] as const)

const isHolder = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function'

const find = (): Map<unknown, string> => {
  const found = new Map<unknown, string>()
  const own = members(globalThis).filter(([name]) => knownGlobals().has(name) && name !== 'global' && name !== 'globalThis' && name !== 'eval')
  const add = (value: unknown, text: string): void => {
    if (typeof value === 'function' && !found.has(value)) found.set(value, text)
  }
  for (const [name, value] of own) add(value, name)
  for (const [name, value] of own) {
    if (!isHolder(value)) continue
    for (const [member, inner] of members(value)) if (/^[A-Za-z_$][\w$]*$/.test(member)) add(inner, `${name}.${member}`)
  }
  return found
}

/** The expression that names a native function in every thread, if there is one. */
export const nativeExpression = (fn: object): string | undefined => (names ??= find()).get(fn)
