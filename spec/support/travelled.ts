/** A handle as it arrives in another thread, in this one. */
import { pack, unpack } from '../../src/prelude/travel.ts'

export const travelled = <T>(handle: T): T => {
  const { value, transfer } = pack(handle)
  return unpack(structuredClone(value, { transfer: [...transfer] as ArrayBuffer[] })) as T
}
