/**
 * The made-up log is the same bytes everywhere: those of the awk program of which it is a port. Its log of any length is a
 * prefix of a longer one, and it is written whole or not at all.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { logChunks, logLines, writeLog } from '../../../examples/access-log/generate.ts'
import { suite } from '../../support/suite.ts'

const hashes: readonly (readonly [lines: number, bytes: number, sha256: string])[] = [
  [1000, 170_675, 'e2ff5254c6b222b33f63fec03ed73037431e512c4e65a25ebad1feb4b61d6bd1'],
  [10_000, 1_707_794, 'f8d3da1d5cc393b9a2e1eb0e14503147511e1e34d2caf4b3f308bbd87aac420a'],
  [100_000, 17_069_071, 'a22c729b992d6e3c59150e2ec21065b87a61122b125a85b189307f1bd2ff5cf5']
]

suite('access log: generate', (it) => {
  for (const [lines, bytes, sha256] of hashes) {
    it(`makes the ${lines} lines of seed 7 byte for byte`, () => {
      const hash = createHash('sha256')
      let size = 0
      for (const chunk of logChunks(lines, 7)) {
        hash.update(chunk)
        size += chunk.length
      }
      assert.is(size, bytes)
      assert.is(hash.digest('hex'), sha256)
    })
  }

  it('makes other lines from another seed, and fewer lines as a prefix of more', () => {
    const lines = [...logLines(50, 8)]
    assert.equal([...logLines(20, 8)], lines.slice(0, 20))
    assert.not.equal([...logLines(50, 7)], lines)
    assert.equal([...logLines(0, 7)], [])
  })

  it('writes the file whole', async ({ defer }) => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-generate-'))
    defer(() => {
      rmSync(dir, { recursive: true })
    })
    const size = await writeLog(join(dir, 'a.log'), 1000, 7)
    assert.is(size, 170_675)
    assert.is(createHash('sha256').update(readFileSync(join(dir, 'a.log'))).digest('hex'), hashes[0]![2])
    assert.equal(readdirSync(dir), ['a.log'])
  })

  it('leaves nothing when it is stopped', async ({ defer }) => {
    const dir = mkdtempSync(join(tmpdir(), 'millrace-generate-'))
    defer(() => {
      rmSync(dir, { recursive: true })
    })
    const reason = new Error('enough')
    const error: unknown = await writeLog(join(dir, 'a.log'), 1000, 7, AbortSignal.abort(reason)).catch((e: unknown) => e)
    assert.is(error, reason)
    assert.equal(readdirSync(dir), [])
  })
}, 20_000)
