/**
 * Bounded single-producer, single-consumer ring of fixed-width records in shared memory.
 * Source: L. Lamport (1977), with each end's cached view of the other as in J. Giacomoni's FastForward and `rigtorp`.
 *
 *   record of position p:  FREE ──put words──▶ written ──store tail p+1──▶ FULL ──get words──▶ read ──store head p+1──▶ FREE
 *   (at p & mask)          producer's           producer's                consumer's          consumer's         (next lap)
 *
 * Invariants
 *   I1  0 ≤ tail − head ≤ capacity, modulo 2³²; capacity is a power of two, at most 2³⁰
 *   I2  tail is written by the producer alone, head by the consumer alone
 *   I3  what is not published by tail does not exist: a producer that dies in the middle of a push harms nothing
 * Memory order
 *   words   put by producer, get by consumer   plain    handed over by store of tail / load in tryPop
 *           …and back to the producer                   handed over by store of head / load in tryPush
 *   tail    producer's own view: `Producer.tail`, head: `Consumer.head`: both private; the shared words are Atomics
 *   `headSeen`, `tailSeen` are old values of words that only grow, so they err towards Full and Empty, and are renewed
 *           before either is answered
 * Progress  wait-free for both ends.
 * Checked   spec/queue/spsc-ring.model.spec.ts · spec/queue/spsc-ring.spec.ts · spec/stress/spsc-ring.spec.ts
 */
import { shared, type Memory } from '../atomic/memory.ts'
import { place } from './layout.ts'
import { Full } from './outcome.ts'

/** A ring's place in shared memory; the same for both ends. */
export interface SpscRing {
  readonly words: Int32Array
  readonly head: number
  readonly tail: number
  readonly items: number
  readonly mask: number
  /** Words of one record. */
  readonly width: number
}

/** The end that pushes: one thread. */
export interface Producer {
  readonly ring: SpscRing
  tail: number
  headSeen: number
}

/** The end that pops: one thread. */
export interface Consumer {
  readonly ring: SpscRing
  head: number
  tailSeen: number
}

const layout = (capacity: number, width: number) => place({ head: 1, tail: 1, items: capacity * width })

/** Words that a ring of `capacity` records (a power of two) of `width` words takes. */
export const wordsFor = (capacity: number, width: number): number => layout(capacity, width).words

/** A ring over `wordsFor(capacity, width)` words at `at`. Zeroed memory is an empty ring. */
export const attach = (words: Int32Array, at: number, capacity: number, width: number): SpscRing => {
  const { head, tail, items } = layout(capacity, width).at
  return { words, head: at + head, tail: at + tail, items: at + items, mask: capacity - 1, width }
}

/** The producing end, going on where the last one stopped. */
export const producer = (ring: SpscRing, m: Memory = shared): Producer => ({
  ring,
  tail: m.load(ring.words, ring.tail),
  headSeen: m.load(ring.words, ring.head)
})

/** The consuming end, going on where the last one stopped. */
export const consumer = (ring: SpscRing, m: Memory = shared): Consumer => ({
  ring,
  head: m.load(ring.words, ring.head),
  tailSeen: m.load(ring.words, ring.tail)
})

/** Whether a push would find room now. */
export const hasRoom = (p: Producer, m: Memory = shared): boolean => {
  const { ring, tail } = p
  if (((tail - p.headSeen) | 0) <= ring.mask) return true
  p.headSeen = m.load(ring.words, ring.head)
  return ((tail - p.headSeen) | 0) <= ring.mask
}

/** Copies `width` words of `record` into the ring; 0 or `Full`. */
export const tryPush = (p: Producer, record: ArrayLike<number>, m: Memory = shared): number => {
  if (!hasRoom(p, m)) return Full
  const { ring, tail } = p
  const { words, width } = ring
  const at = ring.items + (tail & ring.mask) * width
  for (let i = 0; i < width; i++) m.put(words, at + i, record[i]!)
  p.tail = (tail + 1) | 0
  m.store(words, ring.tail, p.tail) // publishes the record; pairs with the load in hasRecord
  return 0
}

/** Whether a pop would find a record now. */
export const hasRecord = (c: Consumer, m: Memory = shared): boolean => {
  if (c.head !== c.tailSeen) return true
  c.tailSeen = m.load(c.ring.words, c.ring.tail)
  return c.head !== c.tailSeen
}

/** Moves the oldest record into `into`; false when there is none. */
export const tryPop = (c: Consumer, into: Int32Array, m: Memory = shared): boolean => {
  if (!hasRecord(c, m)) return false
  const { ring, head } = c
  const { words, width } = ring
  const at = ring.items + (head & ring.mask) * width
  for (let i = 0; i < width; i++) into[i] = m.get(words, at + i)
  c.head = (head + 1) | 0
  m.store(words, ring.head, c.head) // gives the place back; pairs with the load in hasRoom
  return true
}
