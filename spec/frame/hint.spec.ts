/** Hints: a shape in advance saves looking and compiling, and changes nothing about what arrives. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { createColumnsReader } from '../../src/frame/columns-in.ts'
import { createColumnsWriter } from '../../src/frame/families.ts'
import { hinted, hintOf } from '../../src/frame/hint.ts'
import { columnOfItem } from '../../src/frame/infer.ts'
import { textOf, type Column, type Shape } from '../../src/frame/shape.ts'
import { suite } from '../support/suite.ts'
import { runs } from './item-arbitrary.ts'
import { difference } from './same-graph.ts'

const target = Buffer.from(new SharedArrayBuffer(65_536))
const written = { bytes: 0 }

const many = <A>(make: (i: number) => A, n = 64): A[] => Array.from({ length: n }, (_, i) => make(i))
const leaf = (kind: 'number' | 'string' | 'nil' | 'flag', masked = false): Column => ({ kind, masked })
const field = (key: string, column: Column, optional = false) => ({ key, optional, column })
const record = (...fields: readonly ReturnType<typeof field>[]): Column => ({ kind: 'record', masked: false, fields })

const row: Shape = [record(field('ts', leaf('number')), field('user', leaf('string', true)), field('ms', leaf('number', true), true), field('more', leaf('nil')))]

suite('hints', (it) => {
  it('a shape in advance is compiled once, before its first frame, whatever optional fields come later', () => {
    const [told, untold] = [createColumnsWriter(), createColumnsWriter()]
    const makes: readonly ((i: number) => object)[] = [
      (i) => ({ ts: i, user: 'ann', more: i }), (i) => ({ ts: i, user: i % 2 ? 'bob' : null, more: i }), (i) => ({ ts: i, user: 'eve', ms: 3, more: i }),
      (i) => ({ ts: i, user: 'ann', ...(i % 2 ? { ms: 4 } : {}), more: i })
    ]
    told.write(many(makes[0]!), 0, 64, target, written, row)
    assert.equal(told.counts(), { families: 1, compiled: 1 })
    for (let round = 0; round < 60; round++) {
      for (const writer of [told, untold]) assert.is(writer.write(many(makes[round >> 4 & 3]!), 0, 64, target, written, writer === told ? row : undefined), 64)
    }
    assert.equal(told.counts(), { families: 1, compiled: 1 })
    assert.ok(untold.counts().compiled > 1, 'without a hint there is something to save')
  })

  it('the item decides about the order of keys and about fields that the hint does not know', () => {
    const shape = hinted(row, columnOfItem({ extra: true, more: 'x', user: 'ann', ts: 1 })!)!
    assert.is(textOf(shape, []), '[["r",0,"extra","b","more","s","user","s?","ms","n-","ts","n"]]')
    assert.is(textOf(hinted(row, columnOfItem({ ts: 1, user: null, more: 1 })!)!, []), '[["r",0,"ts","n","user","s?","ms","n-","more","n"]]')
  })

  it('a member of a union is found by its keys', () => {
    const union: Shape = [record(field('kind', leaf('string')), field('r', leaf('number'))), record(field('kind', leaf('string')), field('w', leaf('number')), field('h', leaf('number')))]
    const writer = createColumnsWriter()
    const reader = createColumnsReader()
    const items = many((i) => (i < 40 ? { kind: 'rectangle', w: i, h: 2 } : { kind: 'circle', r: i }))
    assert.is(writer.write(items, 0, 64, target, written, union), 64)
    assert.equal(reader.read(target.subarray(0, written.bytes), 64), items)
    assert.equal(writer.counts(), { families: 1, compiled: 1 })
  })

  it('an optional field of a name that every object has is not foreseen: what is inherited is not the item\'s', () => {
    const held = [leaf('string', true), { kind: 'any', masked: true }, record(field('q', leaf('number'), true))] as const
    for (const key of ['__proto__', 'constructor']) {
      for (const column of held) {
        const hint: Shape = [record(field('a', leaf('number')), field(key, column, true), field('b', leaf('string')), field('in', record(field('c', leaf('number')), field(key, column, true))))]
        const writer = createColumnsWriter()
        const reader = createColumnsReader()
        const items = many((i) => ({ a: i, b: 'x', in: { c: i } }))
        for (let round = 0; round < 3; round++) {
          assert.is(writer.write(items, 0, 64, target, written, hint), 64, `${key} as ${column.kind}`)
          assert.is(difference(reader.read(target.subarray(0, written.bytes), 64), items), undefined)
        }
        assert.is(writer.counts().compiled, 1)
        const union: Shape = [record(field('kind', leaf('string')), field(key, column, true)), record(field('kind', leaf('string')), field('w', leaf('number')))]
        const mixed = many((i) => (i % 2 === 0 ? { kind: 'w', w: i } : { kind: 'other' }))
        assert.is(writer.write(mixed, 0, 64, target, written, union), 64)
        assert.is(difference(reader.read(target.subarray(0, written.bytes), 64), mixed), undefined)
      }
    }
  })

  it('a hint that is wrong costs nothing but itself', () => {
    const items = many((i) => ({ user: i, ts: `${i}`, ms: [i] }))
    const writer = createColumnsWriter()
    const reader = createColumnsReader()
    for (let round = 0; round < 10; round++) {
      assert.is(writer.write(items, 0, 64, target, written, row), 64)
      assert.equal(reader.read(target.subarray(0, written.bytes), 64), items)
    }
  })

  it('two outlets with hints of their own share what suits both', () => {
    const writer = createColumnsWriter()
    const items = many((i) => ({ ts: i, user: 'ann', more: i }))
    for (const hint of [row, structuredClone(row), structuredClone(row)]) assert.is(writer.write(items, 0, 64, target, written, hint), 64)
    assert.equal(writer.counts(), { families: 1, compiled: 1 })
  })

  it('fields that are left out are none of the hint', () => {
    const { shape } = hintOf({ shape: row, only: ['ts', 'user'], fields: ['user', 'ms'] })!
    assert.is(textOf(shape!, []), '[["r",0,"user","s?"]]')
    assert.is(hintOf({}), undefined)
  })

  it('whatever is foretold of whatever items, what arrives is a structured clone', () => {
    const kind = fc.constantFrom('number', 'string', 'flag', 'nil', 'bigint', 'date', 'bytes') as fc.Arbitrary<'number'>
    const { column } = fc.letrec<{ column: Column }>((tie) => ({
      column: fc.oneof({ maxDepth: 2, withCrossShrink: true },
        fc.record({ kind, masked: fc.boolean() }),
        fc.record({ kind: fc.constant('list' as const), masked: fc.boolean(), of: tie('column') }),
        fc.record({ kind: fc.constant('tuple' as const), masked: fc.boolean(), places: fc.array(tie('column'), { maxLength: 3 }) }),
        fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'id'), fc.boolean(), tie('column')), { maxLength: 4, selector: ([key]) => key }).map((fields): Column => record(
          ...fields.map(([key, optional, of]) => field(key, optional ? { ...of, masked: true } : of, optional)))))
    }))
    const variant = column.filter((each) => each.kind === 'record' || each.kind === 'list' || each.kind === 'tuple').map((each) => ({ ...each, masked: false }))
    fc.assert(fc.property(runs, fc.array(variant, { minLength: 1, maxLength: 3 }), fc.boolean(), (items, shape, plain) => {
      const writer = createColumnsWriter(plain)
      const reader = createColumnsReader(plain)
      for (let from = 0; from < items.length; ) {
        const taken = writer.write(items, from, items.length, target, written, shape)
        const got = taken === 0 ? [] : reader.read(target.subarray(0, written.bytes), taken)
        got.forEach((item, i) => {
          assert.is(difference(item, structuredClone(items[from + i])), undefined)
        })
        from += Math.max(1, taken)
      }
    }), { numRuns: 400, seed: 20_261_124 })
  })
})
