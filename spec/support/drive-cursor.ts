/** Driving readers without an engine: splits are listed, opened and pulled to their end, and everything is checked to close. */
import type { Split, SplitCursor, SplitPlan, SplitReader } from '../../src/graph/spec.ts'

export interface Read {
  readonly items: readonly unknown[]
  /** Line number in the file of each item, where the reader tells. */
  readonly lines: readonly number[]
  readonly bytes: number
}

/** All splits of a plan. */
export const splitsOf = (plan: SplitPlan, targetBytes: number): readonly Split[] => {
  const splits: Split[] = []
  for (let split = plan.next(targetBytes); split !== undefined; split = plan.next(targetBytes)) splits.push(split)
  return splits
}

/** Pulls a cursor to its end. `onBatch` sees what has come so far, also when the cursor fails later. */
export const drain = async (cursor: SplitCursor, onBatch: (items: readonly unknown[], lines: readonly number[]) => void): Promise<void> => {
  try {
    for (;;) {
      const batch = await cursor.pull()
      if (batch === undefined) return
      const { items, origin } = batch
      onBatch(items, origin === undefined ? [] : items.map((_, i) => origin.lines?.[i] ?? origin.line + i))
    }
  } finally {
    await cursor.close()
  }
}

/** Reads splits one after the other, as the executor does: line numbers go on from split to split of a file. */
export const readSplits = async (
  reader: SplitReader,
  splits: readonly Split[],
  args: Readonly<Record<string, unknown>>,
  how: 'blocking' | 'async'
): Promise<Read> => {
  const items: unknown[] = []
  const lines: number[] = []
  const base = new Map<string, number>()
  let bytes = 0
  for (const split of splits) {
    const cursor = reader.open(split, args, how)
    const before = base.get(split.file) ?? 0
    await drain(cursor, (more, numbers) => {
      items.push(...more)
      lines.push(...numbers.map((n) => n + before))
    })
    base.set(split.file, before + cursor.lines)
    bytes += cursor.bytes
  }
  return { items, lines, bytes }
}
