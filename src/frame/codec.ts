/**
 * What a frame codec is: it lays a run of items out in bytes, and makes them again. One codec per kind of item.
 *
 * Called by frame.ts, which chooses. A codec never keeps the bytes or the items that it is given; what it
 * may remember of earlier runs (families.ts) never changes what arrives.
 */

import type { Shape } from './shape.ts'

export interface FrameCodec {
  /** Number in the frame's header. */
  readonly kind: number
  /** Whether a run of items that begins with this one is for this codec. */
  readonly suits: (first: unknown) => boolean
  /**
   * Writes `items[from…]` up to `to`, as many as there is room for and as the codec can; 0 when not even one.
   * Answers how many; `written.bytes` says how many bytes they took. `shape`: what the items are supposed to be.
   */
  readonly encode: (items: readonly unknown[], from: number, to: number, target: Buffer, written: Written, shape?: Shape) => number
  readonly decode: (bytes: Buffer, count: number) => unknown[]
}

/** Where an encoder says how many bytes it used. */
export interface Written {
  bytes: number
}
