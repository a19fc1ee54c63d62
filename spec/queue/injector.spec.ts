/** The injector, one step after the other: it agrees with an array, wherever its indices are. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import * as Deque from '../../src/queue/deque.ts'
import * as Injector from '../../src/queue/injector.ts'
import { Empty, Full } from '../../src/queue/outcome.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const fresh = (capacity: number, start = 0): Injector.Producer => {
  const words = new Int32Array(Injector.wordsFor(capacity) + 5)
  const injector = Injector.attach(words, 5, capacity)
  words[injector.head] = words[injector.tail] = start
  return Injector.producer(injector)
}

const emptyDeque = (capacity?: number): Deque.Owner => Deque.owner(Deque.attach(new Int32Array(Deque.wordsFor(capacity)), 0, capacity))

const fill = (p: Injector.Producer, count: number): void => {
  for (let i = 0; i < count; i++) assert.is(Injector.tryPush(p, i), 0)
}

const drain = (o: Deque.Owner): number[] => {
  const values: number[] = []
  for (let value = Deque.tryPop(o); value !== Empty; value = Deque.tryPop(o)) values.push(value)
  return values
}

suite('injector', (it) => {
  it('holds exactly its capacity, and says Full to the next, which changes nothing', () => {
    const p = fresh(8)
    fill(p, 8)
    assert.is(Injector.tryPush(p, 99), Full)
    assert.is(Injector.length(p.injector), 8)
    assert.equal(Array.from({ length: 9 }, () => Injector.tryTake(p.injector)), [0, 1, 2, 3, 4, 5, 6, 7, Empty])
    assert.is(Injector.tryPush(p, 8), 0)
  })

  it('187: keeps the order, through takes of one and shares alike', () => {
    const p = fresh(16)
    fill(p, 10)
    const mine = emptyDeque(8)
    const first = Injector.grab(p.injector, mine, 2)
    const share = [first, ...drain(mine)]
    assert.equal(share, [0, 1, 2, 3, 4, 5])
    assert.equal([Injector.tryTake(p.injector), Injector.tryTake(p.injector)], [6, 7])
  })

  it('a share is what is queued by the number of workers, and one, at most 128, what there is, and what there is room for', () => {
    for (const [queued, workers, room, taken] of [[1, 4, 256, 1], [4, 4, 256, 2], [9, 2, 256, 5], [3, 1, 256, 3], [1000, 2, 256, 128], [1000, 2, 4, 5], [10, 1, 2, 3]] as const) {
      const p = fresh(1024)
      fill(p, queued)
      const mine = emptyDeque(room)
      assert.is(Injector.grab(p.injector, mine, workers), 0)
      assert.equal(drain(mine), Array.from({ length: taken - 1 }, (_, i) => i + 1))
      assert.is(Injector.length(p.injector), queued - taken)
    }
  })

  it('a share goes behind what the deque holds, and a full deque gets none beside the answer', () => {
    const p = fresh(16)
    fill(p, 8)
    const mine = emptyDeque(4)
    for (const value of [100, 101, 102]) Deque.tryPush(mine, value)
    assert.is(Injector.grab(p.injector, mine, 1), 0)
    assert.is(Injector.grab(p.injector, mine, 1), 2)
    assert.equal(drain(mine), [100, 101, 102, 1])
  })

  it('an empty one has no share', () => {
    assert.is(Injector.grab(fresh(4).injector, emptyDeque(4), 1), Empty)
    assert.is(Injector.tryTake(fresh(4).injector), Empty)
  })

  it('a producer that comes later goes on where the last one stopped', () => {
    const p = fresh(4)
    fill(p, 3)
    const next = Injector.producer(p.injector)
    assert.is(Injector.tryPush(next, 3), 0)
    assert.is(Injector.tryPush(next, 4), Full)
    assert.equal(Array.from({ length: 4 }, () => Injector.tryTake(p.injector)), [0, 1, 2, 3])
  })

  it('random pushes, takes and shares agree with arrays, also where the indices overflow', () => {
    const op = fc.tuple(fc.constantFrom('push', 'push', 'take', 'grab', 'pop'), fc.integer({ min: 1, max: 4 }))
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 8), fc.constantFrom(0, 0x7fff_fffd, -5), fc.array(op, { maxLength: 100 }), (capacity, start, ops) => {
        const p = fresh(capacity, start)
        const mine = emptyDeque(4)
        const queue: number[] = []
        const held: number[] = []
        for (const [i, [kind, n]] of ops.entries()) {
          if (kind === 'push') assert.is(Injector.tryPush(p, i), queue.length === capacity ? Full : (queue.push(i), 0))
          else if (kind === 'take') assert.is(Injector.tryTake(p.injector), queue.shift() ?? Empty)
          else if (kind === 'pop') assert.is(Deque.tryPop(mine), held.shift() ?? Empty)
          else {
            const share = Math.min(Math.floor(queue.length / n) + 1, queue.length)
            const more = Math.min(Math.max(0, share - 1), 4 - held.length)
            assert.is(Injector.grab(p.injector, mine, n), queue.shift() ?? Empty)
            held.push(...queue.splice(0, more))
          }
          assert.is(Injector.length(p.injector), queue.length)
          assert.is(Deque.length(mine.deque), held.length)
        }
      }),
      { seed, numRuns: 500 }
    )
  })
})
