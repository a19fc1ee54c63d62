/** Our side of bench/one-brc.ts for a user who reads lines. Loaded by main and by workers. */
import { aggregateBy, map } from 'millrace'
import * as fs from 'millrace/fs'
import { portable } from 'millrace/portable'
import type { Station } from './brc-by-hand.ts'

interface Reading {
  readonly station: string
  readonly tenths: number
}

interface Extent {
  min: number
  max: number
  sum: number
  count: number
}

const MINUS = 45
const ZERO = 48

/** `Oslo;-3.5` → { station: 'Oslo', tenths: -35 } */
const parse = portable(import.meta, 'parse', (line: string): Reading => {
  const end = line.indexOf(';')
  const last = line.length - 1 // the decimal; the dot is before it
  let tenths = line.charCodeAt(last) - ZERO
  let unit = 10
  let at = last - 2
  for (; at > end && line.charCodeAt(at) !== MINUS; at--, unit *= 10) tenths += (line.charCodeAt(at) - ZERO) * unit
  return { station: line.slice(0, end), tenths: at > end ? -tenths : tenths }
})

export const stationsOf = async (file: string): Promise<readonly Station[]> => {
  const extents = aggregateBy((reading: Reading) => reading.station, {
    create: (): Extent => ({ min: Infinity, max: -Infinity, sum: 0, count: 0 }),
    add: (extent, { tenths }) => {
      if (tenths < extent.min) extent.min = tenths
      if (tenths > extent.max) extent.max = tenths
      extent.sum += tenths
      extent.count++
      return extent
    },
    combine: (a, b) => ({ min: Math.min(a.min, b.min), max: Math.max(a.max, b.max), sum: a.sum + b.sum, count: a.count + b.count })
  })
  const [found] = await fs.lines(file).pipe(map(parse), extents).toArray({ workers: 2 })
  return [...found!].map(([name, { min, max, sum, count }]): Station => [name, min, max, sum, count])
}
