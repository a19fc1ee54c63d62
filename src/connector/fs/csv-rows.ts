/**
 * From text to CSV rows, strictly (RFC 4180, and `\n` alone as a line end): what is not a row becomes a {@link BadRow}, never a
 * row with its fields in the wrong columns. Pure: text in, rows out.
 *
 *   no quote in the line ── cut at the delimiters                     (nearly all lines of nearly all files)
 *   quotes ── field by field: quoted up to the quote that closes it, over line ends; `""` is a quote
 *
 * A line that cannot be read is one bad row, and reading goes on with the next line; so does a quote that is never closed,
 * after MAX_RECORD characters or at the end of the file. By hand, not by csv-parse, for its exact line numbers, its
 * recovery, and because it is about seven times as fast (spec/connector/csv-rows.spec.ts compares the two, row by row).
 * Called by csv-reader.ts.
 */
import { evaluate } from '../../prelude/evaluate.ts'

/** What is left of a row that could not be read; plain data. */
export interface BadRow {
  /** No row has this: its values are strings. */
  readonly bad: true
  /** Line of the file where the row begins, from 1. */
  readonly line: number
  readonly reason: string
  /** The row as it stands in the file. */
  readonly text: string
  /** Its fields, where it could be cut into fields but has too few or too many. */
  readonly fields?: readonly string[] | undefined
}

export interface CsvFormat {
  readonly delimiter: string
  /** `true`: the first row names the columns; `false`: rows are arrays. */
  readonly header: boolean | readonly string[]
  /** Lines that begin with this are left out; empty: none. */
  readonly comment: string
  /** Leaves out white space around fields. */
  readonly trim: boolean
}

/** What a scan adds to: rows (arrays, objects or {@link BadRow}) and the line where each begins. */
export interface Rows {
  readonly items: unknown[]
  readonly lines: number[]
}

/** Characters of one row, lines and all, after which an open quote is taken for a mistake. */
export const MAX_RECORD = 16 * 1024 * 1024

const LF = 10
const CR = 13
const QUOTE = 34

const isPadding = (code: number): boolean => code === 32 || code === 9

type Make = (fields: readonly string[]) => unknown

/** A constructor of objects with these keys, as JSON strings: one hidden class for all rows, and three times as fast as a loop over keys. `__proto__` becomes a key like any other. */
const maker = (columns: readonly string[]): Make => {
  const members = columns.map((name, i) => `${name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)}: f[${i}]`)
  return evaluate(['f'], `return { ${members.join(', ')} }`, 'csv-row')
}

/** The first name that occurs twice. */
export const duplicateOf = (columns: readonly string[]): string | undefined =>
  columns.length === new Set(columns).size ? undefined : columns.find((name, i) => columns.indexOf(name) !== i)

/** Where a row with quotes ends and what it holds; or why it is none; or that its end has not been seen. */
type Scanned = { readonly fields: readonly string[]; readonly end: number } | { readonly reason: string } | 'open'

export class CsvRows {
  /** Lines that have been read. */
  line = 0
  readonly #format: CsvFormat
  readonly #headerWrong: (line: number, what: string) => Error
  /** Fields of a row, when they are known. */
  #width = -1
  #make: Make = (fields) => fields
  #needsHeader: boolean
  /** A row whose end is still to come. */
  #rest: string | undefined

  constructor(format: CsvFormat, headerWrong: (line: number, what: string) => Error) {
    this.#format = format
    this.#headerWrong = headerWrong
    this.#needsHeader = format.header === true
    if (typeof format.header === 'object') this.#columns(format.header)
  }

  /** Reads a block of whole lines, without the end of its last one. */
  block(text: string, rows: Rows): void {
    this.#scan(this.#rest === undefined ? text : `${this.#rest}\n${text}`, false, rows)
  }

