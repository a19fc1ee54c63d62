/**
 * Typed CSV to NDJSON: every row is checked and converted by an io-ts codec, in workers; bad rows are set aside with row
 * number, field and reason; an aggregate is printed at the end.
 *
 *     csv ── decode ─┬─ aggregate (one part per worker, combined at the end) ──▶ printed
 *               │    └─ to-json ──▶ rows.ndjson
 *               └ what does not fit its codec ──▶ bad-rows.ndjson
 *
 * `--help` says how to use it. Without files it makes up the orders of a shop and reads those.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { aggregate, decode, map, pipeline, sinkThrough, type Metrics, type Report } from 'millrace'
import * as fs from 'millrace/fs'
import { badRow } from './csv-etl/bad-row.ts'
import { loadCodec, type CodecModule } from './csv-etl/codec-module.ts'
import { optionsOf, usage } from './csv-etl/options.ts'
import { salesLines } from './csv-etl/sales.ts'
import { counted, duration } from './support/format.ts'
import type { Seen } from './support/progress.ts'
import { makeFolder, program } from './support/shell.ts'

const SEED = 7
const SALES = fileURLToPath(new URL('./csv-etl/sales.ts', import.meta.url))

/** The pipeline: declared, not started. */
const etl = (files: readonly string[], codec: CodecModule, rowsFile: string, badRowsFile: string) => {
  const rows = fs.csv(files, { onError: 'deadLetter' }).pipe(decode(codec.row, { name: 'decode' }))
  // Bad rows are told on this thread: structured clone, by which items go to workers, keeps of an error its message only.
  return pipeline(
    {
      rows: rows.to(fs.ndjson(rowsFile)),
      answer: rows.pipe(aggregate(codec.aggregate, { name: 'aggregate' })).observe()
    },
    { deadLetters: sinkThrough(map(badRow, { name: 'bad-row', lane: 'async' }), fs.ndjson(badRowsFile)) }
  )
}

const stage = ({ stages }: Pick<Report, 'stages'>, named: string) => stages.find(({ name }) => name === named)!

const seen = (metrics: Metrics): Seen => ({
  ms: metrics.wallMs,
  items: stage(metrics, 'rows').in,
  bytesDone: metrics.bytes.done,
  bytesTotal: metrics.bytes.total
})

await program("'--help' says what there is", async ({ words, signal, print, attend }) => {
  const { files, codec, workers, out, rows, json, help } = optionsOf(words)
  if (help) {
    print(usage)
    return
  }
  const module = await loadCodec(codec ?? SALES)
  await makeFolder(out)
  const inputs = files.length > 0 ? files : [join(out, 'sales.csv')]
  if (files.length === 0) await writeFile(inputs[0]!, salesLines(rows, SEED), { signal })

  const rowsFile = join(out, 'rows.ndjson')
  const badRowsFile = join(out, 'bad-rows.ndjson')
  const p = etl(inputs, module, rowsFile, badRowsFile)
  if (!json) print(`${String(p.explain({ workers }))}\n\n`)

  const run = p.run({ workers, signal })
  let answer: unknown
  run.outputs.answer.subscribe({ next: (value) => (answer = value), error: () => undefined })
  const { report, drained } = await attend(run, () => seen(run.metrics()), 'rows')

  const read = stage(report, 'rows').in
  const good = stage(report, 'decode').out
  const bad = report.deadLetters
  const { items: goodWritten } = report.results['rows'] as fs.FileResult
  const { items: badWritten } = report.results['deadLetters'] as fs.FileResult
  if (read !== good + bad || goodWritten !== good || badWritten !== bad) {
    throw new Error(`the counts do not add up: ${read} rows, ${good} good, ${bad} bad; written: ${goodWritten} good, ${badWritten} bad`)
  }
  if (json) {
    print(`${JSON.stringify({ rows: read, good, bad, aggregate: answer })}\n`)
    return
  }
  if (drained) print('ended early, as asked: these are the counts of the rows that were read\n')
  print(`${counted(read, 'row')} in ${duration(report.wallMs)}\n`)
  print(`${counted(good, 'good one')} in ${rowsFile}, ${counted(bad, 'bad one')} in ${badRowsFile}\n\n`)
  console.table(answer)
})
