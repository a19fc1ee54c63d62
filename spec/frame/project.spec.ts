/** Projection: only the fields asked for are laid out, whatever the items are; compiled and interpreted it is the same. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { createArena, WORD_BYTES, WORD_KIND } from '../../src/frame/arena.ts'
import { decodeAlone, encodeAlone, readFrame, writeFrame } from '../../src/frame/frame.ts'
import { hintOf } from '../../src/frame/hint.ts'
import { plainProject, projectOn } from '../../src/frame/project.ts'
import { suite } from '../support/suite.ts'
import { difference } from './same-graph.ts'

const arena = createArena({ slots: 1, slotBytes: 65_536 })

/** What arrives, and the bytes of its frame. */
const through = (items: readonly unknown[], fields: readonly string[] | undefined): { readonly got: readonly unknown[], readonly bytes: number, readonly kind: number } => {
  const slot = arena.claim(1)
  try {
    assert.is(writeFrame(arena, slot, items, 0, items.length, hintOf({ fields })), items.length)
    const words = arena.words(slot)
    return { got: readFrame(arena, slot), bytes: words[WORD_BYTES]!, kind: words[WORD_KIND]! }
  } finally {
    arena.release(slot)
  }
}

const many = <A>(make: (i: number) => A, n = 100): A[] => Array.from({ length: n }, (_, i) => make(i))

/** What a reader of some fields can see of a clone. */
const seen = (item: unknown, fields: readonly string[]): unknown => plainProject(fields)([structuredClone(item)], 0, 1)[0]

suite('projection', (it) => {
  it('what is not asked for takes no bytes', () => {
    const items = many((i) => ({ id: i, host: `h${i % 3}`, path: `/a/long/path/${i}`, bytes: i * 3, agent: 'Mozilla/5.0' }))
    const all = through(items, undefined)
    const some = through(items, ['host', 'bytes'])
    assert.equal(some.got, items.map(({ host, bytes }) => ({ host, bytes })))
    assert.ok(some.bytes * 3 < all.bytes, `${some.bytes} of ${all.bytes} bytes`)
  })

  it('fields that differ from item to item do not keep the others from being columns', () => {
    const items = many((i) => ({ host: 'a', [`k${i}`]: i, extra: i % 2 === 0 ? new Map([[i, i]]) : `${i}` }))
    assert.is(through(items, ['host']).kind, 7)
    assert.equal(through(items, ['host']).got, items.map(() => ({ host: 'a' })))
  })

  it('a field that nobody reads may hold what structured clone refuses', () => {
    const items = many((i) => ({ id: i, log: () => i }))
    assert.equal(through(items, ['id']).got, items.map(({ id }) => ({ id })))
    assert.throws(() => through(items, ['id', 'log']), (error: { code?: string }) => error.code === 'ERR_MILLRACE_NOT_CLONEABLE')
  })

  it('missing fields stay missing, undefined ones undefined, hidden and inherited ones are none', () => {
    const hidden = Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false })
    const items = [{ a: 1, b: undefined }, { a: 1 }, { b: 2 }, {}, hidden, Object.assign(Object.create(null) as object, { b: 3 })]
    const got = projectOn(['a', 'b'])(items, 0, items.length)
    assert.equal(got.map((item) => Object.entries(item as object)), [[['a', 1], ['b', undefined]], [['a', 1]], [['b', 2]], [], [['a', 1]], [['b', 3]]])
  })

  it('fields may be called like what every object has', () => {
    const proto = JSON.parse('{"__proto__": 1, "toString": 2, "a": 3}') as object
    for (const project of [projectOn, plainProject]) {
      const [own, none] = project(['__proto__', 'toString'])([proto, { a: 3 }], 0, 2) as [object, object]
      assert.equal(Object.entries(own), [['__proto__', 1], ['toString', 2]])
      assert.is(Object.getPrototypeOf(own), Object.prototype)
      assert.equal(Object.keys(none), [])
    }
  })

  it('what is no plain object goes whole: arrays, instances, texts, numbers', () => {
    class Point { readonly x = 1; readonly y = 2 }
    for (const item of [[1, 2], new Point(), new Date(3), new Map([['x', 1]]), 'text', 4, null]) {
      const { got } = through(many(() => item), ['x'])
      for (const one of got) assert.is(difference(one, structuredClone(item)), undefined)
    }
  })

  it('no fields at all is possible: items that are only counted', () => {
    assert.equal(through(many((i) => ({ id: i })), []).got, many(() => ({})))
  })

  it('frames without a slot are projected too', () => {
    const items = many((i) => ({ id: i, text: 'x'.repeat(1000) }))
    const frame = encodeAlone(items, 10, 90, false, hintOf({ fields: ['id'] }))
    assert.equal(decodeAlone(frame), items.slice(10, 90).map(({ id }) => ({ id })))
    assert.ok(frame.buffer.byteLength < 4000)
  })

  it('a reader of the fields sees what it would see of a clone; compiled or interpreted', () => {
    const value = fc.oneof(fc.integer(), fc.string(), fc.constantFrom(undefined, null, true, -0, NaN), fc.array(fc.integer(), { maxLength: 3 }), fc.date())
    const item = fc.oneof({ weight: 8, arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'toString'), value, { maxKeys: 4 }) }, { weight: 1, arbitrary: value })
    const fields = fc.subarray(['a', 'b', 'c', 'toString'])
    fc.assert(fc.property(fc.array(item, { minLength: 1, maxLength: 40 }), fields, (items, asked) => {
      const { got } = through(items, asked)
      const plain = plainProject(asked)(items, 0, items.length)
      items.forEach((each, i) => {
        assert.is(difference(seen(got[i], asked), seen(each, asked)), undefined)
        assert.equal(plain[i], projectOn(asked)([each], 0, 1)[0])
      })
    }), { numRuns: 300, seed: 20_261_124 })
  })
})
