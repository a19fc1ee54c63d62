/** The doors work one without the other: a program that imports `millrace/fs` alone can run what it declares. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as fs from 'millrace/fs'
import { suite } from '../support/suite.ts'

suite('built door fs', (it) => {
  it('runs a source without the main door', async ({ defer }) => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-built-'))
    defer(() => {
      rmSync(dir, { recursive: true, force: true })
    })
    writeFileSync(join(dir, 'a.txt'), 'one\ntwo\n')
    assert.equal(await fs.lines(join(dir, 'a.txt')).toArray(), ['one', 'two'])
  })
}, 20_000)
