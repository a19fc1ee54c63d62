/**
 * What a probe says when something else came than was expected: an AssertionError of `node:assert`, which every test runner shows
 * well. Called by the files of testing/.
 */
import { AssertionError } from 'node:assert'
import { inspect } from 'node:util'

/** A value in a message: on one line, and not endless. */
export const say = (value: unknown): string => {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  const text = inspect(value, { depth: 4, compact: true, breakLength: Infinity, maxArrayLength: 20, maxStringLength: 200 })
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}

export const sayAll = (values: readonly unknown[]): string => (values.length === 0 ? 'nothing' : values.slice(0, 20).map(say).join(', ') + (values.length > 20 ? ', …' : ''))

export interface Expectation {
  /** Who expected it: 'probeSink.expectNext'. */
  readonly where: string
  readonly expected: string
  readonly got: string
  /** What else helps: what waits for what. */
  readonly hint?: string | undefined
  /** For runners that show the difference. */
  readonly values?: { readonly actual: unknown; readonly expected: unknown } | undefined
}

/** The error of an expectation that has not come true. */
export const unmet = ({ where, expected, got, hint, values }: Expectation): AssertionError => {
  return new AssertionError({
    message: `${where}: expected ${expected}, got ${got}${hint === undefined ? '' : `; ${hint}`}`,
    actual: values?.actual ?? got,
    expected: values?.expected ?? expected,
    operator: where
  })
}
