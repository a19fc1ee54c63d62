/**
 * io-ts codecs for the fields of a CSV row: from text to a typed value, or a refusal that names what was expected.
 *
 * They have functions of their own, so a codec made of them is not plain structure: give it to `portable`, and workers
 * import its module. Touches nothing. Called by the codec modules beside this file.
 */
import * as t from 'io-ts'

/** A codec that reads text; `read` answers undefined for what does not fit. */
const fromText = <A>(name: string, is: (u: unknown) => u is A, read: (text: string) => A | undefined): t.Type<A, string> =>
  new t.Type<A, string, unknown>(
    name,
    is,
    (input, context) => {
      const value = typeof input === 'string' ? read(input) : undefined
      return value === undefined ? t.failure(input, context) : t.success(value)
    },
    String
  )

const isNumber = (u: unknown): u is number => typeof u === 'number'
const isText = (u: unknown): u is string => typeof u === 'string'

const matching = (pattern: RegExp) => (text: string): number | undefined => {
  const n = pattern.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(n) || (Number.isFinite(n) && text.includes('.')) ? n : undefined
}

/** `12`, `-3` */
export const WholeNumber = fromText('a whole number', isNumber, matching(/^-?\d+$/))

/** `12`, not negative. */
export const Count = fromText('a whole number from 0', isNumber, matching(/^\d+$/))

/** `12`, `12.5`, `-0.25` */
export const Decimal = fromText('a number', isNumber, matching(/^-?\d+(\.\d+)?$/))

/** `12.50` as 1250: sums of whole numbers do not depend on the order of the rows. */
export const Cents = fromText('an amount with two decimals', isNumber, (text) =>
  /^-?\d+\.\d\d$/.test(text) ? Number(text.replace('.', '')) : undefined
)

/** Text that says something. */
export const Filled = fromText('text', isText, (text) => (text.trim() === '' ? undefined : text))

/** A day of the calendar, `2025-02-28`. */
export const Day = fromText('a day like 2025-02-28', isText, (text) => {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) ? text : undefined
})

/** One of the given words. */
export const oneOf = <W extends string>(...words: readonly W[]): t.Type<W, string> =>
  fromText(words.join(' or '), (u): u is W => words.includes(u as W), (text) => words.find((word) => word === text))

/** The codec's value, or null for an empty field. */
export const optional = <A>(codec: t.Type<A, string>): t.Type<A | null, string> =>
  new t.Type<A | null, string, unknown>(
    `${codec.name} or nothing`,
    (u): u is A | null => u === null || codec.is(u),
    (input, context) => (input === '' ? t.success(null) : codec.validate(input, context)),
    (value) => (value === null ? '' : codec.encode(value))
  )
