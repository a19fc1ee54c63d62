/**
 * Files as blocks of whole lines, for stages that read bytes.
 */
import type { OptionNames } from '../../error/known-options.ts'
import type { StageOptions } from '../../graph/options.ts'
import type { Source } from '../../graph/source.ts'
import { stageOptions, wholeNumber } from '../../operator/check.ts'
import { STAGE } from '../option-names.ts'
import { blockReader } from './block-reader.ts'
import { MAX_LINE, fileSource } from './file-source.ts'
import { pathList, type Paths } from './paths.ts'

export interface BlocksOptions extends StageOptions {
  /** Bytes of a block, about; more where a line is longer. A whole number >= 1. Default 131 072. */
  readonly blockBytes?: number | undefined
  /** A longer line ends the run, naming file and line. Default 128 MiB. */
  readonly maxLineBytes?: number | undefined
  /** Bytes per split, for tests. @internal */
  readonly splitBytes?: number | undefined
}

const NAMES: OptionNames<BlocksOptions> = { ...STAGE, blockBytes: 1, maxLineBytes: 1, splitBytes: 0 }

/** A frame holds one: see runtime/crew.ts. Measured: from 64 KiB to 1 MiB all are alike. */
const BLOCK = 128 * 1024

/**
 * Files as blocks of bytes that hold whole lines, for a stage that reads bytes and makes no string of each line: where that is all that a
 * run does, half its time. Paths as for `lines`, and read in the same way: large plain files in byte ranges, by the workers themselves.
 *
 * A block ends behind a `\n`, but for the last one of a file that does not end with one. Together they are the file: `\r`, byte order mark
 * and blank lines stay, and bytes are not checked to be text. Each owns its memory (`block.buffer`, of which it is a part): keep it, change
 * it, or transfer it.
 *
 * **Order**   that of the file
 * **Cost**    reading, and counting lines (2 GB/s); a block that crosses to another thread is copied twice, so read it in the first stage
 * **Memory**  a block and the longest line per reader, until the garbage collector comes; `blockBytes` from 64 KiB to 1 MiB are as fast
 * **Errors**  as `lines`; the position of a dead letter or failure is the block's first line
 * @example
 * const longest = map((block: Uint8Array) => {
 *   let most = 0
 *   for (let from = 0, at = 0; at < block.length; at++) {
 *     if (block[at] !== 10) continue
 *     most = Math.max(most, at - from)
 *     from = at + 1
 *   }
 *   return most
 * })
 * const bytesOfLongest = fs.blocks('access.log').pipe(longest, reduce((a, b) => Math.max(a, b), 0))
 */
export const blocks = (paths: Paths, options: BlocksOptions = {}): Source<Uint8Array> => {
  stageOptions('fs.blocks', options, NAMES)
  const { blockBytes = BLOCK, maxLineBytes = MAX_LINE, splitBytes, name } = options
  return fileSource<Uint8Array>({
    kind: 'blocks',
    reader: blockReader,
    args: { blockBytes: wholeNumber('fs.blocks', 'blockBytes', blockBytes, 1), maxLineBytes: wholeNumber('fs.blocks', 'maxLineBytes', maxLineBytes, 1) },
    paths: pathList('blocks', paths),
    divisible: true,
    splitBytes,
    name
  })
}
