/**
 * Strings that own their characters. V8 makes a slice of 13 characters or more a view of the string it was cut from, so a
 * key that is kept keeps the whole chunk alive from which its line was cut: a hundred thousand keys, gigabytes.
 * Whoever keeps strings of items for long (distinct, countBy, aggregateBy) keeps a copy. Called by operators and frame/.
 */

/** V8 copies slices that are shorter than this. */
const SHORTEST_VIEW = 13

const WIDE = /[^\u0000-\u00ff]/

/** Whether every character fits in one byte. */
export const isLatin1 = (text: string): boolean => !WIDE.test(text)

/** The same string with memory of its own. Costs a copy: for keys that are new, not for every item. */
export const ownString = (text: string): string => {
  if (text.length < SHORTEST_VIEW) return text
  return isLatin1(text) ? Buffer.from(text, 'latin1').toString('latin1') : Buffer.from(text, 'utf16le').toString('utf16le')
}

/** {@link ownString} for values of any kind. */
export const own = <K>(key: K): K => (typeof key === 'string' ? (ownString(key) as K & string) : key)
