/**
 * The worker's deque under every interleaving: an owner, thieves that take one, and thieves that take half.
 *
 * FORBIDDEN   a value lost or taken twice; a value that was never pushed, or read while the owner wrote its place; one taker
 *             getting a newer value before an older one
 */
import * as assert from 'uvu/assert'
import * as Deque from '../../src/queue/deque.ts'
import { Empty, Full, Retry } from '../../src/queue/outcome.ts'
import { AGAIN, explore, howItFails, type Actor, type Scene, type Stepping } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

interface State extends Record<string, number | readonly number[]> {
  /** The private end of the actor's own deque. */
  tail: number
  /** What it does next, or how often it still does it. */
  step: number
  readonly got: number[]
}

interface Table {
  readonly words: Int32Array
  /** The owner's, then one for each thief. */
  readonly deques: readonly Deque.Deque[]
  /** A word that is 1 once a mortal actor has died. */
  readonly dead: number
}

const table = (capacity: number, count: number, start: number): Table => {
  const size = Deque.wordsFor(capacity)
  const words = new Int32Array(size * count + 1)
  const deques = Array.from({ length: count }, (_, i) => Deque.attach(words, i * size, capacity))
  for (const deque of deques) words[deque.head] = words[deque.tail] = start
  return { words, deques, dead: size * count }
}

/** Runs an operation of an owner whose private part is in the state. */
const asOwner = <A>(deque: Deque.Deque, s: State, act: (o: Deque.Owner) => A): A => {
  const o: Deque.Owner = { deque, tail: s.tail }
  const result = act(o)
  s.tail = o.tail
  return result
}

type Push = (o: Deque.Owner, value: number, m: Stepping) => number
type Steal = (d: Deque.Deque, m: Stepping) => number
type Half = (victim: Deque.Deque, mine: Deque.Owner, m: Stepping) => number

/** Pushes 1 … count, taking one itself where there is no room; then takes what it finds. */
const ownerOf = (t: Table, count: number, start: number, push: Push = Deque.tryPush): Actor<State> => ({
  name: 'owner',
  state: { tail: start, step: 1, got: [] },
  turns: [
    (s, m) => {
      if (asOwner(t.deques[0]!, s, (o) => push(o, s.step, m)) !== Full) s.step++
      else {
        const value = asOwner(t.deques[0]!, s, (o) => Deque.tryPop(o, m))
        if (value !== Empty) s.got.push(value)
      }
      return s.step <= count ? AGAIN : undefined
    },
    (s, m) => {
      const value = asOwner(t.deques[0]!, s, (o) => Deque.tryPop(o, m))
      if (value === Empty) return undefined
      s.got.push(value)
      return AGAIN
    }
  ]
})

/** Takes one from a deque, `times` times. */
const single = (name: string, victim: Deque.Deque, times: number, steal: Steal = Deque.trySteal): Actor<State> => ({
  name,
  state: { tail: 0, step: times, got: [] },
  turns: [
    (s, m) => {
      const value = steal(victim, m)
      if (value >= 0 || value < Full) s.got.push(value)
      s.step--
      return s.step > 0 ? AGAIN : undefined
    }
  ]
})

/** Takes half of a deque into its own, then takes from its own until that is empty; `times` times. */
const halver = (name: string, victim: Deque.Deque, mine: Deque.Deque, start: number, times: number, half: Half = Deque.stealHalf, mortal?: number): Actor<State> => ({
  name,
  state: { tail: start, step: times, got: [] },
  mortal,
  turns: [
    (s, m) => {
      asOwner(mine, s, (o) => half(victim, o, m))
      return undefined
    },
    (s, m) => {
      const value = asOwner(mine, s, (o) => Deque.tryPop(o, m))
      if (value !== Empty) s.got.push(value)
      return value === Empty ? undefined : AGAIN
    },
    (s, m) => {
      if (--s.step === 0) return undefined
      asOwner(mine, s, (o) => half(victim, o, m))
      return AGAIN
    },
    (s, m) => {
      const value = asOwner(mine, s, (o) => Deque.tryPop(o, m))
      if (value !== Empty) s.got.push(value)
      return value === Empty ? undefined : AGAIN
    }
  ]
})

