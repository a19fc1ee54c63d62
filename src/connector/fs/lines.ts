/**
 * Files of lines, as source and as sink; standard input and output as lines.
 */
import { basename } from 'node:path'
import { sinkThrough } from '../../graph/flow.ts'
import type { StageOptions } from '../../graph/options.ts'
import { sinkOf, type Sink, type Source } from '../../graph/source.ts'
import { stageOptions } from '../../operator/check.ts'
import { STAGE } from '../option-names.ts'
import { map } from '../../operator/map.ts'
import { fileEnd, type FileEnd } from './file-end.ts'
import { fileSource, lineArgs, type TextOptions } from './file-source.ts'
import { lineReader } from './line-reader.ts'
import { pathList, sinkPath, type Paths } from './paths.ts'
import { STDOUT } from './target.ts'
import { textSinkSpec, type FileResult } from './text-writer.ts'

export type LinesOptions = TextOptions

/** The stage in front of a sink of lines; it makes sure that they are lines, where they are. */
const asLine = map(
  (line: string) => {
    if (typeof line === 'string') return line
    throw new TypeError(`a sink of lines takes strings, got ${line === null ? 'null' : typeof line}; put map(String) or toJson() in front of it`)
  },
  { name: 'to-line' }
)

/** A sink's name when it is given none: that of its file. */
export const nameOf = (path: string): string => (path === '-' ? 'stdout' : basename(path))

export const linesSink = (kind: string, path: string, name: string | undefined): Sink<string, FileResult> =>
  sinkThrough(asLine, sinkOf<string, FileResult>(textSinkSpec(kind, path), name ?? nameOf(path)))

/**
 * The lines of files; or, given to `to`, a sink that writes strings to a file, one per line.
 *
 * As a source: `paths` are paths, globs, `file:` URLs, or a list; `-` is standard input; `.gz` is unpacked. A line ends at
 * `\n`; a `\r` before it and a byte order mark at the start of the file are left out; the last line needs no end. Files are
 * found when the run begins, in the order of the list (globs: of the names), each once. Large plain files are read in
 * byte ranges by the workers themselves.
 *
 * As a sink: writes to a temporary file beside the target, which replaces it when the input has ended; on failure what was
 * there is untouched. `.gz` packs; `-` is standard output. Answers a {@link FileResult}.
 *
 * **Cost**    270 MB/s (12 bytes a line) to 1.2 GB/s (150) per thread, before your stages; `blocks` makes no strings
 * **Memory**  the longest line, and 64 KiB per reader
 * **Errors**  ERR_MILLRACE_FILE_NOT_FOUND, _IS_DIRECTORY, _FILE_UNREADABLE, _NO_FILES (before the first line is read),
 *             _GZIP_CORRUPT, _LINE_TOO_LONG; as a sink ERR_MILLRACE_SINK_FAILED with the system's error as cause
 * @example
 * const errors = fs.lines('logs/*.gz').pipe(filter((line) => line.includes('ERROR')))
 * await pipeline({ out: errors.to(fs.lines('errors.txt')) }).run().done
 */
export const lines = (paths: Paths, options: LinesOptions = {}): FileEnd<string, string> => {
  const list = pathList('lines', paths)
  const source = fileSource<string>({
    kind: 'lines',
    reader: lineReader,
    args: lineArgs('lines', options),
    paths: list,
    divisible: true,
    splitBytes: options.splitBytes,
    name: options.name
  })
  return fileEnd<string, string>(source, () => linesSink('lines', sinkPath('lines', list), options.name))
}

/**
 * The lines of standard input. The event loop reads and cuts them; stages behind it may still run on all cores.
 * An item's position is its index, from 0.
 *
 * @example
 * await pipeline({ out: fs.stdin().pipe(map((line) => line.toUpperCase())).to(fs.stdout()) }).run().done
 */
export const stdin = (options: LinesOptions = {}): Source<string> =>
  fileSource<string>({ kind: 'stdin', reader: lineReader, args: lineArgs('stdin', options), paths: ['-'], divisible: true, name: options.name })

/**
 * A sink that writes strings to standard output, one per line, at the pace of whoever reads it. When the reader goes
 * (`… | head`), the sink wants no more and the run ends without an error.
 */
export const stdout = (options: StageOptions = {}): Sink<string, FileResult> => {
  stageOptions('fs.stdout', options, STAGE)
  return linesSink('stdout', STDOUT, options.name ?? 'stdout')
}
