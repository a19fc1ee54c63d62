/**
 * Equality that tells everything apart that structured clone keeps: -0, the order of keys, holes, and which objects are the same one.
 * Answers the place of a difference, or nothing.
 */
import { inspect } from 'node:util'

const place = (path: string, a: unknown, b: unknown): string => `${path}: ${inspect(a)} is not ${inspect(b)}`

export const difference = (a: unknown, b: unknown, path = 'item', pairs = new Map<unknown, unknown>(), back = new Map<unknown, unknown>()): string | undefined => {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return Object.is(a, b) ? undefined : place(path, a, b)
  if (pairs.has(a) || back.has(b)) return pairs.get(a) === b && back.get(b) === a ? undefined : `${path}: not the same object as there`
  pairs.set(a, b)
  back.set(b, a)
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}: another prototype`
  const inside = (x: unknown, y: unknown, step: string): string | undefined => difference(x, y, path + step, pairs, back)
  if (a instanceof Date) return inside(a.getTime(), (b as Date).getTime(), '.getTime()')
  if (a instanceof RegExp) return inside(a.source + a.flags, (b as RegExp).source + (b as RegExp).flags, '')
  if (a instanceof Map) return inside([...a], [...(b as Map<unknown, unknown>)], '.entries')
  if (a instanceof Set) return inside([...a], [...(b as Set<unknown>)], '.values')
  if (a instanceof Error) return inside(`${a.name} ${a.message}`, `${(b as Error).name} ${(b as Error).message}`, '.message')
  if (ArrayBuffer.isView(a)) {
    const bytes = (view: ArrayBufferView): string => Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex')
    return inside(bytes(a), bytes(b as ArrayBufferView), '.bytes')
  }
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return `${path}.length`
  const keys = Object.keys(a)
  if (keys.join('\0') !== Object.keys(b).join('\0')) return `${path}: keys ${keys.join()} are not ${Object.keys(b).join()}`
  for (const key of keys) {
    const found = inside((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `.${key}`)
    if (found !== undefined) return found
  }
  return undefined
}
