/** Our side of bench/ndjson.ts: what a user writes. The benchmark counts the lines of the function, and shows them. */
import { aggregateBy, filter, map } from 'millrace'
import * as fs from 'millrace/fs'
import type { Visit } from './visit.ts'

export const sumByPath = (file: string): Promise<ReadonlyMap<string, number>[]> =>
  fs.lines(file)
    .pipe(
      map((line) => JSON.parse(line) as Visit),
      filter((visit) => visit.status === 200),
      aggregateBy((visit) => visit.path, { create: () => 0, add: (sum, visit: Visit) => sum + visit.bytes, combine: (a, b) => a + b })
    )
    .toArray({ workers: 2 })
