/**
 * Reading a part of a file by hand, in whole lines: what `fs.lines` does for millrace, for the rivals that are written without it.
 */
import { closeSync, openSync, readSync } from 'node:fs'

const CHUNK = 1 << 20
const NEWLINE = 10

/**
 * Gives `take` runs of whole lines of `file`, `bytes[from, to)`, each ending with a newline: the lines that begin in `[start, end)`. A last line
 * without a newline is not expected.
 */
export const eachRun = (file: string, start: number, end: number, take: (bytes: Buffer, from: number, to: number) => void): void => {
  const fd = openSync(file, 'r')
  const buffer = Buffer.allocUnsafe(2 * CHUNK)
  // from the byte before the part: if that is a newline, the first line begins with the part
  let at = Math.max(0, start - 1)
  let kept = 0
  let skips = start > 0
  try {
    for (;;) {
      const base = at - kept // where buffer[0] is in the file
      const got = readSync(fd, buffer, kept, CHUNK, at)
      if (got === 0) return
      at += got
      const filled = kept + got
      let from = 0
      if (skips) {
        const first = buffer.subarray(0, filled).indexOf(NEWLINE)
        if (first < 0) throw new Error('a line is longer than a chunk')
        from = first + 1
        skips = false
      }
      if (base + from >= end) return
      // the part's last line is the one that holds byte end - 1; at the end of the part, up to the newline that ends it
      const last = at >= end ? buffer.subarray(0, filled).indexOf(NEWLINE, Math.max(from, end - 1 - base)) : buffer.lastIndexOf(NEWLINE, filled - 1)
      const isLast = at >= end && last >= 0
      const to = (isLast ? last : buffer.lastIndexOf(NEWLINE, filled - 1)) + 1
      if (to > from) take(buffer, from, to)
      if (isLast) return
      const rest = Math.max(to, from)
      buffer.copyWithin(0, rest, filled)
      kept = filled - rest
    }
  } finally {
    closeSync(fd)
  }
}
