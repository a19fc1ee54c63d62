/**
 * The accounts of Tokio's behaviours add up: `npm run semantics` counts what specs and docs/tokio.md say of each number, and
 * fails when one is missing, claimed by a spec that failed, or told in two ways. Here it reads records and pages made up.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { suite, type Scope } from '../support/suite.ts'

const script = fileURLToPath(new URL('../../.ci/semantics.mjs', import.meta.url))

const test = (title: string, passed = true) => ({ title, passed })

const account = ({ defer }: Scope, tests: readonly { readonly title: string; readonly passed: boolean }[], rows: readonly string[]) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-semantics-'))
  defer(() => {
    rmSync(dir, { recursive: true })
  })
  const lines = tests.flatMap(({ title, passed }) => [
    { file: 'spec/x.spec.ts', title, passed: false },
    ...(passed ? [{ file: 'spec/x.spec.ts', title, passed: true }] : [])
  ])
  writeFileSync(join(dir, 'record'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  writeFileSync(join(dir, 'page.md'), rows.join('\n'))
  const { status, stdout } = spawnSync(
    process.execPath,
    [script, '--record', join(dir, 'record'), '--page', join(dir, 'page.md')],
    { encoding: 'utf8' }
  )
  return { status, stdout }
}

suite('npm run semantics', (it) => {
  it('passes when every number has a spec that passed or a reason, and prints the sums', (scope) => {
    const { status, stdout } = account(
      scope,
      [test('1-200, 202: all of these hold'), test('203, 294: so do these'), test('no number here', false), test('206: instead, this')],
      ['| number | status | reason |', '|---|---|---|', '| 201, 204, 205 | n/a | has no place in Node |', '| 206-293 | differs | another way of doing it |']
    )
    assert.is(status, 0, stdout)
    assert.match(stdout, '203 matched, 88 differ on purpose, 3 do not apply, 0 unaccounted for, of 294')
    assert.match(stdout, /^ {2}202 {2}matched {6}all of these hold {2}\[spec\/x\.spec\.ts\]$/m)
    assert.match(stdout, /^ {2}206 {2}differs {6}another way of doing it\n {20}instead, this/m)
  })

  const faults: Readonly<Record<string, readonly [string, Parameters<typeof account>[1], readonly string[]]>> = {
    'a number that nobody speaks of': ['294: no spec says it', [test('1-293: all but one')], []],
    'a number that only a spec that failed speaks of': ['7: the spec did not pass', [test('7: a promise', false), test('1-294: all')], []],
    'a spec for what does not apply': ['7: not applicable', [test('1-294: all')], ['| 7 | n/a | has no place in Node |']],
    'two rows for one number': ['7 has a row already', [test('1-294: all')], ['| 7 | differs | in one way or so |', '| 7 | n/a | or in no way at all |']],
    'a number that does not exist': ['numbers are 1 to 294', [test('1-294: all'), test('295: more')], []],
    'a row without a reason': ['is no reason', [test('1-293: all')], ['| 294 | differs | so |']]
  }
  for (const [name, [said, tests, rows]] of Object.entries(faults)) {
    it(`fails on ${name}`, (scope) => {
      const { status, stdout } = account(scope, tests, rows)
      assert.is(status, 1, stdout)
      assert.match(stdout, said)
    })
  }
}, 20_000)
