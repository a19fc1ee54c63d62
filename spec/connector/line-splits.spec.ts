/** Files in splits of any size, read in chunks of any size, on both lanes, give the lines of the file and their numbers. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lineReader } from '../../src/connector/fs/line-reader.ts'
import { splitPlan } from '../../src/connector/fs/split-plan.ts'
import { readSplits, splitsOf } from '../support/drive-cursor.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const MAX = 1 << 20

/** What the lines of these bytes are, by the simplest reading of the docs. */
const model = (bytes: Buffer, encoding: BufferEncoding): readonly string[] => {
  const body = bytes.subarray(bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0)
  if (body.length === 0) return []
  const cut: Buffer[] = []
  for (let at = 0; at <= body.length; ) {
    const found = body.indexOf(10, at)
    cut.push(body.subarray(at, found < 0 ? body.length : found))
    at = found < 0 ? body.length + 1 : found + 1
  }
  if (body.at(-1) === 10) cut.pop()
  return cut.map((line) => (line.at(-1) === 13 ? line.subarray(0, -1) : line).toString(encoding))
}

const piece = fc.constantFrom('\n', '\n', '\r\n', '\r', 'a', 'bc', 'ü', '漢', '\uFEFF', ' ', '{"k":1}', 'x'.repeat(70), 'long '.repeat(60))
const bytesArb = fc.oneof(
  fc.array(piece, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
  // long lines: the reader goes over to cutting them one by one
  fc.array(fc.tuple(fc.integer({ min: 60, max: 200 }), fc.constantFrom('\n', '\r\n')), { maxLength: 12 }).map((lines) => Buffer.from(lines.map(([n, end]) => `${'ü'.repeat(n)}${end}`).join(''))),
  fc.array(fc.constantFrom(10, 13, 65, 0xc3, 0xbc, 0xff, 0x80), { maxLength: 60 }).map((codes) => Buffer.from(codes))
)

suite('lines in splits', (it) => {
  it('give the lines of the file, whatever the splits and chunks', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.txt')
    await fc.assert(
      fc.asyncProperty(
        bytesArb,
        fc.oneof(fc.integer({ min: 1, max: 80 }), fc.constant(2000)),
        fc.oneof(fc.integer({ min: 4, max: 60 }), fc.constant(300)),
        fc.constantFrom<'blocking' | 'async'>('blocking', 'blocking', 'async'),
        fc.constantFrom<'utf8' | 'latin1'>('utf8', 'latin1'),
        async (bytes, splitBytes, chunkBytes, how, encoding) => {
          writeFileSync(file, bytes)
          const splits = splitsOf(splitPlan([{ file, size: bytes.length }], { divisible: true, splitBytes }), 1)
          const { items, lines } = await readSplits(lineReader, splits, { encoding, maxLineBytes: MAX, chunkBytes }, how)
          const wanted = model(bytes, encoding)
          assert.equal(items, wanted)
          assert.equal(lines, wanted.map((_, i) => i + 1))
        }
      ),
      { numRuns: 500 }
    )
  })

  it('leave out blank lines without losing count', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.txt')
    await fc.assert(
      fc.asyncProperty(bytesArb, fc.integer({ min: 1, max: 80 }), fc.integer({ min: 4, max: 60 }), async (bytes, splitBytes, chunkBytes) => {
        writeFileSync(file, bytes)
        const splits = splitsOf(splitPlan([{ file, size: bytes.length }], { divisible: true, splitBytes }), 1)
        const { items, lines } = await readSplits(lineReader, splits, { encoding: 'utf8', maxLineBytes: MAX, chunkBytes, skipBlank: true }, 'blocking')
        const wanted = model(bytes, 'utf8').map((line, i) => [line, i + 1] as const).filter(([line]) => line.trim() !== '' || (line !== '' && line.charCodeAt(0) > 32))
        assert.equal(items, wanted.map(([line]) => line))
        assert.equal(lines, wanted.map(([, n]) => n))
      }),
      { numRuns: 200 }
    )
  })

  it('cover every byte once', async ({ defer }) => {
    const file = join(tempDir(defer), 'a.txt')
    const text = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'x'.repeat(i % 200)}`).join('\n')
    writeFileSync(file, text)
    const size = readFileSync(file).length
    for (const splitBytes of [1000, 4096, 65536, 262144, size]) {
      const splits = splitsOf(splitPlan([{ file, size }], { divisible: true, splitBytes }), 1)
      const { items, bytes } = await readSplits(lineReader, splits, { encoding: 'utf8', maxLineBytes: MAX }, 'blocking')
      assert.is(items.join('\n'), text)
      assert.is(bytes, size)
    }
  })

  it('cut a file as the executor asks, and small rests not at all', () => {
    const ends = (size: number, target: number): readonly number[] => splitsOf(splitPlan([{ file: '/x', size }], { divisible: true }), target).map(({ end }) => end)
    assert.equal(ends(1000, 400), [400, 800, 1000])
    assert.equal(ends(1000, 450), [450, 1000])
    assert.equal(ends(1000, 2000), [1000])
    assert.equal(splitsOf(splitPlan([{ file: '/x.gz', size: 9 }, { file: '/e', size: 0 }], { divisible: true }), 4), [
      { file: '/x.gz', start: 0, end: Infinity },
      { file: '/e', start: 0, end: Infinity }
    ])
  })
}, 20_000)
