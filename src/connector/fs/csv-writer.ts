/**
 * The writer of CSV sinks: objects or arrays in, rows out, quoted by csv-stringify where they need it. On the caller's loop:
 * which columns there are is known when the first item comes, so rows cannot be made where the items are.
 */
import type { SinkSpec, SinkWriter } from '../../graph/spec.ts'
import { replacedBy, type Target } from './target.ts'
import { openTarget, type FileResult } from './text-writer.ts'

export interface CsvFormatOut {
  readonly delimiter: string
  readonly header: boolean | readonly string[]
  readonly columns: readonly string[] | undefined
}

type Stringify = (rows: unknown[]) => string

const wrong = (index: number, what: string, remedy: string): Error => new TypeError(`item ${index} ${what}. ${remedy}`)

/** Takes items apart into the values of a row each. */
class Columns {
  readonly #given: boolean
  #names: readonly string[] | undefined
  #known: ReadonlySet<string> | undefined
  /** Fields of a row, for items that are arrays. */
  #width = -1

  constructor(names: readonly string[] | undefined) {
    this.#given = names !== undefined
    this.#use(names)
  }

  get names(): readonly string[] | undefined {
    return this.#names
  }

  row(item: unknown, index: number): unknown[] {
    if (Array.isArray(item)) return this.#array(item as unknown[], index)
    if (item === null || typeof item !== 'object') {
      throw wrong(index, `is ${item === null ? 'null' : `a ${typeof item}`}, not a row`, 'A CSV sink takes objects or arrays')
    }
    const record = item as Readonly<Record<string, unknown>>
    if (this.#names === undefined) this.#use(Object.keys(record))
    const stranger = this.#given ? undefined : Object.keys(record).find((key) => !this.#known!.has(key))
    if (stranger !== undefined) {
      throw wrong(index, `has the key '${stranger}', which the first item did not have`, 'Say which keys are written: columns: [...]')
    }
    return this.#names!.map((name) => record[name])
  }

  #array(item: unknown[], index: number): unknown[] {
    if (this.#width < 0) this.#width = this.#names?.length ?? item.length
    if (item.length === this.#width) return item
    throw wrong(index, `has ${item.length} fields, not ${this.#width}`, 'Give every row the same number of fields')
  }

  #use(names: readonly string[] | undefined): void {
    if (names === undefined) return
    this.#names = names
    this.#known = new Set(names)
  }
}

const stringifier = async (delimiter: string): Promise<Stringify> => {
  const { stringify } = await import('csv-stringify/sync')
  const cast = { boolean: String, date: (date: Date) => date.toISOString(), bigint: String }
  return (rows) => stringify(rows, { delimiter, cast })
}

const csvWriter = (target: Target, stringify: Stringify, { header, columns }: CsvFormatOut): SinkWriter<FileResult> => {
  const rowsOf = new Columns(columns ?? (typeof header === 'object' ? header : undefined))
  let items = 0
  let size = 0
  let headed = header !== true
  const put = async (text: string): Promise<void | 'closed'> => {
    const bytes = Buffer.from(text)
    size += bytes.length
    return target.put([bytes])
  }
  return {
    write: async (batch) => {
      if (batch.length === 0) return
      const rows = batch.map((item, i) => rowsOf.row(item, items + i))
      if (!headed && rowsOf.names !== undefined) rows.unshift([...rowsOf.names])
      headed = true
      if ((await put(stringify(rows))) === 'closed') return 'closed'
      items += batch.length
    },
    finish: async () => {
      if (!headed && rowsOf.names !== undefined) await put(stringify([[...rowsOf.names]]))
      await target.close()
      return { path: target.path, items, bytes: size }
    },
    commit: () => target.commit(),
    abort: () => target.discard()
  }
}

export const csvSinkSpec = (path: string, format: CsvFormatOut): SinkSpec => ({
  role: 'sink',
  kind: 'csv',
  args: { path, ...format },
  accepts: 'items',
  replaces: replacedBy(path),
  open: async () => {
    const stringify = await stringifier(format.delimiter)
    return csvWriter(await openTarget(path), stringify, format)
  }
})
