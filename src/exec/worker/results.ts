/**
 * The sending of a morsel's results: items into slots of the arena, frame by frame, or alone where a slot is too small or none free.
 *
 *   items ── claim a slot ──▶ write what fits ──▶ notice ──▶ …        after FRAMES_PER_MORSEL frames: NOTICE_MORE, and rest
 *
 * Frames that follow each other at once are told together: a wake-up of the caller's loop costs as much as a hundred records.
 * Nothing here waits: a generator rests by yielding, and whoever drives it takes another morsel (remote.ts, R1). Called by
 * remote.ts, on worker threads. Touches the arena's slots and the worker's ring of notices.
 */
import { WORD_BYTES, type Arena } from '../../frame/arena.ts'
import { encodeAlone, writeColumn, writeFrame, writeText, type AloneFrame } from '../../frame/frame.ts'
import type { Hint } from '../../frame/hint.ts'
import { isColumn, listOf, type Held } from '../../prelude/items.ts'
import { at, placeOf } from '../uncloneable.ts'
import { FRAMES_PER_MORSEL, NOTICE_MORE, type FromWorker } from '../protocol.ts'

/** How many results make a frame worth sending, by outlet; -1 is that of dead letters. */
export type Fills = Map<number, number>

/** What a morsel has sent since it last rested, and how long it has rested, in milliseconds. */
export interface Sent {
  frames: number
  restedMs: number
  /** It has made something, ever, that a reader may wait for. */
  awaited: boolean
}

/** Share of the slots that results may take; the rest is for morsels: without a slot, what all wait for might never begin. */
const FOR_RESULTS = 3 / 4
/** Results that make a frame worth sending, as long as nothing is known of their size. */
const FRAME_ITEMS = 512
/** At most so many: who reads a frame works on all of it. */
const MOST_ITEMS = 2048
/** How long a frame may lie in its slot untold while the next ones are written, in milliseconds. */
const UNTOLD_MS = 0.25
/** Numbers cost their reader little beside what a frame costs. */
const MOST_NUMBERS = 16_384
/** Share of a slot that a frame should fill: every frame costs the caller's loop the same, however full. */
const FULL = 0.9

export interface ResultsOptions {
  readonly worker: number
  readonly arena: Arena
  /** `more`: another notice follows at once, and will do for waking the reader. */
  readonly emit: (kind: number, slot: number, a: number, b: number, c: number, d: number, more?: boolean) => void
  readonly post: (message: FromWorker) => void
  readonly now: () => number
}

export interface Results {
  /** Sends items as frames of a morsel's outlet (or of another kind of notice), resting when it has sent enough. */
  send(
    kind: number, slot: number, outlet: number, items: Held, text: boolean, sent: Sent, fills: Fills, hint?: Hint
  ): Generator<'rest', void, unknown>
  /** How many of so many results should leave before the morsel is over: as many as make whole frames. */
  wholeFrames(held: number, outlet: number, fills: Fills): number
}

export const createResults = ({ worker, arena, emit, post, now }: ResultsOptions): Results => {
  const { slotBytes } = arena.shared
  let tickets = 0

  /** Sends one frame that is already in a slot, or alone; answers nothing, counts nothing. */
  const sendAlone = (kind: number, slot: number, outlet: number, frame: AloneFrame): void => {
    const ticket = tickets++ & 0x3fffffff
    post({ type: 'alone', slot, ticket, frame })
    emit(kind, slot, outlet, -1, frame.count, ticket)
  }

  /** A slot for results; -1 when they have had their share. Slots are claimed lowest first, so its number says how many are taken. */
  const claim = (): number => {
    const out = arena.claim(worker)
    if (out < arena.shared.slots * FOR_RESULTS) return out
    arena.release(out)
    return -1
  }

  const write = (out: number, items: Held, from: number, text: boolean, hint: Hint | undefined): number => {
    if (isColumn(items)) return writeColumn(arena, out, items, from, items.length)
    try {
      return text ? writeText(arena, out, items as readonly string[], from, items.length) : writeFrame(arena, out, items, from, items.length, hint)
    } catch (error) {
      arena.release(out) // an item that cannot be cloned
      throw error
    }
  }

  /** Sends one frame of the items from there on: how many it holds. `hurry`: it is told at once. */
  const sendOne = (
    kind: number, slot: number, outlet: number, items: Held, from: number, text: boolean, fills: Fills, hint: Hint | undefined,
    hurry: boolean
  ): number => {
    const out = claim()
    const written = out < 0 ? 0 : write(out, items, from, text, hint)
    if (written > 0) {
      const most = isColumn(items) ? MOST_NUMBERS : MOST_ITEMS
      fills.set(outlet, Math.max(1, Math.min(most, Math.floor((slotBytes * FULL * written) / Math.max(1, arena.words(out)[WORD_BYTES]!)))))
      emit(kind, slot, outlet, out, written, 0, !hurry && from + written < items.length)
      return written
    }
    if (out >= 0) arena.release(out)
    // No slot is free, or the item is too large for one: it travels alone. Few do, and FRAMES_PER_MORSEL bounds them.
    const to = out < 0 ? Math.min(items.length, from + FRAME_ITEMS) : from + 1
    const frame = isColumn(items) ? encodeAlone(listOf(items.subarray(from, to)), 0, to - from, false) : encodeAlone(items, from, to, text, hint)
    sendAlone(kind, slot, outlet, frame)
    return to - from
  }

  function* send(
    kind: number, slot: number, outlet: number, items: Held, text: boolean, sent: Sent, fills: Fills, hint?: Hint
  ): Generator<'rest', void, unknown> {
    let began = now()
    for (let from = 0; from < items.length; ) {
      if (sent.frames >= FRAMES_PER_MORSEL) {
        emit(NOTICE_MORE, slot, 0, 0, 0, 0)
        const from = now()
        yield 'rest'
        began = now()
        sent.restedMs += began - from
        sent.frames = 0
      }
      try {
        const hurry = now() - began > UNTOLD_MS
        from += sendOne(kind, slot, outlet, items, from, text, fills, hint, hurry)
        if (hurry) began = now()
      } catch (error) {
        const place = placeOf(error)
        throw place === undefined ? error : at(error, { index: from + place })
      }
      sent.frames++
    }
  }

  return { send, wholeFrames: (held, outlet, fills) => held - (held % (fills.get(outlet) ?? FRAME_ITEMS)) }
}
