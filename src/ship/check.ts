/**
 * Checks values against the description of a codec, as fast as code written by hand, with io-ts's own answers.
 *
 *     value ── generated decoder ──▶ Right(decoded)
 *                     └ does not fit ──▶ interpreter: what, where ──▶ Left(DecodeError)
 *
 * Called by exec/ on the caller's loop and by resolve.ts in workers; loads no io-ts, no fp-ts.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import { DecodeError } from '../error/decode-error.ts'
import { generateDecoder } from './generate.ts'
import { FAILED, interpret } from './interpret.ts'
import type { Shape } from './shape.ts'

export { reportErrors } from './issue.ts'

/** Decodes a value: `Right` with what the codec makes of it, or why it does not fit. */
export type Checker = (value: unknown) => Either<DecodeError, unknown>

/** Compiles a checker. Its answers are those of the codec that `shape` describes, new objects and all. */
export const compileChecker = (shape: Shape): Checker => {
  const decode = generateDecoder(shape)
  return (value) => {
    const right = decode(value)
    return right === FAILED ? { _tag: 'Left', left: new DecodeError(interpret(shape, value).issues) } : { _tag: 'Right', right }
  }
}
