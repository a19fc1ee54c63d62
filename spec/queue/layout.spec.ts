/** Where words go: parts begin on lines of their own and do not overlap. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { LINE, lines, place, powerOfTwo } from '../../src/queue/layout.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

suite('layout', (it) => {
  it('places parts in their order, each on a line of its own, without overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const parts = Object.fromEntries(sizes.map((size, i) => [`part${i}`, size]))
        const { at, words } = place(parts)
        let end = 0
        for (const [name, size] of Object.entries(parts)) {
          assert.is(at[name]! % LINE, 0)
          assert.ok(at[name]! >= end && at[name]! < end + LINE)
          end = at[name]! + size
        }
        assert.is(words, lines(end))
      }),
      { seed }
    )
  })

  it('powerOfTwo is the smallest that is large enough', () => {
    for (const [n, power] of [[0, 1], [1, 1], [2, 2], [3, 4], [1024, 1024], [1025, 2048], [2 ** 30, 2 ** 30]] as const) assert.is(powerOfTwo(n), power)
  })
})
