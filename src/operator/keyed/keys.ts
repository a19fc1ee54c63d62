/**
 * Keys that stages remember: what may be one, how many may be kept, and that a kept key owns its characters.
 *
 * `newKey` is called by the loops of distinct, countBy and aggregateBy, once per new key and not for every item. Loaded by workers.
 */
import type { Unbounded } from '../../graph/spec.ts'
import { own } from '../../prelude/own-string.ts'
import { wholeNumber } from '../check.ts'
import type { Emitter } from '../loop/kernel.ts'

/**
 * What can be a key: a value that is equal to another one wherever it is. Objects are not, they are compared by identity,
 * which is lost between threads; answer a string or a number that says what they hold.
 */
export type Key = string | number | bigint | boolean | null | undefined

/** The fields of `A` that can be keys. */
export type KeyField<A> = { [K in keyof A & string]-?: A[K] extends Key ? K : never }[keyof A & string]

/** The keys that a field of `A` has. */
export type KeyOf<A, F extends keyof A> = Extract<A[F], Key>

/** Items with a field `F` that can be a key: for operators whose field is told before their items are. */
export type HasKey<F extends string> = { readonly [P in F]?: Key }

/** What a stage's spec says of its key: a function of the user's, or the name of a field, which travels without one. */
export const keyedBy = (key: unknown) =>
  typeof key === 'string' ? { fns: {}, args: { field: key }, reads: [key] } : { fns: { key }, args: {}, reads: undefined }

/** `maxKeys` of a stage; Infinity says that its keys are known to be few. */
export const keyLimit = (operator: string, maxKeys: number | undefined): number | undefined =>
  maxKeys === undefined || maxKeys === Infinity ? maxKeys : wholeNumber(operator, 'maxKeys', maxKeys, 1)

/** For `explain()` and the warning of runs: whether nothing bounds the keys, and the options that would. */
export const unboundedBy = (bounds: Readonly<Record<string, unknown>>, answer?: true): Unbounded | undefined =>
  Object.values(bounds).some((given) => given !== undefined) ? undefined : { by: Object.keys(bounds), answer }

/** An expression for the key of an item. */
export const keyOf = (g: Emitter, item: string): string => (g.has('key') ? g.call('key', item) : `${item}[${g.args}.field]`)

/** The key, or a refusal: it is none. */
export const refuseKey = (operator: string, key: unknown): Key => {
  if ((typeof key === 'object' && key !== null) || typeof key === 'function' || typeof key === 'symbol') {
    const what = typeof key === 'object' ? 'an object' : `a ${typeof key}`
    const remedy = 'answer a string or a number that says what it holds'
    throw new TypeError(`${operator}: a key is ${what}, and those are compared by identity; ${remedy}`)
  }
  return key as Key
}

/** The key as it is kept, or a refusal: it is no key, or `max` keys are kept already. */
export const newKey = (operator: string, kept: number, max: number | undefined, key: unknown): Key => {
  refuseKey(operator, key)
  if (max !== undefined && kept >= max) {
    const remedy = 'raise it if memory allows, or answer coarser keys'
    const error = new RangeError(`${operator}: more than ${max} different keys (maxKeys); ${remedy}`)
    throw Object.assign(error, { code: 'ERR_MILLRACE_TOO_MANY_KEYS' })
  }
  return own(key as Key)
}
