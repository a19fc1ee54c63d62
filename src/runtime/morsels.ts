/**
 * Morsels of pipelines on their way to the workers, and frames on their way back: what of a task goes through the arena's slots.
 *
 *   submit… ── claim a slot ──▶ frame and header words ──▶ pool        frame(…) ──▶ a handle: items or bytes, until released
 *                    └ none free, or no place in a queue: -1, and `room` tells when there may be one
 *
 * An item that is larger than a slot travels alone: by message, ahead of its morsel or behind its notice. Called by crew.ts.
 */
import { WORD_BYTES, type Arena } from '../frame/arena.ts'
import { columnIn, decodeAlone, encodeAlone, readFrame, rowsOfFrame, writeColumn, writeFrame, writeProgression, type AloneFrame } from '../frame/frame.ts'
import type { Hint } from '../frame/hint.ts'
import type { Pool } from '../pool/pool.ts'
import { isColumn, type Column, type Held, type Progression, type Rows } from '../prelude/items.ts'
import { INPUT_ALONE, INPUT_END, INPUT_ITEMS, INPUT_SPLIT, WORD_INPUT, WORD_TASK } from './protocol.ts'

/** Owner number of the main thread, for the arena. */
export const MAIN = 0x7fff

/** A frame as a reader sees it. */
export interface FrameHandle {
  /** The arena slot, or -1 for a frame that travels alone: that frame, then. */
  readonly slot: number
  readonly alone?: AloneFrame | undefined
  readonly items: () => unknown[]
  /** The numbers of a frame of numbers, where they are; valid until `release`. */
  readonly column: () => Column | undefined
  /** The records of a frame of records for a loop that makes them itself; valid until `release`. None where there is none. */
  readonly rows: () => Rows | undefined
  /** The frame's bytes, for text; valid until `release`. */
  readonly bytes: () => Uint8Array
  readonly release: () => void
  readonly byteLength: number
}

/** What crew.ts offers of it as its own. */
export interface MorselCalls {
  /** Puts a morsel with these items in front of the workers; -1 when there is no room: see `room`. */
  submitItems(task: number, items: Held, from: number, to: number, pin: number, hint?: Hint): { slot: number; taken: number }
  /** Puts a morsel of numbers that its worker makes in front of the workers; -1 when there is no room. */
  submitProgression(task: number, progression: Progression, pin: number): number
  submitFrame(task: number, slot: number, pin: number): boolean
  /** Puts a morsel with a frame that travels alone in front of the workers; -1 when there is no room. */
  submitAlone(task: number, frame: AloneFrame, pin: number): number
  submitSplit(task: number, split: unknown): number
  submitEnd(task: number, worker: number): number
  resume(worker: number, slot: number): void
  /** Resolves when a slot or a place in the queue has been given back. */
  room(): Promise<void>
  release(slot: number): void
  frame(slot: number, worker: number, ticket: number): FrameHandle
}

export interface Morsels extends MorselCalls {
  /** A frame that travels alone has come. */
  arrived(worker: number, ticket: number, frame: AloneFrame): void
  /** Calls back when there may be room, once. */
  whenRoom(then: () => void): void
  /** There may be room. */
  freed(): void
}

