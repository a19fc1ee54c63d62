/**
 * A checker from a codec itself, for codecs that are no mere structure: on the caller's loop, and in a worker for a codec
 * that travelled by `portable`. Calls the codec's own `decode`. Called by exec/ and resolve.ts. Loads no io-ts.
 */
import type { Errors } from 'io-ts'
import { DecodeError, renderValue } from '../error/decode-error.ts'
import { argumentError } from '../error/pipeline-error.ts'
import type { Checker } from './check.ts'
import { issuesOf } from './issue.ts'

/** The part of an io-ts codec that is used here; others of the same form do as well. */
interface Decoding {
  readonly name?: unknown
  readonly decode?: (input: unknown) => unknown
  readonly validate?: (input: unknown, context: readonly object[]) => unknown
}

const isErrors = (left: unknown): left is Errors =>
  Array.isArray(left) && left.every((error) => Array.isArray((error as { context?: unknown } | null)?.context))

const nameOf = ({ name }: Decoding): string => (typeof name === 'string' && name !== '' ? name : 'what the codec accepts')

const errorOf = (codec: Decoding, left: unknown, value: unknown): DecodeError =>
  new DecodeError(isErrors(left) ? issuesOf(left) : [{ path: '', expected: nameOf(codec), actual: renderValue(value) }])

/** A checker that asks the codec. */
export const validatorOf = (codec: object): Checker => {
  const decoding = codec as Decoding
  const { validate } = decoding
  const decode =
    typeof decoding.decode === 'function'
      ? (value: unknown) => decoding.decode!(value)
      : typeof validate === 'function'
        ? (value: unknown) => validate.call(codec, value, [{ key: '', type: codec, actual: value }])
        : undefined
  if (decode === undefined) {
    throw argumentError('type', 'decode: the codec must be an io-ts codec', 'got an object without decode', 'pass a codec such as t.type({ … })')
  }
  return (value) => {
    const answer = decode(value) as { _tag?: unknown; left?: unknown; right?: unknown }
    return answer._tag === 'Right' ? { _tag: 'Right', right: answer.right } : { _tag: 'Left', left: errorOf(decoding, answer.left, value) }
  }
}
