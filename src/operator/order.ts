/**
 * What order is: keys that can be compared, and comparators that answer numbers.
 *
 * Called by sort, and by merge of sorted sources.
 */
import { argumentError } from '../error/pipeline-error.ts'
import { callable, oneOf } from './check.ts'

/** What items can be sorted by. All keys of a stage are of one kind: numbers (with bigints), texts, booleans or dates. */
export type SortKey = number | bigint | string | boolean | Date

export interface OrderOptions<A> {
  /** The key that an item is sorted by; it is asked once per item. */
  readonly by?: ((item: A) => SortKey) | undefined
  /** Instead of `by`: negative when `a` belongs before `b`, positive when behind it, 0 when either may come first. */
  readonly compare?: ((a: A, b: A) => number) | undefined
  /** Default `'ascending'`. */
  readonly order?: 'ascending' | 'descending' | undefined
}

export interface Order {
  /** What of an item is compared. */
  readonly keyOf: (item: unknown) => unknown
  readonly compare: (a: unknown, b: unknown) => number
}

const kindOf = (key: unknown): string | undefined => {
  if (typeof key === 'bigint') return 'number'
  if (typeof key === 'number') return Number.isNaN(key) ? undefined : 'number'
  if (typeof key === 'string' || typeof key === 'boolean') return typeof key
  return key instanceof Date && !Number.isNaN(key.getTime()) ? 'date' : undefined
}

const natural = (a: unknown, b: unknown): number => ((a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0)

const itself = (item: unknown): unknown => item

/** Keys of one kind; the first one says which. */
const keysBy = (operator: string, by: (item: unknown) => unknown): Order['keyOf'] => {
  let first: string | undefined
  return (item) => {
    const key = by(item)
    const kind = kindOf(key)
    if (kind === undefined) {
      const what = Number.isNaN(key) ? 'NaN' : key === null ? 'null' : typeof key
      throw new TypeError(`${operator}: a key is ${what}, which has no place in an order; answer a number, bigint, text, boolean or date`)
    }
    first ??= kind
    if (kind !== first) throw new TypeError(`${operator}: a key is a ${kind} and the first one was a ${first}; answer keys of one kind`)
    return kind === 'date' ? (key as Date).getTime() : key
  }
}

const checked = (operator: string, compare: (a: unknown, b: unknown) => unknown): Order['compare'] => (a, b) => {
  const answer = compare(a, b)
  if (typeof answer === 'number' && !Number.isNaN(answer)) return answer
  throw new TypeError(`${operator}: compare must answer a number, not ${typeof answer === 'number' ? 'NaN' : typeof answer}`)
}

/** A fresh order for a run, made of options that are checked here, at declaration. */
export const orderOf = (operator: string, { by, compare, order }: OrderOptions<never>): (() => Order) => {
  if (by !== undefined) callable(operator, 'by', by)
  if (compare !== undefined) callable(operator, 'compare', compare)
  if (by !== undefined && compare !== undefined) {
    throw argumentError('type', `${operator}: by and compare are two ways to say one thing`, 'got both', 'give one of them')
  }
  const descending = oneOf(operator, 'order', order ?? 'ascending', ['ascending', 'descending']) === 'descending'
  const up = compare === undefined ? natural : checked(operator, compare as (a: unknown, b: unknown) => unknown)
  const either: Order['compare'] = descending ? (a, b) => up(b, a) : up
  return () => ({
    keyOf: compare === undefined ? keysBy(operator, (by as ((item: unknown) => unknown) | undefined) ?? itself) : itself,
    compare: either
  })
}
