/**
 * The main job: an access log of any size, parsed, aggregated and written as JSON records, on all cores.
 *
 *     lines ── parse ─┬─ summary (one part per worker, combined at the end) ──▶ the report, or one JSON object
 *               │     └─ to-json ──▶ records.ndjson
 *               └ what cannot be parsed ──▶ dead-letters.ndjson
 *
 * Everything up to the two arrows is one loop in every worker; what crosses threads is one small state per worker and bytes.
 *
 * `npm start -- --help` says how to use it. Without files it makes up a log of 200 000 lines and reads that.
 */
import { join } from 'node:path'
import { aggregate, map, mapEither, pipeline, sinkThrough, type Metrics, type Report } from 'millrace'
import * as fs from 'millrace/fs'
import { writeLog } from './access-log/generate.ts'
import { letterOf } from './access-log/letter.ts'
import { parseLine } from './access-log/line.ts'
import { optionsOf, usage } from './access-log/options.ts'
import { recordJson } from './access-log/record-json.ts'
import { answerOf, reportText } from './access-log/report.ts'
import { summaryOf, type Summary } from './access-log/summary.ts'
import type { Seen } from './support/progress.ts'
import { makeFolder, program } from './support/shell.ts'

const SEED = 7

/** The pipeline: declared, not started. */
const accessLog = (files: readonly string[], recordsFile: string, deadLettersFile: string) => {
  const records = fs.lines(files, { encoding: 'latin1' }).pipe(mapEither(parseLine, { name: 'parse' }))
  return pipeline(
    {
      records: records.pipe(map(recordJson, { name: 'to-json' })).to(fs.lines(recordsFile)),
      summary: records.pipe(aggregate(summaryOf, { name: 'summary' })).observe()
    },
    { deadLetters: sinkThrough(map(letterOf, { name: 'letter' }), fs.ndjson(deadLettersFile)) }
  )
}

const parsed = ({ stages }: Pick<Report, 'stages'>) => stages.find(({ name }) => name === 'parse')!

const seen = (metrics: Metrics): Seen => ({
  ms: metrics.wallMs,
  items: parsed(metrics).in,
  bytesDone: metrics.bytes.done,
  bytesTotal: metrics.bytes.total
})

/** Lines that the sinks say they have written. */
const written = ({ results }: Report) => ({
  records: (results['records'] as fs.FileResult).items,
  letters: (results['deadLetters'] as fs.FileResult).items
})

/** Nothing is lost: every line is a record and counted, or a dead letter, and all of them are in their files. */
const checkCounts = (n: Record<'lines' | 'parsed' | 'counted' | 'records' | 'deadLetters' | 'letters', number | undefined>): void => {
  const right = n.lines === n.parsed! + n.deadLetters! && n.counted === n.parsed && n.records === n.parsed && n.letters === n.deadLetters
  if (!right) throw new Error(`the counts do not add up: ${JSON.stringify(n)}`)
}

await program("'npm start -- --help' says what there is", async ({ words, signal, print, attend }) => {
  const { files, workers, out, lines, json, help } = optionsOf(words)
  if (help) {
    print(usage)
    return
  }
  await makeFolder(out)
  const inputs = files.length > 0 ? files : [join(out, 'access.log')]
  if (files.length === 0) await writeLog(inputs[0]!, lines, SEED, signal)

  const recordsFile = join(out, 'records.ndjson')
  const deadLettersFile = join(out, 'dead-letters.ndjson')
  const p = accessLog(inputs, recordsFile, deadLettersFile)
  if (!json) print(`${String(p.explain({ workers }))}\n\n`)

  const run = p.run({ workers, signal })
  let summary: Summary | undefined
  run.outputs.summary.subscribe({ next: (answer) => (summary = answer), error: () => undefined })
  const { report, drained } = await attend(run, () => seen(run.metrics()), 'lines')

  const counts = parsed(report)
  const work = { lines: counts.in, deadLetters: report.deadLetters, wallMs: report.wallMs, cpuMs: report.cpuMs, loopUtilization: report.loopUtilization, workers: report.workers }
  checkCounts({ lines: counts.in, parsed: counts.out, counted: summary?.parsed, deadLetters: report.deadLetters, ...written(report) })
  if (summary === undefined) throw new Error('there is no summary')
  const { done, total } = run.metrics().bytes
  const bytesRead = drained ? done : total
  if (json) print(`${JSON.stringify(answerOf(summary, work))}\n`)
  else print(`${reportText(summary, { ...work, drained, bytesRead, recordsFile, deadLettersFile })}\n`)
})
