/**
 * Memory that threads share, made so that what is dropped is collected in time, and so that a program can have a hundred thousand of it.
 *
 *     fixed     so many bytes, for good: of malloc, so small pieces lie close together
 *     reserved  no bytes at first, as many as are asked for later, in one place: it travels before it is known what will be in it
 *
 * Facts that this is made for (Node 20 to 24, Linux)
 *   - the collector of V8 is told of memory of one thread (`new ArrayBuffer`), not of shared memory: it lets a program fill gigabytes
 *     with SharedArrayBuffers that nobody has any more. So for each MiB that is made one ArrayBuffer of the same size is made, and kept
 *     as long as one of the pieces: it is never touched, so it takes address space and no memory, and the collector counts it
 *   - memory that can grow is a mapping of the operating system's own, two of them as soon as it has a byte; a process has 65 530. One
 *     of no bytes is merged with its neighbours: 100 000 of them take a few mappings, and 1 GiB of address space each
 * Called by sync/ and channel/.
 */

/** Bytes that are not worth telling by themselves. */
const LUMP = 2 ** 20

let untold = 0
const told = new WeakMap<SharedArrayBuffer, ArrayBuffer[]>()

/** The collector is to know of bytes more that `memory` has. */
const tell = (memory: SharedArrayBuffer, bytes: number): void => {
  untold += bytes
  if (untold < LUMP) return
  const lump = new ArrayBuffer(untold)
  untold = 0
  const lumps = told.get(memory)
  if (lumps === undefined) told.set(memory, [lump])
  else lumps.push(lump)
}

/** Zeroed bytes. */
export const fixed = (bytes: number): SharedArrayBuffer => {
  const memory = new SharedArrayBuffer(bytes)
  tell(memory, bytes)
  return memory
}

/** Zeroed words. */
export const words = (count: number): Int32Array => new Int32Array(fixed(count * Int32Array.BYTES_PER_ELEMENT))

interface Growable extends SharedArrayBuffer {
  grow(bytes: number): void
}

type MakesGrowable = new (bytes: number, options: { readonly maxByteLength: number }) => Growable

/** Room for so many bytes, of which there is none yet. */
export const reserved = (most: number): SharedArrayBuffer => new (SharedArrayBuffer as unknown as MakesGrowable)(0, { maxByteLength: most })

/** Makes reserved memory as large as is asked, if it is not; what is new is zero. */
export const extend = (memory: SharedArrayBuffer, bytes: number): void => {
  const more = bytes - memory.byteLength
  if (more <= 0) return
  ;(memory as Growable).grow(bytes)
  tell(memory, more)
}
