/**
 * The writer of text sinks: joined lines in, bytes out. On the caller's loop; the lines were made where their items were.
 */
import type { SinkSpec, SinkWriter } from '../../graph/spec.ts'
import { openFile, openStdout, replacedBy, STDOUT, type Target } from './target.ts'

/** What a file sink answers. */
export interface FileResult {
  /** Absolute, or `<stdout>`. */
  readonly path: string
  /** Items written: lines, or rows without the header. */
  readonly items: number
  /** Bytes written, before they were packed. */
  readonly bytes: number
}

export const openTarget = (path: string): Promise<Target> | Target => (path === '-' || path === STDOUT ? openStdout() : openFile(path))

const textWriter = (target: Target): SinkWriter<FileResult> => {
  let items = 0
  let size = 0
  const writeText = async (pieces: readonly Uint8Array[], lines: number): Promise<void | 'closed'> => {
    if ((await target.put(pieces)) === 'closed') return 'closed'
    items += lines
    for (const { length } of pieces) size += length
  }
  return {
    writeText,
    write: (lines) => (lines.length === 0 ? undefined : writeText([Buffer.from(`${lines.join('\n')}\n`)], lines.length)),
    finish: async () => {
      await target.close()
      return { path: target.path, items, bytes: size }
    },
    commit: () => target.commit(),
    abort: () => target.discard()
  }
}

/** A sink for strings, one per line, that a stage before it makes. */
export const textSinkSpec = (kind: string, path: string): SinkSpec => ({
  role: 'sink',
  kind,
  args: { path },
  accepts: 'text',
  replaces: replacedBy(path),
  open: async () => textWriter(await openTarget(path))
})
