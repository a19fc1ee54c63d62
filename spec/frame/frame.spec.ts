/**
 * Frames: what is read equals what was written, as structured clone would have made it, whatever the values and the room.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { createArena, WORD_KIND } from '../../src/frame/arena.ts'
import { decodeAlone, encodeAlone, readFrame, writeFrame, writeText } from '../../src/frame/frame.ts'
import { inspect, isDeepStrictEqual } from 'node:util'
import { serialize } from 'node:v8'
import { suite } from '../support/suite.ts'
import { difference } from './same-graph.ts'

const arena = createArena({ slots: 4, slotBytes: 4096 })

/** All items through frames of one slot, one after the other. */
const through = (items: readonly unknown[], a = arena): unknown[] => {
  const out: unknown[] = []
  for (let from = 0; from < items.length; ) {
    const slot = a.claim(1)
    const taken = writeFrame(a, slot, items, from, items.length)
    if (taken === 0) {
      out.push(...decodeAlone(encodeAlone(items, from, from + 1, false)))
      from++
    } else {
      out.push(...readFrame(a, slot))
      from += taken
    }
    a.release(slot)
  }
  return out
}

const same = (got: readonly unknown[], items: readonly unknown[]): void => {
  const model = items.map((item) => structuredClone(item))
  // The bytes too: isDeepStrictEqual tells two invalid dates apart when they are in a Set.
  assert.ok(isDeepStrictEqual(got, model) || serialize(got).equals(serialize(model)), `got ${inspect(got).slice(0, 300)}`)
}

const kindOf = (items: readonly unknown[]): number => {
  const slot = arena.claim(1)
  writeFrame(arena, slot, items, 0, items.length)
  const kind = arena.words(slot)[WORD_KIND]!
  arena.release(slot)
  return kind
}

