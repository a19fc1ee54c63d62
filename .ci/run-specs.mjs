/**
 * Runs the specs: `node .ci/run-specs.mjs [--built] [PATTERN ...]`; `npm test -- queue/` runs those whose path has `queue/` in it.
 *
 * Every spec file is a process of its own, two at a time. Those in spec/stress, and those whose header says `Runs alone: REASON`
 * (they measure time), run one by one after the others. The exit code of uvu is not to be believed (a suite that was not run,
 * a hook that throws and a thrown `undefined` all exit with 0), so a file passes when its sums say so (Passed == Total > 0), its
 * process exits with 0, and does so by itself soon after the sums were printed: what stays alive has leaked a handle. A
 * failing file's output is printed in full.
 *
 * A file that fails beside another one is run once more, by itself, at the end: on a machine that others load, a spec that waits for
 * real time can be late. One that passes then is told as UNSTEADY, with what it printed when it failed; more than UNSTEADY_FILES of
 * them are a failure, and what runs alone anyway, or is about memory that threads share, has no second try.
 *
 * `--built` runs spec/built instead: specs of the package as it is published, from `dist`, without the condition
 * `millrace-source` and without a loader where this Node runs TypeScript by itself.
 *
 * The last line is `N passed, N failed`. PATTERN is part of a path, or a glob if it has a `*`. Nothing depends on `CI`.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { glob } from 'tinyglobby'

const AT_A_TIME = 2
/** A file that takes longer is killed. Specs have deadlines of their own; this one is for what escapes them. */
const FILE_MS = 300_000
/** After its sums were printed a process may take this long to exit (coverage is written in that time). */
const EXIT_MS = 15_000
/** So many files may fail beside another one and pass alone. */
const UNSTEADY_FILES = 2
/** Where a failure that comes and goes is a race until it is understood. */
const NO_SECOND_TRY = /^spec\/(stress|queue|atomic|sync|channel|frame|pool)\//

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

const args = process.argv.slice(2)
const built = args.includes('--built')
const patterns = args.filter((arg) => arg !== '--built')
const unknown = patterns.filter((pattern) => pattern.startsWith('-'))
if (unknown.length > 0) {
  console.error(`unknown option ${unknown.join(' ')}; usage: node .ci/run-specs.mjs [--built] [PATTERN ...]`)
  process.exit(2)
}

const all = (await glob(built ? 'spec/built/**/*.spec.ts' : ['spec/**/*.spec.ts', '!spec/built/**'])).sort()

/** The files that a pattern names. */
const named = async (pattern) => {
  const wanted = pattern.replace(/^\.\//, '')
  if (!wanted.includes('*')) return all.filter((file) => file.includes(wanted) || resolve(wanted) === resolve(file))
  const matches = new Set(await glob(wanted))
  return all.filter((file) => matches.has(file))
}

const select = async () => {
  if (patterns.length === 0) return all
  const chosen = new Set()
  for (const pattern of patterns) {
    const files = await named(pattern)
    if (files.length === 0) throw new Error(`no spec file matches ${pattern}`)
    for (const file of files) chosen.add(file)
  }
  return all.filter((file) => chosen.has(file))
}

const flags = built
  ? (process.features.typescript ? [] : ['--import', 'tsx'])
  : ['-C', 'millrace-source', '--import', 'tsx']

const environment = { ...process.env, NO_COLOR: '1' }
delete environment.FORCE_COLOR

const running = new Set()
const kill = (child) => {
  try {
    process.kill(-child.pid, 'SIGKILL') // the group: a spec may have started processes of its own
  } catch {
    child.kill('SIGKILL')
  }
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    for (const child of running) kill(child)
    process.exit(130)
  })
}

/** The last sum of that name that a line of the output begins with; uvu prints `Total:`, `Passed:` and `Skipped:` at the end. */
const sumOf = (name, output) => {
  const found = [...output.matchAll(new RegExp(`^\\s*${name}:\\s+(\\d+)\\s*$`, 'gm'))].at(-1)
  return found === undefined ? undefined : Number(found[1])
}

