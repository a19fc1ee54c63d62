/**
 * What a lock guards, once the lock has left its thread: memory that all threads see, or nothing. Called by mutex.ts and rw-lock.ts.
 */
import { valueStays } from '../error/wording-sync.ts'

const isShared = (value: object): boolean =>
  value instanceof SharedArrayBuffer || (ArrayBuffer.isView(value) && value.buffer instanceof SharedArrayBuffer)

/** The first thing in a value that other threads would get a copy of; `undefined`: there is none. */
const foreign = (value: unknown, path: string, above: readonly object[]): string | undefined => {
  if (value === undefined || (typeof value === 'object' && value !== null && isShared(value))) return undefined
  if (typeof value !== 'object' || value === null) return `${path} is ${value === null ? 'null' : `a ${typeof value}`}`
  if (above.includes(value)) return undefined
  const proto = Object.getPrototypeOf(value) as object | null
  if (!Array.isArray(value) && proto !== null && proto !== Object.prototype) {
    return `${path} is ${ArrayBuffer.isView(value) || value instanceof ArrayBuffer ? 'memory of one thread only' : `a ${value.constructor.name}`}`
  }
  for (const [key, part] of Object.entries(value)) {
    const found = foreign(part, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, [...above, value])
    if (found !== undefined) return found
  }
  return undefined
}

/** Throws a TypeError that says what, unless a value is the same in all threads that get it. */
export const sharedOnly = (lock: string, value: unknown): void => {
  const found = foreign(value, 'value', [])
  if (found !== undefined) throw valueStays(lock, found)
}
