/**
 * The injector under every interleaving: one producer, consumers that take one, and consumers that take a share.
 *
 * FORBIDDEN   a value lost or taken twice; a value that was never pushed, or read while the producer wrote its place; one
 *             consumer getting a newer value before an older one
 */
import * as assert from 'uvu/assert'
import * as Deque from '../../src/queue/deque.ts'
import * as Injector from '../../src/queue/injector.ts'
import { Empty, Full, Retry } from '../../src/queue/outcome.ts'
import { AGAIN, explore, howItFails, type Actor, type Scene, type Stepping } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

interface State extends Record<string, number | readonly number[]> {
  /** The private end of the injector, or of the consumer's deque. */
  tail: number
  headSeen: number
  step: number
  readonly got: number[]
}

interface Table {
  readonly words: Int32Array
  readonly injector: Injector.Injector
  readonly deques: readonly Deque.Deque[]
  readonly dead: number
}

const ROOM = 4

const table = (capacity: number, consumers: number, start: number): Table => {
  const size = Injector.wordsFor(capacity)
  const each = Deque.wordsFor(ROOM)
  const words = new Int32Array(size + each * consumers + 1)
  const injector = Injector.attach(words, 0, capacity)
  words[injector.head] = words[injector.tail] = start
  return { words, injector, deques: Array.from({ length: consumers }, (_, i) => Deque.attach(words, size + i * each, ROOM)), dead: size + each * consumers }
}

type Push = (p: Injector.Producer, value: number, m: Stepping) => number
type Take = (q: Injector.Injector, m: Stepping) => number
type Grab = (q: Injector.Injector, mine: Deque.Owner, workers: number, m: Stepping) => number

/** Tries to push 1 … count, once each; `got` is what went in. */
const producerOf = (t: Table, count: number, start: number, push: Push = Injector.tryPush): Actor<State> => ({
  name: 'producer',
  state: { tail: start, headSeen: start, step: 1, got: [] },
  turns: [
    (s, m) => {
      const p: Injector.Producer = { injector: t.injector, tail: s.tail, headSeen: s.headSeen }
      if (push(p, s.step, m) !== Full) s.got.push(s.step)
      s.tail = p.tail
      s.headSeen = p.headSeen
      return ++s.step <= count ? AGAIN : undefined
    }
  ]
})

const single = (name: string, t: Table, times: number, take: Take = Injector.tryTake, mortal?: number): Actor<State> => ({
  name,
  state: { tail: 0, headSeen: 0, step: times, got: [] },
  mortal,
  turns: [
    (s, m) => {
      const value = take(t.injector, m)
      if (value !== Empty && value !== Retry) s.got.push(value)
      return --s.step > 0 ? AGAIN : undefined
    }
  ]
})

/** Takes a share, and what came along into its own deque; `times` times. */
const sharer = (name: string, t: Table, which: number, times: number, workers: number, grab: Grab = Injector.grab): Actor<State> => {
  const mine = t.deques[which]!
  const round: Actor<State>['turns'] = [
    (s, m) => {
      const o: Deque.Owner = { deque: mine, tail: s.tail }
      const value = grab(t.injector, o, workers, m)
      s.tail = o.tail
      if (value !== Empty && value !== Retry) s.got.push(value)
      return undefined
    },
    (s, m) => {
      const value = Deque.tryPop({ deque: mine, tail: s.tail }, m)
      if (value !== Empty) s.got.push(value)
      return value === Empty ? undefined : AGAIN
    }
  ]
  return { name, state: { tail: 0, headSeen: 0, step: 0, got: [] }, turns: Array.from({ length: times }, () => round).flat() }
}

const leftIn = (words: Int32Array, { head, tail, items, mask }: { head: number; tail: number; items: number; mask: number }): number[] => {
  const left: number[] = []
  for (let at = words[head]!; at !== words[tail]; at = (at + 1) | 0) left.push(words[items + (at & mask)]!)
  return left
}

const sceneOf = (t: Table, actors: readonly Actor<State>[]): Scene<State> => {
  const { words, injector } = t
  return {
    words,
    actors,
    always: () => {
      const queued = (words[injector.tail]! - words[injector.head]!) | 0
      assert.ok(queued >= 0 && queued <= injector.mask + 1, 'I1: 0 ≤ tail − head ≤ capacity')
    },
    end: (states) => {
      const left = [injector, ...t.deques].flatMap((queue) => leftIn(words, queue))
      const all = [...states.slice(1).flatMap(({ got }) => got), ...left]
      assert.equal(all.sort((a, b) => a - b), states[0]!.got, 'every value that went in, once')
      for (const [i, { got }] of states.entries()) assert.ok(got.every((value, k) => k === 0 || got[k - 1]! < value), `${actors[i]!.name} got ${got.join()}: older ones first`)
    },
    label: (index) => (index === injector.head ? 'head' : index === injector.tail ? 'tail' : index < t.deques[0]!.head ? `item ${index - injector.items}` : `word ${index}`)
  }
}

