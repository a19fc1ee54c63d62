/** Lines of chunks that are cut anywhere, also in the middle of a character and of a line end. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { from, mapAsync, splitLines } from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyRefusals } from '../support/verify-operator.ts'

/** The model: what fs.lines would read. */
const linesOf = (text: string): readonly string[] => {
  const lines = text.replace(/^\ufeff/, '').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

const cut = (text: string, places: readonly number[]): readonly Uint8Array[] => {
  const bytes = Buffer.from(text)
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => new Uint8Array(bytes.subarray(at[i], end)))
}

suite('splitLines', (it) => {
  it('agrees with its model, wherever the bytes are cut, in any weather', async () => {
    const piece = fc.constantFrom('a', 'é', '€', '😀', '\n', '\r\n', '\n\n', '\ufeff', 'word ')
    await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(60), { maxLength: 6 }), async (pieces, places) => {
      const text = pieces.join('')
      assert.equal((await verifyOperator(() => splitLines(), cut(text, places))).outs[0], linesOf(text))
    }), { seed, numRuns: 60 })
  })

  it('runs on a worker as on the loop', async () => {
    const text = Array.from({ length: 5000 }, (_, i) => `line ${i} é`).join('\n')
    const chunks = cut(text, Array.from({ length: 50 }, (_, i) => i * 997))
    for (const lane of ['async', 'blocking'] as const) {
      const lines = await from(chunks).pipe(splitLines({ lane }), mapAsync(async (line) => line)).toArray({ workers: 1 })
      assert.equal(lines, text.split('\n'))
    }
  })

  it('holds no more of a line than it may', async () => {
    for (const chunks of [['abcdef'], ['abc', 'def'], ['x\nabcdef'], ['ab', 'cdef\n']]) {
      const error = await rejection(from(chunks.map((chunk) => Buffer.from(chunk))).pipe(splitLines({ maxLineBytes: 4 })).toArray({ workers: 0 }))
      assert.is(error.code, 'ERR_MILLRACE_LINE_TOO_LONG', chunks.join())
    }
    const fits = from([Buffer.from('abcd\nef'), Buffer.from('gh\n')]).pipe(splitLines({ maxLineBytes: 4 }))
    assert.equal(await fits.toArray({ workers: 0 }), ['abcd', 'efgh'])
  })

  it('refuses what is no chunk of bytes', async () => {
    const error = await rejection(from(['text'] as unknown as readonly Uint8Array[]).pipe(splitLines()).toArray({ workers: 0 }))
    assert.match(error.message, 'splitLines: an item is no chunk of bytes but string')
  })

  it('refuses options that cannot be right', () => {
    verifyRefusals('splitLines', [() => splitLines({ maxLineBytes: 0 }), () => splitLines({ maxLineBytes: '4' as never })])
  })
})
