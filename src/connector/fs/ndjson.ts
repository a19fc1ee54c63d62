/**
 * Files of JSON values, one per line, as source and as sink.
 */
import type { Type } from 'io-ts'
import type { OptionNames } from '../../error/known-options.ts'
import { sinkThrough } from '../../graph/flow.ts'
import { sinkOf, type Source } from '../../graph/source.ts'
import type { PlainOptions } from '../../operator/cpu.ts'
import { decode } from '../../operator/decode.ts'
import { encode } from '../../operator/encode.ts'
import { parseJson } from '../../operator/parse-json.ts'
import { toJson } from '../../operator/to-json.ts'
import { fileEnd, type FileEnd } from './file-end.ts'
import { fileSource, lineArgs, TEXT_OPTIONS, type TextOptions } from './file-source.ts'
import { lineReader } from './line-reader.ts'
import { nameOf } from './lines.ts'
import { pathList, sinkPath, type Paths } from './paths.ts'
import { textSinkSpec, type FileResult } from './text-writer.ts'

export interface NdjsonOptions extends TextOptions {
  /** What becomes of a line that is not JSON. Default `'fail'`. */
  readonly onError?: PlainOptions['onError']
}

const NAMES: OptionNames<NdjsonOptions & { readonly codec?: unknown }> = { ...TEXT_OPTIONS, onError: 1, codec: 1 }

/**
 * The values of files of newline-delimited JSON; or, given to `to`, a sink that writes each item as a line of JSON.
 *
 * As a source: paths and lines as for `lines`; blank lines are left out. With a `codec` every value is validated, and those
 * that do not fit it are dead letters (see `decode`). As a sink: as `lines`; items become JSON where they are, on the
 * workers, behind `encode` with the `codec`, if there is one.
 *
 * **Errors**  a line that is not JSON is handled by `onError`, naming file and line; others as `lines`
 * @example
 * const slow = fs.ndjson('requests/*.ndjson', { codec: Request }).pipe(filter((r) => r.ms > 1000))
 * await pipeline({ slow: slow.to(fs.ndjson('slow.ndjson')) }).run().done
 */
export function ndjson<A>(paths: Paths, options: NdjsonOptions & { readonly codec: Type<A, unknown> }): FileEnd<A, A>
export function ndjson(paths: Paths, options?: NdjsonOptions): FileEnd<unknown, unknown>
export function ndjson(
  paths: Paths,
  options: NdjsonOptions & { readonly codec?: Type<unknown, unknown> | undefined } = {}
): FileEnd<unknown, unknown> {
  const list = pathList('ndjson', paths)
  const { name, codec, onError } = options
  const values: Source<unknown> = fileSource<string>({
    kind: 'ndjson',
    reader: lineReader,
    args: { ...lineArgs('ndjson', options, NAMES), skipBlank: true },
    paths: list,
    divisible: true,
    splitBytes: options.splitBytes,
    name
  }).pipe(parseJson(onError === undefined ? {} : { onError }))
  return fileEnd<unknown, unknown>(codec === undefined ? values : values.pipe(decode(codec)), () => {
    const path = sinkPath('ndjson', list)
    const texts = sinkThrough(toJson(), sinkOf<string, FileResult>(textSinkSpec('ndjson', path), name ?? nameOf(path)))
    return codec === undefined ? texts : sinkThrough(encode(codec), texts)
  })
}