const leftIn = ({ words, head, tail, items, mask }: Deque.Deque): number[] => {
  const left: number[] = []
  for (let at = words[head]!; at !== words[tail]; at = (at + 1) | 0) left.push(words[items + (at & mask)]!)
  return left
}

const sceneOf = (t: Table, count: number, actors: readonly Actor<State>[]): Scene<State> => ({
  words: t.words,
  actors,
  always: () => {
    for (const d of t.deques) {
      const queued = (t.words[d.tail]! - t.words[d.head]!) | 0
      assert.ok(queued >= 0 && queued <= d.mask + 1, `I1: 0 ≤ tail − head ≤ capacity, it is ${queued}`)
    }
  },
  end: (states) => {
    const all = [...states.flatMap(({ got }) => got), ...t.deques.flatMap(leftIn)]
    assert.equal(all.sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i + 1), 'every value once')
    for (const [i, { got }] of states.entries()) assert.ok(got.every((value, k) => k === 0 || got[k - 1]! < value), `${actors[i]!.name} got ${got.join()}: older ones first`)
  },
  label: (index) => {
    const at = t.deques.findIndex((d, i) => index < (t.deques[i + 1]?.head ?? t.words.length) && index >= d.head)
    const d = t.deques[at]!
    return `${index === d.head ? 'head' : index === d.tail ? 'tail' : `item ${index - d.items}`} of deque ${at}`
  }
})

/** Publishes before it writes. */
const hastyPush: Push = (o, value, m) => {
  if (Deque.room(o, m) === 0) return Full
  const { tail } = o
  Deque.publish(o, 1, m)
  m.put(o.deque.words, o.deque.items + (tail & o.deque.mask), value)
  return 0
}

/** Claims before it copies: the owner may have written the place again by then. */
const hastySteal: Steal = (d, m) => {
  const head = m.load(d.words, d.head)
  if (head === m.load(d.words, d.tail)) return Empty
  if (!m.cas(d.words, d.head, head, (head + 1) | 0)) return Retry
  return m.get(d.words, d.items + (head & d.mask))
}

/** Moves head by a store: two takers may both win. */
const rudeSteal: Steal = (d, m) => {
  const head = m.load(d.words, d.head)
  if (head === m.load(d.words, d.tail)) return Empty
  const value = m.get(d.words, d.items + (head & d.mask))
  m.store(d.words, d.head, (head + 1) | 0)
  return value
}

/** Publishes what it copied before it owns it. */
const hastyHalf: Half = (victim, mine, m) => {
  const head = m.load(victim.words, victim.head)
  const queued = (m.load(victim.words, victim.tail) - head) | 0
  if (queued <= 0) return Empty
  const count = queued - (queued >> 1)
  for (let i = 0; i < count; i++) Deque.stage(mine, i, m.get(victim.words, victim.items + ((head + i) & victim.mask)), m)
  Deque.publish(mine, count, m)
  return m.cas(victim.words, victim.head, head, (head + count) | 0) ? count : Retry
}

/** Reads tail before head: what is queued may be less than nothing. */
const backwardsHalf: Half = (victim, mine, m) => {
  const tail = m.load(victim.words, victim.tail)
  const head = m.load(victim.words, victim.head)
  const queued = (tail - head) | 0
  if (queued === 0) return Empty
  const count = queued - (queued >> 1)
  for (let i = 0; i < count; i++) Deque.stage(mine, i, m.get(victim.words, victim.items + ((head + i) & victim.mask)), m)
  if (!m.cas(victim.words, victim.head, head, (head + count) | 0)) return Retry
  Deque.publish(mine, count, m)
  return count
}

