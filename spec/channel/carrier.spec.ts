/** Items in shared memory: what arrives is what was sent, in order, while the memory grows, wraps, and is seen by others. */
import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { load, kept, unwrap } from '../../src/channel/cargo.ts'
import { CARRIER_WORDS, Carrier } from '../../src/channel/carrier.ts'
import { thrown } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const AT = 3

const pair = (start = 0): { readonly words: Int32Array; readonly mine: Carrier; readonly theirs: Carrier } => {
  const words = new Int32Array(new SharedArrayBuffer((AT + CARRIER_WORDS) * 4))
  const mine = Carrier.create('spec', words, AT)
  words[AT] = words[AT + 1] = start
  return { words, mine, theirs: new Carrier('spec', words, AT, mine.memory) }
}

const put = (carrier: Carrier, item: unknown, tag = 0): number => carrier.push(load(item, 'spec'), tag)

const take = (carrier: Carrier): unknown => {
  const raw = carrier.read(carrier.head)
  carrier.shift()
  return unwrap(raw)
}

const cyclic: Record<string, unknown> = { name: 'cycle' }
cyclic['self'] = cyclic
const twice = { n: 1 }
const holed: unknown[] = [1]
holed[2] = 3

const kinds: readonly unknown[] = [
  undefined, null, true, false, 0, -0, 1.5, Number.NaN, Infinity, -Infinity, 2 ** 53, '', 'plain', 'größer', '日本語', '\ud800 alone', 'x'.repeat(100_000),
  10n ** 30n, new Uint8Array([1, 2, 3]), new Uint8Array(0), new Float64Array([1.5, -0]), new Date(0), new Map([['a', { b: 1 }]]), new Set([1, 'two']), /a+/gi,
  {}, { a: 1, b: 'two', c: true, d: null }, { wide: '日本' }, { 'größe': 1 }, { lone: '\udc00' }, { minus: -0 }, { nan: Number.NaN }, { gone: undefined },
  { nested: { deep: holed } }, [], [1, 2], ['a', undefined], { left: twice, right: twice }, cyclic, JSON.parse('{"__proto__":1}'), { 2: 'b', 1: 'a' },
  { bytes: new Uint8Array([9, 8]), text: '\\' }, new Error('an item')
]

