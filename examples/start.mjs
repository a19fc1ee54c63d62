/**
 * `npm start`: runs an example as a program of a user runs, against the built package and as plain JavaScript, without a
 * loader. A loader for TypeScript is a thread more, and 60 MB, for a program that reads gigabytes in less than 200.
 *
 *     node examples/start.mjs access-log WORDS...     builds dist/ when it is missing or older than src/, then runs
 *
 * Writes dist/ and .build/. To run an example from the sources as they are: node -C millrace-source --import tsx examples/NAME.ts
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { buildSync } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const at = (...names) => join(root, ...names)

const filesIn = (folder) => readdirSync(at(folder), { recursive: true }).map((name) => at(folder, String(name)))
const newest = (files) => Math.max(...files.map((file) => statSync(file).mtimeMs))

const isBuilt = () =>
  existsSync(at('dist', 'index.js')) &&
  statSync(at('dist', 'index.js')).mtimeMs > newest([...filesIn('src'), at('rollup.config.mjs'), at('package.json')])

const build = () => {
  process.stderr.write('building millrace, which takes some ten seconds the first time\n')
  const { status, stderr } = spawnSync(process.execPath, [at('node_modules', 'rollup', 'dist', 'bin', 'rollup'), '-c'], { cwd: root, encoding: 'utf8' })
  if (status === 0) return
  process.stderr.write(stderr)
  process.exit(status ?? 1)
}

/** Every module an entry of its own, so that workers import the one that declares a function and not the program. */
const transpile = () =>
  buildSync({
    entryPoints: filesIn('examples').filter((file) => file.endsWith('.ts')),
    outdir: at('.build', 'examples'),
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'linked',
    logLevel: 'error'
  })

const [name = 'access-log', ...words] = process.argv.slice(2)
if (!isBuilt()) build()
transpile()
const program = at('.build', 'examples', `${name}.js`)
process.argv.splice(1, process.argv.length - 1, program, ...words)
await import(pathToFileURL(program).href)