suite('deque, every interleaving', (it) => {
  it('186: an owner and two thieves that take one: every value once, oldest first (I1, I2, I3)', () => {
    const { states } = explore(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, 4, [ownerOf(t, 4, 0), single('thief', t.deques[0]!, 2), single('other', t.deques[0]!, 1)])
    })
    assert.ok(states > 1000, `${states} states`)
  })

  it('186: an owner and a thief that takes half, and takes again', () => {
    const { states } = explore(() => {
      const t = table(4, 2, 0)
      return sceneOf(t, 6, [ownerOf(t, 6, 0), halver('thief', t.deques[0]!, t.deques[1]!, 0, 2)])
    })
    assert.ok(states > 1000, `${states} states`)
  })

  it('186: two thieves that take half race with the owner and with each other', () => {
    const { states } = explore(() => {
      const t = table(4, 3, 0)
      return sceneOf(t, 3, [ownerOf(t, 3, 0), halver('thief', t.deques[0]!, t.deques[1]!, 0, 1), halver('other', t.deques[0]!, t.deques[2]!, 0, 1)])
    })
    assert.ok(states > 10_000, `${states} states`)
  })

  it('186: a thief is stolen from while it steals', () => {
    const { states } = explore(() => {
      const t = table(4, 3, 0)
      return sceneOf(t, 4, [ownerOf(t, 4, 0), halver('thief', t.deques[0]!, t.deques[1]!, 0, 1), halver('chained', t.deques[1]!, t.deques[2]!, 0, 1)])
    })
    assert.ok(states > 10_000, `${states} states`)
  })

  it('the same where the indices overflow 32 bits', () => {
    for (const start of [0x7fff_fffe, -2]) {
      explore(() => {
        const t = table(2, 2, start)
        return sceneOf(t, 4, [ownerOf(t, 4, start), halver('thief', t.deques[0]!, t.deques[1]!, start, 2)])
      })
    }
  })

  it('a thief that dies before any access took nothing, or what it took is in its own ring, unpublished (I4)', () => {
    explore(() => {
      const t = table(4, 2, 0)
      const { words, deques } = t
      const scene = sceneOf(t, 4, [ownerOf(t, 4, 0), halver('thief', deques[0]!, deques[1]!, 0, 1, Deque.stealHalf, t.dead)])
      return {
        ...scene,
        end: (states, fates) => {
          if (!fates.died[1]) {
            scene.end(states, fates)
            return
          }
          const got = [...states.flatMap((s) => s.got), ...deques.flatMap(leftIn)]
          const missing = [1, 2, 3, 4].filter((value) => !got.includes(value))
          assert.is(new Set(got).size, got.length, 'nothing twice')
          // taken, not published: it lies behind the tail; taken by tryPop: the dead had it in hand
          const ring = words.subarray(deques[1]!.items, deques[1]!.items + 4)
          assert.ok(missing.every((value) => ring.includes(value)), `missing ${missing.join()}, in the ring of the dead: ${ring.join()}`)
        }
      }
    })
  })

  it('the explorer sees a push that publishes before it writes', () => {
    howItFails(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, 2, [ownerOf(t, 2, 0, hastyPush), single('thief', t.deques[0]!, 2)])
    })
  })

  it('the explorer sees a steal that claims before it copies', () => {
    howItFails(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, 4, [ownerOf(t, 4, 0), single('thief', t.deques[0]!, 1, hastySteal)])
    })
  })

  it('the explorer sees a steal that moves head by a store', () => {
    howItFails(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, 2, [ownerOf(t, 2, 0), single('thief', t.deques[0]!, 2, rudeSteal)])
    })
  })

  it('the explorer sees a half that is published before it is owned', () => {
    howItFails(() => {
      const t = table(4, 2, 0)
      return sceneOf(t, 3, [ownerOf(t, 3, 0), halver('thief', t.deques[0]!, t.deques[1]!, 0, 1, hastyHalf)])
    })
  })

  it('the explorer sees a half that reads tail before head', () => {
    howItFails(() => {
      const t = table(2, 2, 0)
      return sceneOf(t, 5, [ownerOf(t, 5, 0), halver('thief', t.deques[0]!, t.deques[1]!, 0, 1, backwardsHalf)])
    })
  })
}, 60_000)
