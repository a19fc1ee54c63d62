/**
 * Where everything of a broadcast channel lies in shared memory. Numbers and names only; read by the files named shared-*.
 *
 *     numbers   BASE · two copies of SHOWN · a cursor for each receiver
 *     words     header · gate · carrier · three events · counts of senders · rows of receivers · slots of sends that wait
 */
import { fixed } from '../../atomic/shared-memory.ts'
import { EVENT_WORDS } from '../../sync/event.ts'
import { GATE_WORDS } from '../../sync/gate.ts'
import { CARRIER_WORDS } from '../carrier.ts'
import { SEAT_WORDS } from '../seats.ts'

/** Receivers that a channel can have, over all threads. */
export const ROWS = 1024
/** Sends that can wait in shared memory; more wait in their thread, until some of these have gone. */
export const SLOTS = 512

// Numbers of items, counted from the first that was ever sent: more than a word holds
export const BASE = 0
/** Two copies of SHOWN: the number of the next item to be shown, and its position in the carrier. */
export const SHOWN = 1
export const CURSORS = 5
const DOUBLES = CURSORS + ROWS

// Words
export const CAPACITY = 0
/** Whether a send waits for room; else the oldest item makes room. */
export const WAITS = 1
/** Which copy of SHOWN holds. */
export const FLIP = 2
/** Open receivers; and how far the rows, and the slots, go that are in use. */
export const RECEIVERS = 3
export const ROWS_USED = 4
export const SLOTS_USED = 5
/** Grows with every row that is taken, so that a receiver that arrives knows its own. */
export const KEYS = 6
/** A send waits that has found no slot. */
export const CROWDED = 7
export const GATE = 8
export const CARRIER = GATE + GATE_WORDS
export const ITEMS = CARRIER + CARRIER_WORDS
export const RESULTS = ITEMS + EVENT_WORDS
export const DESERTED = RESULTS + EVENT_WORDS
export const ENDS = DESERTED + EVENT_WORDS
const ROW = ENDS + SEAT_WORDS
// words of a row
/** Mark of its thread; 0 when the row is free. */
export const MARK = 0
export const POSITION = 1
export const KEY = 2
const ROW_WORDS = 3
const SLOT = ROW + ROWS * ROW_WORDS
// words of a slot; the first as in a row
export const RESULT = 1
const SLOT_WORDS = 2
const WORDS = SLOT + SLOTS * SLOT_WORDS

const WORDS_AT = DOUBLES * Float64Array.BYTES_PER_ELEMENT

/** Words of a row, and of a slot. */
export const rowAt = (row: number): number => ROW + row * ROW_WORDS
export const slotAt = (slot: number): number => SLOT + slot * SLOT_WORDS

/** What a slot says: the send waits, or was refused; else it went to so many receivers. */
export const WAITING = 0
export const REFUSED = -1

// The tag of an item that waits says in which slot its result goes, or that it was taken back; from when it is (about to be) shown, how
// many receivers need it. One that was taken back is no item any more, wherever it lies.
export const TAKEN_BACK = -1
export const tagOf = (slot: number): number => -2 - slot
export const slotOf = (tag: number): number => -2 - tag

/** What another thread makes a log of. */
export interface Memories {
  readonly words: SharedArrayBuffer
  readonly items: SharedArrayBuffer
}

/** New memory for the numbers and words, zeroed. */
export const newWords = (): SharedArrayBuffer => fixed(WORDS_AT + WORDS * Int32Array.BYTES_PER_ELEMENT)

export const doublesOf = (memory: SharedArrayBuffer): Float64Array => new Float64Array(memory, 0, DOUBLES)

export const wordsOf = (memory: SharedArrayBuffer): Int32Array => new Int32Array(memory, WORDS_AT, WORDS)
