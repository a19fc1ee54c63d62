/**
 * Helpers of transpilers that functions take along, since they are written into the function and are nobody's variables: esbuild's and
 * tsx's name for a function in a function, and what they make of `using`, which Node runs by itself from 24 on only.
 *
 * Written from what the helpers have to do: the proposal for explicit resource management, and esbuild's calls of them.
 * Called by resolve.ts, which gives them to what it compiles; helpers.ts has their names.
 */

/** Names a function. */
const __name = (fn: object, value: string): object => Object.defineProperty(fn, 'name', { value, configurable: true })

/** A resource of a block, and how it is let go; whether that is awaited. */
type Resource = readonly [isAsync: boolean, dispose: ((this: unknown) => unknown) | undefined, value: unknown]

/** `using value`: what is to be done at the end of the block goes on `stack`. */
const __using = (stack: Resource[], value: unknown, isAsync = false): unknown => {
  if (value === null || value === undefined) {
    if (isAsync) stack.push([true, undefined, undefined])
    return value
  }
  if (typeof value !== 'object' && typeof value !== 'function') throw new TypeError('Object expected')
  const methods = value as { [Symbol.dispose]?: () => unknown, [Symbol.asyncDispose]?: () => unknown }
  const dispose = (isAsync ? methods[Symbol.asyncDispose] : undefined) ?? methods[Symbol.dispose]
  if (typeof dispose !== 'function') throw new TypeError('Object not disposable')
  stack.push([isAsync, dispose, value])
  return value
}

/** Node has it from 24 on. */
class Suppressed extends Error {
  readonly error: unknown
  readonly suppressed: unknown
  constructor(error: unknown, suppressed: unknown) {
    super('An error was suppressed during disposal')
    this.name = 'SuppressedError'
    this.error = error
    this.suppressed = suppressed
  }
}

/** The end of the block: lets go of everything, the last one first, and throws what was thrown. */
const __callDispose = (stack: Resource[], error: unknown, hasError: boolean): unknown => {
  let thrown = error
  let failed = hasError
  const fail = (e: unknown): void => {
    thrown = failed ? new Suppressed(e, thrown) : e
    failed = true
  }
  const next = (): unknown => {
    for (let resource = stack.pop(); resource !== undefined; resource = stack.pop()) {
      const [isAsync, dispose, value] = resource
      try {
        const result = dispose?.call(value)
        if (isAsync) {
          return Promise.resolve(result).then(next, (e: unknown) => {
            fail(e)
            return next()
          })
        }
      } catch (e) {
        fail(e)
      }
    }
    if (failed) throw thrown
    return undefined
  }
  return next()
}

/** By the names under which they are called. */
export const shims: Readonly<Record<string, unknown>> = { __name, __using, __callDispose }
