/**
 * Which slots of an arena are free, and whose the others are: a set of small ints that any thread claims from.
 *
 *   slot:   FREE ──CAS owner 0→id──▶ OWNED ──set hint bit──▶ OWNED ──store owner 0──▶ FREE ──clear hint bit──▶ FREE
 *           owner 0, bit 0           owner id, bit 0         bit 1                    bit 1                    bit 0
 *
 * The owner word is the truth and is taken by one CAS, so a slot is never claimed by nobody: whoever dies, `reclaim`
 * finds what was his. The bits (1: do not look here) only make the search short, and may be wrong:
 *   bit 0, slot OWNED   a claimer looks, loses its CAS, and looks on
 *   bit 1, slot FREE    a releaser died (or is) between store and clear; `reclaim` mends it
 * Invariants
 *   I1  a slot has at most one owner, from the CAS of its claim to its release
 *   I2  only the slot's owner, or `reclaim` for a dead one, writes an owner word that is not 0
 *   I3  lowest free slot first, as far as the bits tell: memory that is never needed is never touched
 * Memory order
 *   owner, bits            every access is Atomics. What the owner did to the slot's contents is handed over by the
 *                          store of its release / the CAS of the next claim.
 * Progress  lock-free: a CAS on a word of bits fails only because another slot of its 32 has changed hands.
 * Checked   spec/queue/slots.model.spec.ts · spec/queue/slots.spec.ts · spec/stress/slots.spec.ts
 */
import { shared, type Memory } from '../atomic/memory.ts'
import { place } from './layout.ts'
import { Empty } from './outcome.ts'

/** A set of slots' place in shared memory. */
export interface Slots {
  readonly words: Int32Array
  readonly bits: number
  readonly owners: number
  readonly count: number
}

const layout = (count: number) => place({ bits: Math.ceil(count / 32), owners: count })

/** Words that the administration of `count` slots takes. */
export const wordsFor = (count: number): number => layout(count).words

/** The slots 0 … count−1, administered in `wordsFor(count)` words at `at`. Zeroed memory: all are free. */
export const attach = (words: Int32Array, at: number, count: number): Slots => {
  const { bits, owners } = layout(count).at
  return { words, bits: at + bits, owners: at + owners, count }
}

const setHint = (s: Slots, slot: number, taken: boolean, m: Memory): void => {
  const at = s.bits + (slot >> 5)
  const bit = 1 << (slot & 31)
  for (;;) {
    const seen = m.load(s.words, at)
    if (((seen & bit) !== 0) === taken || m.cas(s.words, at, seen, seen ^ bit)) return
  }
}

/** Claims a free slot for `owner` (an int ≥ 0): its index, or `Empty` when none was found. */
export const claim = (s: Slots, owner: number, m: Memory = shared): number => {
  for (let base = 0; base < s.count; base += 32) {
    let free = ~m.load(s.words, s.bits + (base >> 5))
    while (free !== 0) {
      const slot = base + 31 - Math.clz32(free & -free)
      if (slot >= s.count) break
      if (m.cas(s.words, s.owners + slot, 0, owner + 1)) {
        setHint(s, slot, true, m)
        return slot
      }
      free &= free - 1
    }
  }
  return Empty
}

/** Gives a slot back; false when it was free already, which is a caller's mistake. For its owner. */
export const release = (s: Slots, slot: number, m: Memory = shared): boolean => {
  if (m.exchange(s.words, s.owners + slot, 0) === 0) return false
  setHint(s, slot, false, m)
  return true
}

/** Hands a slot over. For its owner, or for the one to whom the owner has sent it. */
export const give = (s: Slots, slot: number, to: number, m: Memory = shared): void => {
  m.store(s.words, s.owners + slot, to + 1)
}

/** Whose the slot is, or `Empty`. */
export const ownerOf = (s: Slots, slot: number, m: Memory = shared): number => m.load(s.words, s.owners + slot) - 1

/** Gives back all slots of an owner that has died, and mends wrong hints; answers the slots. Only after it is gone. */
export const reclaim = (s: Slots, owner: number, m: Memory = shared): number[] => {
  const freed: number[] = []
  for (let slot = 0; slot < s.count; slot++) {
    if (m.cas(s.words, s.owners + slot, owner + 1, 0)) freed.push(slot)
    if (m.load(s.words, s.owners + slot) === 0) setHint(s, slot, false, m)
  }
  return freed
}

/** How many slots are free: a moment's truth. */
export const available = (s: Slots, m: Memory = shared): number => {
  let free = 0
  for (let slot = 0; slot < s.count; slot++) if (m.load(s.words, s.owners + slot) === 0) free++
  return free
}
