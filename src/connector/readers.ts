/**
 * The readers of splits by kind, for workers: a split travels as plain data, and its reader is found here.
 *
 * Loaded by worker.ts: loads no rxjs, fp-ts, io-ts, and nothing of the graph but types.
 */
import type { SplitReader } from '../graph/spec.ts'
import { blockReader } from './fs/block-reader.ts'
import { byteReader } from './fs/byte-reader.ts'
import { csvReader } from './fs/csv-reader.ts'
import { lineReader } from './fs/line-reader.ts'

export const readers: Readonly<Record<string, SplitReader>> = Object.fromEntries(
  [blockReader, byteReader, csvReader, lineReader].map((reader) => [reader.kind, reader])
)
