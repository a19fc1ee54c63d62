/**
 * A source that another source opens, reads and closes: by its own cursor where it is a source and nothing else, as a run of its own where
 * stages follow it or workers read it.
 *
 * Called by or-else.ts, reopen.ts and from.ts.
 */
import { theRunner } from '../../graph/runner.ts'
import type { Source } from '../../graph/source.ts'
import type { RunContext, SourceCursor } from '../../graph/spec.ts'
import { Gathering } from './gather.ts'

/** Opens a source. What a run of its own has read and not handed over when it fails is lost; a cursor's items are all handed over. */
export const cursorOf = async (source: Source<unknown>, context: RunContext): Promise<SourceCursor> => {
  const { spec } = source.port.stage
  if (spec.role === 'source' && spec.open !== undefined) return spec.open(context)
  const items = theRunner().iterate(source, {}, context.around)
  const drains = context.around !== undefined // it ends when that run drains
  return new Gathering({ next: () => items.next(), stop: async () => items.return?.(), stopsNext: true }, drains)
}

/** Closes what has failed, or is not wanted any more; what goes wrong there is not what went wrong. */
export const closed = async (cursor: SourceCursor | undefined): Promise<void> => {
  try {
    await cursor?.close()
  } catch {
    // the failure that led here is the one to tell
  }
}
