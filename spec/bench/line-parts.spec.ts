/** Reading parts of a file by hand, as the rivals of the benchmarks do: every line is in the part where it begins, once, whole. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { partsOf } from '../../bench/support/hands.ts'
import { eachRun } from '../../bench/support/line-parts.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const linesOf = (file: string, start: number, end: number): readonly string[] => {
  const lines: string[] = []
  eachRun(file, start, end, (bytes, from, to) => {
    const text = bytes.toString('utf8', from, to)
    assert.ok(text.endsWith('\n'))
    lines.push(...text.slice(0, -1).split('\n'))
  })
  return lines
}

suite('parts of a file of lines, by hand', (it) => {
  it('have together every line once, in order, wherever they are cut', ({ defer }) => {
    const file = join(tempDir(defer), 'lines.txt')
    const line = fc.stringMatching(/^[a-zø]{0,12}$/)
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (lines, count) => {
        writeFileSync(file, lines.map((text) => `${text}\n`).join(''))
        const parts = partsOf(statSync(file).size, count)
        assert.equal(parts.flatMap(([start, end]) => linesOf(file, start, end)), lines)
      }),
      { seed, numRuns: 200 }
    )
  })

  it('go over many chunks of the file', ({ defer }) => {
    const file = join(tempDir(defer), 'lines.txt')
    const lines = Array.from({ length: 200_000 }, (_, i) => `line ${i} of a file that is larger than a chunk`)
    writeFileSync(file, `${lines.join('\n')}\n`)
    const parts = partsOf(statSync(file).size, 3)
    assert.equal(parts.flatMap(([start, end]) => linesOf(file, start, end)), lines)
  })
})
