/**
 * The access-log job written by hand, without millrace: one part of a file (or the whole of it) in one loop, with the
 * example's own parser, counters and encoder. The single-threaded rival calls it once, the piscina rival once per part.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { scan } from '../../examples/access-log/line.ts'
import { recordJson } from '../../examples/access-log/record-json.ts'
import { addRecord, emptyState, type State } from '../../examples/access-log/summary.ts'

const CHUNK = 1 << 18

/** What one part of the file came to. */
export interface Part {
  readonly state: State
  readonly bad: number
  /** The records as NDJSON, when they are not written to a file by the part itself. */
  readonly json: string
}

/**
 * Reads the lines that begin in `[start, end)` of a file. With `out`, records are written there as they come; without, they
 * are part of the answer.
 */
export const readPart = (file: string, start: number, end: number, out?: number): Part => {
  const fd = openSync(file, 'r')
  const buffer = Buffer.allocUnsafe(CHUNK)
  const state = emptyState()
  let json = ''
  let bad = 0
  let rest = ''
  let at = Math.max(0, start - 1)
  let skip = start > 0
  let begun = start // where the line that is being read begins
  try {
    for (;;) {
      const n = readSync(fd, buffer, 0, CHUNK, at)
      if (n === 0) break
      at += n
      let text = rest + buffer.toString('latin1', 0, n)
      if (skip) {
        const first = text.indexOf('\n')
        if (first < 0) continue
        begun = start + first
        text = text.slice(first + 1)
        skip = false
      }
      const lines = text.split('\n')
      rest = lines.pop()!
      for (const line of lines) {
        if (begun >= end) break
        begun += line.length + 1
        const record = scan(line)
        if (typeof record === 'string') bad++
        else {
          addRecord(state, record)
          json += `${recordJson(record)}\n`
        }
      }
      if (out !== undefined && json.length > CHUNK) {
        writeSync(out, json)
        json = ''
      }
      if (begun >= end) break
    }
  } finally {
    closeSync(fd)
  }
  if (rest !== '' && begun < end) {
    const record = scan(rest)
    if (typeof record === 'string') bad++
    else {
      addRecord(state, record)
      json += `${recordJson(record)}\n`
    }
  }
  if (out !== undefined) writeSync(out, json)
  return { state, bad, json: out === undefined ? json : '' }
}
