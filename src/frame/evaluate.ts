/**
 * Code from text, where the process allows it: `node --disallow-code-generation-from-strings` does not, and what has been
 * compiled elsewhere is interpreted there. Asked once per thread. Called by gather.ts and scatter.ts.
 */

let allowed = true

/** A function of these parameters; none when code generation is not allowed. */
export const evaluate = (parameters: readonly string[], body: string, name: string): ((...given: unknown[]) => unknown) | undefined => {
  if (!allowed) return undefined
  try {
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- a loop written for one shape: see gather.ts and scatter.ts
    return new Function(...parameters, `${body}\n//# sourceURL=millrace-${name}.js`) as (...given: unknown[]) => unknown
  } catch (error) {
    if (!(error instanceof EvalError)) throw error
    allowed = false
    return undefined
  }
}
