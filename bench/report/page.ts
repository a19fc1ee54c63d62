/**
 * docs/performance.md as text: rows, what each benchmark's file says it claims, the machine, how to do it again. Pure.
 */
import { figure, type Row } from '../support/row.ts'
import { ratioText } from './chart.ts'
import { reasonFor } from './missed.ts'

export interface Page {
  readonly rows: readonly Row[]
  /** What the file of a benchmark says of it, by its name. */
  readonly claims: ReadonlyMap<string, string>
  /** Name and value, for the table of the machine. */
  readonly machine: readonly (readonly [string, string])[]
  /** What else a reader has to know of this run. */
  readonly note: string | undefined
  /** The pipeline of `ndjson`, as its user writes it. */
  readonly example: string
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const met = (row: Row): string => (row.met === null ? '' : row.met ? '✓' : '✗')

const goal = ({ target }: Row): string => (target === null ? '' : `${target} ×`)

const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [`| ${head.join(' | ')} |`, `|${head.map(() => '---|').join('')}`, ...lines.map((line) => `| ${line.map(cell).join(' | ')} |`)].join('\n')

export const chartFile = (bench: string): string => `performance/${bench.replaceAll('/', '-')}.svg`

const reasons = (rows: readonly Row[]): string => {
  const lines = new Map<string, string[]>()
  for (const row of rows.filter((one) => one.met === false)) {
    const reason = reasonFor(row)
    const text = reason === undefined ? 'Not looked into yet.' : `${reason.why} **What would reach it:** ${reason.remedy}`
    lines.set(text, [...(lines.get(text) ?? []), `${row.work}, against ${row.against}: ${ratioText(row.ratio)} of ${goal(row)}`])
  }
  if (lines.size === 0) return ''
  const items = [...lines].map(([text, which]) => `- ${which.join('; ')}.\n  ${text}`)
  return `\nNot reached:\n\n${items.join('\n')}\n`
}

const section = (bench: string, rows: readonly Row[], claims: Page['claims']): string => `## ${bench}

${claims.get(bench) ?? ''}

![${bench}: ours over theirs, a bar per row; the table below has the numbers](${chartFile(bench)})

${table(
  ['work', 'against', 'ours', 'theirs', 'unit', 'ratio', 'to reach', '', 'spread'],
  rows.map((row) => [
    row.work, row.against, figure(row.ours), figure(row.theirs), row.unit, ratioText(row.ratio), goal(row), met(row), `${(row.spread * 100).toFixed(0)} %`
  ])
)}
${reasons(rows)}`

export const page = ({ rows, claims, machine, note, example }: Page): string => {
  const benches = [...new Set(rows.map((row) => row.bench))]
  const aimed = rows.filter((row) => row.target !== null)
  const reached = aimed.filter((row) => row.met === true)
  const rounds = [...new Set(rows.map((row) => row.rounds))].sort((a, b) => a - b)
  return `# Performance

<!-- written by bench/report.ts from a run; edit that, bench/report/missed.ts or the benchmarks, not this page -->

${note === undefined ? '' : `${note}\n\n`}${reached.length} of ${aimed.length} targets are reached in this run; the others are left in, each with its reason.

A **ratio** above 1 means that ours is better: more per second, or less time or memory. Contenders run interleaved, ${rounds.join(' or ')} rounds here, each
round beginning with another one and every other one backwards, with a rest after each, after a round to warm up; figures are medians, and **spread** is the interquartile range over the median of ours. Every
answer of every contender is checked in every round: a benchmark that computes something else fails. Peers that are slow do less of the same work; rates are
compared.

## Machine

${table(['', ''], machine)}

## Do it again

\`\`\`sh
npm ci
npm run bench -- --json out/bench.json           # all of it, an hour; --quick: smaller, 3 rounds; a name or several: only those
node --import tsx bench/report.ts out/bench.json # this page and its pictures, from one or several such files
npm run bench -- --smoke                         # only that all answers are right
\`\`\`

What is measured is the package as it is published (\`dist/\`, built when it is older than the sources). The peers are dependencies of \`bench/\` alone. Tokio takes
part where cargo and the crate \`tokio\` of the distribution are there, jq and Miller where they are installed; without them a line says so. Inputs are
made by the benchmarks, from seeds, and kept below the folder for temporary files.

One of our sides, as its user writes it (\`ndjson\`):

\`\`\`ts
${example}
\`\`\`

## Targets

${table(
  ['bench', 'work', 'against', 'ratio', 'to reach', ''],
  aimed.map((row) => [row.bench, row.work, row.against, ratioText(row.ratio), goal(row), met(row)])
)}

${benches.map((bench) => section(bench, rows.filter((row) => row.bench === bench), claims)).join('\n')}`
}
