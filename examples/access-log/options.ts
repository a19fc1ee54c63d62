/** The command line of ../access-log.ts: parsed and checked before anything is started. Touches nothing. */
import { parseWords, UsageError, wholeNumber } from '../support/usage.ts'

export const usage = `usage: npm start -- [FILE...] [options]

Reads access logs ("combined" or "common" format), writes every line as a JSON record, and reports what they say.

  FILE           files, globs, .gz, or - for standard input; without any, a log is made up and read

  --workers N    threads, 0 to 128; 0 stays on the main thread (default: one per core)
  --out DIR      where records.ndjson and dead-letters.ndjson are written (default: out)
  --lines N      lines of the log that is made up (default: 200000)
  --json         prints one JSON object and nothing else (with npm: npm start --silent -- --json)
  --help         prints this

Ctrl-C ends the input and finishes what has been read; a second one stops. Exit codes: 0 done, 1 failed, 2 wrong option, 130 stopped.
`

export interface Options {
  readonly files: readonly string[]
  /** Undefined: the library's default. */
  readonly workers: number | undefined
  readonly out: string
  readonly lines: number
  readonly json: boolean
  readonly help: boolean
}

/** Parses the words behind the program's name. Throws a UsageError. */
export const optionsOf = (words: readonly string[]): Options => {
  const { values, files } = parseWords(words, {
    workers: { type: 'string' },
    out: { type: 'string' },
    lines: { type: 'string' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' }
  })
  if (values.lines !== undefined && files.length > 0) {
    throw new UsageError('--lines is the size of the log that is made up when no FILE is given: leave one of them out')
  }
  return {
    files,
    workers: wholeNumber('workers', values.workers, 0, 128),
    out: values.out ?? 'out',
    lines: wholeNumber('lines', values.lines, 0, 1_000_000_000) ?? 200_000,
    json: values.json ?? false,
    help: values.help ?? false
  }
}
