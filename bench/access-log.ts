/**
 * Claim: the access-log job (parse, count, write every record as JSON) on two workers is at least 1.5 times as fast as on the
 * caller's loop, and keeps up with code written by hand for it; its memory does not grow with the file.
 *
 * Against: the same pipeline with `workers: 0`; one loop by hand; piscina, one task per 512 KiB of the file, four at a time.
 * Checked: lines, bad lines, bytes served, clients, paths and the size of the written records, for every contender.
 */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Piscina } from 'piscina'
import { aggregate, map, mapEither, pipeline } from 'millrace'
import * as fs from 'millrace/fs'
import { writeLog } from '../examples/access-log/generate.ts'
import { parseLine } from '../examples/access-log/line.ts'
import { recordJson } from '../examples/access-log/record-json.ts'
import { combineStates, emptyState, finishSummary, summaryOf, type Summary } from '../examples/access-log/summary.ts'
import { compare, sized, type Row, type Size } from './support/harness.ts'
import { readPart, type Part } from './support/log-by-hand.ts'

const SEED = 7
const PART = 512 * 1024

const answer = ({ parsed, bytes, clients, paths }: Summary, bad: number, written: string) => ({
  parsed, bytes, clients, paths, bad, written: statSync(written).size
})

const ours = async (file: string, out: string, workers: number) => {
  const records = fs.lines(file, { encoding: 'latin1' }).pipe(mapEither(parseLine))
  const run = pipeline({
    records: records.pipe(map(recordJson)).to(fs.lines(out)),
    summary: records.pipe(aggregate(summaryOf)).observe()
  }).run({ workers })
  let summary: Summary | undefined
  run.outputs.summary.subscribe((found) => (summary = found))
  const report = await run.done
  return answer(summary!, report.deadLetters, out)
}

const byHand = (file: string, out: string) => {
  const fd = openSync(out, 'w')
  const { state, bad } = readPart(file, 0, Infinity, fd)
  closeSync(fd)
  return answer(finishSummary(state), bad, out)
}

const withPiscina = async (pool: Piscina, file: string, out: string) => {
  const fd = openSync(out, 'w')
  const size = statSync(file).size
  let total = emptyState()
  let bad = 0
  const going: Promise<Part>[] = []
  const take = async (): Promise<void> => {
    const part = await going.shift()!
    total = combineStates(total, part.state)
    bad += part.bad
    writeSync(fd, part.json)
  }
  for (let start = 0; start < size; start += PART) {
    going.push(pool.run({ file, start, end: Math.min(size, start + PART) }) as Promise<Part>)
    if (going.length >= 4) await take()
  }
  while (going.length > 0) await take()
  closeSync(fd)
  return answer(finishSummary(total), bad, out)
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const pool = new Piscina({ filename: new URL('./support/piscina-log.mjs', import.meta.url).href, minThreads: 2, maxThreads: 2 })
  try {
    const lines = sized(size, 1_250_000, 300_000, 3000)
    const file = join(dir, 'access.log')
    const out = join(dir, 'records.ndjson')
    await writeLog(file, lines, SEED)
    const rows = await compare({
      bench: 'access-log',
      work: `${Math.round(statSync(file).size / 1e6)} MB of access log`,
      units: lines,
      unit: 'lines/s',
      ours: { name: 'millrace, 2 workers', run: () => ours(file, out, 2) },
      others: [
        { name: "millrace, the caller's loop", run: () => ours(file, out, 0), target: 1.5 },
        { name: 'one loop by hand', run: () => byHand(file, out) },
        { name: 'piscina, tasks of 512 KiB', run: () => withPiscina(pool, file, out) }
      ],
      expected: byHand(file, out)
    }, size)
    console.log(`access-log  the process held at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MB, all contenders together`)
    return rows
  } finally {
    await pool.destroy()
    rmSync(dir, { recursive: true })
  }
}
