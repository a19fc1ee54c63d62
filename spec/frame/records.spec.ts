/**
 * Columns: whatever the items are, what arrives is what structured clone makes of each, in as many frames as there must be.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { createArena, WORD_BYTES, WORD_KIND } from '../../src/frame/arena.ts'
import { createColumnsReader } from '../../src/frame/columns-in.ts'
import { createColumnsWriter } from '../../src/frame/families.ts'
import { decodeAlone, encodeAlone, readFrame, writeFrame } from '../../src/frame/frame.ts'
import { suite } from '../support/suite.ts'
import { runs, tidyRuns } from './item-arbitrary.ts'
import { difference } from './same-graph.ts'

const arena = createArena({ slots: 2, slotBytes: 16_384 })

/** All items through frames, the kinds of which are noted. */
const through = (items: readonly unknown[], kinds: number[] = [], a = arena): unknown[] => {
  const out: unknown[] = []
  const slot = a.claim(1)
  try {
    for (let from = 0; from < items.length; ) {
      const taken = writeFrame(a, slot, items, from, items.length)
      if (taken === 0) {
        out.push(...decodeAlone(encodeAlone(items, from, from + 1, false)))
        from++
      } else {
        kinds.push(a.words(slot)[WORD_KIND]!)
        assert.ok(a.words(slot)[WORD_BYTES]! <= a.payloadBytes)
        out.push(...readFrame(a, slot))
        from += taken
      }
    }
  } finally {
    a.release(slot)
  }
  return out
}

const same = (got: readonly unknown[], items: readonly unknown[]): void => {
  assert.is(got.length, items.length)
  for (let i = 0; i < items.length; i++) {
    const found = difference(got[i], structuredClone(items[i]))
    if (found !== undefined) throw new Error(`item ${i}: ${found}`)
  }
}

const many = <A>(make: (i: number) => A, n = 64): A[] => Array.from({ length: n }, (_, i) => make(i))

/**
 * Frames of a writer that has seen nothing, read by a reader of its own; again and again, so that both compile. Answers how many
 * items went as columns in the last round.
 */
const alone = (items: readonly unknown[], rounds = 10): number => {
  const writer = createColumnsWriter()
  const reader = createColumnsReader()
  const target = Buffer.from(new SharedArrayBuffer(65_536))
  const written = { bytes: 0 }
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    sum = 0
    for (let from = 0; from < items.length; ) {
      const taken = writer.write(items, from, items.length, target, written)
      if (taken > 0) same(reader.read(target.subarray(0, written.bytes), taken), items.slice(from, from + taken))
      sum += taken
      from += Math.max(1, taken)
    }
  }
  return sum
}

/** Goes as columns, whole and in one frame, and arrives as structured clone makes it. */
const inColumns = (make: (i: number) => unknown): void => {
  const items = many(make)
  assert.is(alone(items), items.length)
  same(through(items), items)
}

/** Goes as values, and arrives as structured clone makes it. */
const asValues = (make: (i: number) => unknown): void => {
  const items = many(make)
  assert.is(alone(items), 0)
  same(through(items), items)
}

