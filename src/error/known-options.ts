/**
 * Refuses options that a call does not have: a typo in a name would otherwise be a setting that silently is not there.
 *
 * The names come from the type of the options, as a record that the compiler checks both ways: a new option that is not listed, and
 * a listed one that is gone, do not compile. An option that is `undefined` is none, as everywhere.
 */
import { argumentError } from './pipeline-error.ts'

/** Option names; those with 0 are for tests, and not told. */
export type Names = Readonly<Record<string, 1 | 0>>

/** The names of the options `O`: all of them, and no others. */
export type OptionNames<O> = Readonly<Record<keyof O, 1 | 0>>

const told = (names: Names): string => {
  const list = Object.keys(names).filter((name) => names[name] === 1)
  return list.length === 0 ? 'it takes none' : `it takes ${list.join(', ')}`
}

export const knownOptions = (call: string, options: object, names: Names): void => {
  for (const name in options) {
    if (Object.hasOwn(names, name) || (options as Readonly<Record<string, unknown>>)[name] === undefined) continue
    throw argumentError('type', `${call}: there is no option '${name}'`, told(names), 'check the spelling')
  }
}
