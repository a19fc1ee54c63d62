/**
 * Inference: the shape of a value, of two values, of a run.
 *
 *   {a: 1}          record(a number)            merge ──▶ record(a number, b string optional)
 *   {a: 2, b: 'x'}  record(a number, b string)
 *
 * A field whose values have no column in common becomes `mix` (primitives of several kinds) or, in the item itself, `any`
 * (whatever else can be cloned). Objects that an `any` shares with other fields must stay shared, which only one serialiser
 * sees: where one field is `any`, every field that holds objects is.
 * Not for columns: what is not a plain object or array without accessors, keys that Object.prototype has (`__proto__` would
 * be a prototype when decoded, an inherited setter would be called), proxies, what is nested too deep.
 * Pure; asked only when a shape is not known yet or did not fit. Called by families.ts and hint.ts.
 */
import { types } from 'node:util'
import {
  MAX_COLUMNS, MAX_FIELDS, MAX_MASKED_FIELDS, MAX_VARIANTS, countColumns, isReference, type Column, type Field, type LeafKind,
  type RecordColumn, type Shape
} from './shape.ts'

/** Objects inside objects, the item itself included. A cycle ends here. */
const MAX_DEPTH = 5
/** Arrays up to this length whose elements differ in kind are one column per place. */
const MAX_PLACES = 8

const leaf = (kind: LeafKind, masked = false): Column => ({ kind, masked })
const ANY = leaf('any')

export const mask = <C extends Column>(column: C): C => (column.masked ? column : { ...column, masked: true })

/** Whether an object's own enumerable keys are all that a loop over it sees. */
export const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && !types.isProxy(value) && !types.isArgumentsObject(value)
}

/** The values of the keys, in order; none when there is an accessor among them, a key too many or one that is not for records. */
const members = (value: object): readonly (readonly [key: string, value: unknown])[] | undefined => {
  const out: (readonly [string, unknown])[] = []
  for (const key in value) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (property === undefined || !('value' in property) || key in Object.prototype || out.length === MAX_FIELDS) return undefined
    out.push([key, property.value])
  }
  return out
}

const columnOfArray = (array: readonly unknown[], depth: number): Column | undefined => {
  if (Object.getPrototypeOf(array) !== Array.prototype || types.isProxy(array)) return undefined
  if (Object.keys(array).length !== array.length) return undefined // holes, or keys besides
  const places: Column[] = []
  let of: Column | undefined = leaf('nil') // not masked: nothing was seen at all
  for (let i = 0; i < array.length; i++) {
    if (!(i in array)) return undefined
    const column = columnOf(array[i], depth - 1)
    if (column === undefined) return undefined
    if (places.length < MAX_PLACES) places.push(column)
    of = of === undefined ? undefined : i === 0 ? column : merge(of, column)
    if (of === undefined && array.length > MAX_PLACES) return undefined
  }
  const isTuple = of === undefined || (of.kind === 'mix' && array.length <= MAX_PLACES)
  return isTuple ? { kind: 'tuple', masked: false, places } : { kind: 'list', masked: false, of: of! }
}

const columnOfObject = (value: object, depth: number): Column | undefined => {
  if (depth === 0) return undefined
  if (Array.isArray(value)) return columnOfArray(value, depth)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype) return types.isDate(value) ? leaf('date') : undefined
  if (prototype === Uint8Array.prototype) return types.isUint8Array(value) ? leaf('bytes') : undefined
  if (!isPlain(value)) return undefined
  const all = members(value)
  if (all === undefined) return undefined
  const fields: Field[] = []
  for (const [key, member] of all) {
    const column = columnOf(member, depth - 1)
    if (column === undefined) return undefined
    fields.push({ key, optional: false, column })
  }
  return { kind: 'record', masked: false, fields }
}

const columnOf = (value: unknown, depth: number): Column | undefined => {
  switch (typeof value) {
    case 'number': return leaf('number')
    case 'string': return leaf('string')
    case 'boolean': return leaf('flag')
    case 'undefined': return leaf('nil', true)
    case 'bigint': return leaf(BigInt.asIntN(64, value) === value ? 'bigint' : 'mix')
    case 'object': return value === null ? leaf('nil', true) : columnOfObject(value, depth)
    default: return undefined
  }
}

/** What both lists of fields are part of, in an order that suits both; none when they disagree about the order. */
const mergeFields = (
  a: readonly Field[], b: readonly Field[], mergeColumns: (a: Column, b: Column) => Column | undefined
): readonly Field[] | undefined => {
  const inA = new Set(a.map((field) => field.key))
  const inB = new Set(b.map((field) => field.key))
  const fields: Field[] = []
  const optional = (field: Field): number => fields.push({ key: field.key, optional: true, column: mask(field.column) })
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    const one = a[i]
    const other = b[j]
    if (one !== undefined && one.key === other?.key) {
      const column = mergeColumns(one.column, other.column)
      if (column === undefined) return undefined
      const isOptional = one.optional || other.optional
      fields.push({ key: one.key, optional: isOptional, column: isOptional ? mask(column) : column })
      i++
      j++
    } else if (one !== undefined && !inB.has(one.key)) {
      optional(one)
      i++
    } else if (other !== undefined && !inA.has(other.key)) {
      optional(other)
      j++
    } else return undefined
  }
  return fields.some((field) => field.optional) && fields.length > MAX_MASKED_FIELDS ? undefined : fields
}

const isPrimitive = ({ kind }: Column): boolean =>
  kind === 'number' || kind === 'string' || kind === 'flag' || kind === 'nil' || kind === 'bigint' || kind === 'mix'

