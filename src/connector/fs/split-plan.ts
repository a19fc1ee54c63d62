/**
 * Cuts files into splits, as the executor asks for them.
 *
 * A plain file of lines can be cut anywhere (line-blocks.ts finds the lines); a packed file, a CSV file and what has no size are
 * one split each. Called by the sources in this folder.
 */
import type { Split, SplitPlan } from '../../graph/spec.ts'
import { isPacked } from './feed.ts'
import type { FoundFile } from './listing.ts'

export interface CutOptions {
  /** Whether records end where lines end. */
  readonly divisible: boolean
  /** Bytes per split, whatever the executor asks for; for specs. */
  readonly splitBytes?: number | undefined
}

export const splitPlan = (files: readonly FoundFile[], { divisible, splitBytes }: CutOptions): SplitPlan => {
  let file = 0
  let at = 0
  return {
    totalBytes: files.some(({ size }) => size === undefined) ? undefined : files.reduce((sum, { size }) => sum + size!, 0),
    next: (targetBytes): Split | undefined => {
      const found = files[file]
      if (found === undefined) return undefined
      const { size } = found
      // What tells no size may still hold something: a pipe, or a file of /proc.
      const whole = size === undefined || size === 0 || isPacked(found.file)
      if (whole || !divisible) {
        file++
        return { file: found.file, start: 0, end: whole ? Infinity : size }
      }
      const start = at
      // A rest that is hardly worth a split goes with the one before it.
      const target = Math.max(1, splitBytes ?? targetBytes)
      const end = size - start <= target * (splitBytes === undefined ? 1.25 : 1) ? size : start + target
      at = end
      if (end === size) {
        file++
        at = 0
      }
      return { file: found.file, start, end }
    }
  }
}
