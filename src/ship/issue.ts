/**
 * From io-ts errors to issues: paths of the value, without the positions in unions and intersections that io-ts's contexts
 * have in between. Codecs are read by their `_tag`. Called by codec.ts and, through check.ts, by users. Loads no io-ts.
 */
import type { Context, Errors } from 'io-ts'
import { issueLines, MAX_ISSUES, renderValue, type DecodeError, type DecodeIssue } from '../error/decode-error.ts'
import { joinPath } from './path.ts'

interface Tagged {
  readonly _tag?: unknown
  readonly type?: unknown
}

/** These check what is inside them under their own place and name. */
const WRAPPERS = new Set<unknown>(['ExactType', 'ReadonlyType', 'RefinementType', 'RecursiveType'])
/** A recursion that is only itself has no inside. */
const DEEPEST = 64

const inside = (codec: unknown): unknown => {
  let at = codec as Tagged | undefined
  for (let depth = 0; WRAPPERS.has(at?._tag) && depth < DEEPEST; depth++) at = at?.type as Tagged | undefined
  return at?._tag
}

/** Whether the entries below one of this codec are its members, and no places in the value. */
const hasMembers = (codec: unknown): boolean => {
  const tag = inside(codec)
  return tag === 'UnionType' || tag === 'IntersectionType'
}

const pathOf = (context: Context): string => {
  let path = ''
  for (let i = 1; i < context.length; i++) if (!hasMembers(context[i - 1]!.type)) path = joinPath(path, context[i]!.key)
  return path
}

/** One issue per io-ts error, in its order. */
export const issuesOf = (errors: Errors): DecodeIssue[] =>
  errors.slice(0, MAX_ISSUES).map(({ context, value, message }) => ({
    path: pathOf(context),
    expected: context.at(-1)?.type.name ?? 'a value',
    actual: renderValue(value),
    ...(message === undefined ? {} : { message })
  }))

/**
 * Readable lines about what did not fit, one per place: what was expected, and what was there.
 *
 * Takes what io-ts's `decode` answers on the left, and the `DecodeError` of a dead letter.
 * @example
 * const decoded = t.type({ age: t.number }).decode({ age: 'x' })
 * decoded._tag === 'Left' ? reportErrors(decoded.left) : [] // => ['age: expected number, got "x"']
 */
export const reportErrors = (errors: Errors | DecodeError): string[] =>
  issueLines('issues' in errors ? errors.issues : issuesOf(errors))
