/**
 * Claim: on the format of the one billion row challenge (lowest, mean and highest temperature of each station) the pipeline of a user who
 * reads bytes, `fs.blocks` → `aggregate` into a hash table of typed arrays (support/brc-ours-bytes.ts), reaches 0.7 of what two workers by hand
 * reach that do the same and read, cut and hand out the file themselves (support/brc-by-hand.ts).
 *
 * 100 million rows, 20 million with --quick. Reported: DuckDB (in process, 2 threads), and the pipeline of lines, `fs.lines` → parse → `aggregateBy`
 * (support/brc-ours.ts), which makes two strings a row and looks the station up by its characters: 150 to 180 ns of CPU a row where
 * bytes take 65. Checked: lowest, highest, sum and count of every station.
 */
import { statSync } from 'node:fs'
import type { Station } from './support/brc-by-hand.ts'
import { brcInput, sortStations } from './support/brc-input.ts'
import { stationsOf } from './support/brc-ours.ts'
import { stationsOf as stationsOfBytes } from './support/brc-ours-bytes.ts'
import { duckdb, type Query } from './support/duckdb.ts'
import { hands, partsOf, type Hands } from './support/hands.ts'
import { compare, sized, type Rival, type Row, type Size } from './support/harness.ts'

const WORKERS = 2

const byHand = new URL('./support/brc-by-hand.ts', import.meta.url)

const inParts = async (workers: Hands, path: string): Promise<readonly Station[]> => {
  const parts = partsOf(statSync(path).size, WORKERS).map((part) => [path, ...part])
  const total = new Map<string, Station>()
  for (const stations of await workers.each<readonly Station[]>(byHand, 'stationsOfPart', parts)) {
    for (const one of stations) {
      const [name, min, max, sum, count] = one
      const other = total.get(name)
      total.set(name, other === undefined ? one : [name, Math.min(min, other[1]), Math.max(max, other[2]), sum + other[3], count + other[4]])
    }
  }
  return sortStations(total.values())
}

const inDuckdb = async (query: Query, path: string): Promise<readonly Station[]> => {
  const rows = await query(
    `SELECT station, (min(t) * 10)::INTEGER, (max(t) * 10)::INTEGER, (sum(t) * 10)::DOUBLE, count(*)::DOUBLE
     FROM read_csv('${path}', delim = ';', header = false, columns = {station: 'VARCHAR', t: 'DECIMAL(3, 1)'}) GROUP BY station`
  )
  return sortStations(rows as readonly Station[])
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const rows = sized(size, 100_000_000, 20_000_000, 20_000)
  const { path, facts } = brcInput(rows)
  const workers = await hands(WORKERS)
  const query = await duckdb()
  try {
    const rowsOf = (what: string, ours: (path: string) => Promise<readonly Station[]>, others: readonly Rival[]): Promise<readonly Row[]> =>
      compare({
        bench: '1brc',
        work: `${rows / 1e6} M rows, ${Math.round(statSync(path).size / 1e6)} MB: ${what}`,
        units: rows,
        unit: 'rows/s',
        ours: { name: 'millrace, 2 workers', run: async () => sortStations(await ours(path)) },
        others,
        expected: facts
      }, size)
    const handmade = { name: '2 workers by hand', run: () => inParts(workers, path) }
    const database = query === undefined ? [] : [{ name: 'DuckDB, 2 threads', run: () => inDuckdb(query, path) }]
    return [
      ...await rowsOf('bytes', stationsOfBytes, [{ ...handmade, target: 0.7 }, ...database]),
      ...await rowsOf('lines', stationsOf, [handmade])
    ]
  } finally {
    await workers.close()
  }
}
