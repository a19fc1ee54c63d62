/**
 * The door of `millrace/fs`: named re-exports, no logic. Loads the executor, so that `fs.lines(…).toArray()` finds one.
 */
import '../../exec/pipeline.ts'

export { blocks } from './blocks.ts'
export type { BlocksOptions } from './blocks.ts'
export { bytes } from './bytes.ts'
export type { BytesOptions } from './bytes.ts'
export { csv } from './csv.ts'
export type { CsvOptions, CsvRow } from './csv.ts'
export type { FileEnd } from './file-end.ts'
export { lines, stdin, stdout } from './lines.ts'
export type { LinesOptions } from './lines.ts'
export { ndjson } from './ndjson.ts'
export type { NdjsonOptions } from './ndjson.ts'
export type { Paths } from './paths.ts'
export type { FileResult } from './text-writer.ts'