suite('records', (it) => {
  it('items of random types arrive as structured clone makes them, with what does not fit in between', () => {
    fc.assert(fc.property(runs, (items) => {
      same(through(items), items)
      alone(items, 2)
    }), { numRuns: 200 })
  })

  it('items that are alike arrive so, too, in compiled and in interpreted frames', () => {
    let all = 0
    let asColumns = 0
    fc.assert(fc.property(tidyRuns, (items) => {
      all += items.length
      asColumns += alone(items, 12)
    }), { numRuns: 60 })
    assert.ok(asColumns > all / 3, `${asColumns} of ${all} went as columns`)
  })

  it('fields of each kind go as columns', () => {
    inColumns((i) => ({ id: i, at: i / 3, text: `t${i}`, word: i % 2 ? 'GET' : 'PUT', yes: i % 3 === 0, big: BigInt(i) << 40n }))
    inColumns((i) => ({ at: new Date(i * 1e9), never: new Date(NaN), bytes: new Uint8Array([i, 2]), none: null, nothing: undefined }))
    inColumns((i) => ({ wide: `\u{1f600}${i}\ud800`, latin: `é${i}`, zero: -0, nan: NaN, limit: i % 2 ? 2 ** 31 - 1 : -(2 ** 31) }))
    inColumns((i) => ({ position: { x: i, y: { z: -i } }, tags: many((k) => `tag${k}`, i % 4), path: many((k) => ({ x: k }), i % 3), pair: [i, `${i}`] }))
    inColumns((i) => [`key${i}`, i])
    inColumns((i) => many((k) => k / 2, i % 7))
    inColumns((i) => ({ a: i, b: 'x', mixed: i % 2 ? i : 'text' }))
    inColumns((i) => ({ a: i, b: 'x', c: true, rare: new Map([[i, { a: i }]]), also: [new Set([i])] }))
  })

  it('as many fields as a record may have go as columns, whatever they are', () => {
    for (const value of [1, 1.5, 5n, new Date(5), new Uint8Array(2), 'GET', 'x'.repeat(40), true, null, [1], { a: 1 }]) {
      inColumns(() => Object.fromEntries(many((k) => [`f${k}`, structuredClone(value)])))
    }
  })

  it('null, undefined and a missing key are three things, and keys keep their order', () => {
    inColumns((i) => i % 4 === 0 ? { a: i, c: 2, d: 3 } : { a: i, b: [null, undefined, 'x'][i % 3], c: 2, d: 3 })
    inColumns((i) => i % 2 === 0 ? { kind: 'circle', r: i } : { kind: 'square', side: i, at: { x: 1 } })
    inColumns((i) => i % 2 === 0 ? { x: 1, y: i } : { y: i, x: 1 })
    inColumns((i) => i % 2 === 0 ? { a: { b: i } } : { a: i % 3 === 0 ? null : { b: i, c: undefined } })
    inColumns((i) => [{}, { a: 1 }][i % 2])
  })

  it('a union of eight shapes is one frame, the ninth shape ends it', () => {
    inColumns((i) => ({ [`key${i % 8}`]: i, [`more${i % 8}`]: `${i}` }))
    const items = many((i) => ({ [`k${i >> 4}`]: i, [`m${i >> 4}`]: i }), 144)
    const written = { bytes: 0 }
    assert.is(createColumnsWriter().write(items, 0, items.length, Buffer.from(new SharedArrayBuffer(65_536)), written), 128)
  })

  it('an object that an item holds twice arrives as one', () => {
    for (const make of [
      (i: number) => ((x) => ({ a: x, b: x }))({ i }), (i: number) => ((x) => ({ a: [x, x] }))({ i }), () => ((x) => ({ a: x, n: 1, b: [{ c: x }] }))(new Date(0)),
      (i: number) => ((x) => ({ n: i, m: 1, a: new Map([[1, x]]), b: x }))({ i }), (i: number) => ((x: unknown[]) => ({ a: x, b: { c: x } }))([i])
    ] as readonly ((i: number) => unknown)[]) {
      const items = many(make)
      same(through(items), items)
      alone(items)
    }
    inColumns((i) => ({ a: { i }, b: { i }, c: [{ i }, { i }], d: [{ i }] }))
  })

  it('an item that leads back to itself arrives as such', () => {
    const ring = (i: number): object => {
      const item: Record<string, unknown> = { i, a: 1, b: 2, c: 3 }
      item['self'] = i % 2 ? item : new Map([['self', [item]]])
      return item
    }
    asValues(ring)
  })

  it('what is no plain record goes as values', () => {
    asValues((i) => new (class Point { readonly x = i })())
    asValues((i) => Object.assign([i, 'x'], { more: i }))
    asValues((i) => [i, , i, 'x']) // eslint-disable-line no-sparse-arrays -- a hole is meant
    asValues((i) => new Map([[i, i]]))
    asValues((i) => new RangeError(`${i}`))
    asValues((i) => ({ get x() { return i } }))
  })

  it('instances of a class do not spoil the columns of plain objects with the same keys', () => {
    class Point {
      readonly x: number
      constructor(x: number) {
        this.x = x
      }
    }
    const writer = createColumnsWriter()
    const target = Buffer.from(new SharedArrayBuffer(16_384))
    const written = { bytes: 0 }
    const plain = many((i) => ({ x: i }))
    assert.is(writer.write(plain, 0, 64, target, written), 64)
    for (let round = 0; round < 100; round++) assert.is(writer.write(many((i) => new Point(i)), 0, 64, target, written), 0)
    assert.is(writer.write(plain, 0, 64, target, written), 64)
  })

  it('proxies cannot be cloned, also when their shape is known', () => {
    const plain = many((i) => ({ a: i, b: 'x' }))
    const proxies = plain.map((item) => new Proxy(item, {}))
    const writer = createColumnsWriter()
    const target = Buffer.from(new SharedArrayBuffer(16_384))
    const written = { bytes: 0 }
    assert.is(writer.write(plain, 0, 64, target, written), 64)
    assert.is(writer.write(proxies, 0, 64, target, written), 0)
    assert.throws(() => through(proxies), (error: { code?: string }) => error.code === 'ERR_MILLRACE_NOT_CLONEABLE')
  })

  it('an odd item among many of a known shape ends the frame, compiled and interpreted', () => {
    const shared = { x: 1 }
    const make = (i: number): Record<string, unknown> =>
      ({ id: i, big: BigInt(i), list: [i, null], pair: [i, 'x'], at: new Date(i), bytes: new Uint8Array(2), inside: [{ x: i }, { x: 2 }], deep: { y: i } })
    const odd: readonly Record<string, unknown>[] = [
      { list: [1, , 2] }, { list: Object.assign([1, 2], { more: 1 }) }, { list: Object.assign([1, , 2], { more: 1 }) }, // eslint-disable-line no-sparse-arrays
      { pair: Object.assign([1, 'x'], { more: 1 }) }, { pair: [1, 'x', 2] }, { big: 2n ** 63n }, { big: -(2n ** 70n) }, { id: -0 }, { id: NaN }, { id: '1' },
      { at: new (class extends Date {})(0) }, { bytes: Buffer.from('ab').subarray(0, 0) }, { bytes: new Uint16Array(1) }, { inside: [shared, shared] },
      { deep: new (class { y = 1 })() }, { deep: Object.create({ y: 1 }) as object }, { deep: { y: 1, z: 2 } }, { deep: {} }, { inside: [{ x: 1 }, null] }
    ]
    for (const plain of [false, true]) {
      for (const change of odd) {
        const writer = createColumnsWriter(plain)
        const reader = createColumnsReader(plain)
        const target = Buffer.from(new SharedArrayBuffer(65_536))
        const written = { bytes: 0 }
        for (let round = 0; round < 8; round++) assert.is(writer.write(many(make), 0, 64, target, written), 64)
        const items = [...many(make, 40), { ...make(1), ...change }, ...many(make, 20)]
        const taken = writer.write(items, 0, items.length, target, written)
        assert.ok(taken >= 40)
        same(reader.read(target.subarray(0, written.bytes), taken), items.slice(0, taken))
        same(through(items.filter((item) => !Buffer.isBuffer(item['bytes']))), items.filter((item) => !Buffer.isBuffer(item['bytes'])))
      }
    }
  })

  it('getters are not called for a shape to be found', () => {
    let called = 0
    const items = many((i) => ({ a: 1, get x() { called++; return i } }))
    const writer = createColumnsWriter()
    assert.is(writer.write(items, 0, 64, Buffer.from(new SharedArrayBuffer(16_384)), { bytes: 0 }), 0)
    assert.is(called, 0)
  })

  it('symbol keys and what is not enumerable stay behind, and an object without a prototype gets one', () => {
    inColumns((i) => Object.defineProperty({ a: i, [Symbol('s')]: 1 }, 'hidden', { value: 1 }))
    inColumns((i) => Object.assign(Object.create(null) as object, { a: i, b: 'x' }))
  })

  it('a getter of a later item is called once', () => {
    let called = 0
    const items: object[] = many((i) => ({ a: i, b: `${i}` }))
    items.push({ a: 1, get b() { called++; return 'got' } })
    const got = through(items)
    assert.equal(got.at(-1), { a: 1, b: 'got' })
    assert.is(called, 1)
  })

  it('a getter that throws is the error that it throws', () => {
    const items: object[] = many((i) => ({ a: i, b: `${i}` }))
    items.push({ a: 1, get b() { throw new RangeError('no') } })
    assert.throws(() => through(items), (error: unknown) => error instanceof RangeError)
  })

  it('a getter that adds and removes keys of items on their way does no harm', () => {
    const items: Record<string, unknown>[] = many((i) => ({ a: i, b: `${i}`, c: [i] }))
    Object.defineProperty(items[20], 'a', { enumerable: true, get: () => { delete items[20]!['c']; items[21]!['d'] = 1; items.length = 30; return 1 } })
    const slot = arena.claim(1)
    const taken = writeFrame(arena, slot, items, 0, 64)
    assert.ok(taken > 0 && readFrame(arena, slot).length === taken)
    arena.release(slot)
  })

  it('keys cannot pollute a prototype, nor run as code', () => {
    const evil = ['__proto__', 'constructor', '"]; throw new Error("ran"); r["', '${1}', '\\', '\u2028', "'", '`', '*/', '\ud800']
    for (const key of evil) {
      const items = many((i) => JSON.parse(`{"a": ${i}, ${JSON.stringify(key)}: {"polluted": ${i}}, "z": [{${JSON.stringify(key)}: 1}]}`) as object)
      for (let round = 0; round < 10; round++) same(through(items), items)
    }
    assert.is(({} as { polluted?: unknown }).polluted, undefined)
  })

  it('inherited enumerable keys are not taken for own ones', ({ defer }) => {
    const items = many((i) => i % 2 ? { a: i, b: 'x' } : { a: i, b: 'x', inherited: 2 })
    const writer = createColumnsWriter()
    const target = Buffer.from(new SharedArrayBuffer(16_384))
    const written = { bytes: 0 }
    assert.is(writer.write(items, 0, 64, target, written), 64)
    Object.defineProperty(Object.prototype, 'inherited', { value: 1, enumerable: true, configurable: true, writable: true })
    defer(() => { delete (Object.prototype as { inherited?: number }).inherited })
    const taken = writer.write(items, 0, 64, target, written)
    same(taken === 0 ? through(items) : createColumnsReader().read(target.subarray(0, written.bytes), taken), items)
  })

  it('what cannot be cloned is an error with the path to it, wherever the item is', () => {
    for (const [bad, path] of [[{ a: 1, b: () => 1 }, 'item.b is a function'], [{ a: 1, b: { c: [Symbol('s')] } }, 'item.b.c[0] is a symbol'], [{ a: 1, b: new Map([[1, () => 1]]) }, 'item.b.values()[0]']] as const) {
      for (const before of [many((i) => ({ a: i, b: `${i}` })), many((i) => ({ a: i, c: 1, d: 2, b: new Map([[1, i]]) }))]) {
        let error: unknown
        try {
          through([...before, bad])
        } catch (thrown) {
          error = thrown
        }
        assert.is((error as { code?: string }).code, 'ERR_MILLRACE_NOT_CLONEABLE')
        assert.ok((error as Error).message.includes(path), (error as Error).message)
      }
    }
  })

  it('a string too large for the slot ends the frame, and travels alone', () => {
    const items = many((i) => ({ a: i, text: i === 40 ? 'x'.repeat(100_000) : `${i}` }))
    same(through(items), items)
  })

  it('decoded byte arrays own their memory', () => {
    const target = Buffer.from(new SharedArrayBuffer(65_536))
    const written = { bytes: 0 }
    const taken = createColumnsWriter().write(many((i) => ({ a: i, bytes: new Uint8Array([1, 2, i]) })), 0, 64, target, written)
    const [got] = createColumnsReader().read(target.subarray(0, written.bytes), taken) as [{ bytes: Uint8Array }]
    assert.is(got.bytes.buffer.byteLength, 3)
    assert.ok(got.bytes.buffer instanceof ArrayBuffer)
  })
})

