/** What the `// =>` of an `@example` becomes: a comparison, called by the generated modules. */
import { deepStrictEqual } from 'node:assert'

export const same = (actual: unknown, expected: unknown): void => {
  deepStrictEqual(actual, expected)
}

/** For `// => throws NAME`: the name is that of the error, or its code. */
export const throws = async (fn: () => unknown, name: string): Promise<void> => {
  let value: unknown
  try {
    value = await fn()
  } catch (error) {
    const { name: given, code } = error as { readonly name?: unknown; readonly code?: unknown }
    if (given === name || code === name) return
    throw new Error(`expected ${name}, it threw ${String(given)} (${String(code)})`, { cause: error })
  }
  throw new Error(`expected ${name}, got ${String(value)}`)
}
