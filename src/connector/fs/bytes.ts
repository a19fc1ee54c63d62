/**
 * Files as chunks of bytes.
 */
import type { OptionNames } from '../../error/known-options.ts'
import type { StageOptions } from '../../graph/options.ts'
import type { Source } from '../../graph/source.ts'
import { stageOptions, wholeNumber } from '../../operator/check.ts'
import { STAGE } from '../option-names.ts'
import { byteReader } from './byte-reader.ts'
import { fileSource } from './file-source.ts'
import { pathList, type Paths } from './paths.ts'

export interface BytesOptions extends StageOptions {
  /** Largest chunk, in bytes. A whole number >= 1. Default 65 536. */
  readonly chunkBytes?: number | undefined
  /** Bytes per split, for tests. @internal */
  readonly splitBytes?: number | undefined
}

const NAMES: OptionNames<BytesOptions> = { ...STAGE, chunkBytes: 1, splitBytes: 0 }

/**
 * The bytes of files, in order, in chunks of at most `chunkBytes` that own their memory. Paths as for `lines`; `.gz` is
 * unpacked. Chunks begin and end anywhere; those of `blocks` hold whole lines.
 *
 * **Errors**  as `lines`, but for the length of lines
 * @example
 * const sizes = fs.bytes('image.raw').pipe(map((chunk) => chunk.length), reduce((a, b) => a + b, 0))
 */
export const bytes = (paths: Paths, options: BytesOptions = {}): Source<Uint8Array> => {
  stageOptions('fs.bytes', options, NAMES)
  return fileSource<Uint8Array>({
    kind: 'bytes',
    reader: byteReader,
    args: { chunkBytes: wholeNumber('fs.bytes', 'chunkBytes', options.chunkBytes ?? 64 * 1024, 1) },
    paths: pathList('bytes', paths),
    divisible: true,
    splitBytes: options.splitBytes,
    name: options.name
  })
}
