/**
 * `npm run bench [-- NAME...] [--json FILE] [--quick | --smoke] [--rounds N] [--source]`: runs the benchmarks and prints one line
 * per comparison.
 * `sync` means all of `sync/…`. `--quick` is smaller and has 3 rounds in place of 7; `--smoke` only shows that the answers are right.
 * `--json` is written after every benchmark, so that a run that is ended early leaves what it had.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { sizes, type Size } from './support/harness.ts'
import { show, type Row } from './support/row.ts'

const benches: Readonly<Record<string, () => Promise<{ bench: (size: Size) => Promise<readonly Row[]> }>>> = {
  'channel-record': () => import('./channel-record.ts'),
  'channel-number': () => import('./channel-number.ts'),
  'cpu-map': () => import('./cpu-map.ts'),
  pool: () => import('./pool.ts'),
  skew: () => import('./skew.ts'),
  fused: () => import('./fused.ts'),
  'io-map': () => import('./io-map.ts'),
  ndjson: () => import('./ndjson.ts'),
  '1brc': () => import('./one-brc.ts'),
  latency: () => import('./latency.ts'),
  scale: () => import('./scale.ts'),
  'access-log': () => import('./access-log.ts'),
  small: () => import('./small.ts'),
  frame: () => import('./frame.ts'),
  'sync/mpsc': () => import('./sync/mpsc.ts'),
  'sync/broadcast': () => import('./sync/broadcast.ts'),
  'sync/locks': () => import('./sync/locks.ts'),
  'sync/tasks': () => import('./sync/tasks.ts'),
  'sync/latency': () => import('./sync/latency.ts')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string' }
  }
})
const names = Object.keys(benches)
const isAskedFor = (name: string): boolean => positionals.length === 0 || positionals.some((asked) => name === asked || name.startsWith(`${asked}/`))
const unknown = positionals.filter((asked) => !names.some((name) => name === asked || name.startsWith(`${asked}/`)))
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(', ')}; there are: ${names.join(', ')}`)
  process.exit(2)
}
const usual = sizes[values.smoke ? 'smoke' : values.quick ? 'quick' : 'full']
const size: Size = { ...usual, rounds: values.rounds === undefined ? usual.rounds : Math.max(1, Math.trunc(Number(values.rounds))) }
if (!Number.isFinite(size.rounds)) {
  console.error(`--rounds takes a whole number, got ${values.rounds!}`)
  process.exit(2)
}
const rows: Row[] = []
for (const name of names.filter(isAskedFor)) {
  const { bench } = await benches[name]!()
  for (const row of await bench(size)) {
    rows.push(row)
    console.log(size.kind === 'smoke' ? `${row.bench}: ${row.work}, vs ${row.against}: answers agree` : show(row))
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
}