suite('frame', (it) => {
  it('values of any kind arrive as structured clone makes them', () => {
    const value = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true, withSparseArray: true, withObjectString: true })
    fc.assert(fc.property(fc.array(value, { maxLength: 40 }), (items) => {
      same(through(items), items)
    }), { numRuns: 300 })
  })

  it('runs of numbers, strings and byte arrays arrive as they were, mixed in any way', () => {
    const item = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, NaN, Infinity, 2 ** 53), fc.string({ unit: 'binary' }), fc.string(), fc.uint8Array())
    const run = fc.oneof(fc.array(fc.double(), { maxLength: 900 }), fc.array(fc.integer(), { maxLength: 900 }), fc.array(fc.oneof({ weight: 50, arbitrary: fc.integer() }, { weight: 1, arbitrary: fc.constantFrom(-0, NaN, 0.5, 2 ** 40) }), { maxLength: 300 }), fc.array(fc.string({ unit: 'binary' }), { maxLength: 200 }), fc.array(fc.string(), { maxLength: 200 }), fc.array(fc.uint8Array(), { maxLength: 60 }), fc.array(item, { maxLength: 60 }))
    fc.assert(fc.property(fc.array(run, { maxLength: 4 }), (runs) => {
      same(through(runs.flat()), runs.flat())
    }), { numRuns: 200 })
  })

  it('each kind of item has its codec', () => {
    const many = <A>(item: A): A[] => Array.from({ length: 40 }, () => item)
    const kinds = [kindOf(many(1)), kindOf(many(1.5)), kindOf(many('a')), kindOf(many('\u{1F600}')), kindOf(many(new Uint8Array(3))), kindOf(many({ a: 1 })), kindOf(many(new Map()))]
    assert.is(new Set(kinds).size, 7)
    assert.is(kindOf([...many(1), 1.5]), kindOf(many(1.5)), 'one fraction, and all are floats')
    assert.is(kindOf([...many(0), -0]), kindOf(many(1.5)), 'and one minus zero')
    assert.is(kindOf([...many(1), 2 ** 31]), kindOf(many(1.5)), 'and one that is too large')
    assert.is(kindOf([...many(-(2 ** 31)), 2 ** 31 - 1]), kindOf(many(1)))
    assert.is(kindOf([1, 'a', 2, 'b']), kindOf(many(new Map())), 'short runs of different kinds share a frame')
  })

  it('lone surrogates, minus zero, NaN, holes and undefined survive', () => {
    const items = [['\ud800', 'x\udfff'], [-0, NaN], [undefined, null], [[1, , 3]], [{ a: undefined }], [new Map([[NaN, -0]])]] // eslint-disable-line no-sparse-arrays
    for (const each of items) {
      const got = through(Array.from({ length: 40 }, () => each[0]))
      assert.ok(got.every((g) => isDeepStrictEqual(g, each[0])))
      assert.ok(Object.is(through([each[0]])[0], each[0]) || typeof each[0] === 'object')
    }
    assert.ok(Object.is(through(Array.from({ length: 64 }, () => -0))[5], -0))
    assert.is('1' in (through([[1, , 3]])[0] as object), false) // eslint-disable-line no-sparse-arrays
  })

  it('a Buffer arrives as a Uint8Array that owns its memory', () => {
    const [got] = through([Buffer.from('abc')]) as [Uint8Array]
    assert.is(Object.getPrototypeOf(got), Uint8Array.prototype)
    assert.is(got.buffer.byteLength, 3)
    assert.equal([...got], [97, 98, 99])
  })

  it('decoded values share no memory with the slot', () => {
    const slot = arena.claim(1)
    writeFrame(arena, slot, [{ bytes: new Uint8Array([1, 2, 3]) }], 0, 1)
    const [got] = readFrame(arena, slot) as [{ bytes: Uint8Array }]
    arena.payload(slot).fill(0xff)
    arena.release(slot)
    assert.equal([...got.bytes], [1, 2, 3])
  })

  it('typed arrays inside items own their memory, as structured clone makes them, and a Buffer is a Uint8Array there too', () => {
    const make = (n: number): unknown => ({ n, bytes: Buffer.from([n, 2]), floats: new Float64Array([n]), view: new DataView(new ArrayBuffer(6), 1, 3), of: new Map([[n, Buffer.from('x')]]), more: new Set([new BigInt64Array(2)]) })
    for (const count of [1, 40]) {
      const items = Array.from({ length: count }, (_, n) => make(n))
      for (const got of [through(items), decodeAlone(encodeAlone(items, 0, count, false))]) {
        assert.is(difference(got, structuredClone(items)), undefined)
        const views = (value: unknown): readonly ArrayBufferView[] =>
          ArrayBuffer.isView(value) ? [value] : typeof value !== 'object' || value === null ? [] : [...(value instanceof Map || value instanceof Set ? value.values() : Object.values(value))].flatMap(views)
        const all = views(got)
        assert.is(all.length, count * 5)
        assert.ok(all.every((view) => view.byteOffset === 0 && view.byteLength === view.buffer.byteLength))
        structuredClone(all[0], { transfer: [all[0]!.buffer as ArrayBuffer] })
        assert.is(all[1]!.byteLength, 8, 'the others keep their memory')
      }
    }
  })

  it('an item larger than a slot is refused by the slot and travels alone', () => {
    const big = { text: 'x'.repeat(10_000) }
    const slot = arena.claim(1)
    assert.is(writeFrame(arena, slot, [big], 0, 1), 0)
    arena.release(slot)
    assert.equal(decodeAlone(encodeAlone([big], 0, 1, false)), [big])
  })

  it('what cannot be cloned is an error with the path inside the item', () => {
    for (const [item, path] of [[{ a: { b: [0, () => 1] } }, 'item.a.b[1]'], [new Map([['k', Symbol('s')]]), 'item.values()[0]'], [() => 1, 'item is a function']] as const) {
      let error: unknown
      try {
        through([1, 2, item])
      } catch (thrown) {
        error = thrown
      }
      assert.is((error as { code: string }).code, 'ERR_MILLRACE_NOT_CLONEABLE')
      assert.ok((error as Error).message.includes(path), (error as Error).message)
    }
  })

  it('text leaves as lines of UTF-8, as many as fit, and a line too long travels alone', () => {
    fc.assert(fc.property(fc.array(fc.string({ unit: 'grapheme' }).map((s) => s.replaceAll('\n', ' ')), { minLength: 1, maxLength: 400 }), (lines) => {
      let bytes = Buffer.alloc(0)
      for (let from = 0; from < lines.length; ) {
        const slot = arena.claim(1)
        const taken = writeText(arena, slot, lines, from, lines.length)
        assert.ok(taken > 0)
        bytes = Buffer.concat([bytes, arena.payload(slot).subarray(0, arena.words(slot)[2])])
        assert.equal(readFrame(arena, slot), lines.slice(from, from + taken))
        arena.release(slot)
        from += taken
      }
      assert.is(bytes.toString('utf8'), `${lines.join('\n')}\n`)
    }), { numRuns: 100 })
    const slot = arena.claim(1)
    assert.is(writeText(arena, slot, ['é'.repeat(3000)], 0, 1), 0)
    arena.release(slot)
    assert.is(Buffer.from(encodeAlone(['é'], 0, 1, true).buffer).toString(), 'é\n')
  })
})

suite('arena', (it) => {
  it('slots are claimed until there are none, released, and taken back from the dead', () => {
    const a = createArena({ slots: 3, slotBytes: 1024 })
    assert.equal([a.claim(1), a.claim(2), a.claim(1)], [0, 1, 2])
    assert.ok(a.claim(1) < 0)
    assert.is(a.release(1), true)
    assert.is(a.release(1), false)
    a.give(2, 7)
    assert.equal(a.reclaim(1), [0])
    assert.is(a.available(), 2)
    assert.equal(a.reclaim(7), [2])
    assert.is(a.payload(0).byteLength, a.payloadBytes)
  })
})
