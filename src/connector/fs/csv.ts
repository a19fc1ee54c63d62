/**
 * CSV files, as source and as sink.
 */
import type { Type } from 'io-ts'
import type { OptionNames } from '../../error/known-options.ts'
import { argumentError } from '../../error/pipeline-error.ts'
import { sinkThrough } from '../../graph/flow.ts'
import { sinkOf, type Source } from '../../graph/source.ts'
import type { PlainOptions } from '../../operator/cpu.ts'
import { decode } from '../../operator/decode.ts'
import { encode } from '../../operator/encode.ts'
import { map } from '../../operator/map.ts'
import type { CsvArgs } from './csv-reader.ts'
import { csvReader } from './csv-reader.ts'
import { duplicateOf, type BadRow } from './csv-rows.ts'
import { csvSinkSpec } from './csv-writer.ts'
import { fileEnd, type FileEnd } from './file-end.ts'
import { fileSource, lineArgs, TEXT_OPTIONS, type TextOptions } from './file-source.ts'
import { nameOf } from './lines.ts'
import { pathList, sinkPath, type Paths } from './paths.ts'
import type { FileResult } from './text-writer.ts'

/** A row by column names. */
export type CsvRow = Readonly<Record<string, string>>

export interface CsvOptions extends TextOptions {
  /** Between fields. Default `','`. */
  readonly delimiter?: string | undefined
  /**
   * `true` (default): the first row names the columns. `false`: no names; rows are arrays. A list: the names of a file whose
   * first row is data. A file written under an option is read under the same one.
   */
  readonly header?: boolean | readonly string[] | undefined
  /** Reading: lines that begin with this are left out. Default: none. */
  readonly comment?: string | undefined
  /** Reading: leaves out white space around fields. Default `false`. */
  readonly trim?: boolean | undefined
  /** Reading: what becomes of a row that is none: too few or too many fields, quotes in the wrong place. Default `'fail'`. */
  readonly onError?: PlainOptions['onError']
  /** Writing: the keys of the items that are written, in this order. Default: those of the first item. */
  readonly columns?: readonly string[] | undefined
}

const NAMES: OptionNames<CsvOptions & { readonly codec?: unknown }> = {
  ...TEXT_OPTIONS, delimiter: 1, header: 1, comment: 1, trim: 1, onError: 1, columns: 1, codec: 1
}

const namesOf = (option: string, names: readonly unknown[]): readonly string[] => {
  const texts = names.filter((name) => typeof name === 'string')
  if (names.length === 0 || texts.length < names.length) {
    const got = names.length === 0 ? 'an empty list' : 'a list with other values'
    throw argumentError('type', `fs.csv: ${option} must be a list of names`, `got ${got}`, 'give at least one name')
  }
  const twice = duplicateOf(texts)
  if (twice === undefined) return texts
  throw argumentError('range', `fs.csv: ${option} names a column twice`, `got '${twice}' again`, 'give every column a name of its own')
}

const delimiterOf = (delimiter: unknown): string => {
  if (typeof delimiter === 'string' && delimiter !== '' && !/["\r\n]/.test(delimiter)) return delimiter
  const what = 'fs.csv: delimiter must be a text without quotes and line ends'
  throw argumentError('range', what, `got ${JSON.stringify(delimiter)}`, "use ',', ';' or '\\t'")
}

const headerOf = (header: CsvOptions['header']): CsvArgs['header'] => {
  if (header === undefined || typeof header === 'boolean') return header ?? true
  if (Array.isArray(header)) return namesOf('header', header)
  throw argumentError('type', 'fs.csv: header must be true, false or a list of names', `got ${typeof header}`, "for example header: ['id', 'name']")
}

/** Rows pass; what is left of one that could not be read fails, under the stage's policy. Travels to workers as it stands. */
const checkRow = (row: CsvRow | readonly string[] | BadRow): CsvRow | readonly string[] => {
  if ((row as { readonly bad?: unknown }).bad === true) {
    const { reason, line } = row as BadRow
    throw Object.assign(new Error(`the row at line ${line} cannot be read: ${reason}`), { name: 'CsvError', code: 'ERR_MILLRACE_CSV_ROW', line })
  }
  return row as CsvRow | readonly string[]
}

/**
 * The rows of CSV files as objects (or arrays); or, given to `to`, a sink that writes objects or arrays as rows.
 *
 * As a source: strict, as RFC 4180 has it (a quoted field may hold delimiters, line ends and `""` for a quote; `\n` ends a row as
 * well as `\r\n`). A row with too few or too many fields, or quotes in the wrong place, is handled by `onError`: as a dead
 * letter it carries the text of the row, and positions are those of the line where the row begins, the file's first line
 * being 1. Empty lines are left out (not in a file of one column), a byte order mark too. All values are strings; with a
 * `codec` rows are validated as by `decode`. A file is read as a whole by one worker, several in parallel. As a sink: as
 * `lines`; an item with a key that is no column ends the run, unless `columns` says what is to be written; with a `codec` items are
 * encoded by it.
 *
 * **Errors**  ERR_MILLRACE_CSV_ROW by `onError`; ERR_MILLRACE_CSV_HEADER when a header names a column twice; others as `lines`
 * @example
 * const strikes = fs.csv('birdstrikes.csv').pipe(filter((row) => row['Effect Amount of damage'] === 'Substantial'))
 */
export function csv<A>(paths: Paths, options: CsvOptions & { readonly codec: Type<A, unknown> }): FileEnd<A, A>
export function csv(paths: Paths, options: CsvOptions & { readonly header: false }): FileEnd<readonly string[], object>
export function csv(paths: Paths, options?: CsvOptions): FileEnd<CsvRow, object>
export function csv(
  paths: Paths,
  options: CsvOptions & { readonly codec?: Type<unknown, unknown> | undefined } = {}
): FileEnd<unknown, object> {
  const list = pathList('csv', paths)
  const { name, codec, onError, columns } = options
  const args: CsvArgs = {
    ...lineArgs('csv', options, NAMES),
    delimiter: delimiterOf(options.delimiter ?? ','),
    header: headerOf(options.header),
    comment: options.comment ?? '',
    trim: options.trim ?? false
  }
  const picked = columns === undefined ? undefined : namesOf('columns', columns)
  const rows: Source<unknown> = fileSource<CsvRow>({ kind: 'csv', reader: csvReader, args, paths: list, divisible: false, name }).pipe(
    map(checkRow, { name: 'rows', ...(onError === undefined ? {} : { onError }) })
  )
  return fileEnd<unknown, object>(codec === undefined ? rows : rows.pipe(decode(codec)), () => {
    const path = sinkPath('csv', list)
    const format = { delimiter: args.delimiter, header: args.header, columns: picked }
    const rowsOut = sinkOf<object, FileResult>(csvSinkSpec(path, format), name ?? nameOf(path))
    return codec === undefined ? rowsOut : sinkThrough(encode(codec as Type<object, object>), rowsOut)
  })
}