/** Publishes before it writes. */
const hastyPush: Push = (p, value, m) => {
  const { injector: q, tail } = p
  if (((tail - m.load(q.words, q.head)) | 0) > q.mask) return Full
  p.tail = (tail + 1) | 0
  m.store(q.words, q.tail, p.tail)
  m.put(q.words, q.items + (tail & q.mask), value)
  return 0
}

/** Claims before it copies: a consumer that dies in between has emptied a place by half (I3). */
const hastyTake: Take = (q, m) => {
  const head = m.load(q.words, q.head)
  if (head === m.load(q.words, q.tail)) return Empty
  if (!m.cas(q.words, q.head, head, (head + 1) | 0)) return Retry
  return m.get(q.words, q.items + (head & q.mask))
}

/** Takes the room of its view of head for room, though it is at the other side of the ring: off by one. */
const greedyPush: Push = (p, value, m) => {
  p.headSeen = (m.load(p.injector.words, p.injector.head) + 1) | 0
  return Injector.tryPush(p, value, m)
}

/** Publishes what came along before it is its own. */
const hastyGrab: Grab = (q, mine, _, m) => {
  const head = m.load(q.words, q.head)
  const queued = (m.load(q.words, q.tail) - head) | 0
  if (queued < 2) return Empty
  const first = m.get(q.words, q.items + (head & q.mask))
  Deque.stage(mine, 0, m.get(q.words, q.items + ((head + 1) & q.mask)), m)
  Deque.publish(mine, 1, m)
  return m.cas(q.words, q.head, head, (head + 2) | 0) ? first : Retry
}

suite('injector, every interleaving', (it) => {
  it('a producer and two consumers that take one: every value once, in order (I1, I2, I3)', () => {
    const { states } = explore(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, [producerOf(t, 4, 0), single('consumer', t, 2), single('other', t, 2)])
    })
    assert.ok(states > 1000, `${states} states`)
  })

  it('187: consumers that take a share into their own deques: every value once, in order', () => {
    for (const start of [0, 0x7fff_fffe, -2]) {
      const { states } = explore(() => {
        const t = table(4, 2, start)
        return sceneOf(t, [producerOf(t, 4, start), sharer('consumer', t, 0, 1, 1), sharer('other', t, 1, 1, 2)])
      })
      assert.ok(states > 1000, `${states} states`)
    }
  })

  it('a share races with the next lap of the producer', () => {
    const { states } = explore(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, [producerOf(t, 5, 0), sharer('consumer', t, 0, 2, 1), single('other', t, 1)])
    })
    assert.ok(states > 1000, `${states} states`)
  })

  it('a consumer that dies before any of its accesses has either taken the value or not, and stops nobody (I3)', () => {
    explore(() => {
      const t = table(2, 1, 0)
      const scene = sceneOf(t, [producerOf(t, 4, 0), single('mortal', t, 2, Injector.tryTake, t.dead), single('other', t, 4)])
      return {
        ...scene,
        end: (states) => {
          const pushed = states[0]!.got
          const all = [...states.slice(1).flatMap(({ got }) => got), ...leftIn(t.words, t.injector)]
          assert.is(new Set(all).size, all.length, 'nothing twice')
          assert.ok(all.length >= pushed.length - 1, 'at most what the dead had in hand is missing')
          assert.ok(all.every((value) => pushed.includes(value)), all.join())
        }
      }
    })
  })

  it('the explorer sees a push that publishes before it writes', () => {
    howItFails(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, [producerOf(t, 2, 0, hastyPush), single('consumer', t, 2)])
    })
  })

  it('the explorer sees a take that claims before it copies', () => {
    howItFails(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, [producerOf(t, 4, 0), single('consumer', t, 2, hastyTake)])
    })
  })

  it('the explorer sees a push into a full ring', () => {
    howItFails(() => {
      const t = table(2, 1, 0)
      return sceneOf(t, [producerOf(t, 4, 0, greedyPush), single('consumer', t, 1)])
    })
  })

  it('the explorer sees a share that is published before it is owned', () => {
    howItFails(() => {
      const t = table(4, 1, 0)
      return sceneOf(t, [producerOf(t, 3, 0), sharer('consumer', t, 0, 1, 1, hastyGrab), single('other', t, 1)])
    })
  })
}, 60_000)