export const createMorsels = (workers: number, arena: Arena, pool: () => Pool): Morsels => {
  const alone = new Map<string, AloneFrame>()
  let waiting: (() => void)[] = []

  const freed = (): void => {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }

  const release = (slot: number): void => {
    arena.release(slot)
    if (waiting.length > 0) freed()
  }

  const claim = (task: number, input: number): number => {
    const slot = arena.claim(MAIN)
    if (slot < 0) return -1
    const words = arena.words(slot)
    words[WORD_TASK] = task
    words[WORD_INPUT] = input
    return slot
  }

  const submit = (slot: number, pin: number): boolean => (pin < 0 ? pool().submit(slot) : pool().submitTo(pin, slot, 0))

  /** Submits a slot that was claimed for it, or gives it back: the slot, or -1. */
  const submitOrRelease = (slot: number, pin: number): number => {
    if (submit(slot, pin)) return slot
    arena.release(slot)
    return -1
  }

  /** Writes items into a slot; how many, and the worker that has to take them. */
  const fill = (
    slot: number, items: Held, from: number, to: number, pin: number, hint: Hint | undefined
  ): { readonly taken: number; readonly pin: number } => {
    if (isColumn(items)) return { taken: writeColumn(arena, slot, items, from, to), pin }
    const taken = writeFrame(arena, slot, items, from, to, hint)
    if (taken > 0) return { taken, pin }
    return { taken: 1, pin: ahead(slot, encodeAlone(items, from, from + 1, false, hint), pin) }
  }

  /** A frame that is too large for a slot goes ahead of its morsel, by message, to the worker that the morsel is then pinned to. */
  const ahead = (slot: number, { kind, count, buffer }: AloneFrame, pin: number): number => {
    const worker = pin < 0 ? slot % workers : pin
    arena.words(slot)[WORD_INPUT] = INPUT_ALONE
    pool().post(worker, { type: 'alone', slot, frame: { kind, count, buffer } })
    return worker
  }

  const inSlot = (slot: number): FrameHandle => {
    arena.give(slot, MAIN) // from now on a death of the worker does not free it
    return {
      slot,
      byteLength: arena.words(slot)[WORD_BYTES]!,
      items: () => readFrame(arena, slot),
      column: () => columnIn(arena, slot),
      rows: () => rowsOfFrame(arena, slot),
      bytes: () => arena.payload(slot).subarray(0, arena.words(slot)[WORD_BYTES]),
      release: () => {
        release(slot)
      }
    }
  }

  const byMessage = (worker: number, ticket: number): FrameHandle => {
    const key = `${worker}.${ticket}`
    if (!alone.has(key)) pool().drainMessages(worker)
    const frame = alone.get(key)!
    alone.delete(key)
    return {
      slot: -1,
      alone: frame,
      byteLength: frame.buffer.byteLength,
      items: () => decodeAlone(frame),
      column: () => undefined,
      rows: () => undefined,
      bytes: () => new Uint8Array(frame.buffer),
      release: () => undefined
    }
  }

  return {
    submitItems: (task, items, from, to, pin, hint) => {
      const slot = claim(task, INPUT_ITEMS)
      if (slot < 0) return { slot, taken: 0 }
      let filled: { readonly taken: number; readonly pin: number }
      try {
        filled = fill(slot, items, from, to, pin, hint)
      } catch (error) {
        arena.release(slot) // an item that cannot be cloned
        throw error
      }
      return submitOrRelease(slot, filled.pin) < 0 ? { slot: -1, taken: 0 } : { slot, taken: filled.taken }
    },
    submitProgression: (task, progression, pin) => {
      const slot = claim(task, INPUT_ITEMS)
      if (slot < 0) return slot
      writeProgression(arena, slot, progression)
      return submitOrRelease(slot, pin)
    },
    submitFrame: (task, slot, pin) => {
      const words = arena.words(slot)
      words[WORD_TASK] = task
      words[WORD_INPUT] = INPUT_ITEMS
      return submit(slot, pin)
    },
    submitAlone: (task, frame, pin) => {
      const slot = claim(task, INPUT_ALONE)
      return slot < 0 ? -1 : submitOrRelease(slot, ahead(slot, frame, pin))
    },
    submitSplit: (task, split) => {
      const slot = claim(task, INPUT_SPLIT)
      if (slot < 0) return -1
      writeFrame(arena, slot, [split], 0, 1)
      return submitOrRelease(slot, -1)
    },
    submitEnd: (task, worker) => {
      const slot = claim(task, INPUT_END)
      return slot < 0 ? -1 : submitOrRelease(slot, worker)
    },
    resume: (worker, slot) => {
      pool().submitTo(worker, slot, 1)
    },
    room: () => new Promise((resolve) => waiting.push(resolve)),
    release,
    frame: (slot, worker, ticket) => (slot >= 0 ? inSlot(slot) : byMessage(worker, ticket)),
    arrived: (worker, ticket, frame) => {
      alone.set(`${worker}.${ticket}`, frame)
    },
    whenRoom: (then) => {
      waiting.push(then)
    },
    freed
  }
}
