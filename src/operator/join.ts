/**
 * What the joins share: two functions that say which items belong together, the kinds of join, and the check of both.
 *
 * Called by joinTable, joinAsOf and joinWithin.
 */
import type { StageOptions } from '../graph/options.ts'
import { argumentError } from '../error/pipeline-error.ts'
import { AFTERWARDS, callable, oneOf, stageOptions, wholeNumber } from './check.ts'
import type { Key } from './keyed/keys.ts'
import { newKey } from './keyed/keys.ts'
import type { PlainPolicy } from './refusals.ts'

/** Options of every join. */
export interface JoinOptions<A, B, K extends Key> extends StageOptions {
  /** The key of an item of the left, and of the right: those with equal keys belong together. */
  readonly keys: readonly [left: (item: A) => K, right: (item: B) => K]
  /** What becomes of an item that a function of the join throws on, on either side. Default `'fail'`. */
  readonly onError?: PlainPolicy | undefined
}

export const pairOf = (operator: string, name: string, pair: unknown): readonly [(item: unknown) => unknown, (item: unknown) => unknown] => {
  if (!Array.isArray(pair) || pair.length !== 2) {
    throw argumentError('type', `${operator}: ${name} must be two functions`, 'got something else', 'give [for the left, for the right]')
  }
  callable(operator, `${name}[0]`, pair[0])
  callable(operator, `${name}[1]`, pair[1])
  return pair as never
}

export const checkJoin = <T extends string>(
  operator: string,
  options: JoinOptions<never, never, Key> & { readonly type?: T | undefined },
  types: readonly T[]
): { readonly keys: ReturnType<typeof pairOf>; readonly type: T; readonly onError: PlainPolicy } => {
  stageOptions(operator, options)
  return {
    keys: pairOf(operator, 'keys', options.keys),
    type: oneOf(operator, 'type', options.type ?? types[0]!, types),
    onError: oneOf(operator, 'onError', options.onError ?? 'fail', AFTERWARDS)
  }
}

/** A bound of what a join holds. */
export const boundOf = (operator: string, name: string, given: number | undefined, usual: number): number => wholeNumber(operator, name, given ?? usual, 1)

/** The key as it is kept, or a refusal. */
export const joinKey = (operator: string, key: unknown): Key => newKey(operator, 0, undefined, key)

/** A time of an item, or a refusal. */
export const timeOf = (operator: string, at: unknown): number => {
  if (typeof at === 'number' && !Number.isNaN(at)) return at
  throw new TypeError(`${operator}: at must answer a time in milliseconds, not ${typeof at === 'number' ? 'NaN' : typeof at}`)
}

/** What a join holds has reached its bound. */
export const joinFull = (operator: string, what: string, max: number, option: string, remedy: string): RangeError =>
  Object.assign(new RangeError(`${operator}: more than ${max} ${what} (${option}); ${remedy}`), { code: 'ERR_MILLRACE_STATE_FULL' })
