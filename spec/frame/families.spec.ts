/** Families: shapes that never settle cost a bounded number of inferences and compilations, and those that settle are compiled once. */
import * as assert from 'uvu/assert'
import { createColumnsReader } from '../../src/frame/columns-in.ts'
import { createColumnsWriter } from '../../src/frame/families.ts'
import { suite } from '../support/suite.ts'

const target = Buffer.from(new SharedArrayBuffer(65_536))
const written = { bytes: 0 }

const many = <A>(make: (i: number) => A, n = 64): A[] => Array.from({ length: n }, (_, i) => make(i))

suite('families', (it) => {
  it('a shape that settles is compiled once', () => {
    const writer = createColumnsWriter()
    for (let round = 0; round < 100; round++) assert.is(writer.write(many((i) => ({ a: i, b: `${round}` })), 0, 64, target, written), 64)
    assert.equal(writer.counts(), { families: 1, compiled: 1 })
  })

  it('a shape that is seen little is not compiled', () => {
    const writer = createColumnsWriter()
    writer.write(many((i) => ({ a: i })), 0, 64, target, written)
    assert.equal(writer.counts(), { families: 1, compiled: 0 })
  })

  it('a short run is a frame if the loop of its family is there, and makes none', () => {
    const writer = createColumnsWriter()
    const reader = createColumnsReader()
    const make = (i: number): object => ({ a: i, b: `${i}` })
    const write = (n: number): number => writer.write(many(make, n), 0, n, target, written)
    for (let round = 0; round < 100; round++) assert.is(write(8), 0)
    assert.equal(writer.counts(), { families: 0, compiled: 0 })
    assert.is(write(64), 64)
    assert.is(write(8), 0, 'the family is known, but has no loop')
    for (let round = 0; round < 4; round++) write(64)
    for (const n of [4, 8, 15]) {
      assert.is(write(n), n)
      assert.equal(reader.read(target.subarray(0, written.bytes), n), many(make, n))
    }
    assert.is(write(3), 0)
    assert.is(writer.write(many((i) => ({ other: i }), 8), 0, 8, target, written), 0)
    assert.is(writer.write(many((i) => (i < 4 ? make(i) : { a: 'text' }), 8), 0, 8, target, written), 8, 'widened by the short run')
    assert.equal(reader.read(target.subarray(0, written.bytes), 8), many((i) => (i < 4 ? make(i) : { a: 'text' }), 8))
    assert.equal(writer.counts(), { families: 1, compiled: 1 })
  })

  it('a field that becomes nullable, optional and mixed does not make a family for each form', () => {
    const writer = createColumnsWriter()
    const makes: readonly ((i: number) => object)[] = [
      (i) => ({ a: i, b: 'x', c: 1 }), (i) => ({ a: i, b: i % 2 ? null : 'x', c: 1 }), (i) => ({ a: i, ...(i % 3 ? { b: 'x' } : {}), c: 1 }), (i) => ({ a: i, b: 'x', c: i % 2 ? 'text' : 1 })
    ]
    const reader = createColumnsReader()
    for (let round = 0; round < 40; round++) {
      const items = many(makes[round % 4]!)
      assert.is(writer.write(items, 0, 64, target, written), 64)
      assert.equal(reader.read(target.subarray(0, written.bytes), 64), items)
    }
    assert.ok(writer.counts().families <= 2, 'a run that begins without the optional field may make a second one')
    assert.ok(writer.counts().compiled <= 4)
  })

  it('items with keys of their own each go as values, and soon nothing is tried any more', () => {
    const writer = createColumnsWriter()
    let asColumns = 0
    for (let round = 0; round < 2000; round++) {
      asColumns += writer.write(many((i) => ({ [`k${round}-${i}`]: i, [`l${round}-${i}`]: 1 })), 0, 64, target, written)
    }
    assert.is(asColumns, 0)
    assert.ok(writer.counts().families <= 128, `${writer.counts().families} families`)
    assert.is(writer.counts().compiled, 0)
    assert.is(writer.write(many((i) => ({ a: i, b: 'x' })), 0, 64, target, written), 0)
    let later = 0
    for (let round = 0; round < 300; round++) later += writer.write(many((i) => ({ a: i, b: 'x' })), 0, 64, target, written)
    assert.ok(later > 0, 'a shape that settles is found later nevertheless')
  })

  it('some random keys besides common ones do not make sparse columns without end', () => {
    const writer = createColumnsWriter()
    for (let round = 0; round < 500; round++) writer.write(many((i) => ({ id: i, type: 'x', [`k${round}-${i}`]: i })), 0, 64, target, written)
    assert.ok(writer.counts().families <= 128 && writer.counts().compiled < 128, JSON.stringify(writer.counts()))
  })

  it('families and compiled loops are bounded, also when every shape is a good one', () => {
    const writer = createColumnsWriter()
    const reader = createColumnsReader()
    for (let round = 0; round < 400; round++) {
      const items = many((i) => ({ [`a${round}`]: i, [`b${round}`]: `${i}` }))
      for (let again = 0; again < 6; again++) {
        const taken = writer.write(items, 0, 64, target, written)
        assert.is(taken, round < 256 ? 64 : 0)
        if (taken > 0 && again === 5) assert.equal(reader.read(target.subarray(0, written.bytes), taken), items)
      }
    }
    assert.equal(writer.counts(), { families: 256, compiled: 256 })
  })

  it('loops are bounded when families are widened after they were compiled', () => {
    const writer = createColumnsWriter()
    for (let round = 0; round < 100; round++) {
      for (const value of [1, null, 'text', 2n]) {
        const items = many((i) => ({ [`a${round}`]: i, [`b${round}`]: i % 2 ? 1 : value, c: i }))
        for (let again = 0; again < 5; again++) assert.is(writer.write(items, 0, 64, target, written), 64)
      }
    }
    assert.ok(writer.counts().compiled === 256, JSON.stringify(writer.counts()))
  })

  it('a family whose items keep failing goes as values', () => {
    const writer = createColumnsWriter()
    const good = many((i) => ({ a: i, b: 'x' }))
    assert.is(writer.write(good, 0, 64, target, written), 64)
    const bad = many((i) => i % 3 ? new Map() : { a: i, b: 'x' })
    for (let round = 0; round < 50; round++) assert.is(writer.write(bad, 0, 64, target, written), 0)
    assert.is(writer.write(good, 0, 64, target, written), 0)
  })
})
