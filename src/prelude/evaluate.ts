/**
 * Code from text, on every thread and in every process: loops of tasks, decoders, functions that travel as source.
 *
 * `node --disallow-code-generation-from-strings` refuses `new Function` and leaves node:vm alone, so that is what compiles there
 * (decision 0015). Which of the two is found out by the first text of a thread, and decided here only. Not vm everywhere: what it
 * compiles has no place in the caller's realm, and a function without a flag is the common case. Called by operator/loop/compile.ts,
 * ship/, frame/ and connector/fs; imports nothing of ours.
 */
import { compileFunction, constants } from 'node:vm'

export type Evaluated = (...given: unknown[]) => unknown

/** Whether strings may become code by the language itself; asked once per thread. */
let allowed: boolean | undefined

/** Whether `new Function` is allowed in this process. */
export const mayGenerate = (): boolean => {
  if (allowed === undefined) {
    try {
      // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the question is whether it is allowed
      allowed = typeof new Function('') === 'function'
    } catch {
      allowed = false
    }
  }
  return allowed
}

/**
 * A function of these parameters. `name` is what stacks and profiles call its file.
 *
 * **Errors**  SyntaxError of the text
 */
export const evaluate = (parameters: readonly string[], body: string, name: string): Evaluated =>
  mayGenerate()
    ? // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the one place where text becomes code
      (new Function(...parameters, `${body}\n//# sourceURL=millrace-${name}.js`) as Evaluated)
    : (compileFunction(body, parameters, {
        filename: `millrace-${name}.js`,
        importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER // a user's function may say `import()`
      }) as Evaluated)
