/** Fields become values or are refused with what was expected; groups do not depend on how rows are cut into parts. */
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import * as f from '../../../examples/csv-etl/fields.ts'
import { row, salesLines } from '../../../examples/csv-etl/sales.ts'
import { columnsOfNumbers, type Groups } from '../../../examples/csv-etl/stats.ts'
import { suite } from '../../support/suite.ts'

const seed = Number(process.env['MILLRACE_SEED'] ?? Date.now() % 1_000_000_007)

const value = (codec: { decode: (u: unknown) => unknown }, input: unknown): unknown => {
  const decoded = codec.decode(input) as { _tag: string; right?: unknown }
  return decoded._tag === 'Right' ? decoded.right : 'refused'
}

suite('csv etl: fields', (it) => {
  it('reads what it names and refuses the rest', () => {
    assert.equal(['0', '12', '-3', '1.5', '', 'x', '99999999999999999999', ' 1'].map((s) => value(f.WholeNumber, s)), [0, 12, -3, 'refused', 'refused', 'refused', 'refused', 'refused'])
    assert.equal(['0', '-3'].map((s) => value(f.Count, s)), [0, 'refused'])
    assert.equal(['2', '-0.25', '1e5', '.5'].map((s) => value(f.Decimal, s)), [2, -0.25, 'refused', 'refused'])
    assert.equal(['12.50', '0.05', '12.5', '12'].map((s) => value(f.Cents, s)), [1250, 5, 'refused', 'refused'])
    assert.equal(['2024-02-29', '2025-02-29', '2025-2-1', ''].map((s) => value(f.Day, s)), ['2024-02-29', 'refused', 'refused', 'refused'])
    assert.equal(['north', 'up'].map((s) => value(f.oneOf('north', 'south'), s)), ['north', 'refused'])
    assert.equal(['', 'x', '7'].map((s) => value(f.optional(f.Count), s)), [null, 'refused', 7])
    assert.equal([undefined, null, 7].map((u) => value(f.Filled, u)), ['refused', 'refused', 'refused'])
  })

  it('names what was expected', () => {
    const decoded = f.optional(f.Day).decode('soon')
    assert.ok(isLeft(decoded))
    assert.ok(isLeft(decoded) && decoded.left[0]!.context.at(-1)!.type.name.includes('a day like 2025-02-28'))
  })

  it('makes the same orders for the same seed, a few of them wrong', () => {
    assert.equal([...salesLines(100, 3)], [...salesLines(100, 3)])
    assert.is([...salesLines(100, 3)].length, 101)
    assert.ok(isRight(row.decode({ order: '1', day: '2025-01-01', region: 'north', product: 'wheel', quantity: '2', price: '3.50', customer: 'c', note: '' })))
  })

  it(`gathers figures that do not depend on the parts (seed ${seed})`, () => {
    const { create, add, combine, finish } = columnsOfNumbers
    const rows = fc.array(fc.record({ a: fc.integer(), b: fc.option(fc.integer()), c: fc.string() }), { maxLength: 40 })
    fc.assert(
      fc.property(rows, fc.nat({ max: 40 }), (items, cut) => {
        const part = (some: typeof items) => structuredClone(some.reduce<Groups>(add, create()))
        const whole = finish(part(items))
        assert.equal(finish(combine(part(items.slice(0, cut)), part(items.slice(cut)))), whole)
        assert.equal(finish(combine(part(items.slice(cut)), part(items.slice(0, cut)))), whole)
      }),
      { numRuns: 200, seed }
    )
  })
})