/** Runs one file; what is wrong with it is a list of sentences, empty when it passed. */
const runFile = (file) => new Promise((settle) => {
  const began = performance.now()
  const wrong = []
  let output = ''
  let leaving
  const child = spawn(process.execPath, [...flags, file], { stdio: ['ignore', 'pipe', 'pipe'], env: environment, detached: true })
  running.add(child)
  const limit = setTimeout(() => {
    wrong.push(`has not ended after ${FILE_MS / 1000} s`)
    kill(child)
  }, FILE_MS)
  const take = (chunk) => {
    output += chunk
    if (leaving !== undefined || sumOf('Skipped', output.slice(-400)) === undefined) return
    leaving = setTimeout(() => {
      wrong.push(`its suite ended, but not its process within ${EXIT_MS / 1000} s: a timer, worker or file is still open`)
      kill(child)
    }, EXIT_MS)
  }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
  child.on('error', (error) => wrong.push(`could not be started: ${error.message}`))
  child.on('close', (code, signal) => {
    running.delete(child)
    clearTimeout(limit)
    clearTimeout(leaving)
    const total = sumOf('Total', output) ?? 0
    const passed = sumOf('Passed', output) ?? 0
    if (wrong.length === 0 && code !== 0) wrong.push(code === null ? `was ended by ${signal}` : `exited with code ${code}`)
    if (total === 0) wrong.push('ran no test to its end')
    else if (passed !== total) wrong.push(`${passed} of ${total} tests passed`)
    // What went wrong outside the tests (leak, crash, no test at all) counts as one failure.
    const missing = Math.max(total - passed, wrong.length > 0 ? 1 : 0)
    settle({ file, wrong, output, passed, failed: missing, seconds: (performance.now() - began) / 1000 })
  })
})

let passed = 0
let failed = 0
const broken = []
const again = []

const count = (result) => {
  passed += result.passed
  failed += result.failed
  if (result.wrong.length > 0) broken.push(result)
}

const tell = (result, verdict) => {
  console.log(`${verdict} ${String(result.passed).padStart(4)} passed ${result.seconds.toFixed(1).padStart(6)} s  ${result.file}`)
  if (result.wrong.length > 0) console.log(`${result.output.trimEnd()}\n  ^ ${result.file}: ${result.wrong.join('; ')}\n`)
}

/** Runs files; what fails and may be tried again waits in `again`, uncounted. */
const drain = async (files, atATime) => {
  const queue = [...files]
  const lane = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const result = await runFile(file)
      const retried = result.wrong.length > 0 && atATime > 1 && !NO_SECOND_TRY.test(file)
      tell(result, result.wrong.length === 0 ? 'ok  ' : 'FAIL')
      if (retried) again.push(result)
      else count(result)
    }
  }
  await Promise.all(Array.from({ length: atATime }, lane))
}

/** The second try, alone. Of too many none is excused. */
const tryAgain = async () => {
  if (again.length > UNSTEADY_FILES) return again.forEach(count)
  for (const { file } of again) {
    const result = await runFile(file)
    tell(result, result.wrong.length === 0 ? 'UNSTEADY: failed beside another spec, passed alone;' : 'FAIL twice')
    count(result)
  }
}

try {
  if (built && !existsSync('dist/index.js')) throw new Error('there is no dist/index.js: run `npm run build` first')
  const files = await select()
  if (files.length === 0) throw new Error('there is no spec file')
  const alone = (file) => file.startsWith('spec/stress/') || /^ ?\/?\*+ Runs alone: /m.test(readFileSync(file, 'utf8').slice(0, 2000))
  await drain(files.filter((file) => !alone(file)), AT_A_TIME)
  await drain(files.filter(alone), 1)
  await tryAgain()
  if (broken.length > 0) console.log(`\nfailed: ${broken.map((result) => result.file).join(' ')}`)
} catch (error) {
  failed++
  console.log(error instanceof Error ? error.message : error)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
