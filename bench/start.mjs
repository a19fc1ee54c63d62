/**
 * `npm run bench [-- NAME...] [--source]`: what is measured is the package as it is published, so this builds dist/ when the sources are
 * newer, installs what this folder's package.json asks for when it is not there, and runs main.ts.
 *
 * The peers that millrace is measured against are dependencies of this folder alone. `--source` measures src/ through the loader
 * instead (which names functions at run time: small ones are dearer). Writes dist and bench/node_modules.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const own = new URL('./', import.meta.url)
const root = fileURLToPath(new URL('../', import.meta.url))
const SOURCE = '--source'

const read = (path) => JSON.parse(readFileSync(new URL(path, own), 'utf8'))

const isThere = ([name, wanted]) => {
  try {
    const { version } = read(`node_modules/${name}/package.json`)
    return wanted.startsWith('file:') || version === wanted
  } catch {
    return false
  }
}

/** Whether the build is younger than every source. */
const isBuilt = () => {
  const built = join(root, 'dist/index.js')
  if (!existsSync(built)) return false
  const { mtimeMs } = statSync(built)
  return readdirSync(join(root, 'src'), { recursive: true }).every((path) => statSync(join(root, 'src', path)).mtimeMs <= mtimeMs)
}

/** Runs a command to its end, and ends with it if it fails. */
const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root })
  if (error !== undefined) console.error(error.message)
  if (status !== 0) process.exit(status ?? 1)
}

const args = process.argv.slice(2)
const fromSource = args.includes(SOURCE)

if (!Object.entries(read('package.json').devDependencies).every(isThere)) {
  console.log('installing the peers of the benchmarks into bench/node_modules')
  run('npm', ['ci', '--no-audit', '--no-fund', '--prefix', fileURLToPath(own)])
}
if (!fromSource && !isBuilt()) {
  console.log('building dist/')
  run('npx', ['--no', 'rollup', '--', '-c', '--silent'])
}
const conditions = fromSource ? ['-C', 'millrace-source'] : []
run(process.execPath, [...conditions, '--import', 'tsx', 'bench/main.ts', ...args.filter((arg) => arg !== SOURCE)])
