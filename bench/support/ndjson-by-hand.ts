/** The job of bench/ndjson.ts by hand: parse, filter, sum by path, over one part of the file. Loaded by main and by workers by hand. */
import { eachRun } from './line-parts.ts'
import type { Visit } from './visit.ts'

export const sumsOfPart = (file: string, start: number, end: number): Map<string, number> => {
  const sums = new Map<string, number>()
  eachRun(file, start, end, (bytes, from, to) => {
    const text = bytes.toString('utf8', from, to)
    let at = 0
    for (let newline = text.indexOf('\n'); newline >= 0; newline = text.indexOf('\n', at)) {
      const visit = JSON.parse(text.slice(at, newline)) as Visit
      at = newline + 1
      if (visit.status === 200) sums.set(visit.path, (sums.get(visit.path) ?? 0) + visit.bytes)
    }
  })
  return sums
}
