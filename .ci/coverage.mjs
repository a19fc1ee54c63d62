/**
 * Runs all specs under c8 and fails when fewer than 90 % of the lines of src/ were run, in any process or thread.
 *
 * Files that no spec loads count as not run. Files that hold nothing but types have nothing to run and are left out: those of
 * which esbuild leaves no code. Arguments are patterns for run-specs.mjs. Writes coverage/, and removes what c8 collects in it.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { glob } from 'tinyglobby'

const LINES = 90
const COLLECTED = 'coverage/tmp'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const holdsCode = async (file) => {
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
  const { code } = await transform(readFileSync(file, 'utf8'), { loader: 'ts', tsconfigRaw })
  return code.replace(/\bexport \{\s*\};?/, '').trim() !== ''
}

const sources = (await glob('src/**/*.ts')).sort()
const typesOnly = []
for (const file of sources) if (!(await holdsCode(file))) typesOnly.push(file)

const { status } = spawnSync(
  'npx',
  [
    '--no', 'c8', '--',
    '--all', '--src', 'src', '--include', 'src/**', ...typesOnly.flatMap((file) => ['--exclude', file]),
    '--reporter', 'text', '--reporter', 'lcov', '--reports-dir', 'coverage', '--temp-directory', COLLECTED,
    '--check-coverage', '--lines', String(LINES), '--functions', '0', '--branches', '0', '--statements', '0',
    process.execPath, '.ci/run-specs.mjs', ...process.argv.slice(2)
  ],
  { stdio: 'inherit' }
)
rmSync(COLLECTED, { recursive: true, force: true })
process.exitCode = status ?? 1
