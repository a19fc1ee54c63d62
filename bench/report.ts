/**
 * `node --import tsx bench/report.ts FILE... [--note TEXT] [--out DIR]`: writes docs/performance.md and a picture per benchmark below
 * docs/performance/, from files that `npm run bench -- --json FILE` has written. Where files have the same benchmark the last one counts.
 *
 * The machine and the versions are those of the machine that this runs on: make the page where the run was.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { arch, cpus, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chart } from './report/chart.ts'
import { chartFile, page } from './report/page.ts'
import type { Row } from './support/row.ts'

const here = new URL('./', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, here), 'utf8')

/** The file of a benchmark: a module's name does not begin with a digit. */
const fileOf = (bench: string): string => `${bench === '1brc' ? 'one-brc' : bench}.ts`

/** The comment that a benchmark's file opens with: paragraphs, without the stars. */
const claimOf = (bench: string): string =>
  /\/\*\*\n([\s\S]*?)\n \*\//.exec(read(fileOf(bench)))![1]!.replace(/^ \* ?/gm, '').split('\n\n').map((paragraph) => paragraph.replaceAll('\n', ' ')).join('\n\n')

const firstLine = (command: string): string | undefined => {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n')[0]!.trim() : undefined
}

const versions = (): string => {
  const { devDependencies } = JSON.parse(read('package.json')) as { readonly devDependencies: Readonly<Record<string, string>> }
  const others = Object.entries(devDependencies).filter(([name]) => name !== 'millrace')
  const rxjs = (JSON.parse(read('../node_modules/rxjs/package.json')) as { readonly version: string }).version
  return [...others, ['rxjs', rxjs]].map(([name, version]) => `${name!} ${version!}`).sort().join(', ')
}

const machine = (rows: readonly Row[]): readonly (readonly [string, string])[] => {
  const tokio = rows.map(({ against }) => /^tokio [\d.]+/.exec(against)?.[0]).find((found) => found !== undefined)
  const tools = [firstLine('jq'), firstLine('mlr'), tokio, firstLine('rustc')].filter((found) => found !== undefined)
  const { version } = JSON.parse(read('../package.json')) as { readonly version: string }
  return [
    ['processor', `${cpus()[0]!.model.trim()}, ${cpus().length} cores`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['system', `${type()}, ${arch()}`],
    ['Node.js', process.version],
    ['millrace', version],
    ['packages', versions()],
    ['others', tools.join(', ')]
  ]
}

/** The pipeline of `ndjson` with the type that it needs, so that it stands by itself. */
const example = (): string => {
  const text = read('support/ndjson-ours.ts')
  const code = text.slice(text.indexOf('import ')).replace(/import type .*\n/, '').trimEnd()
  const [imports, rest] = code.split('\n\n') as [string, string]
  return `${imports}\n\ninterface Visit {\n  readonly path: string\n  readonly status: number\n  readonly bytes: number\n}\n\n${rest}`
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { note: { type: 'string' }, out: { type: 'string', default: fileURLToPath(new URL('../docs/', here)) } }
})
if (positionals.length === 0) {
  console.error('name the files that `npm run bench -- --json FILE` has written')
  process.exit(2)
}
const byBench = new Map<string, readonly Row[]>()
for (const file of positionals) {
  const rows = JSON.parse(readFileSync(file, 'utf8')) as readonly Row[]
  for (const bench of new Set(rows.map((row) => row.bench))) byBench.set(bench, rows.filter((row) => row.bench === bench))
}
const rows = [...byBench.values()].flat()
rmSync(join(values.out, 'performance'), { recursive: true, force: true })
mkdirSync(join(values.out, 'performance'), { recursive: true })
for (const [bench, its] of byBench) writeFileSync(join(values.out, chartFile(bench)), chart(bench, its))
const claims = new Map([...byBench.keys()].map((bench) => [bench, claimOf(bench)]))
writeFileSync(join(values.out, 'performance.md'), page({ rows, claims, machine: machine(rows), note: values.note, example: example() }))
console.log(`${join(values.out, 'performance.md')}: ${rows.length} rows of ${byBench.size} benchmarks`)
