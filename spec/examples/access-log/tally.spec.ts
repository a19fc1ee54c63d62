/** A tally is a map from text to count, whichever way texts come into it: one by one, merged, after a crossing, in any order. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { addText, emptyTally, mergeTally, textAt, type Tally } from '../../../examples/access-log/tally.ts'
import { suite } from '../../support/suite.ts'

const seed = Number(process.env['MILLRACE_SEED'] ?? Date.now() % 1_000_000_007)

const contents = (tally: Tally): readonly (readonly [string, number])[] =>
  Array.from({ length: tally.n }, (_, place) => [textAt(tally, place), tally.counts[place]!] as const).sort(([a], [b]) => (a < b ? -1 : 1))

/** Characters of a byte each, the empty text among them. */
const text = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }).map((codes) => String.fromCharCode(...codes))
const few = fc.constantFrom('a', 'b', 'ab', 'ba', '', '\u00e9', 'a-long-text-of-more-than-thirteen')
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), texts: fc.array(fc.oneof(text, few), { maxLength: 40 }) }),
  fc.record({ do: fc.constant('merge' as const), texts: fc.array(fc.oneof(text, few), { maxLength: 40 }) }),
  fc.record({ do: fc.constant('cross' as const), texts: fc.constant<string[]>([]) })
)

suite('access log: tally', (it) => {
  it(`counts as a map does, through additions, merges and crossings in any order (seed ${seed})`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const model = new Map<string, number>()
        let tally = emptyTally()
        for (const { do: what, texts } of steps) {
          for (const each of texts) model.set(each, (model.get(each) ?? 0) + 1)
          if (what === 'add') for (const each of texts) addText(tally, each)
          else if (what === 'merge') {
            const other = emptyTally()
            for (const each of texts) addText(other, each)
            mergeTally(tally, structuredClone(other))
          } else tally = structuredClone(tally)
        }
        assert.equal(contents(tally), [...model].sort(([a], [b]) => (a < b ? -1 : 1)))
      }),
      { numRuns: 500, seed }
    )
  })

  it('grows to many texts, and takes about 30 bytes for each where they are as long as addresses', () => {
    const tally = emptyTally()
    for (let part = 0; part < 4; part++) {
      const other = emptyTally()
      for (let i = 0; i < 60_000; i++) addText(other, `10.${(part * 50_000 + i) >> 16}.${(i >> 8) & 255}.${i & 255}.${part * 50_000 + i}`)
      mergeTally(tally, other)
    }
    assert.is(tally.n, contents(tally).length)
    assert.is(contents(tally).reduce((sum, [, count]) => sum + count, 0), 240_000)
    const { byteLength } = tally.bytes
    assert.ok((byteLength + tally.ends.byteLength + tally.counts.byteLength) / tally.n < 60, `${byteLength} bytes for ${tally.n} texts`)
  })
})
