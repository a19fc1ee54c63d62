/**
 * A worker's local queue: a ring of 256 ints in shared memory that one thread fills and everybody may take from.
 * Source: Go's `runqgrab`/`runqput` (copy first, then one CAS), bounds and halves as in tokio's `multi_thread/queue.rs`.
 *
 *   value of position p:   FREE ──put──▶ written ──store tail──▶ QUEUED ──copy──▶ copied ──CAS head h→h+n──▶ taken
 *   (at p & mask)          owner         owner                  shared           any taker's, who loses it when
 *                                                                                another one moved head first
 * Invariants
 *   I1  0 ≤ tail − head ≤ capacity, modulo 2³²; capacity is a power of two, at most 2³⁰
 *   I2  tail is written by the owner alone; head only grows, and only by CAS
 *   I3  a value belongs to the one whose CAS moved head past it; until then a copy means nothing
 *   I4  no operation leaves the queue half done: a thief that dies before its CAS took nothing, one that dies after it
 *       has what it took in its own ring, unpublished (the pool finds these again: pool/claims.ts)
 * Why copying before claiming is right here: a copy may race with the owner's next lap and be wrong, but then head has
 * moved and the CAS fails. 32-bit words do not tear, and JavaScript's memory model gives such a race a value, not
 * undefined behaviour; so one 32-bit head is enough where tokio needs two in 64 bits. Head repeats only after 2³² items:
 * a thief would have to sleep for exactly so many between load and CAS.
 * Why oldest first, for the owner too: results are put back in order behind the pool, so the oldest morsel is the one
 * that others wait for; and there is no LIFO slot, since morsels do not share a warm cache (tokio#4941).
 * Memory order
 *   items   put by owner, get by takers        plain    handed over by store of tail / load of tail
 *           …and back to the owner             plain    handed over by CAS of head / load of head in tryPush
 *   tail    the owner's own view is `Owner.tail`, private
 * Progress  lock-free: a CAS fails only because another taker's succeeded.
 * Checked   spec/queue/deque.model.spec.ts · spec/queue/deque.spec.ts · spec/stress/deque.spec.ts
 */
import { shared, type Memory } from '../atomic/memory.ts'
import { place } from './layout.ts'
import { Empty, Full, Retry } from './outcome.ts'

/** Morsels that a worker's queue holds. */
export const CAPACITY = 256

/** A deque's place in shared memory: all that a taker needs. */
export interface Deque {
  readonly words: Int32Array
  readonly head: number
  readonly tail: number
  readonly items: number
  readonly mask: number
}

/** The end that pushes: the thread that owns the deque. */
export interface Owner {
  readonly deque: Deque
  tail: number
}

const layout = (capacity: number) => place({ head: 1, tail: 1, items: capacity })

/** Words that a deque takes. */
export const wordsFor = (capacity = CAPACITY): number => layout(capacity).words

/** A deque over `wordsFor(capacity)` words at `at`. Zeroed memory is an empty deque. */
export const attach = (words: Int32Array, at: number, capacity = CAPACITY): Deque => {
  const { head, tail, items } = layout(capacity).at
  return { words, head: at + head, tail: at + tail, items: at + items, mask: capacity - 1 }
}

/** The owning end, going on where the last owner stopped. */
export const owner = (deque: Deque, m: Memory = shared): Owner => ({ deque, tail: m.load(deque.words, deque.tail) })

/** Values in the deque, as seen by anybody: a moment's truth. */
export const length = (d: Deque, m: Memory = shared): number => {
  const head = m.load(d.words, d.head) // before tail, so that the difference is never negative
  return Math.min((m.load(d.words, d.tail) - head) | 0, d.mask + 1)
}

/** Room that the owner has. Others only make it grow. */
export const room = (o: Owner, m: Memory = shared): number =>
  o.deque.mask + 1 - ((o.tail - m.load(o.deque.words, o.deque.head)) | 0)

/** Writes behind the tail, without publishing: `ahead` values further on. The owner has made sure that there is room. */
export const stage = (o: Owner, ahead: number, value: number, m: Memory = shared): void => {
  m.put(o.deque.words, o.deque.items + ((o.tail + ahead) & o.deque.mask), value)
}

/** Publishes `count` staged values. */
export const publish = (o: Owner, count: number, m: Memory = shared): void => {
  o.tail = (o.tail + count) | 0
  m.store(o.deque.words, o.deque.tail, o.tail)
}

/** Adds a value ≥ 0 behind all others; 0 or `Full`. */
export const tryPush = (o: Owner, value: number, m: Memory = shared): number => {
  if (room(o, m) === 0) return Full
  stage(o, 0, value, m)
  publish(o, 1, m)
  return 0
}

/** Takes the oldest value: a value, `Empty`, or `Retry` when another taker was faster. For anybody. */
export const trySteal = (d: Deque, m: Memory = shared): number => {
  const { words } = d
  const head = m.load(words, d.head)
  if (head === m.load(words, d.tail)) return Empty
  const value = m.get(words, d.items + (head & d.mask))
  return m.cas(words, d.head, head, (head + 1) | 0) ? value : Retry
}

/** Takes the oldest value, trying until it has one or there is none; for the owner, who knows its tail. */
export const tryPop = (o: Owner, m: Memory = shared): number => {
  const { deque: d, tail } = o
  for (;;) {
    const head = m.load(d.words, d.head)
    if (head === tail) return Empty
    const value = m.get(d.words, d.items + (head & d.mask))
    if (m.cas(d.words, d.head, head, (head + 1) | 0)) return value
  }
}

/**
 * Moves the older half (rounded up) of the victim's values to the end of `mine`: how many, `Empty`, or `Retry`.
 * Does nothing (`Full`) when `mine` is more than half full.
 */
export const stealHalf = (victim: Deque, mine: Owner, m: Memory = shared): number => {
  const free = room(mine, m)
  if (free < (mine.deque.mask + 1) >> 1) return Full
  const { words } = victim
  const head = m.load(words, victim.head)
  const queued = (m.load(words, victim.tail) - head) | 0
  if (queued === 0) return Empty
  if (queued > victim.mask + 1) return Retry // head is old news
  const count = Math.min(queued - (queued >> 1), free)
  for (let i = 0; i < count; i++) stage(mine, i, m.get(words, victim.items + ((head + i) & victim.mask)), m)
  if (!m.cas(words, victim.head, head, (head + count) | 0)) return Retry
  publish(mine, count, m)
  return count
}
