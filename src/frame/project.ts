/**
 * Projection: items without the fields that nobody downstream reads, made just before they are laid out.
 *
 *   {ts: 17, host: 'a', path: '/', bytes: 4}   ── host, bytes ──▶   {host: 'a', bytes: 4}
 *
 * Plain objects only; everything else goes whole, and so does what is inside a field. A field that an item does not have stays
 * missing; the order of the keys is that of the list, which nobody sees who reads fields by their names. What is not read is not
 * looked at: it may be what structured clone refuses.
 * The loop is written for the list of fields, or interpreted where code is not to be generated. Called by frame.ts.
 */
import { evaluate, mayGenerate } from '../prelude/evaluate.ts'
import { prototypeOf } from './kind-checks.ts'

/** The items `from` … `to`, projected. */
export type Project = (items: readonly unknown[], from: number, to: number) => unknown[]

/** Own and enumerable: what structured clone takes. */
const isField = Object.prototype.propertyIsEnumerable

const put = (record: object, key: string, value: unknown): void => {
  if (key === '__proto__') Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true })
  else (record as Record<string, unknown>)[key] = value
}

const partOf = (fields: readonly string[]) => (item: object): object => {
  const part = {}
  for (const key of fields) if (isField.call(item, key)) put(part, key, (item as Readonly<Record<string, unknown>>)[key])
  return part
}

const isPlainObject = (item: unknown): item is object => {
  if (typeof item !== 'object' || item === null) return false
  const prototype = prototypeOf(item)
  return prototype === Object.prototype || prototype === null
}

/** The loop without generated code. Exported for specs. */
export const plainProject = (fields: readonly string[]): Project => {
  const part = partOf(fields)
  return (items, from, to) => {
    const out: unknown[] = []
    for (let i = from; i < to; i++) out.push(isPlainObject(items[i]) ? part(items[i] as object) : items[i])
    return out
  }
}

/** Keys that a literal does not make fields of, and those that a loop may see without an item's having them. */
const isInherited = (key: string): boolean => key in Object.prototype

/** A loop over the keys says faster than a question for each of them that all fields are there. */
const write = (fields: readonly string[]): string => {
  const keys = fields.map((key) => JSON.stringify(key))
  return `return (items, from, to) => {
const out = []
for (let i = from; i < to; i++) {
const r = items[i]
if (typeof r !== 'object' || r === null) { out.push(r); continue }
const o = prototypeOf(r)
if (o !== BASE && o !== null) { out.push(r); continue }
let there = 0
for (const k in r) if (${keys.map((key) => `k === ${key}`).join(' || ')}) there++
out.push(there === ${keys.length} ? { ${keys.map((key) => `${key}: r[${key}]`).join(', ')} } : part(r))
}
return out
}`
}

/** A projection onto these fields. */
export const projectOn = (fields: readonly string[]): Project => {
  if (fields.length === 0 || fields.some(isInherited) || !mayGenerate()) return plainProject(fields)
  const make = evaluate(['prototypeOf', 'BASE', 'part'], `'use strict'\n${write(fields)}`, 'project')
  return make(prototypeOf, Object.prototype, partOf(fields)) as Project
}
