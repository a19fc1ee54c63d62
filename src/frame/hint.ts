/**
 * A hint: what the sender of items knows of them before it has seen one. The shape of a codec that they have passed, and the
 * fields that are read where they go.
 *
 *   codec: ts number, user string optional     first item {user: 'ann', ts: 17}
 *      └──▶ record(user string optional, ts number): the item's order of keys, the codec's kinds and optional fields
 *
 * A shape in advance is no promise: what the item shows wins over it, and what does not fit later widens the shape as always.
 * Where the codec says nothing about a field the hint has a `nil` that is not masked, which has something in common with any column.
 * Pure. Made by exec/ once per outlet; called by frame.ts and families.ts.
 */
import { closed, mask, merge, widened, within } from './infer.ts'
import { projectOn, type Project } from './project.ts'
import { MAX_MASKED_FIELDS, type Column, type Field, type RecordColumn, type Shape } from './shape.ts'

export interface Hint {
  /** The variants that may come. Its identity stands for the outlet. */
  readonly shape: Shape | undefined
  readonly project: Project | undefined
}

/** What is known of the items of an outlet. */
export interface Known {
  readonly shape?: Shape | undefined
  /** The only fields that the items have, where a stage has left out the others. */
  readonly only?: readonly string[] | undefined
  /** The only fields that are read. */
  readonly fields?: readonly string[] | undefined
}

const narrowed = (shape: Shape, fields: readonly string[]): Shape =>
  shape.map((column) => (column.kind === 'record' ? { ...column, fields: column.fields.filter((field) => fields.includes(field.key)) } : column))

export const hintOf = ({ shape, only, fields }: Known): Hint | undefined => {
  if (shape === undefined && fields === undefined) return undefined
  const narrow = [only, fields].reduce<Shape | undefined>((all, some) => (all === undefined || some === undefined ? all : narrowed(all, some)), shape)
  return { shape: narrow, project: fields === undefined ? undefined : projectOn(fields) }
}

/** What a field or an element is to be: what the item shows, and what the hint has seen coming. */
const adopt = (hint: Column, item: Column): Column => {
  const masked = hint.masked || item.masked
  if (hint.kind === 'record' && item.kind === 'record') return { kind: 'record', masked, fields: adoptFields(hint, item) }
  if (hint.kind === 'list' && item.kind === 'list') return { kind: 'list', masked, of: adopt(hint.of, item.of) }
  if (hint.kind === 'tuple' && item.kind === 'tuple' && hint.places.length === item.places.length) {
    return { kind: 'tuple', masked, places: hint.places.map((place, i) => adopt(place, item.places[i]!)) }
  }
  return merge(hint, item) ?? item
}

/** The item's fields in the item's order; a field that only the hint has comes behind the one before it there. */
const adoptFields = (hint: RecordColumn, item: RecordColumn): readonly Field[] => {
  const known = new Map(hint.fields.map((field) => [field.key, field]))
  const fields = item.fields.map((field): Field => {
    const foreseen = known.get(field.key)
    if (foreseen === undefined) return field
    const column = adopt(foreseen.column, field.column)
    const optional = foreseen.optional || field.optional
    return { key: field.key, optional, column: optional ? mask(column) : column }
  })
  let at = 0
  for (const field of hint.fields) {
    const found = fields.findIndex(({ key }) => key === field.key)
    if (found >= 0) at = found + 1
    else fields.splice(at++, 0, { key: field.key, optional: true, column: mask(field.column) })
  }
  return fields.some(({ optional }) => optional) && fields.length > MAX_MASKED_FIELDS ? item.fields : fields
}

/** How much a variant has in common with an item, in keys; negative when the item lacks one that it must have. */
const likeness = (variant: Column, item: Column): number => {
  if (variant.kind !== 'record' || item.kind !== 'record') return variant.kind === item.kind ? 0 : -1
  const keys = new Set(item.fields.map(({ key }) => key))
  if (variant.fields.some(({ key, optional }) => !optional && !keys.has(key))) return -1
  return variant.fields.filter(({ key }) => keys.has(key)).length
}

/** Without fields of names that every object has: read from an item that has no such field they are there all the same. */
const foreseeable = (column: Column): Column => {
  switch (column.kind) {
    case 'record':
      return { ...column, fields: column.fields.flatMap((field) => (field.key in Object.prototype ? [] : [{ ...field, column: foreseeable(field.column) }])) }
    case 'list':
      return { ...column, of: foreseeable(column.of) }
    case 'tuple':
      return { ...column, places: column.places.map(foreseeable) }
    default:
      return column
  }
}

/** The shape to begin with when the first item is of this column; none when columns are not for it. */
export const hinted = (given: Shape, item: Column): Shape | undefined => {
  const hint = given.map(foreseeable)
  const alike = hint.map((variant) => likeness(variant, item))
  const best = Math.max(...alike)
  if (best < 0) return widened(hint, item)
  const at = alike.indexOf(best)
  const adopted = adopt(hint[at]!, item)
  return within([...hint.slice(0, at), adopted.kind === 'record' ? closed(adopted) : adopted, ...hint.slice(at + 1)], adopted)
}
