/**
 * Whether a value arrives in a worker as what it is; if not, the place of the first part that does not.
 *
 * More than "structured clone accepts it": an instance of a class arrives as a plain object without its methods, and a
 * Buffer as a Uint8Array whose toString is another one. A stage that begins on the caller's loop and goes on in a worker
 * must see the same in both. A handle (prelude/travel.ts) does: it is packed before it is sent. But only as a part of plain
 * objects and arrays, where packing finds it. Called by describe.ts for `env`, and by runtime/ to name what cannot travel.
 */
import { types } from 'node:util'
import { isTraveller } from '../prelude/travel.ts'

/** What is wrong with a part of a value, and where it is: `env.rules[0].test`. */
export interface Uncloneable {
  readonly path: string
  readonly what: string
}

const step = (path: string, key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`)

const classNameOf = (value: object): string => {
  const made = (value as { constructor?: { name?: unknown } }).constructor?.name
  return typeof made === 'string' && made !== '' ? made : 'a class without a name'
}

/** Prototypes above a value: 1 for a plain object, 2 for an array; more for classes. Realms do not matter. */
const depthOf = (value: object): number => {
  let depth = 0
  for (let proto = Object.getPrototypeOf(value) as object | null; proto !== null; proto = Object.getPrototypeOf(proto) as object | null) depth++
  return depth
}

const isPlain = (value: object): boolean => {
  const depth = depthOf(value)
  return depth === 0 || (depth === 1 && classNameOf(value) === 'Object')
}

/** Everything else is asked: its clone must have the same prototype. */
const survives = (value: object): string | undefined => {
  try {
    if (Object.getPrototypeOf(structuredClone(value)) === Object.getPrototypeOf(value)) return undefined
  } catch {
    return `an instance of ${classNameOf(value)}, which structured clone refuses`
  }
  return `an instance of ${classNameOf(value)}, which would arrive without its class`
}

const viewProblem = (value: ArrayBufferView): string | undefined => {
  const tag = types.isTypedArray(value) ? value[Symbol.toStringTag] : 'DataView'
  const known = (globalThis as unknown as Record<string, { prototype: object }>)[tag]
  return Object.getPrototypeOf(value) === known?.prototype ? undefined : `an instance of ${classNameOf(value)}, which would arrive as a ${tag}`
}

type Part = readonly [path: string, value: unknown]

const partsOf = (value: object, path: string): readonly Part[] => {
  if (value instanceof Map) {
    return [...value].flatMap(([key, item], i): Part[] => [
      [`${path} (key ${i})`, key],
      [typeof key === 'string' ? `${path}.get(${JSON.stringify(key)})` : `${path} (value ${i})`, item]
    ])
  }
  if (value instanceof Set) return [...value].map((item, i): Part => [`${path} (member ${i})`, item])
  const index = Array.isArray(value)
  return Object.entries(value).map(([key, item]): Part => [index && /^\d+$/.test(key) ? `${path}[${key}]` : step(path, key), item])
}

const isContainer = (value: object): boolean => {
  const proto = Object.getPrototypeOf(value) as object | null
  return (Array.isArray(value) && depthOf(value) === 2) || proto === Map.prototype || proto === Set.prototype || isPlain(value)
}

const holdsTraveller = (value: Map<unknown, unknown> | Set<unknown>): boolean => {
  for (const item of value.values()) if (isTraveller(item)) return true
  return false
}

/** The first part of `value` that would not arrive as it is. Not recursive: an env may be a deep structure. */
export const uncloneable = (value: unknown, path: string): Uncloneable | undefined => {
  const seen = new Set<unknown>()
  const open: Part[] = [[path, value]]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    const [at, v] = part
    if (typeof v === 'function') return { path: at, what: 'a function' }
    if (typeof v === 'symbol') return { path: at, what: 'a symbol' }
    if (typeof v !== 'object' || v === null || seen.has(v)) continue
    seen.add(v)
    if (types.isProxy(v)) return { path: at, what: 'a proxy' }
    if (isTraveller(v)) continue // arrives as a handle of the same thing
    if (isContainer(v)) {
      if (!Array.isArray(v) && !isPlain(v) && holdsTraveller(v as Map<unknown, unknown> | Set<unknown>)) return { path: at, what: `a ${v instanceof Map ? 'Map' : 'Set'} that holds a handle: put it into an array or a plain object` }
      const parts = partsOf(v, at)
      for (let i = parts.length - 1; i >= 0; i--) open.push(parts[i]!)
      continue
    }
    const what = ArrayBuffer.isView(v) ? viewProblem(v) : survives(v)
    if (what !== undefined) return { path: at, what }
  }
  return undefined
}
