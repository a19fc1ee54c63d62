/**
 * `npm run bench [-- NAME...] [--json FILE] [--quick]`: runs the benchmarks and prints one line per comparison.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { show, type Row } from './support/harness.ts'

const benches: Readonly<Record<string, () => Promise<{ bench: (quick: boolean) => Promise<readonly Row[]> }>>> = {
  pool: () => import('./pool.ts'),
  'access-log': () => import('./access-log.ts'),
  small: () => import('./small.ts')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } }
})
const unknown = positionals.filter((name) => !(name in benches))
if (unknown.length > 0) {
  console.error(`no benchmark named ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}
const rows: Row[] = []
for (const name of positionals.length > 0 ? positionals : Object.keys(benches)) {
  const { bench } = await benches[name]!()
  for (const row of await bench(values.quick)) {
    rows.push(row)
    console.log(show(row))
  }
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`)
