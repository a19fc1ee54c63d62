/**
 * What `npm start` runs: the package, built into dist/, and the examples as plain JavaScript, in .build/examples. In a process of its
 * own, started by start.mjs when a source has changed: what builds takes memory that the program should not be counted for.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const at = (...names) => join(root, ...names)

/** Files and folders: a folder is as new as what was last put into it or taken out. */
const allIn = (folder) => [at(folder), ...readdirSync(at(folder), { recursive: true }).map((name) => at(folder, String(name)))]
const newest = (files) => Math.max(...files.map((file) => statSync(file).mtimeMs))
const isNewer = (made, sources) => existsSync(made) && statSync(made).mtimeMs > newest(sources)

/** Written when all examples have been. */
const stamp = at('.build', 'stamp')

export const isPackageBuilt = () => isNewer(at('dist', 'index.js'), [...allIn('src'), at('rollup.config.mjs'), at('package.json')])
export const areExamplesBuilt = () => isNewer(stamp, allIn('examples'))

const buildPackage = () => {
  process.stderr.write('building millrace, which takes some ten seconds the first time\n')
  const { status, stderr } = spawnSync(process.execPath, [at('node_modules', 'rollup', 'dist', 'bin', 'rollup'), '-c'], { cwd: root, encoding: 'utf8' })
  if (status === 0) return
  process.stderr.write(stderr)
  process.exit(status ?? 1)
}

/** Every module an entry of its own, so that workers import the one that declares a function and not the program. */
const buildExamples = async () => {
  const { build } = await import('esbuild')
  rmSync(stamp, { force: true })
  await build({
    entryPoints: allIn('examples').filter((file) => file.endsWith('.ts')),
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
  writeFileSync(stamp, '')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!isPackageBuilt()) buildPackage()
  if (!areExamplesBuilt()) await buildExamples()
}
