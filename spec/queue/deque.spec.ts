/** The worker's deque, one step after the other: it agrees with an array, wherever its indices are. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import * as Deque from '../../src/queue/deque.ts'
import { Empty, Full, Retry } from '../../src/queue/outcome.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const fresh = (capacity?: number, start = 0): Deque.Owner => {
  const words = new Int32Array(Deque.wordsFor(capacity) + 7)
  const deque = Deque.attach(words, 7, capacity)
  words[deque.head] = words[deque.tail] = start
  return Deque.owner(deque)
}

const fill = (o: Deque.Owner, count: number, from = 0): void => {
  for (let i = 0; i < count; i++) assert.is(Deque.tryPush(o, from + i), 0)
}

const drain = (o: Deque.Owner): number[] => {
  const values: number[] = []
  for (let value = Deque.tryPop(o); value !== Empty; value = Deque.tryPop(o)) values.push(value)
  return values
}

suite('deque', (it) => {
  it('184: holds exactly 256, and says Full to the next, which changes nothing', () => {
    const o = fresh()
    fill(o, 256)
    assert.is(Deque.tryPush(o, 999), Full)
    assert.is(Deque.length(o.deque), 256)
    assert.is(Deque.room(o), 0)
    assert.equal(drain(o), Array.from({ length: 256 }, (_, i) => i))
    assert.is(Deque.room(o), 256)
  })

  it('zeroed memory is an empty deque', () => {
    const o = fresh(4)
    assert.is(Deque.length(o.deque), 0)
    assert.is(Deque.tryPop(o), Empty)
    assert.is(Deque.trySteal(o.deque), Empty)
    assert.is(Deque.stealHalf(o.deque, fresh(4)), Empty)
  })

  it('185: a steal takes half, rounded up, the oldest first, and leaves the rest', () => {
    for (const [queued, taken] of [[1, 1], [2, 1], [3, 2], [4, 2], [7, 4], [8, 4]] as const) {
      const victim = fresh(8)
      const mine = fresh(8)
      fill(victim, queued)
      assert.is(Deque.stealHalf(victim.deque, mine), taken)
      assert.equal(drain(mine), Array.from({ length: taken }, (_, i) => i))
      assert.equal(drain(victim), Array.from({ length: queued - taken }, (_, i) => taken + i))
    }
  })

  it('a thief that is more than half full takes nothing; one that is half full no more than fits', () => {
    const victim = fresh(8)
    fill(victim, 8)
    const crowded = fresh(8)
    fill(crowded, 5, 100)
    assert.is(Deque.stealHalf(victim.deque, crowded), Full)
    assert.is(Deque.length(victim.deque), 8)
    const half = fresh(4)
    fill(half, 2, 100)
    assert.is(Deque.stealHalf(victim.deque, half), 2)
    assert.equal(drain(half), [100, 101, 0, 1])
  })

  it('an owner that comes later goes on where the last one stopped', () => {
    const o = fresh(4)
    fill(o, 3)
    const next = Deque.owner(o.deque)
    fill(next, 1, 3)
    assert.equal(drain(next), [0, 1, 2, 3])
  })

  it('what is staged and not published does not exist', () => {
    const o = fresh(4)
    Deque.stage(o, 0, 7)
    Deque.stage(o, 1, 8)
    assert.is(Deque.length(o.deque), 0)
    assert.is(Deque.tryPop(o), Empty)
    Deque.publish(o, 2)
    assert.equal(drain(o), [7, 8])
  })

  it('several deques in one memory do not touch each other', () => {
    const size = Deque.wordsFor(4)
    const words = new Int32Array(2 * size)
    const [a, b] = [Deque.owner(Deque.attach(words, 0, 4)), Deque.owner(Deque.attach(words, size, 4))]
    fill(a, 4, 10)
    fill(b, 4, 20)
    assert.equal([drain(a), drain(b)], [[10, 11, 12, 13], [20, 21, 22, 23]])
  })

  it('random pushes, pops and steals between two deques agree with arrays, also where the indices overflow', () => {
    const op = fc.tuple(fc.constantFrom('push', 'pop', 'steal', 'half', 'halfBack'), fc.nat({ max: 1000 }))
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 4, 8), fc.constantFrom(0, 0x7fff_fffc, -3), fc.array(op, { maxLength: 80 }), (capacity, start, ops) => {
        const [a, b] = [fresh(capacity, start), fresh(capacity, start)]
        const model: readonly [number[], number[]] = [[], []]
        const half = (victim: number[], mine: number[]): number => {
          if (capacity - mine.length < capacity >> 1) return Full
          if (victim.length === 0) return Empty
          const count = Math.min(Math.ceil(victim.length / 2), capacity - mine.length)
          mine.push(...victim.splice(0, count))
          return count === 0 ? 0 : count
        }
        for (const [kind, value] of ops) {
          if (kind === 'push') assert.is(Deque.tryPush(a, value), model[0].length === capacity ? Full : (model[0].push(value), 0))
          else if (kind === 'pop') assert.is(Deque.tryPop(a), model[0].shift() ?? Empty)
          else if (kind === 'steal') assert.is(Deque.trySteal(a.deque), model[0].shift() ?? Empty)
          else if (kind === 'half') assert.is(Deque.stealHalf(a.deque, b), half(model[0], model[1]))
          else assert.is(Deque.stealHalf(b.deque, a), half(model[1], model[0]))
          for (const [i, o] of [a, b].entries()) {
            assert.is(Deque.length(o.deque), model[i]!.length)
            assert.is(Deque.room(o), capacity - model[i]!.length)
          }
        }
        assert.equal([drain(a), drain(b)], model)
      }),
      { seed, numRuns: 500 }
    )
  })

  it('a steal that has lost its race says Retry and takes nothing', () => {
    const o = fresh(4)
    fill(o, 2)
    const { words, head } = o.deque
    // another taker is faster, between this one's look and its CAS
    const late = {
      get: (w: Int32Array, i: number) => w[i]!,
      put: (w: Int32Array, i: number, v: number) => { w[i] = v },
      load: (w: Int32Array, i: number) => w[i]!,
      store: (w: Int32Array, i: number, v: number) => { w[i] = v },
      cas: (w: Int32Array, i: number, want: number, v: number) => {
        if (i === head && w[i] === 0) w[i] = 1
        return w[i] === want && ((w[i] = v), true)
      },
      add: () => 0,
      exchange: () => 0
    }
    assert.is(Deque.trySteal(o.deque, late), Retry)
    assert.is(words[head], 1)
    assert.is(Deque.trySteal(o.deque), 1)
    assert.is(Deque.trySteal(o.deque), Empty)
  })
})
