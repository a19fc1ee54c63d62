/**
 * The buffer in which frames are, seen as numbers of each kind. Views of whole buffers, since making one takes as long as writing
 * a hundred numbers: columns are places in them. Called by lay-out.ts and columns-in.ts.
 */

/** Sections of frames begin at multiples of 8 bytes of their buffer: their places are indices into a view. */
export interface Views {
  readonly f64: Float64Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly u8: Uint8Array
  readonly b64: BigInt64Array
}

const known = new WeakMap<ArrayBufferLike, Views>()

export const viewsOf = (buffer: ArrayBufferLike): Views => {
  const before = known.get(buffer)
  if (before !== undefined) return before
  const { byteLength } = buffer
  const views: Views = {
    f64: new Float64Array(buffer, 0, Math.floor(byteLength / 8)),
    i32: new Int32Array(buffer, 0, Math.floor(byteLength / 4)),
    u32: new Uint32Array(buffer, 0, Math.floor(byteLength / 4)),
    u8: new Uint8Array(buffer),
    b64: new BigInt64Array(buffer, 0, Math.floor(byteLength / 8))
  }
  known.set(buffer, views)
  return views
}
