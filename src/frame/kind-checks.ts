/**
 * What is checked of values on their way into columns, for both gatherers. Methods are those of the time when this was loaded:
 * objects may have members of the same names. Called by gather.ts and gather-plain.ts.
 */
import { types } from 'node:util'

export const prototypeOf = Object.getPrototypeOf as (value: object) => unknown
const keysOf = Object.keys

const timeOf = Date.prototype.getTime
const lengthOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength')!.get!

/** Milliseconds of a date, NaN for an invalid one; throws for what is only dressed as a date. */
export const dateTime = (date: object): number => timeOf.call(date as Date)

export const byteLengthOf = (bytes: object): number => lengthOf.call(bytes) as number

export const isDate = (value: unknown): value is Date =>
  typeof value === 'object' && value !== null && prototypeOf(value) === Date.prototype

export const isBytes = (value: unknown): value is Uint8Array =>
  typeof value === 'object' && value !== null && prototypeOf(value) === Uint8Array.prototype && types.isUint8Array(value)

/** A plain array; holes and further keys are another question. */
export const isArray = (value: unknown): value is unknown[] => Array.isArray(value) && prototypeOf(value) === Array.prototype

/** Whether its keys are as many as its elements: no key besides, when there is no hole. */
export const isDense = (array: readonly unknown[]): boolean => keysOf(array).length === array.length

export const isRecord = (value: unknown): value is object => {
  if (typeof value !== 'object' || value === null) return false
  const prototype = prototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Primitives that can be cloned. */
export const isPrimitive = (value: unknown): boolean =>
  value === null || (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol')

/** Few objects are compared one by one. */
const FEW = 16

/** Whether one of the first `count` is there twice. */
export const isDoubled = (objects: readonly unknown[], count: number): boolean => {
  if (count > FEW) return new Set(objects.slice(0, count)).size < count
  for (let i = 1; i < count; i++) {
    const object = objects[i]
    for (let k = 0; k < i; k++) if (objects[k] === object) return true
  }
  return false
}

/** Objects looked at in the search for the item in one of its fields. */
const FAR = 256
/** Elements of an array that are looked at for it. */
const LONG = 4096

/**
 * Whether a value of an `any` column does not lead back to its item, as far as can be said without calling its accessors:
 * two serialisations would make two objects of one.
 */
export const isApart = (value: unknown, item: object): boolean => {
  if (typeof value !== 'object' || value === null) return isPrimitive(value)
  const seen = new Set<unknown>([value])
  for (const object of seen as Set<object>) {
    if (object === item || seen.size > FAR || types.isProxy(object)) return false
    if (ArrayBuffer.isView(object)) continue
    if (Array.isArray(object)) {
      if (object.length > LONG || !isDense(object)) return false
      for (const member of object as unknown[]) note(seen, member)
      continue
    }
    if (object instanceof Map) for (const [key, member] of object) { note(seen, key); note(seen, member) }
    else if (object instanceof Set) for (const member of object) note(seen, member)
    else if (object instanceof Error) note(seen, object.cause)
    for (const key of keysOf(object)) {
      const property = Object.getOwnPropertyDescriptor(object, key)
      if (property === undefined || !('value' in property)) return false
      note(seen, property.value)
    }
  }
  return true
}

const note = (seen: Set<unknown>, value: unknown): void => {
  if (typeof value === 'object' && value !== null) seen.add(value)
}
