/**
 * The set of slots under every interleaving: threads that claim, use and release, one that gives away, one that dies.
 *
 * What a slot holds is written and read plainly, as frames are: the explorer makes an error of it when two owners overlap, or
 * when one does not see what the other has done.
 * FORBIDDEN   two owners of a slot; a slot that is lost: owned by nobody and never found again; contents that are not handed over
 */
import * as assert from 'uvu/assert'
import { Empty } from '../../src/queue/outcome.ts'
import * as Slots from '../../src/queue/slots.ts'
import { AGAIN, explore, howItFails, type Actor, type Scene, type Stepping } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

interface State extends Record<string, number | readonly number[]> {
  slot: number
  left: number
  /** Slots that it has had; as one that buries: those that it has freed. */
  readonly got: number[]
}

interface Table {
  readonly words: Int32Array
  readonly slots: Slots.Slots
  /** First of the words that the slots hold. */
  readonly contents: number
  readonly dead: number
  /** Where one thread leaves a slot for another: the slot + 1. */
  readonly mailbox: number
}

const table = (count: number): Table => {
  const size = Slots.wordsFor(count)
  const words = new Int32Array(size + count + 2)
  return { words, slots: Slots.attach(words, 0, count), contents: size, dead: size + count, mailbox: size + count + 1 }
}

type Claim = (s: Slots.Slots, owner: number, m: Stepping) => number
type Release = (s: Slots.Slots, slot: number, m: Stepping) => boolean

const start = (left: number): State => ({ slot: Empty, left, got: [] })

/** Writes into its slot, and reads what it wrote. */
const use = (t: Table, id: number) => (s: State, m: Stepping): undefined => {
  if (s.slot === Empty) return
  const at = t.contents + s.slot
  const before = m.get(t.words, at)
  m.put(t.words, at, before + 1)
  assert.is(m.get(t.words, at), before + 1, `contents of slot ${s.slot}, used by ${id}`)
  assert.ok(before >= 0 && before < 100, `contents of slot ${s.slot} were not handed over to ${id}`)
}

/** Claims, uses and releases, `times` times. */
const user = (t: Table, id: number, times: number, claim: Claim = Slots.claim, release: Release = Slots.release, mortal?: number): Actor<State> => {
  const round: Actor<State>['turns'] = [
    (s, m) => {
      s.slot = claim(t.slots, id, m)
      if (s.slot !== Empty) s.got.push(s.slot)
      return undefined
    },
    use(t, id),
    (s, m) => {
      if (s.slot !== Empty) assert.is(release(t.slots, s.slot, m), true)
      s.slot = Empty
      return undefined
    }
  ]
  return { name: `user ${id}`, state: start(times), turns: Array.from({ length: times }, () => round).flat(), mortal }
}

const hint = ({ slots, words }: Table, slot: number): number => (words[slots.bits + (slot >> 5)]! >>> (slot & 31)) & 1

/** Everything is free, and is seen to be. */
const allFree = (t: Table): void => {
  for (let slot = 0; slot < t.slots.count; slot++) {
    assert.is(t.words[t.slots.owners + slot], 0, `slot ${slot} is free`)
    assert.is(hint(t, slot), 0, `slot ${slot} is found again`)
  }
}

const sceneOf = (t: Table, actors: readonly Actor<State>[], end: Scene<State>['end'] = () => { allFree(t) }): Scene<State> => ({
  words: t.words,
  actors,
  end,
  label: (index) => (index < t.slots.owners ? 'bits' : index < t.slots.owners + t.slots.count ? `owner ${index - t.slots.owners}` : `word ${index}`)
})

/** Looks, then takes: two may find the same slot free. */
const rudeClaim: Claim = (s, owner, m) => {
  for (let slot = 0; slot < s.count; slot++) {
    if (m.load(s.words, s.owners + slot) !== 0) continue
    m.store(s.words, s.owners + slot, owner + 1)
    return slot
  }
  return Empty
}

/** Clears the hint, but tells nobody that the slot is free by an atomic write. */
const plainRelease: Release = (s, slot, m) => {
  m.put(s.words, s.owners + slot, 0)
  return true
}

/** Forgets the hint: the slot is never found again. */
const forgetfulRelease: Release = (s, slot, m) => m.exchange(s.words, s.owners + slot, 0) !== 0

