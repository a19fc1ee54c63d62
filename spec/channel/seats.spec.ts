/** Counts of senders in shared words: by thread, with those that are on their way, and without those of the dead. */
import * as assert from 'uvu/assert'
import { SEATS, here, invite, me, takeSeat, vacate, type Invitation } from '../../src/atomic/threads.ts'
import { SEAT_WORDS, SeatCounts } from '../../src/channel/seats.ts'
import { suite } from '../support/suite.ts'

const open = { enter: () => undefined, exit: () => undefined }
const AT = 5

const make = (words: Int32Array = new Int32Array(AT + SEAT_WORDS)): { readonly words: Int32Array; readonly counts: SeatCounts } => ({
  words,
  counts: new SeatCounts(words, AT, open)
})

/** Does something as another thread, that is alive: takes its seat for a moment. */
const as = <A>(guest: Invitation, body: () => A): A => {
  const { words, seat, id, mayBlock } = here()
  takeSeat(guest)
  try {
    return body()
  } finally {
    takeSeat({ table: words.buffer as SharedArrayBuffer, seat, id, mayBlock })
  }
}

const kept = (is: boolean) => () => is

suite('counts of senders by thread', (it) => {
  it('add up over threads, and lose those of a thread that has ended', () => {
    const { counts } = make()
    const guest = invite(true)
    counts.begin({ strong: 2, weak: 1 })
    as(guest, () => {
      counts.addStrong(1)
      counts.addStrong(1)
      counts.addWeak(1)
    })
    assert.equal([counts.strong, counts.weak], [4, 2])
    vacate(guest)
    counts.mend()
    assert.equal([counts.strong, counts.weak], [2, 1])
    assert.is(counts.addStrong(-1), 1)
  })

  it('a seat that is taken again begins at nothing', () => {
    const { counts } = make()
    const first = invite(true)
    as(first, () => counts.addStrong(1))
    vacate(first)
    const second = invite(true)
    assert.is(second.seat, first.seat)
    counts.mend()
    as(second, () => counts.addStrong(1))
    assert.is(counts.strong, 1)
    vacate(second)
    counts.mend()
    assert.is(counts.strong, 0)
  })

  it('a sender on its way counts until it has arrived, once; each further arrival is one more', () => {
    const { counts } = make()
    const guest = invite(true)
    counts.begin({ strong: 1, weak: 0 })
    const ticket = counts.depart()
    assert.is(counts.strong, 2)
    counts.addStrong(-1)
    assert.is(counts.strong, 1)
    assert.is(as(guest, () => counts.arrive(ticket, kept(false))), true)
    assert.is(counts.strong, 1)
    assert.is(as(guest, () => counts.arrive(ticket, kept(false))), true)
    assert.is(counts.strong, 2)
    as(guest, () => { counts.addStrong(-1); counts.addStrong(-1) })
    assert.is(counts.arrive(ticket, kept(false)), false)
    assert.is(counts.arrive(ticket, kept(true)), true)
    vacate(guest)
  })

  it('a sender whose thread has ended while it was on its way arrives, if the channel goes on', () => {
    const { counts } = make()
    const from = invite(true)
    const ticket = as(from, () => {
      counts.begin({ strong: 1, weak: 0 })
      return counts.depart()
    })
    counts.addStrong(1)
    vacate(from)
    counts.mend()
    assert.is(counts.strong, 1)
    assert.is(counts.arrive(ticket, kept(false)), true)
    assert.is(counts.strong, 2)
    counts.mend()
    assert.is(counts.strong, 2)
  })

  it('upgrades while a sender is open, or something else keeps the channel going', () => {
    const { counts } = make()
    assert.is(counts.upgrade(kept(false)), false)
    assert.is(counts.upgrade(kept(true)), true)
    assert.is(counts.upgrade(kept(false)), true)
    assert.is(counts.strong, 2)
  })

  it('a thread that dies at any write of a change leaves sums that are right once mended', () => {
    const acts: readonly ((counts: SeatCounts) => unknown)[] = [
      (counts) => counts.addStrong(1),
      (counts) => counts.addStrong(-1),
      (counts) => { counts.addWeak(1) },
      (counts) => counts.depart(),
      (counts) => counts.upgrade(kept(false))
    ]
    for (const act of acts) {
      for (let writes = 0, dead = true; dead; writes++) {
        const guest = invite(true)
        const { words, counts } = make()
        counts.begin({ strong: 3, weak: 2 })
        as(guest, () => counts.addStrong(1))
        let left = writes
        const mortal = new Proxy(words, {
          get: (target, key) => {
            const value: unknown = Reflect.get(target, key, target)
            return typeof value === 'function' ? (value as () => unknown).bind(target) : value
          },
          set: (target, key, value) => {
            if (left-- === 0) throw new Error('dead')
            return Reflect.set(target, key, value, target)
          }
        })
        dead = false
        try {
          as(guest, () => act(make(mortal).counts))
        } catch (error) {
          assert.is((error as Error).message, 'dead')
          dead = true
        }
        vacate(guest)
        counts.mend()
        assert.equal([counts.strong, counts.weak], [3, 2], `after ${writes} writes`)
      }
    }
  })

  it('there is a row for every seat', () => {
    assert.ok(SEAT_WORDS >= SEATS * 3)
    assert.ok(me() !== 0)
  })
})
