/**
 * Whose a morsel is: one word per slot, so that a morsel is begun exactly once, whatever happens to the queues.
 *
 *   IDLE ──enqueue──▶ QUEUED(g) ──begin: CAS──▶ BEGUN(g, worker) ──settle: CAS──▶ IDLE
 *    ▲  main thread    │    ▲     the worker                        that worker      │
 *    │                 └────┘ requeue: CAS to QUEUED(g+1)                            │
 *    └────────────── enqueue also from BEGUN: the user saw its own notice first ─────┘
 *
 * Queues carry entries: slot and generation g. The word is the truth and an entry only a hint that leads to it, so an
 * entry may be lost (its holder died between taking it and `begin`) or doubled (the main thread put it back to be
 * sure): the main thread writes a new generation, and an entry of an old one fails its `begin` and is dropped.
 * Invariants
 *   I1  only the main thread makes generations; they grow by one, modulo 2¹⁵
 *   I2  BEGUN is reached by CAS from the QUEUED of the entry's own generation: at most one worker begins it
 *   I3  QUEUED and in no queue is seen only for a moment, or after a death; `requeue` is right in both cases
 * Memory order  every access is Atomics; the frame behind a slot is handed over by the queue that carries the entry,
 *   and to one who is told by `begin` (I2) alone, by the store of enqueue / the CAS of begin.
 * Progress  wait-free.
 * Checked   spec/pool/claims.model.spec.ts
 */
import { shared, type Memory } from '../atomic/memory.ts'
import { Empty } from '../queue/outcome.ts'

const IDLE = 0
const QUEUED = 1
const BEGUN = 2

/** 64 bytes between words, since neighbours are begun by different workers at the same time. */
const STRIDE = 16
/** Nobody in particular: any worker may begin it. */
export const ANYBODY = -1

/** Slots are 16 bits of an entry. */
export const MAX_SLOTS = 65_536
/** Workers are 14 bits of a claim. */
export const MAX_WORKERS = 16_382

export interface Claims {
  readonly words: Int32Array
  readonly at: number
  readonly slots: number
}

export const wordsFor = (slots: number): number => slots * STRIDE

export const attach = (words: Int32Array, at: number, slots: number): Claims => ({ words, at, slots })

const word = (generation: number, who: number, state: number): number =>
  ((generation & 0x7fff) << 16) | ((who + 1) << 2) | state
const generationOf = (w: number): number => w >>> 16
const stateOf = (w: number): number => w & 3
const whoOf = (w: number): number => ((w >>> 2) & 0x3fff) - 1
const entryOf = (w: number, slot: number): number => (w & 0x7fff0000) | slot
const index = (c: Claims, slot: number): number => c.at + slot * STRIDE

/** The slot that an entry leads to. */
export const slotOf = (entry: number): number => entry & 0xffff

/** Makes a slot queued for `who` (a worker, or `ANYBODY`): its entry, or `Empty` when it is queued already. Main thread. */
export const enqueue = (c: Claims, slot: number, who: number, m: Memory = shared): number => {
  const seen = m.load(c.words, index(c, slot))
  if (stateOf(seen) === QUEUED) return Empty
  const next = word(generationOf(seen) + 1, who, QUEUED)
  m.store(c.words, index(c, slot), next) // a settle that comes later fails its CAS, as it should
  return entryOf(next, slot)
}

/** Begins an entry for a worker: its slot, or `Empty` when the entry is out of date. */
export const begin = (c: Claims, entry: number, worker: number, m: Memory = shared): number => {
  const slot = slotOf(entry)
  const seen = m.load(c.words, index(c, slot))
  if (stateOf(seen) !== QUEUED || entryOf(seen, slot) !== entry) return Empty
  return m.cas(c.words, index(c, slot), seen, word(generationOf(seen), worker, BEGUN)) ? slot : Empty
}

/** Ends what `begin` began; does nothing when the slot has been enqueued again in the meantime. */
export const settle = (c: Claims, entry: number, worker: number, m: Memory = shared): void => {
  const slot = slotOf(entry)
  m.cas(c.words, index(c, slot), word(entry >>> 16, worker, BEGUN), word(entry >>> 16, ANYBODY, IDLE))
}

/** Takes a queued morsel back; false when it has been begun. Main thread. */
export const withdraw = (c: Claims, slot: number, m: Memory = shared): boolean => {
  const seen = m.load(c.words, index(c, slot))
  return stateOf(seen) === QUEUED && m.cas(c.words, index(c, slot), seen, word(generationOf(seen), ANYBODY, IDLE))
}

/** Makes the entries of a queued slot void: a new entry, or `Empty` when it has been begun. Main thread. */
export const requeue = (c: Claims, slot: number, m: Memory = shared): number => {
  const seen = m.load(c.words, index(c, slot))
  if (stateOf(seen) !== QUEUED) return Empty
  const next = word(generationOf(seen) + 1, whoOf(seen), QUEUED)
  return m.cas(c.words, index(c, slot), seen, next) ? entryOf(next, slot) : Empty
}

/** The entry under which a slot is queued for `who`, or `Empty`. */
export const queuedEntry = (c: Claims, slot: number, who: number, m: Memory = shared): number => {
  const seen = m.load(c.words, index(c, slot))
  return stateOf(seen) === QUEUED && whoOf(seen) === who ? entryOf(seen, slot) : Empty
}

/** Makes idle, and answers, the slots that a dead worker had begun. Main thread. */
export const abandon = (c: Claims, worker: number, m: Memory = shared): number[] => {
  const begun: number[] = []
  for (let slot = 0; slot < c.slots; slot++) {
    const seen = m.load(c.words, index(c, slot))
    if (stateOf(seen) !== BEGUN || whoOf(seen) !== worker) continue
    m.store(c.words, index(c, slot), word(generationOf(seen), ANYBODY, IDLE))
    begun.push(slot)
  }
  return begun
}