suite('slots, every interleaving', (it) => {
  it('three threads and two slots: one owner at a time, contents are handed over, all is free at the end (I1)', () => {
    const { states } = explore(() => {
      const t = table(2)
      return sceneOf(t, [user(t, 1, 1), user(t, 2, 1), user(t, 3, 1)])
    })
    assert.ok(states > 5000, `${states} states`)
  })

  it('two threads that claim again and again', () => {
    const { states } = explore(() => {
      const t = table(1)
      return sceneOf(t, [user(t, 1, 3), user(t, 2, 2)])
    })
    assert.ok(states > 1000, `${states} states`)
  })

  it('the 32 slots of one word of hints change hands independently of each other', () => {
    explore(() => {
      const t = table(34)
      // all but one in each word are another's
      for (let slot = 0; slot < 34; slot++) if (slot !== 31 && slot !== 33) t.words[t.slots.owners + slot] = 100
      t.words[t.slots.bits] = 0x7fff_ffff
      t.words[t.slots.bits + 1] = 1
      return sceneOf(t, [user(t, 1, 1), user(t, 2, 1)], (states) => {
        assert.is(Slots.available(t.slots), 2)
        assert.equal([hint(t, 31), hint(t, 33)], [0, 0])
        for (const { got } of states) assert.ok(got.every((slot) => slot === 31 || slot === 33), got.join())
      })
    })
  })

  it('a slot that one claims, gives away and another releases', () => {
    explore(() => {
      const t = table(2)
      const giver: Actor<State> = {
        name: 'giver',
        state: start(0),
        turns: [
          (s, m) => {
            s.slot = Slots.claim(t.slots, 1, m)
            return undefined
          },
          use(t, 1),
          (s, m) => {
            if (s.slot !== Empty) Slots.give(t.slots, s.slot, 2, m)
            m.store(t.words, t.mailbox, s.slot + 1)
            return undefined
          }
        ]
      }
      const taker: Actor<State> = {
        name: 'taker',
        state: start(0),
        turns: [
          (s, m) => {
            s.slot = m.until(t.words, t.mailbox, (letter) => letter > 0) - 1
            return undefined
          },
          (s, m) => {
            assert.is(Slots.ownerOf(t.slots, s.slot, m), 2)
            return undefined
          },
          use(t, 2),
          (s, m) => void Slots.release(t.slots, s.slot, m)
        ]
      }
      return sceneOf(t, [giver, taker, user(t, 3, 1)])
    })
  })

  it('an owner that dies at any access: its slots are found and freed, and nobody else\'s (I2)', () => {
    const { states } = explore(() => {
      const t = table(2)
      const undertaker: Actor<State> = {
        name: 'undertaker',
        state: start(0),
        turns: [(_, m) => void m.until(t.words, t.dead, (dead) => dead === 1), (s, m) => void s.got.push(...Slots.reclaim(t.slots, 1, m))]
      }
      return sceneOf(t, [user(t, 1, 2, Slots.claim, Slots.release, t.dead), user(t, 2, 2), undertaker], ([, , buried], { died }) => {
        if (died[0]) allFree(t)
        assert.ok(buried!.got.length <= 1)
      })
    })
    assert.ok(states > 5000, `${states} states`)
  })

  it('the explorer sees a claim that looks and then takes', () => {
    howItFails(() => {
      const t = table(1)
      return sceneOf(t, [user(t, 1, 1, rudeClaim), user(t, 2, 1, rudeClaim)])
    })
  })

  it('the explorer sees a release that hands nothing over', () => {
    howItFails(() => {
      const t = table(1)
      return sceneOf(t, [user(t, 1, 1, rudeClaim, plainRelease), user(t, 2, 1, rudeClaim, plainRelease)])
    })
  })

  it('the explorer sees a release that leaves the hint', () => {
    assert.match(
      howItFails(() => {
        const t = table(1)
        return sceneOf(t, [user(t, 1, 1, Slots.claim, forgetfulRelease), user(t, 2, 1)])
      }),
      /is found again/
    )
  })

  it('a release of what is free already is told, and changes nothing', () => {
    explore(() => {
      const t = table(2)
      return sceneOf(t, [
        user(t, 1, 1),
        { name: 'mistaken', state: start(1), turns: [(s, m) => (Slots.release(t.slots, 1, m) ? (s.left = 99, undefined) : --s.left > 0 ? AGAIN : undefined)] }
      ], (states) => {
        assert.is(states[1]!.left, 0)
        allFree(t)
      })
    })
  })
}, 60_000)