/** The column that the values of both are of; none when they have none in common. */
export const merge = (a: Column, b: Column): Column | undefined => {
  if (a.kind === 'nil') return a.masked ? mask(b) : b
  if (b.kind === 'nil') return b.masked ? mask(a) : a
  const masked = a.masked || b.masked
  if (a.kind === 'record' && b.kind === 'record') {
    const fields = mergeFields(a.fields, b.fields, merge)
    return fields && { kind: 'record', masked, fields }
  }
  if (a.kind === 'list' && b.kind === 'list') {
    const of = merge(a.of, b.of)
    return of && { kind: 'list', masked, of }
  }
  if (a.kind === 'tuple' && b.kind === 'tuple' && a.places.length === b.places.length) {
    const places = a.places.map((place, i) => merge(place, b.places[i]!))
    return places.includes(undefined) ? undefined : { kind: 'tuple', masked, places: places as Column[] }
  }
  if ((a.kind === 'tuple' || a.kind === 'list') && (b.kind === 'tuple' || b.kind === 'list')) {
    const of = [elements(a), elements(b)]
    const both = of[0] && of[1] && merge(of[0], of[1])
    return both && { kind: 'list', masked, of: both }
  }
  if (a.kind === b.kind && a.kind !== 'record' && a.kind !== 'list' && a.kind !== 'tuple') return leaf(a.kind, masked)
  return isPrimitive(a) && isPrimitive(b) ? leaf('mix', masked) : undefined
}

const elements = (column: Column): Column | undefined => {
  if (column.kind === 'list') return column.of
  if (column.kind !== 'tuple') return undefined
  return column.places.reduce<Column | undefined>((of, place) => of && merge(of, place), leaf('nil'))
}

/** In the item itself, what has no column is `any`. */
const mergeAtRoot = (a: Column, b: Column): Column => {
  if (a.kind === 'any' || b.kind === 'any') return leaf('any', a.masked || b.masked)
  return merge(a, b) ?? leaf('any', a.masked || b.masked)
}

/** Where one field is `any`, all that hold objects are. */
export const closed = (record: RecordColumn): RecordColumn => {
  if (!record.fields.some(({ column }) => column.kind === 'any')) return record
  return {
    ...record,
    fields: record.fields.map((field) =>
      isReference(field.column) ? { ...field, column: leaf('any', field.column.masked) } : field)
  }
}

/** The column of an item; none when it is not for columns. */
export const columnOfItem = (item: unknown): Column | undefined => {
  if (typeof item !== 'object' || item === null) return undefined
  if (Array.isArray(item)) return columnOfArray(item, MAX_DEPTH)
  if (!isPlain(item)) return undefined
  const fields: Field[] = []
  const all = members(item)
  if (all === undefined) return undefined
  for (const [key, member] of all) {
    if (typeof member === 'function' || typeof member === 'symbol') return undefined
    fields.push({ key, optional: false, column: columnOf(member, MAX_DEPTH - 1) ?? ANY })
  }
  return closed({ kind: 'record', masked: false, fields })
}

const sameKeys = (a: RecordColumn, b: RecordColumn): boolean =>
  a.fields.length === b.fields.length && a.fields.every((field, i) => field.key === b.fields[i]!.key)

/** Whether two records are rather one with optional fields than two members of a union. */
const isAlike = (a: RecordColumn, b: RecordColumn, merged: readonly Field[]): boolean => {
  const shared = a.fields.length + b.fields.length - merged.length
  const optional = merged.filter((field) => field.optional).length
  return shared * 2 >= b.fields.length && optional <= Math.max(4, merged.length - optional)
}

const mergeVariant = (a: Column, b: Column): Column | undefined => {
  if (a.kind !== 'record' || b.kind !== 'record') return a.kind === 'record' || b.kind === 'record' ? undefined : merge(a, b)
  const fields = mergeFields(a.fields, b.fields, mergeAtRoot)
  if (fields === undefined || !(sameKeys(a, b) || isAlike(a, b, fields))) return undefined
  return closed({ kind: 'record', masked: false, fields })
}

/** Whether columns are worth it: most of a record is in columns proper, and there are not too many. */
const pays = (column: Column): boolean => {
  if (column.kind !== 'record') return column.kind !== 'list' || column.of.kind !== 'mix'
  const dear = column.fields.filter((field) => field.column.kind === 'any' || field.column.kind === 'mix').length
  return dear * 2 <= column.fields.length
}

/** The shape, unless it has too many columns or does not pay with this new variant. */
export const within = (shape: Shape, variant: Column): Shape | undefined => {
  if (!pays(variant)) return undefined
  return shape.reduce((sum, each) => sum + countColumns(each), 0) > MAX_COLUMNS ? undefined : shape
}

/** A shape that the item is of as well; none when there is no such shape, or none that pays. */
export const widened = (shape: Shape, item: Column): Shape | undefined => {
  let at = shape.findIndex((variant) => variant.kind === 'record' && item.kind === 'record' && sameKeys(variant, item))
  let merged: Column | undefined
  if (at >= 0) merged = mergeVariant(shape[at]!, item)
  for (let i = 0; merged === undefined && i < shape.length; i++) {
    merged = mergeVariant(shape[i]!, item)
    at = i
  }
  if (merged === undefined) {
    if (shape.length === MAX_VARIANTS) return undefined
    merged = item
    at = shape.length
  }
  return within([...shape.slice(0, at), merged, ...shape.slice(at + 1)], merged)
}