suite('slots of columns', (it) => {
  it('of any size hold what fits: nothing is lost, nothing is written beyond', () => {
    const writer = createColumnsWriter()
    const reader = createColumnsReader()
    const guard = 0xa5
    fc.assert(fc.property(tidyRuns, fc.integer({ min: 0, max: 300 }), (items, eighths) => {
      const size = eighths * 8
      const memory = Buffer.from(new SharedArrayBuffer(size + 128))
      const written = { bytes: 0 }
      for (let from = 0; from < items.length; ) {
        memory.fill(guard)
        const target = memory.subarray(64, 64 + size)
        const taken = writer.write(items, from, items.length, target, written)
        assert.ok(memory.subarray(0, 64).every((byte) => byte === guard) && memory.subarray(64 + size).every((byte) => byte === guard))
        if (taken > 0) {
          assert.ok(written.bytes <= size)
          same(reader.read(target.subarray(0, written.bytes), taken), items.slice(from, from + taken))
        }
        from += Math.max(1, taken)
      }
    }), { numRuns: 150 })
  })

  it('hold more items the larger they are', () => {
    const items = many((i) => ({ a: i, b: `text ${i}` }), 500)
    let before = 0
    for (let size = 512; size <= 16_384; size *= 2) {
      const a = createArena({ slots: 1, slotBytes: size })
      const taken = writeFrame(a, a.claim(1), items, 0, items.length)
      assert.ok(taken > before || taken === items.length, `${size}: ${taken}`)
      before = taken
    }
    assert.is(before, items.length)
  })
})
