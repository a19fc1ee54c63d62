/** A dead letter of the ETL as a line of NDJSON: which row, which fields, and why. Called by ../csv-etl.ts. */
import type { DeadLetter } from 'millrace'

export interface BadRow {
  readonly file: string
  /** The line of the file where the row begins, from 1; of standard input the number of the row. */
  readonly row: number
  readonly reasons: readonly { readonly field: string; readonly reason: string }[]
  /** By column; the text of a row that could not be cut into fields. */
  readonly fields: unknown
}

/** What `decode` says of a value that does not fit: its error has one issue per place. */
interface Issue {
  readonly path: string
  readonly expected: string
  readonly actual: string
}

const issuesOf = (cause: unknown): readonly Issue[] => {
  const issues = (cause as { readonly issues?: unknown } | null | undefined)?.issues
  return Array.isArray(issues) ? (issues as readonly Issue[]) : []
}

const ODD_NAME = /^\[(?:"(?:[^"\\]|\\.)*"|\d+)\]$/

/** The column that a place in a row is: `quantity`; one that is no identifier is told as `["Cost Total $"]` or `[2015]`. */
const columnOf = (path: string): string => (ODD_NAME.test(path) ? String((JSON.parse(path) as readonly unknown[])[0]) : path)

/** What the reader says of a row that is none: its text stands for its fields. */
const textOf = (item: unknown): unknown => {
  const { bad, text } = (item ?? {}) as { readonly bad?: unknown; readonly text?: unknown }
  return bad === true ? text : item
}

export const badRow = ({ position, cause, item }: DeadLetter): BadRow => {
  const issues = issuesOf(cause)
  return {
    file: position.file ?? '<stdin>',
    row: position.line ?? position.index + 1,
    reasons: issues.length > 0
      ? issues.map(({ path, expected, actual }) => ({ field: columnOf(path), reason: `expected ${expected}, got ${actual}` }))
      : [{ field: '', reason: cause instanceof Error ? cause.message : String(cause) }],
    fields: textOf(item)
  }
}
