/**
 * The arena: shared memory cut into slots of one size, each for one frame. Any thread claims and releases; a slot has one
 * owner at a time (queue/slots.ts), and what a dead thread owned is taken back.
 *
 *   slot = header of 16 words, then the payload
 *          word 0 kind of frame · 1 items · 2 bytes of the payload in use · 3 spare · 4..15 the user's
 *
 * Memory order  header and payload are written and read plainly, by the slot's owner alone; they are handed over by whatever
 * carries the slot's number to the next owner (the pool's injector, inboxes and rings: seq-cst stores and loads).
 * Memory        a slot is touched when it is first claimed, lowest free one first: what a run never needs costs nothing.
 * Called by exec/ on both sides of the threads and by frame.ts.
 */
import { place } from '../queue/layout.ts'
import * as Slots from '../queue/slots.ts'

/** Words of a slot's header. */
const HEADER_WORDS = 16
export const WORD_KIND = 0
export const WORD_COUNT = 1
export const WORD_BYTES = 2

/** An arena as it travels to a worker. */
export interface ArenaShared {
  readonly buffer: SharedArrayBuffer
  readonly slots: number
  readonly slotBytes: number
}

export interface Arena {
  readonly shared: ArenaShared
  /** Bytes of a payload. */
  readonly payloadBytes: number
  /** A free slot, owned by `owner` (an int >= 0) from now on; negative when there is none. */
  claim(owner: number): number
  /** Gives a slot back; for its owner. False when it was free: a mistake of the caller's. */
  release(slot: number): boolean
  /** Hands a slot over; for its owner, or for whom the owner has sent its number. */
  give(slot: number, owner: number): void
  /** Takes back what a dead owner had. */
  reclaim(owner: number): readonly number[]
  /** The header. */
  words(slot: number): Int32Array
  /** The payload, whole. */
  payload(slot: number): Buffer
  /** Free slots: a moment's truth. */
  available(): number
}

const layout = ({ slots, slotBytes }: Pick<ArenaShared, 'slots' | 'slotBytes'>) =>
  place({ slots: Slots.wordsFor(slots), frames: slots * (slotBytes / 4) })

/** An arena over memory that exists: in a worker. */
export const attachArena = (shared: ArenaShared): Arena => {
  const { buffer, slots: count, slotBytes } = shared
  const { at } = layout(shared)
  const slots = Slots.attach(new Int32Array(buffer), at.slots, count)
  const headers: Int32Array[] = []
  const payloads: Buffer[] = []
  const byteOf = (slot: number): number => at.frames * 4 + slot * slotBytes
  const payloadBytes = slotBytes - HEADER_WORDS * 4
  return {
    shared,
    payloadBytes,
    claim: (owner) => Slots.claim(slots, owner),
    release: (slot) => Slots.release(slots, slot),
    give: (slot, owner) => {
      Slots.give(slots, slot, owner)
    },
    reclaim: (owner) => Slots.reclaim(slots, owner),
    words: (slot) => (headers[slot] ??= new Int32Array(buffer, byteOf(slot), HEADER_WORDS)),
    payload: (slot) => (payloads[slot] ??= Buffer.from(buffer, byteOf(slot) + HEADER_WORDS * 4, payloadBytes)),
    available: () => Slots.available(slots)
  }
}

/** A new arena of `slots` slots of `slotBytes` (a multiple of 128) each, header included. */
export const createArena = ({ slots, slotBytes }: { readonly slots: number; readonly slotBytes: number }): Arena =>
  attachArena({ buffer: new SharedArrayBuffer(layout({ slots, slotBytes }).words * 4), slots, slotBytes })
