/**
 * A progression as a frame of three numbers: whoever reads it makes the others. Only morsels of a source are such frames.
 * Called by frame.ts.
 */
import { Progression } from '../prelude/items.ts'

/** Number in the frame's header. */
export const PROGRESSION = 9

const BYTES = 24

export const writeNumbersOf = ({ start, step, first }: Progression, target: Buffer): number => {
  new Float64Array(target.buffer, target.byteOffset, 3).set([start, step, first])
  return BYTES
}

export const readNumbersOf = (bytes: Buffer, count: number): Progression => {
  const [start, step, first] = new Float64Array(bytes.buffer, bytes.byteOffset, 3) as unknown as [number, number, number]
  return new Progression(start, step, first, count)
}
