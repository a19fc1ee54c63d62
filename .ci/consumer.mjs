/**
 * The package as a user gets it: packed, installed into an empty project somewhere else, compiled against with strict settings,
 * and run as compiled JavaScript, under tsx, as one bundled file and by `require`.
 *
 * Needs dist/ (`npm run build`) and a registry for the peers. Works in a temporary folder, which it removes.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const pkg = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const versionOf = (name) => `${name}@${pkg.devDependencies[name]}`

const project = mkdtempSync(join(tmpdir(), 'millrace-consumer-'))
process.on('exit', () => rmSync(project, { recursive: true, force: true }))

/** Nothing of the process that runs this reaches the project: no conditions, no loaders. */
const environment = { ...process.env }
delete environment.NODE_OPTIONS

const run = (command, args, cwd = project) => {
  try {
    return execFileSync(command, args, { cwd, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 })
  } catch (error) {
    console.log(`${command} ${args.join(' ')}: ${error.message}\n${error.stdout ?? ''}`)
    process.exit(1)
  }
}
const bin = (name, ...args) => run(join(project, 'node_modules/.bin', name), args)

const fail = (text) => {
  console.log(`FAILED: ${text}`)
  process.exit(1)
}

const check = (name, actual, expected) => {
  if (!isDeepStrictEqual(actual, expected)) fail(`${name}\n  expected ${JSON.stringify(expected)}\n  got      ${JSON.stringify(actual)}`)
  console.log(`ok ${name}`)
}

// --- pack
const [{ filename, files, size }] = JSON.parse(run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], root))
const packed = files.map((file) => file.path)
for (const needed of ['dist/index.js', 'dist/index.d.ts', 'dist/portable.js', 'src/index.ts', 'LICENSE', 'README.md', 'CHANGELOG.md']) {
  if (!packed.includes(needed)) fail(`the package lacks ${needed}`)
}
const stray = packed.filter((path) => !/^(dist|src)\/|^(LICENSE|README\.md|CHANGELOG\.md|package\.json)$/.test(path))
check(`packed ${packed.length} files, ${Math.round(size / 1024)} KiB, and nothing that does not belong there`, stray, [])

// --- install
cpSync(join(root, '.ci/consumer'), project, { recursive: true })
const peers = ['rxjs', 'fp-ts', 'io-ts', 'typescript', 'tsx', 'esbuild', '@types/node'].map(versionOf)
run('npm', ['install', '--no-audit', '--no-fund', '--save-exact', `./${filename}`, ...peers])
check('installs with its peers', readdirSync(join(project, 'node_modules')).includes('millrace'), true)

// --- compile
bin('tsc', '-p', '.')
console.log('ok compiles under nodenext, strict, skipLibCheck: false; from a CommonJS file too')

// --- run
const expected = JSON.parse(readFileSync(join(project, 'expected.json'), 'utf8'))
const answers = (name, output) => {
  let answer
  try {
    answer = JSON.parse(output)
  } catch {
    fail(`${name} printed ${JSON.stringify(output)}`)
  }
  check(name, answer, expected)
}
const node = (...args) => run(process.execPath, args)
answers('compiled, on plain node', node('build/main.js'))
answers('as TypeScript under tsx, workers too', node('--import', 'tsx', 'src/main.ts'))

// --- bundled: ESM in one file, everything inside. `require` is for CommonJS packages among it.
const banner = "import { createRequire as makeRequire } from 'node:module';const require = makeRequire(import.meta.url);"
const bundle = (entry, outfile) =>
  bin('esbuild', entry, '--bundle', '--platform=node', '--format=esm', `--outfile=${outfile}`, `--banner:js=${banner}`, '--log-level=warning')
bundle('build/main.js', 'bundle/main.mjs')
answers('bundled into one ESM file', node('bundle/main.mjs'))
const small = `import { map, range } from 'millrace'
console.log(JSON.stringify(await range(0, 4).pipe(map((n) => n * n)).toArray()))
`
writeFileSync(join(project, 'small.mjs'), small)
bundle('small.mjs', 'bundle/small.mjs')
check('a bundle that names only stages still runs them', JSON.parse(node('bundle/small.mjs')), [0, 1, 4, 9])

// --- required
check('required from CommonJS', JSON.parse(node('build/legacy.cjs')), [0, 2, 4])
