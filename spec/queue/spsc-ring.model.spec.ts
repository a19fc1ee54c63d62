/**
 * The single-producer, single-consumer ring under every interleaving of its accesses: two places, records of two words.
 *
 * FORBIDDEN   a record lost, doubled, torn, out of order, or read by a plain access that races with its writer
 */
import * as assert from 'uvu/assert'
import { Full } from '../../src/queue/outcome.ts'
import * as Ring from '../../src/queue/spsc-ring.ts'
import { AGAIN, explore, howItFails, type Scene, type Stepping, type Turn } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

const CAPACITY = 2
const WIDTH = 2

interface State extends Record<string, number | readonly number[]> {
  /** The private index of an end, and its view of the other one's. */
  at: number
  otherSeen: number
  left: number
  readonly got: number[]
}

type Push = (p: Ring.Producer, record: readonly number[], m: Stepping) => number
type Pop = (c: Ring.Consumer, into: Int32Array, m: Stepping) => boolean

/** A producer of `count` records and a consumer of as many, with the first record at position `start`. */
const scene = (count: number, start: number, push: Push, pop: Pop) => (): Scene<State> => {
  const words = new Int32Array(Ring.wordsFor(CAPACITY, WIDTH))
  const ring = Ring.attach(words, 0, CAPACITY, WIDTH)
  words[ring.head] = words[ring.tail] = start
  const produce: Turn<State> = (s, m) => {
    const p: Ring.Producer = { ring, tail: s.at, headSeen: s.otherSeen }
    const n = count - s.left + 1
    const told = push(p, [n, -n], m)
    s.at = p.tail
    s.otherSeen = p.headSeen
    if (told !== Full) s.left--
    return s.left > 0 ? AGAIN : undefined
  }
  const consume: Turn<State> = (s, m) => {
    const c: Ring.Consumer = { ring, head: s.at, tailSeen: s.otherSeen }
    const into = new Int32Array(WIDTH)
    if (pop(c, into, m)) {
      s.left--
      s.got.push(...into)
    }
    s.at = c.head
    s.otherSeen = c.tailSeen
    return s.left > 0 ? AGAIN : undefined
  }
  const state: State = { at: start, otherSeen: start, left: count, got: [] }
  return {
    words,
    actors: [
      { name: 'producer', state, turns: [produce] },
      { name: 'consumer', state, turns: [consume] }
    ],
    always: () => {
      const filled = (words[ring.tail]! - words[ring.head]!) | 0
      assert.ok(filled >= 0 && filled <= CAPACITY, 'I1: 0 ≤ tail − head ≤ capacity')
    },
    end: (states) => {
      assert.equal(states[1]!.got, Array.from({ length: count }, (_, i) => [i + 1, -i - 1]).flat())
    },
    label: (index) => (index === ring.head ? 'head' : index === ring.tail ? 'tail' : `word ${index - ring.items}`)
  }
}

/** Publishes before it writes. */
const hastyPush: Push = (p, record, m) => {
  if (!Ring.hasRoom(p, m)) return Full
  const at = p.ring.items + (p.tail & p.ring.mask) * WIDTH
  p.tail = (p.tail + 1) | 0
  m.store(p.ring.words, p.ring.tail, p.tail)
  record.forEach((value, i) => { m.put(p.ring.words, at + i, value) })
  return 0
}

/** Gives the place back before it reads. */
const hastyPop: Pop = (c, into, m) => {
  if (!Ring.hasRecord(c, m)) return false
  const at = c.ring.items + (c.head & c.ring.mask) * WIDTH
  c.head = (c.head + 1) | 0
  m.store(c.ring.words, c.ring.head, c.head)
  for (let i = 0; i < WIDTH; i++) into[i] = m.get(c.ring.words, at + i)
  return true
}

/** Publishes by a plain write, which orders nothing. */
const plainPush: Push = (p, record, m) =>
  Ring.tryPush(p, record, { ...m, store: (words, index, value) => { m.put(words, index, value) } })

/** Never renews its view of the consumer's end: sees room where there is none. */
const boundlessPush: Push = (p, record, m) => {
  p.headSeen = p.tail
  return Ring.tryPush(p, record, m)
}

suite('spsc ring, every interleaving', (it) => {
  it('records arrive whole, once and in order, with the ring full and empty on the way (I1, I2)', () => {
    const { states, ends } = explore(scene(5, 0, Ring.tryPush, Ring.tryPop))
    assert.ok(states > 200 && ends >= 1, `${states} states, ${ends} ends`)
  })

  it('also where the indices overflow 32 bits', () => {
    explore(scene(5, 0x7fff_fffe, Ring.tryPush, Ring.tryPop))
    explore(scene(5, -2, Ring.tryPush, Ring.tryPop))
  })

  it('a producer that dies in the middle of a push harms nothing, and its successor goes on (I3)', () => {
    explore((): Scene<State> => {
      const words = new Int32Array(Ring.wordsFor(CAPACITY, WIDTH) + 1)
      const dead = words.length - 1
      const ring = Ring.attach(words, 0, CAPACITY, WIDTH)
      const push = (s: State, m: Stepping, n: number): undefined | typeof AGAIN => {
        const p = Ring.producer(ring, m)
        if (Ring.tryPush(p, [n, -n], m) === Full) return AGAIN
        s.at = n
        return undefined
      }
      const state: State = { at: 0, otherSeen: 0, left: 0, got: [] }
      return {
        words,
        actors: [
          { name: 'first', state, mortal: dead, turns: [(s, m) => push(s, m, 1), (s, m) => push(s, m, 2), (s, m) => push(s, m, 3), (_, m) => { m.store(words, dead, 1); return undefined }] },
          { name: 'second', state, turns: [(_, m) => void m.until(words, dead, (gone) => gone === 1), (s, m) => push(s, m, 10), (s, m) => push(s, m, 11)] },
          {
            name: 'consumer',
            state,
            turns: [
              (s, m) => {
                const into = new Int32Array(WIDTH)
                if (Ring.tryPop(Ring.consumer(ring, m), into, m)) s.got.push(...into)
                return s.got.at(-2) === 11 ? undefined : AGAIN
              }
            ]
          }
        ],
        end: ([first, , reader]) => {
          const { got } = reader!
          const pushed = got.filter((_, i) => i % 2 === 0)
          const whole = got.every((value, i) => (i % 2 === 0 ? got[i + 1] === -value : true))
          const before = pushed.length - 2
          assert.ok(whole && before >= first!.at && before <= first!.at + 1, got.join())
          assert.equal(pushed, [1, 2, 3].slice(0, before).concat(10, 11))
        }
      }
    })
  })

  it('the explorer sees a push that publishes before it writes', () => {
    assert.match(howItFails(scene(3, 0, hastyPush, Ring.tryPop)), /producer: store tail/)
  })

  it('the explorer sees a pop that frees before it reads', () => {
    assert.match(howItFails(scene(4, 0, Ring.tryPush, hastyPop)), /consumer: store head/)
  })

  it('the explorer sees a push that publishes by a plain write', () => {
    assert.match(howItFails(scene(3, 0, plainPush, Ring.tryPop)), /producer: put tail/)
  })

  it('the explorer sees a push that does not look for room', () => {
    assert.match(howItFails(scene(4, 0, boundlessPush, Ring.tryPop)), /I1|race/)
  })
})