suite('items in shared memory', (it) => {
  it('arrive as structured clone makes them, whatever they are, in the order of sending', () => {
    const { mine, theirs } = pair()
    for (const item of kinds) put(mine, item)
    assert.is(theirs.count, kinds.length)
    for (const item of kinds) deepStrictEqual(take(theirs), structuredClone(item))
    assert.is(mine.count, 0)
  })

  it('that are records arrive as they were, whatever their names and fields are, and however many shapes they have', () => {
    const name = fc.oneof(fc.constantFrom('', '__proto__', 'a', 'b', 'a\u0000b', 'größe', '日', '1', '10', 'toString', 'constructor', 'length'), fc.string({ maxLength: 5 }))
    const field = fc.oneof(
      fc.double(), fc.integer(), fc.string(), fc.string({ unit: 'binary' }), fc.boolean(), fc.constant(null), fc.constant(undefined), fc.constant(-0), fc.constant([1])
    )
    const record = fc.array(fc.tuple(name, field), { maxLength: 9 }).map((fields) => Object.fromEntries(fields) as object)
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), (records) => {
        const { mine, theirs } = pair()
        for (const item of records) put(mine, item)
        for (const item of records) deepStrictEqual(take(theirs), structuredClone(item))
      }),
      { seed, numRuns: 500 }
    )
    const { mine, theirs } = pair()
    for (let i = 0; i < 2000; i++) {
      const item = { [`field ${i % 700}`]: i, also: `${i}` }
      put(mine, item)
      deepStrictEqual(take(theirs), item)
    }
    const wide = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`f${i}`, i]))
    put(mine, wide)
    deepStrictEqual(take(theirs), wide)
  })

  it('share no memory with the ring, nor with each other', () => {
    const { mine, theirs } = pair()
    put(mine, { bytes: new Uint8Array([1, 2]) })
    put(mine, new Uint8Array([3, 4]))
    const [first, second] = [take(theirs) as { bytes: Uint8Array }, take(theirs) as Uint8Array]
    put(mine, new Uint8Array(64))
    assert.equal([...first.bytes, ...second], [1, 2, 3, 4])
    assert.is(second.buffer.byteLength, 2)
    assert.is(Buffer.isBuffer(second), false)
  })

  it('that cannot be cloned are refused by name and path, and nothing is sent', () => {
    for (const [item, path] of [
      [() => 1, 'item is a function'],
      [Symbol('s'), 'item is a symbol'],
      [{ a: [1, { b: () => 1 }] }, 'item.a[1].b is a function'],
      [new Map([['k', Promise.resolve()]]), 'item.values()[0] is a Promise'],
      [{ toJSON: () => 1 }, 'item.toJSON is a function']
    ] as const) {
      const error = thrown(() => load(item, 'mpsc'))
      assert.instance(error, TypeError)
      assert.is(error.code, 'ERR_MILLRACE_NOT_CLONEABLE')
      assert.ok(error.message.includes(path) && error.message.startsWith('mpsc:'), error.message)
    }
  })

  it('that wait to be sent do not follow what becomes of a byte array', () => {
    const { mine } = pair()
    const bytes = new Uint8Array([1])
    const cargo = kept(load(bytes, 'spec'))
    bytes[0] = 2
    mine.push(cargo, 0)
    assert.equal(take(mine), new Uint8Array([1]))
  })

  it('larger than the memory make it larger, for every thread, and positions stay', () => {
    const { mine, theirs } = pair()
    for (let i = 0; i < 100; i++) put(mine, `${i}`)
    for (let i = 0; i < 90; i++) theirs.shift()
    const large = 'x'.repeat(3_000_000)
    const position = put(mine, large, 7)
    assert.is(theirs.tag(position), 7)
    for (let i = 90; i < 100; i++) assert.is(take(theirs), `${i}`)
    assert.is(theirs.head, position)
    assert.is(take(theirs), large)
    assert.ok(mine.memory.byteLength >= 3_000_000)
  })

  it('that are few and small take no memory but that among the words, wherever the words begin', () => {
    for (const at of [0, 1, 2, 3]) {
      const words = new Int32Array(new SharedArrayBuffer((at + CARRIER_WORDS + 1) * 4)).subarray(at)
      const carrier = Carrier.create('spec', words, 0)
      words[CARRIER_WORDS] = -1
      for (let i = 0; i < 1000; i++) {
        put(carrier, i)
        put(carrier, 'x'.repeat(i % 300))
        assert.equal([take(carrier), take(carrier)], [i, 'x'.repeat(i % 300)])
      }
      assert.equal([carrier.memory.byteLength, words[CARRIER_WORDS]], [0, -1])
    }
  })

  it('more than the memory can ever be are refused, and what is there stays', () => {
    const { mine } = pair()
    put(mine, 'first')
    const huge = { kind: 8, bytes: 2 ** 30, body: new Uint8Array(0) }
    assert.instance(thrown(() => mine.push(huge, 0)), RangeError)
    assert.is(mine.memory.byteLength, 0)
    put(mine, 'second')
    assert.equal([take(mine), take(mine)], ['first', 'second'])
  })

  it('can be read without being taken, by a cursor that stood at the end', () => {
    const { mine, theirs } = pair()
    let cursor = mine.tail
    const seen: unknown[] = []
    for (let i = 0; i < 5000; i++) {
      put(mine, 'y'.repeat(i % 97), i)
      cursor = theirs.at(cursor)
      assert.is(theirs.tag(cursor), i)
      seen.push((unwrap(theirs.read(cursor)) as string).length === i % 97)
      cursor = theirs.next(cursor)
      if (mine.count > 30) mine.shift()
    }
    assert.ok(seen.every(Boolean))
  })

  it('survive the death of a thread at any write of a push, a shift or a growth: the queue is as before it or as after it', () => {
    /** Words that let `left` writes through, and then end the thread. */
    const mortal = (words: Int32Array, left: number): Int32Array =>
      new Proxy(words, {
        get: (target, key) => Reflect.get(target, key, target) as unknown,
        set: (target, key, value: number) => {
          if (left-- === 0) throw new Error('dead')
          return Reflect.set(target, key, value, target)
        }
      })
    const contents = (carrier: Carrier): string[] => {
      const items: string[] = []
      for (let at = carrier.head; at !== carrier.tail; at = carrier.next(at)) items.push(unwrap(carrier.read(at)) as string)
      return items
    }
    const acts: readonly ((carrier: Carrier) => void)[] = [
      (carrier) => put(carrier, 'one more'),
      (carrier) => { carrier.shift() },
      (carrier) => put(carrier, 'w'.repeat(60_000)), // a pad, or a growth
      (carrier) => put(carrier, 'v'.repeat(300_000)),
      (carrier) => { carrier.clear() }
    ]
    for (const [items, size, shifted] of [[60, 900, 0], [60, 900, 3], [60, 900, 50], [1, 900, 0], [9, 90, 4]] as const) {
      for (const act of acts) {
        const prepare = (): ReturnType<typeof pair> => {
          const all = pair()
          for (let i = 0; i < items; i++) {
            put(all.mine, `${i}:`.padEnd(size, 'x'))
            if (i < shifted) all.mine.shift()
          }
          return all
        }
        const whole = prepare()
        const before = contents(whole.mine)
        act(whole.mine)
        const after = contents(whole.mine)
        for (let writes = 0, dead = true; dead; writes++) {
          const { words, mine } = prepare()
          dead = false
          try {
            act(new Carrier('spec', mortal(words, writes), AT, mine.memory))
          } catch (error) {
            assert.is((error as Error).message, 'dead')
            dead = true
          }
          const heir = new Carrier('spec', words, AT, mine.memory)
          heir.repair()
          const left = contents(heir)
          assert.ok([before, after].some((state) => state.length === left.length && state.every((item, i) => item === left[i])), `after ${writes} writes`)
          assert.is(heir.count, left.length)
          put(heir, 'by the heir')
          assert.is(contents(heir).at(-1), 'by the heir')
        }
      }
    }
  })

  it('agree with an array through random pushes and shifts, over the turn of the positions too', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, -8192 * 3 + 5, 0x7fff_ff00, -1000),
        fc.array(fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 20_000 }) }, { weight: 2, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.constant(-2) }), { maxLength: 120 }),
        (start, program) => {
          const { words, mine, theirs } = pair(start)
          const model: string[] = []
          for (const [i, step] of program.entries()) {
            if (step >= 0) {
              const item = `${i}:${'z'.repeat(step)}`
              put(i % 2 === 0 ? mine : theirs, item, i)
              model.push(item)
            } else if (model.length > 0 && step === -1) assert.is(take(i % 2 === 0 ? mine : theirs), model.shift())
            else if (model.length > 0) {
              words[AT + 2] = -99 // as a thread leaves it that dies in the middle
              theirs.repair()
            }
            assert.is(mine.count, model.length)
          }
          for (const item of model) assert.is(take(mine), item)
          assert.is(mine.head, mine.tail)
        }
      ),
      { seed, numRuns: 300 }
    )
  })
}, 20_000)
