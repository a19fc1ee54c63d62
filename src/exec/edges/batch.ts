/**
 * What moves along a channel on the caller's loop: items, or a frame in shared memory that nobody has decoded yet.
 *
 * A batch from the pool is decoded by the reader that wants its items, at most once, and not at all by a reader that
 * only passes it on. With several readers (broadcast) the frame is given back when the last one has let go.
 * Called by: edge.ts and the tasks. Frames are crew.ts's.
 */

import { listOf, type Column, type Held, type Items, type Rows } from '../../prelude/items.ts'
import type { AloneFrame } from '../../frame/frame.ts'
import type { FrameHandle } from '../../runtime/morsels.ts'

export interface Batch {
  readonly count: number
  /** Permits that the batch takes in a channel: its items, or its bytes when these weigh more. */
  readonly weight: number
  /** The strings of a text outlet, joined as lines. */
  readonly text: boolean
  /** The items; decodes a frame the first time. */
  items(): readonly unknown[]
  /** The items in the form in which a loop reads them, numbers and records where they are: valid until `release`. */
  input(): Items
  /** The items in memory that nobody else uses. */
  owned(): Held
  /** The UTF-8 bytes of a text batch. */
  bytes(): Uint8Array
  /** The slot of an undecoded frame, handed over to a sole reader, who must not `release` then; -1 when it cannot be. */
  takeSlot(): number
  /** The same of a frame that travels alone: none when it cannot be. */
  takeAlone?(): AloneFrame | undefined
  /** One more reader. */
  retain(): void
  /** This reader is done. Every reader says so once. */
  release(): void
}

/** Bytes that count as one item in a channel's bound. */
const BYTES_PER_PERMIT = 1024

export const localBatch = (items: readonly unknown[], text = false): Batch => {
  let bytes: Uint8Array | undefined
  return {
    count: items.length,
    weight: Math.max(1, items.length),
    text,
    items: () => items,
    input: () => items,
    owned: () => items,
    bytes: () => (bytes ??= Buffer.from(items.length === 0 ? '' : `${(items as readonly string[]).join('\n')}\n`)),
    takeSlot: () => -1,
    retain: () => undefined,
    release: () => undefined
  }
}

/** Numbers of a loop here; `free` gives their memory back. */
export const columnBatch = (column: Column, free: () => void): Batch => {
  let readers = 1
  let list: readonly unknown[] | undefined
  return {
    count: column.length,
    weight: Math.max(1, column.length),
    text: false,
    items: () => (list ??= listOf(column)),
    input: () => column,
    owned: () => column.slice(),
    bytes: () => new Uint8Array(0),
    takeSlot: () => -1,
    retain: () => {
      readers++
    },
    release: () => {
      if (--readers === 0) free()
    }
  }
}

export const frameBatch = (frame: FrameHandle, count: number, text: boolean, decoding: () => void = () => undefined): Batch => {
  let readers = 1
  let decoded: unknown[] | undefined
  let unmade: Rows | undefined
  const items = (): unknown[] => {
    if (decoded === undefined && unmade === undefined) decoding()
    return (decoded ??= unmade === undefined ? frame.items() : unmade.list())
  }
  /** A frame of numbers is read in place; by several readers, by each. */
  const column = (): Column | undefined => {
    const input = decoded === undefined ? frame.column() : undefined
    if (input !== undefined) decoding()
    return input
  }
  /** Records of a sole reader, which makes them as it comes to them; several share what is made once. */
  const rows = (): Rows | undefined => {
    if (decoded !== undefined || readers > 1 || unmade !== undefined) return decoded === undefined ? unmade : undefined
    unmade = frame.rows()
    if (unmade !== undefined) decoding()
    return unmade
  }
  return {
    count,
    text,
    weight: Math.max(1, count, Math.ceil(frame.byteLength / BYTES_PER_PERMIT)),
    items,
    input: () => column() ?? rows() ?? items(),
    owned: () => column()?.slice() ?? items(),
    bytes: () => frame.bytes(),
    takeSlot: () => (readers === 1 && decoded === undefined && !text ? frame.slot : -1),
    takeAlone: () => (decoded === undefined && !text ? frame.alone : undefined),
    retain: () => {
      readers++
    },
    release: () => {
      if (--readers === 0) frame.release()
    }
  }
}
