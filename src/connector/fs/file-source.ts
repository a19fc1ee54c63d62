/**
 * A source of files: what `lines`, `blocks`, `bytes`, `ndjson` and `csv` have in common. Files are found when the run begins, cut into
 * splits, and read by the reader, on the caller's loop or in workers. Standard input is one stream that the event loop pulls.
 */
import type { Names, OptionNames } from '../../error/known-options.ts'
import { oneOf, stageOptions, wholeNumber } from '../../operator/check.ts'
import type { StageOptions } from '../../graph/options.ts'
import { STAGE } from '../option-names.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { SourceCursor, SourceSpec, SplitReader } from '../../graph/spec.ts'
import { STDIN } from './feed.ts'
import type { Encoding, LineArgs } from './line-reader.ts'
import { listFiles } from './listing.ts'
import { splitPlan } from './split-plan.ts'

/** Options of everything that reads text. */
export interface TextOptions extends StageOptions {
  /** `'utf8'` (default): what is not UTF-8 becomes U+FFFD; `'latin1'` keeps bytes as they are, one character each. */
  readonly encoding?: Encoding | undefined
  /** A longer line ends the run, naming file and line. Default 128 MiB. */
  readonly maxLineBytes?: number | undefined
  /** Bytes per split and per read, for tests. @internal */
  readonly splitBytes?: number | undefined
  /** @internal */
  readonly chunkBytes?: number | undefined
}

export const TEXT_OPTIONS: OptionNames<TextOptions> = { ...STAGE, encoding: 1, maxLineBytes: 1, splitBytes: 0, chunkBytes: 0 }

/** The longest line by default, and the longest that V8 could hold as text, in bytes. */
export const MAX_LINE = 128 * 1024 * 1024
const LONGEST_TEXT = 512 * 1024 * 1024 - 25

export const lineArgs = (reader: string, options: TextOptions, names: Names = TEXT_OPTIONS): LineArgs => {
  stageOptions(`fs.${reader}`, options, names)
  const { encoding = 'utf8', maxLineBytes = MAX_LINE, chunkBytes } = options
  return {
    encoding: oneOf(`fs.${reader}`, 'encoding', encoding, ['utf8', 'latin1']),
    maxLineBytes: Math.min(LONGEST_TEXT, wholeNumber(`fs.${reader}`, 'maxLineBytes', maxLineBytes, 1)),
    ...(chunkBytes === undefined ? {} : { chunkBytes })
  }
}

export interface FileSourceInit {
  readonly kind: string
  readonly reader: SplitReader
  readonly args: object
  readonly paths: readonly string[]
  readonly divisible: boolean
  readonly splitBytes?: number | undefined
  readonly name: string | undefined
}

/** Without origins its batches may go on to the pool, where the stages behind it run on all cores; errors tell the index instead. */
const withoutOrigin = (cursor: SourceCursor): SourceCursor => ({
  pull: async () => {
    const batch = await cursor.pull()
    return batch === undefined ? undefined : { items: batch.items }
  },
  close: () => cursor.close()
})

export const fileSource = <A>({ kind, reader, args, paths, divisible, splitBytes, name }: FileSourceInit): Source<A> => {
  const plain = args as Readonly<Record<string, unknown>>
  const spec: SourceSpec =
    paths[0] === '-'
      ? { role: 'source', kind, args: plain, open: () => withoutOrigin(reader.open({ file: STDIN, start: 0, end: Infinity }, plain, 'async')) }
      : {
          role: 'source',
          kind,
          args: plain,
          splits: { list: async ({ stage }) => splitPlan(await listFiles(stage, paths), { divisible, splitBytes }), reader }
        }
  return sourceOf<A>(spec, name)
}
