/**
 * The pool's global queue: a bounded ring of ints that one thread fills and every worker takes from.
 * Source: the consumer side of Go's `runqgrab`; batch sizes as in tokio's `inject`.
 *
 *   value of position p:   FREE ──put──▶ written ──store tail──▶ QUEUED ──copy──▶ copied ──CAS head h→h+n──▶ taken
 *   (at p & mask)          producer      producer               shared           any consumer's
 *
 * Invariants
 *   I1  0 ≤ tail − head ≤ capacity, modulo 2³²; capacity is a power of two, at most 2³⁰
 *   I2  tail is written by the producer alone; head only grows, and only by CAS
 *   I3  a value is read BEFORE the CAS that takes it, so a consumer that dies has either taken it or not: nobody ever
 *       waits for a place that is half emptied
 * Memory order
 *   items   put by producer, get by consumers  plain    handed over by store of tail / load of tail
 *           …and back to the producer          plain    handed over by CAS of head / load of head in tryPush
 *   A copy that raced with the next lap is wrong, and then the CAS fails: see deque.ts.
 *   tail, headSeen in `Producer` are private; headSeen is an old value of a word that only grows, so it errs towards
 *   Full and is renewed before Full is answered.
 * Progress  lock-free for consumers, wait-free for the producer.
 * Checked   spec/queue/injector.model.spec.ts · spec/queue/injector.spec.ts · spec/stress/injector.spec.ts
 */
import { shared, type Memory } from '../atomic/memory.ts'
import { publish, room, stage, type Owner } from './deque.ts'
import { place } from './layout.ts'
import { Empty, Full, Retry } from './outcome.ts'

/** The most that one {@link grab} takes. */
export const BATCH = 128

/** An injector's place in shared memory: all that a consumer needs. */
export interface Injector {
  readonly words: Int32Array
  readonly head: number
  readonly tail: number
  readonly items: number
  readonly mask: number
}

/** The end that pushes: one thread. */
export interface Producer {
  readonly injector: Injector
  tail: number
  headSeen: number
}

const layout = (capacity: number) => place({ head: 1, tail: 1, items: capacity })

/** Words that an injector of `capacity` values (a power of two) takes. */
export const wordsFor = (capacity: number): number => layout(capacity).words

/** An injector over `wordsFor(capacity)` words at `at`. Zeroed memory is an empty one. */
export const attach = (words: Int32Array, at: number, capacity: number): Injector => {
  const { head, tail, items } = layout(capacity).at
  return { words, head: at + head, tail: at + tail, items: at + items, mask: capacity - 1 }
}

/** The producing end. */
export const producer = (injector: Injector, m: Memory = shared): Producer => ({
  injector,
  tail: m.load(injector.words, injector.tail),
  headSeen: m.load(injector.words, injector.head)
})

/** Values in the injector, as seen by anybody: a moment's truth. */
export const length = (q: Injector, m: Memory = shared): number => {
  const head = m.load(q.words, q.head) // before tail, so that the difference is never negative
  return Math.min((m.load(q.words, q.tail) - head) | 0, q.mask + 1)
}

/** Adds a value ≥ 0 behind all others; 0 or `Full`. */
export const tryPush = (p: Producer, value: number, m: Memory = shared): number => {
  const { injector: q, tail } = p
  if (((tail - p.headSeen) | 0) > q.mask) {
    p.headSeen = m.load(q.words, q.head)
    if (((tail - p.headSeen) | 0) > q.mask) return Full
  }
  m.put(q.words, q.items + (tail & q.mask), value)
  p.tail = (tail + 1) | 0
  m.store(q.words, q.tail, p.tail)
  return 0
}

/** Takes the oldest value: a value, `Empty`, or `Retry` when another consumer was faster. */
export const tryTake = (q: Injector, m: Memory = shared): number => {
  const head = m.load(q.words, q.head)
  if (head === m.load(q.words, q.tail)) return Empty
  const value = m.get(q.words, q.items + (head & q.mask))
  return m.cas(q.words, q.head, head, (head + 1) | 0) ? value : Retry
}

/**
 * Takes a fair share, `length / workers + 1`, at most {@link BATCH} and what `mine` has room for: the oldest value is
 * the answer, the others are moved to the end of `mine`. `Empty`, or `Retry` when another consumer was faster.
 */
export const grab = (q: Injector, mine: Owner, workers: number, m: Memory = shared): number => {
  const head = m.load(q.words, q.head)
  const queued = (m.load(q.words, q.tail) - head) | 0
  if (queued === 0) return Empty
  if (queued > q.mask + 1) return Retry // head is old news
  const share = Math.min(Math.floor(queued / workers) + 1, queued, BATCH)
  const more = share > 1 ? Math.min(share - 1, room(mine, m)) : 0
  const first = m.get(q.words, q.items + (head & q.mask))
  for (let i = 0; i < more; i++) stage(mine, i, m.get(q.words, q.items + ((head + 1 + i) & q.mask)), m)
  if (!m.cas(q.words, q.head, head, (head + 1 + more) | 0)) return Retry
  if (more > 0) publish(mine, more, m)
  return first
}
