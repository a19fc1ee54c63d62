/** The set of slots, one step after the other: it agrees with a list of owners. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { Empty } from '../../src/queue/outcome.ts'
import * as Slots from '../../src/queue/slots.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const fresh = (count: number): Slots.Slots => Slots.attach(new Int32Array(Slots.wordsFor(count) + 3), 3, count)

suite('slots', (it) => {
  it('the lowest free slot comes first, up to the last; then there is none (I3)', () => {
    for (const count of [1, 31, 32, 33, 64, 70]) {
      const s = fresh(count)
      assert.equal(Array.from({ length: count }, () => Slots.claim(s, 0)), Array.from({ length: count }, (_, i) => i))
      assert.is(Slots.claim(s, 0), Empty)
      assert.is(Slots.available(s), 0)
      Slots.release(s, count >> 1)
      assert.is(Slots.claim(s, 1), count >> 1)
    }
  })

  it('a slot has the owner that claimed it, or to whom it was given, until it is released', () => {
    const s = fresh(4)
    assert.is(Slots.ownerOf(s, 0), Empty)
    const slot = Slots.claim(s, 5)
    assert.is(Slots.ownerOf(s, slot), 5)
    Slots.give(s, slot, 0)
    assert.is(Slots.ownerOf(s, slot), 0)
    assert.is(Slots.release(s, slot), true)
    assert.is(Slots.ownerOf(s, slot), Empty)
    assert.is(Slots.release(s, slot), false)
  })

  it('reclaim frees what one owner had, and nobody else\'s', () => {
    const s = fresh(40)
    for (let i = 0; i < 36; i++) Slots.claim(s, i % 3)
    assert.equal(Slots.reclaim(s, 1), [1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 34])
    assert.equal(Slots.reclaim(s, 1), [])
    assert.is(Slots.available(s), 16)
    assert.is(Slots.claim(s, 9), 1)
  })

  it('reclaim mends a hint that somebody who died has left wrong', () => {
    const s = fresh(2)
    s.words[s.bits] = 3 // "do not look here", though both are free
    assert.is(Slots.claim(s, 0), Empty)
    Slots.reclaim(s, 7)
    assert.is(Slots.claim(s, 0), 0)
  })

  it('a hint that is wrong the other way costs a look, and no more', () => {
    const s = fresh(3)
    Slots.claim(s, 0)
    s.words[s.bits] = 0 // slot 0 is owned
    assert.is(Slots.claim(s, 1), 1)
    assert.is(Slots.ownerOf(s, 0), 0)
  })

  it('random claims, releases, gifts and deaths agree with a list of owners', () => {
    const op = fc.tuple(fc.constantFrom('claim', 'claim', 'release', 'give', 'reclaim'), fc.nat({ max: 80 }), fc.nat({ max: 4 }))
    fc.assert(
      fc.property(fc.constantFrom(1, 3, 32, 33, 65), fc.array(op, { maxLength: 120 }), (count, ops) => {
        const s = fresh(count)
        const owners: number[] = new Array<number>(count).fill(Empty)
        for (const [kind, at, who] of ops) {
          const slot = at % count
          if (kind === 'claim') {
            const free = owners.indexOf(Empty)
            assert.is(Slots.claim(s, who), free)
            if (free >= 0) owners[free] = who
          } else if (kind === 'release') {
            assert.is(Slots.release(s, slot), owners[slot] !== Empty)
            owners[slot] = Empty
          } else if (kind === 'give') {
            if (owners[slot] === Empty) continue
            Slots.give(s, slot, who)
            owners[slot] = who
          } else {
            assert.equal(Slots.reclaim(s, who), owners.flatMap((owner, i) => (owner === who ? [i] : [])))
            owners.forEach((owner, i) => { if (owner === who) owners[i] = Empty })
          }
          assert.is(Slots.ownerOf(s, slot), owners[slot])
          assert.is(Slots.available(s), owners.filter((owner) => owner === Empty).length)
        }
      }),
      { seed, numRuns: 300 }
    )
  })
})
