/**
 * What became of each of Tokio's 294 numbered behaviours: `npm run semantics`, or `node .ci/semantics.mjs [--record FILE]`.
 *
 * A number is *matched* when a spec says it in front of its title (`it('4, 5: …')`) and passed; it *differs on purpose* or is
 * *not applicable* when a row of docs/tokio.md says so with a reason (`| 33 | differs | … |`, `| 34 | n/a | … |`). What
 * differs may have specs too: they show what millrace does instead.
 *
 * Exits with 1 if a number has neither, if a spec that claims it failed, if the page has two rows for it, or says "not
 * applicable" of what a spec claims, and if somebody claims a number that does not exist. Specs are run here, those with numbered
 * titles only, unless `--record` names what an earlier run wrote to MILLRACE_PASSED. `--page FILE` reads another page,
 * `--quiet` prints only what is wrong and the sums. Reads spec/ and docs/tokio.md, writes a temporary file.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { glob } from 'tinyglobby'

/** The parts of the list and their first numbers. */
const PARTS = [
  [1, 'mpsc, bounded'], [48, 'mpsc, unbounded and weak'], [54, 'broadcast'], [81, 'oneshot'], [92, 'watch'], [108, 'Semaphore'],
  [128, 'Mutex'], [136, 'RwLock'], [148, 'Barrier'], [152, 'Notify'], [163, 'OnceCell'], [167, 'Runtime: building, blockOn'],
  [184, 'Runtime: scheduling'], [199, 'Runtime: shutdown'], [212, 'blocking work'], [223, 'tasks and handles'], [237, 'JoinSet'],
  [251, 'budget'], [256, 'select, join'], [263, 'time'], [282, 'cancellation, tracking, streams, edges']
]
const LAST = 294

/** `4, 5, 7-9` in a cell, or in front of a title: `4, 5: …`; also with others that are like it: `78 (50, 51): …`. */
const NUMBERS = String.raw`\d+(?:\s*[-–]\s*\d+)?(?:\s*,\s*\d+(?:\s*[-–]\s*\d+)?)*`
const LIKE = String.raw`(?: \([^)]*\))?`
const TITLE = new RegExp(`^(${NUMBERS})${LIKE}: `)
const DECLARED = new RegExp(`\\bit\\(\\s*['"\`]${NUMBERS}${LIKE}: `)
const ROW = new RegExp(`^\\|\\s*(${NUMBERS})\\s*\\|\\s*(differs|n/a)\\s*\\|\\s*(.*?)\\s*\\|\\s*$`)

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const { values } = parseArgs({
  options: { record: { type: 'string' }, page: { type: 'string', default: 'docs/tokio.md' }, quiet: { type: 'boolean', default: false } }
})

const wrong = []

/** The numbers of a list; one that does not exist is a fault of `where`. */
const numbersOf = (list, where) => {
  const numbers = list.split(',').flatMap((part) => {
    const [from, to = from] = part.split(/[-–]/).map(Number)
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
  })
  const outside = numbers.filter((n) => n < 1 || n > LAST)
  if (outside.length > 0 || numbers.length === 0) wrong.push(`${where}: "${list}": numbers are 1 to ${LAST}, in ascending ranges`)
  return numbers.filter((n) => n >= 1 && n <= LAST)
}

/** number → its claims: specs by title, with whether they passed. */
const specClaims = (record) => {
  const tests = new Map()
  for (const line of record.split('\n')) {
    if (line === '') continue
    const { file, title, passed } = JSON.parse(line)
    const key = `${file}: ${title}`
    const test = tests.get(key) ?? { file, title, declared: 0, passed: 0 }
    if (passed) test.passed++
    else test.declared++
    tests.set(key, test)
  }
  const claims = new Map()
  for (const test of tests.values()) {
    const list = TITLE.exec(test.title)?.[1]
    if (list === undefined) continue
    for (const n of numbersOf(list, test.file)) claims.set(n, [...(claims.get(n) ?? []), test])
  }
  return claims
}

/** number → its row of the page. */
const pageRows = (text) => {
  const rows = new Map()
  text.split('\n').forEach((line, i) => {
    const found = ROW.exec(line)
    if (found === null) return
    const [, list, status, reason] = found
    const where = `${values.page}:${i + 1}`
    if (reason.length < 10) wrong.push(`${where}: "${reason}" is no reason`)
    for (const n of numbersOf(list, where)) {
      if (rows.has(n)) wrong.push(`${where}: ${n} has a row already, in line ${rows.get(n).line}`)
      else rows.set(n, { status, reason, line: i + 1 })
    }
  })
  return rows
}

const runSpecs = async () => {
  const files = (await glob('spec/**/*.spec.ts', { ignore: ['spec/built/**'] }))
    .filter((file) => DECLARED.test(readFileSync(file, 'utf8')))
    .sort()
  if (files.length === 0) return ''
  const dir = mkdtempSync(join(tmpdir(), 'millrace-semantics-'))
  const path = join(dir, 'passed')
  try {
    const env = { ...process.env, MILLRACE_PASSED: path }
    const { status } = spawnSync(process.execPath, ['.ci/run-specs.mjs', ...files], { stdio: 'inherit', env })
    if (status !== 0) wrong.push('a file of specs with numbers did not pass: see above')
    console.log()
    return readFileSync(path, 'utf8')
  } finally {
    rmSync(dir, { recursive: true })
  }
}

const record = values.record === undefined ? await runSpecs() : readFileSync(values.record, 'utf8')
const claims = specClaims(record)
const rows = pageRows(readFileSync(values.page, 'utf8'))

const sums = { matched: 0, differs: 0, 'n/a': 0, unaccounted: 0 }
const nameOf = ({ title, file }) => `${title.replace(TITLE, '')}  [${file}]`
const verdictOf = (n) => {
  const specs = claims.get(n) ?? []
  const row = rows.get(n)
  const failed = specs.filter((test) => test.passed < test.declared)
  if (failed.length > 0) {
    wrong.push(...failed.map((test) => `${n}: the spec did not pass: ${nameOf(test)}`))
    return ['unaccounted', failed.map(nameOf)]
  }
  if (row?.status === 'n/a' && specs.length > 0) wrong.push(`${n}: not applicable, says line ${row.line} of ${values.page}, and a spec claims it: ${nameOf(specs[0])}`)
  if (row !== undefined) return [row.status, [row.reason, ...specs.map(nameOf)]]
  if (specs.length > 0) return ['matched', specs.map(nameOf)]
  wrong.push(`${n}: no spec says it, and ${values.page} has no row for it`)
  return ['unaccounted', ['']]
}

const say = (line) => {
  if (!values.quiet) console.log(line)
}
for (let n = 1; n <= LAST; n++) {
  const part = PARTS.find(([first]) => first === n)
  if (part !== undefined) say(`${n === 1 ? '' : '\n'}${part[1]}`)
  const [status, [first, ...more]] = verdictOf(n)
  sums[status]++
  say(`${String(n).padStart(5)}  ${status.padEnd(11)}  ${first}`)
  for (const line of more) say(`${' '.repeat(20)}${line}`)
}
if (wrong.length > 0) console.log(`\nwrong:\n${wrong.map((line) => `  ${line}`).join('\n')}`)
const { matched, differs, unaccounted } = sums
console.log(`\n${matched} matched, ${differs} differ on purpose, ${sums['n/a']} do not apply, ${unaccounted} unaccounted for, of ${LAST}`)
process.exitCode = wrong.length > 0 ? 1 : 0
