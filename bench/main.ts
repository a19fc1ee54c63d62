/**
 * `npm run bench [-- NAME...] [--json FILE] [--quick] [--source]`: runs the benchmarks and prints one line per comparison. `sync` means all
 * of `sync/…`.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { show, type Row } from './support/harness.ts'

const benches: Readonly<Record<string, () => Promise<{ bench: (quick: boolean) => Promise<readonly Row[]> }>>> = {
  pool: () => import('./pool.ts'),
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
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } }
})
const names = Object.keys(benches)
const isAskedFor = (name: string): boolean => positionals.length === 0 || positionals.some((asked) => name === asked || name.startsWith(`${asked}/`))
const unknown = positionals.filter((asked) => !names.some((name) => name === asked || name.startsWith(`${asked}/`)))
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(', ')}; there are: ${names.join(', ')}`)
  process.exit(2)
}
const rows: Row[] = []
for (const name of names.filter(isAskedFor)) {
  const { bench } = await benches[name]!()
  for (const row of await bench(values.quick)) {
    rows.push(row)
    console.log(show(row))
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
