/** The single-producer, single-consumer ring, one step after the other: it agrees with an array, wherever its indices are. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { Full } from '../../src/queue/outcome.ts'
import * as Ring from '../../src/queue/spsc-ring.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const fresh = (capacity: number, width: number, start = 0): Ring.SpscRing => {
  const words = new Int32Array(Ring.wordsFor(capacity, width) + 9)
  const ring = Ring.attach(words, 9, capacity, width)
  words[ring.head] = words[ring.tail] = start
  return ring
}

suite('spsc ring', (it) => {
  it('holds exactly its capacity, and says Full to the next, which changes nothing', () => {
    const ring = fresh(4, 2)
    const [p, c] = [Ring.producer(ring), Ring.consumer(ring)]
    for (let i = 0; i < 4; i++) {
      assert.is(Ring.hasRoom(p), true)
      assert.is(Ring.tryPush(p, [i, i * 10]), 0)
    }
    assert.is(Ring.hasRoom(p), false)
    assert.is(Ring.tryPush(p, [9, 9]), Full)
    const into = new Int32Array(2)
    for (let i = 0; i < 4; i++) {
      assert.is(Ring.hasRecord(c), true)
      assert.is(Ring.tryPop(c, into), true)
      assert.equal([...into], [i, i * 10])
    }
    assert.is(Ring.hasRecord(c), false)
    into.fill(7)
    assert.is(Ring.tryPop(c, into), false)
    assert.equal([...into], [7, 7])
    assert.is(Ring.tryPush(p, [5, 6]), 0)
  })

  it('ends that come later go on where the last ones stopped; what was not published does not exist (I3)', () => {
    const ring = fresh(4, 1)
    const first = Ring.producer(ring)
    Ring.tryPush(first, [1])
    ring.words[ring.items + 1] = 99 // a push that was cut off before its store
    Ring.tryPush(Ring.producer(ring), [2])
    const into = new Int32Array(1)
    Ring.tryPop(Ring.consumer(ring), into)
    assert.is(into[0], 1)
    const c = Ring.consumer(ring)
    Ring.tryPop(c, into)
    assert.is(into[0], 2)
    assert.is(Ring.hasRecord(c), false)
  })

  it('random pushes and pops agree with an array, for any width, also where the indices overflow', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 8), fc.integer({ min: 1, max: 6 }), fc.constantFrom(0, 0x7fff_fff9, -4), fc.array(fc.boolean(), { maxLength: 120 }), (capacity, width, start, ops) => {
        const ring = fresh(capacity, width, start)
        const [p, c] = [Ring.producer(ring), Ring.consumer(ring)]
        const model: number[][] = []
        const into = new Int32Array(width)
        for (const [i, push] of ops.entries()) {
          const record = Array.from({ length: width }, (_, w) => i * 10 + w)
          if (push) assert.is(Ring.tryPush(p, record), model.length === capacity ? Full : (model.push(record), 0))
          else {
            const oldest = model.shift()
            assert.is(Ring.tryPop(c, into), oldest !== undefined)
            if (oldest !== undefined) assert.equal([...into], oldest)
          }
          assert.is(Ring.hasRecord(c), model.length > 0)
          assert.is(Ring.hasRoom(p), model.length < capacity)
        }
      }),
      { seed, numRuns: 500 }
    )
  })
})
