/**
 * Claim: 240 MB of NDJSON parsed, filtered, grouped by path and summed in ten lines of a user's code, as fast (0.95) as a split over two
 * workers that is written by hand for it; with the main thread less than 15 % busy.
 *
 * The rest is reported: a loop by hand, DuckDB (in process, 2 threads, with the columns declared), and jq and Miller where they are installed (they
 * get a tenth of the file). Our side is support/ndjson-ours.ts, and its lines are counted. Checked: the sum of every path.
 */
import { execFile } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { cached, type Input } from './support/cached.ts'
import { duckdb, type Query } from './support/duckdb.ts'
import { hands, partsOf, type Hands } from './support/hands.ts'
import { compare, sized, type Rival, type Row, type Size } from './support/harness.ts'
import { sumsOfPart } from './support/ndjson-by-hand.ts'
import { sumByPath } from './support/ndjson-ours.ts'
import { limitRow } from './support/row.ts'
import { visitOf } from './support/visit.ts'

const WORKERS = 2
const LINES = 10
const BUSY_LIMIT = 15

type Sums = readonly (readonly [string, number])[]

const execute = promisify(execFile)
const byHand = new URL('./support/ndjson-by-hand.ts', import.meta.url)
const ours = new URL('./support/ndjson-ours.ts', import.meta.url)

const sorted = (sums: Iterable<readonly [string, number]>): Sums => [...sums].sort(([a], [b]) => (a < b ? -1 : 1))

const input = (lines: number): Input<Sums> =>
  cached(`visits-${lines}-v1.ndjson`, (line) => {
    const sums = new Map<string, number>()
    for (let i = 0; i < lines; i++) {
      const visit = visitOf(i)
      line(JSON.stringify(visit))
      if (visit.status === 200) sums.set(visit.path, (sums.get(visit.path) ?? 0) + visit.bytes)
    }
    return sorted(sums)
  })

const inParts = async (workers: Hands, path: string): Promise<Sums> => {
  const parts = partsOf(statSync(path).size, WORKERS).map((part) => [path, ...part])
  const total = new Map<string, number>()
  for (const sums of await workers.each<Map<string, number>>(byHand, 'sumsOfPart', parts)) {
    for (const [key, sum] of sums) total.set(key, (total.get(key) ?? 0) + sum)
  }
  return sorted(total)
}

const inDuckdb = async (query: Query, path: string): Promise<Sums> => {
  const columns = "{ts: 'DOUBLE', method: 'VARCHAR', path: 'VARCHAR', status: 'INTEGER', bytes: 'INTEGER', ua: 'VARCHAR', dur: 'DOUBLE'}"
  const rows = await query(
    `SELECT path, sum(bytes)::DOUBLE FROM read_json('${path}', format = 'newline_delimited', columns = ${columns}) WHERE status = 200 GROUP BY path`
  )
  return sorted(rows as Sums)
}

const inJq = async (path: string): Promise<Sums> => {
  const program = 'reduce (inputs | select(.status == 200)) as $v ({}; .[$v.path] += $v.bytes)'
  const { stdout } = await execute('jq', ['-n', '-c', program, path], { maxBuffer: 1 << 26 })
  return sorted(Object.entries(JSON.parse(stdout) as Record<string, number>))
}

const inMiller = async (path: string): Promise<Sums> => {
  const verbs = ['filter', '$status == 200', 'then', 'stats1', '-a', 'sum', '-f', 'bytes', '-g', 'path']
  const { stdout } = await execute('mlr', ['--ijsonl', '--ojson', ...verbs, path], { maxBuffer: 1 << 26 })
  return sorted((JSON.parse(stdout) as readonly { path: string; bytes_sum: number }[]).map((row) => [row.path, row.bytes_sum]))
}

const installed = async (command: string): Promise<boolean> => {
  try {
    await execute(command, ['--version'])
    return true
  } catch {
    console.log(`ndjson: without ${command}, which is not installed`)
    return false
  }
}

/** The lines that a user would have to write: the function of support/ndjson-ours.ts. */
const userCode = (): readonly string[] => {
  const text = readFileSync(ours, 'utf8')
  return text.slice(text.indexOf('export const')).trimEnd().split('\n')
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const lines = sized(size, 1_500_000, 500_000, 3000)
  const few = Math.ceil(lines / 10)
  const [whole, tenth] = [input(lines), input(few)]
  const code = userCode()
  if (code.length > LINES) throw new Error(`our side of ndjson has ${code.length} lines, more than ${LINES}`)
  console.log(`ndjson: our side is ${code.length} lines:\n${code.join('\n')}`)

  const busy: number[] = []
  const run = async (): Promise<Sums> => {
    const before = performance.eventLoopUtilization()
    const [sums] = await sumByPath(whole.path)
    busy.push(100 * performance.eventLoopUtilization(before).utilization)
    return sorted(sums!)
  }
  const workers = await hands(WORKERS)
  const query = await duckdb()
  const fewer = { units: few, expected: tenth.facts }
  const others: readonly Rival[] = [
    { name: '2-worker split by hand', run: () => inParts(workers, whole.path), target: 0.95 },
    { name: 'loop by hand', run: () => sorted(sumsOfPart(whole.path, 0, Infinity)) },
    ...(query === undefined ? [] : [{ name: 'DuckDB, 2 threads', run: () => inDuckdb(query, whole.path) }]),
    ...((await installed('jq')) ? [{ name: 'jq', run: () => inJq(tenth.path), ...fewer }] : []),
    ...((await installed('mlr')) ? [{ name: 'Miller', run: () => inMiller(tenth.path), ...fewer }] : [])
  ]
  try {
    const work = `${Math.round(statSync(whole.path).size / 1e6)} MB: parse, filter, group, sum`
    const rows = await compare(
      { bench: 'ndjson', work, units: lines, unit: 'lines/s', ours: { name: 'millrace, 2 workers', run }, others, expected: whole.facts },
      size
    )
    const counted = busy.slice(-rows[0]!.rounds)
    return [...rows, limitRow({ bench: 'ndjson', work: `${work}: main thread`, unit: '% busy', ours: counted, limit: BUSY_LIMIT })]
  } finally {
    await workers.close()
  }
}
