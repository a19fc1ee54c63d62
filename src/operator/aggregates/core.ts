/**
 * What a ready-made aggregate is in a worker: functions that are known there by the aggregate's name.
 *
 *     sum((r) => r.bytes)   travels as   { kind: 'core', name: 'sum', by: 'f0' }  and the function f0
 *
 * So only the user's function travels, and the code of the aggregate is millrace's own on both sides. A core holds no data:
 * states are plain, survive structured clone, and nothing that `combine` or `finish` answers shares parts with its second
 * argument or with the state. Loaded by workers: imports nothing that takes time.
 */

export type Args = Readonly<Record<string, unknown>>

/** Method form: cores of all states are kept in one table. */
export interface Core<S = unknown> {
  readonly name: string
  create(args: Args): S
  /** What is gathered of an item, checked; the only place where an item is refused, but for `add` of one that says `refuses`. */
  check?(value: unknown, args: Args): unknown
  add(state: S, value: unknown, item: unknown, args: Args): S
  combine(a: S, b: S, args: Args): S
  finish(state: S, args: Args): unknown
  deduct?(a: S, b: S, args: Args): S
  size?(state: S): number
  /** `add` may throw too: it is called before those that have been promised not to. */
  readonly refuses?: boolean
  readonly ordered?: boolean
}

/** How an aggregate travels: plain data; functions by their names among the functions of the stage. */
export type Shape =
  | { readonly kind: 'core', readonly name: string, readonly args: Args, readonly by?: string | undefined }
  | { readonly kind: 'own', readonly fns: Readonly<Record<string, string>>, readonly ordered: boolean }
  | { readonly kind: 'combined', readonly parts: readonly (readonly [name: string, part: Shape])[] }

/** A number, NaN included. Like {@link checkRank} short, since it is called for every item: what V8 takes into a loop is counted. */
export const checkNumber = (aggregate: string, value: unknown): number => (typeof value === 'number' ? value : noNumber(aggregate, value))

const noNumber = (aggregate: string, value: unknown): never => {
  throw new TypeError(`${aggregate}: it gathers numbers, and this is ${kindOf(value)}; give a function that answers a number`)
}

/** What can be put in order. */
export type Rank = number | bigint | string

/** A value that can be put in order with others: NaN cannot. */
export const checkRank = (aggregate: string, value: unknown): Rank =>
  typeof value === 'number' && value === value ? value : checkRare(aggregate, value)

const checkRare = (aggregate: string, value: unknown): Rank => {
  if (typeof value === 'string' || typeof value === 'bigint') return value
  const what = typeof value === 'number' ? 'NaN' : kindOf(value)
  throw new TypeError(`${aggregate}: it puts numbers, bigints or strings in order, and this is ${what}; filter such items out before`)
}

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value)
