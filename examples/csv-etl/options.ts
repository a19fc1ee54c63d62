/** The command line of ../csv-etl.ts: parsed and checked before anything is started. Touches nothing. */
import { parseWords, UsageError, wholeNumber } from '../support/usage.ts'

export const usage = `usage: node -C millrace-source --import tsx examples/csv-etl.ts [FILE...] [options]

Reads CSV files with a header, checks and converts every row by an io-ts codec, writes the good ones as NDJSON, the bad
ones with row number, field and reason as dead letters, and prints an aggregate.

  FILE             files, globs, .gz, or - for standard input; without any, orders of a shop are made up and read

  --codec MODULE   a module that exports 'row', an io-ts codec of an object of fields by column, and may export 'aggregate', a
                   combiner of rows (default: examples/csv-etl/sales.ts; there are also birdstrikes.ts and marvel.ts)
  --workers N      threads, 0 to 128; 0 stays on the main thread (default: one per core)
  --out DIR        where rows.ndjson and bad-rows.ndjson are written (default: out)
  --rows N         rows of the file that is made up (default: 20000)
  --json           prints one JSON object and nothing else
  --help           prints this
`

export interface Options {
  readonly files: readonly string[]
  readonly codec: string | undefined
  readonly workers: number | undefined
  readonly out: string
  readonly rows: number
  readonly json: boolean
  readonly help: boolean
}

/** Parses the words behind the program's name. Throws a UsageError. */
export const optionsOf = (words: readonly string[]): Options => {
  const { values, files } = parseWords(words, {
    codec: { type: 'string' },
    workers: { type: 'string' },
    out: { type: 'string' },
    rows: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' }
  })
  if (files.length === 0 && values.codec !== undefined) throw new UsageError('--codec is for the rows of your own files: name a FILE too')
  if (files.length > 0 && values.rows !== undefined) {
    throw new UsageError('--rows is the size of the file that is made up when no FILE is given: leave one of them out')
  }
  return {
    files,
    codec: values.codec,
    workers: wholeNumber('workers', values.workers, 0, 128),
    out: values.out ?? 'out',
    rows: wholeNumber('rows', values.rows, 0, 100_000_000) ?? 20_000,
    json: values.json ?? false,
    help: values.help ?? false
  }
}