  /** The file has ended. */
  end(rows: Rows): void {
    if (this.#rest !== undefined) this.#scan(this.#rest, true, rows)
  }

  #scan(text: string, last: boolean, rows: Rows): void {
    const { comment } = this.#format
    this.#rest = undefined
    this.#nextDelimiter = -2
    // Looked for inside the loop only: V8 moves a search whose result does not change into the loop, and repeats it per line.
    let quote = -2
    for (let at = 0; at <= text.length; ) {
      const found = text.indexOf('\n', at)
      const lineEnd = found < 0 ? text.length : found
      if (quote !== -1 && quote < at) quote = text.indexOf('"', at)
      const line = this.line + 1
      const end = lineEnd > at && text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd
      if (comment !== '' && text.startsWith(comment, at)) {
        this.line++
        at = lineEnd + 1
      } else if (quote < 0 || quote >= lineEnd) {
        this.line++
        if (end > at || this.#width === 1) {
          this.#row(this.#unquoted(text, at, end), line, text, at, end, rows)
        }
        at = lineEnd + 1
      } else {
        const scanned = this.#quoted(text, at)
        if (scanned === 'open' && !last && text.length - at <= MAX_RECORD) {
          this.#rest = at === 0 ? text : text.slice(at)
          return
        }
        if (typeof scanned === 'object' && 'fields' in scanned) {
          for (let lf = text.indexOf('\n', at); lf >= 0 && lf < scanned.end; lf = text.indexOf('\n', lf + 1)) this.line++
          this.line++
          this.#row(scanned.fields, line, text, at, scanned.end, rows)
          at = text.charCodeAt(scanned.end) === CR ? scanned.end + 2 : scanned.end + 1
        } else {
          this.line++
          const never = last ? 'before the end of the file' : `within ${MAX_RECORD} characters`
          const reason = scanned === 'open' ? `a quote is opened and not closed ${never}` : scanned.reason
          this.#bad({ bad: true, line, reason, text: text.slice(at, end) }, rows)
          at = lineEnd + 1
        }
      }
    }
  }

  /** The fields of a line without quotes. (Twice as fast as `split`.) */
  #unquoted(text: string, begin: number, end: number): readonly string[] {
    const { delimiter, trim } = this.#format
    const fields: string[] = []
    let at = begin
    for (let next = this.#delimiterFrom(text, at); next >= 0 && next < end; next = this.#delimiterFrom(text, at)) {
      fields.push(text.slice(at, next))
      at = next + delimiter.length
    }
    fields.push(text.slice(at, end))
    return trim ? fields.map((field) => field.trim()) : fields
  }

  #quoted(text: string, begin: number): Scanned {
    const { delimiter, trim } = this.#format
    const fields: string[] = []
    for (let at = begin; ; at += delimiter.length) {
      let first = at
      if (trim) while (isPadding(text.charCodeAt(first))) first++
      if (text.charCodeAt(first) === QUOTE) {
        let value = ''
        for (let from = first + 1; ; ) {
          const close = text.indexOf('"', from)
          if (close < 0) return 'open'
          if (text.charCodeAt(close + 1) !== QUOTE) {
            value += text.slice(from, close)
            at = close + 1
            break
          }
          value += text.slice(from, close + 1)
          from = close + 2
        }
        if (trim) while (isPadding(text.charCodeAt(at))) at++
        fields.push(value)
      } else {
        const lf = text.indexOf('\n', at)
        const lineEnd = lf < 0 ? text.length : lf
        const next = this.#delimiterFrom(text, at)
        const cut = next >= 0 && next < lineEnd ? next : lineEnd > at && text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd
        const value = text.slice(at, cut)
        if (value.includes('"')) return { reason: `field ${fields.length + 1} has a quote inside, but is not quoted` }
        fields.push(trim ? value.trim() : value)
        at = cut
      }
      if (text.startsWith(delimiter, at)) continue
      const code = text.charCodeAt(at)
      if (at === text.length || code === LF) return { fields, end: at }
      if (code === CR && (at + 1 === text.length || text.charCodeAt(at + 1) === LF)) return { fields, end: at }
      return { reason: `field ${fields.length} goes on behind its closing quote` }
    }
  }

  /** Remembered, so that a text without delimiters is not searched once per line. */
  #delimiterFrom(text: string, at: number): number {
    if (this.#nextDelimiter !== -1 && this.#nextDelimiter < at) this.#nextDelimiter = text.indexOf(this.#format.delimiter, at)
    return this.#nextDelimiter
  }
  #nextDelimiter = -2

  #row(fields: readonly string[], line: number, text: string, from: number, to: number, rows: Rows): void {
    if (this.#needsHeader) {
      this.#needsHeader = false
      const twice = duplicateOf(fields)
      if (twice !== undefined) throw this.#headerWrong(line, `the header names the column '${twice}' twice`)
      this.#columns(fields)
      return
    }
    if (this.#width < 0) this.#width = fields.length
    if (fields.length === this.#width) {
      rows.items.push(this.#make(fields))
      rows.lines.push(line)
      return
    }
    const { header } = this.#format
    const wanted = header === false ? 'the first row has' : header === true ? 'the header has' : 'there are names for'
    const reason = `it has ${fields.length} field${fields.length === 1 ? '' : 's'}, ${wanted} ${this.#width}`
    this.#bad({ bad: true, line, reason, text: text.slice(from, to), fields }, rows)
  }

  #bad(row: BadRow, rows: Rows): void {
    if (this.#needsHeader) throw this.#headerWrong(row.line, `the header cannot be read: ${row.reason}`)
    rows.items.push(row)
    rows.lines.push(row.line)
  }

  #columns(columns: readonly string[]): void {
    this.#width = columns.length
    this.#make = maker(columns)
  }
}
