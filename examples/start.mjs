/**
 * `npm start`: runs an example as a program of a user runs, against the built package and as plain JavaScript, without a
 * loader. A loader for TypeScript is a thread more, and 60 MB, for a program that reads gigabytes in less than 200.
 *
 *     node examples/start.mjs access-log WORDS...     builds what is missing or older than its sources (build.mjs), then runs
 *
 * package.json starts it with two flags of V8, for all threads: `--max-semi-space-size=2`, since records die young and the room for
 * young objects is twice that, and `--heap-growing-percent=100`: on a machine with much memory V8 lets the objects of a thread grow
 * fourfold between two collections, here twofold. They limit nothing: a heap may become as large as without them.
 *
 * To run an example from the sources as they are: node -C millrace-source --import tsx examples/NAME.ts
 */
import { fileURLToPath } from 'node:url'
import { areExamplesBuilt, isPackageBuilt } from './build.mjs'

const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url))

if (!isPackageBuilt() || !areExamplesBuilt()) {
  const { spawnSync } = await import('node:child_process')
  const { status } = spawnSync(process.execPath, [fileOf('build.mjs')], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) process.exit(status ?? 1)
}
const [name = 'access-log', ...words] = process.argv.slice(2)
process.argv.splice(1, process.argv.length - 1, fileOf(`../.build/examples/${name}.js`), ...words)
await import(new URL(`../.build/examples/${name}.js`, import.meta.url).href)
