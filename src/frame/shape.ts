/**
 * Shapes: what a run of items has in common, as plain data, and its compact text in a frame's header.
 *
 *   {ts: 17, method: 'GET', user: null}, {ts: 18, method: 'PUT', user: 'ann'}
 *      ──▶  record(ts number, method string, user string masked)  ──▶  [["r",0,"ts","i","method","s","user","s?"]]
 *
 * A shape is a list of variants, one per member of a discriminated union. The text says besides how a column is laid out
 * (numbers as int32 or float64, strings as a run or through a dictionary), so that a frame explains itself.
 * Data and pure functions; called by everything in frame/ that knows columns.
 */

/** `flag` holds true, false, null and undefined; `nil` is a flag that has seen neither true nor false. */
export type LeafKind = 'number' | 'string' | 'flag' | 'nil' | 'bigint' | 'date' | 'bytes' | 'mix' | 'any'

export interface Leaf {
  readonly kind: LeafKind
  /** Null and undefined were seen, or the field was missing: the column has a byte per entry that says which. */
  readonly masked: boolean
}

export interface RecordColumn {
  readonly kind: 'record'
  readonly masked: boolean
  readonly fields: readonly Field[]
}

/** An array of any length, one column for all of its elements. */
export interface List {
  readonly kind: 'list'
  readonly masked: boolean
  readonly of: Column
}

/** An array of a fixed length, one column per place. */
export interface Tuple {
  readonly kind: 'tuple'
  readonly masked: boolean
  readonly places: readonly Column[]
}

export type Column = Leaf | RecordColumn | List | Tuple

export interface Field {
  readonly key: string
  /** Some items do not have the key. Its column is masked then. */
  readonly optional: boolean
  readonly column: Column
}

/** The members of a union; most shapes have one. */
export type Shape = readonly Column[]

// ---- bytes of a mask ----

export const MISSING = 0
export const UNDEFINED = 1
export const NULL = 2
/** There is a value, in a flag's column: false. */
export const PRESENT = 3
export const TRUE = 4

// ---- limits ----

/** Variants of a shape. */
export const MAX_VARIANTS = 8
/** Fields of one record. */
export const MAX_FIELDS = 64
/** Fields of a record of which some are optional: presence is bits of a small integer. */
export const MAX_MASKED_FIELDS = 30
/** Columns of a shape. */
export const MAX_COLUMNS = 256

/** The columns below this one. */
export const below = (column: Column): readonly Column[] =>
  column.kind === 'record' ? column.fields.map((f) => f.column)
  : column.kind === 'list' ? [column.of]
  : column.kind === 'tuple' ? column.places
  : []

export const countColumns = (column: Column): number => below(column).reduce((sum, each) => sum + countColumns(each), 1)

/** Whether entries are objects, which have an identity inside their item. */
export const isReference = ({ kind }: Column): boolean =>
  kind === 'record' || kind === 'list' || kind === 'tuple' || kind === 'date' || kind === 'bytes'

// ---- text ----

/** How a column is laid out in one frame. */
export const PLAIN = 0
/** Numbers as int32; strings through a dictionary. */
export const PACKED = 1

const LETTERS: { readonly [kind in LeafKind]: string } = {
  number: 'n', string: 's', flag: 'b', nil: 'b', bigint: 'l', date: 't', bytes: 'y', mix: 'x', any: 'v'
}
const KINDS: { readonly [letter: string]: LeafKind } = {
  n: 'number', i: 'number', s: 'string', d: 'string', b: 'flag', l: 'bigint', t: 'date', y: 'bytes', x: 'mix', v: 'any'
}
const PACKED_LETTERS: { readonly [letter: string]: string } = { n: 'i', s: 'd' }

type Spelled = string | readonly [letter: string, masked: number, ...rest: unknown[]]

const spell = (column: Column, packing: () => number, optional: boolean): Spelled => {
  const packed = packing()
  const masked = optional ? 2 : column.masked ? 1 : 0
  if (column.kind === 'record') {
    return ['r', masked, ...column.fields.flatMap((f) => [f.key, spell(f.column, packing, f.optional)])]
  }
  if (column.kind === 'list') return ['a', masked, spell(column.of, packing, false)]
  if (column.kind === 'tuple') return ['u', masked, ...column.places.map((place) => spell(place, packing, false))]
  const letter = LETTERS[column.kind]
  return `${packed === PACKED ? (PACKED_LETTERS[letter] ?? letter) : letter}${['', '?', '-'][masked]!}`
}

/** The text of a shape whose n-th column, counted in order of appearance, is packed as `packing[n]` says; ASCII. */
export const textOf = (shape: Shape, packing: ArrayLike<number>): string => {
  let next = 0
  const text = JSON.stringify(shape.map((variant) => spell(variant, () => packing[next++] ?? PLAIN, false)))
  return text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const read = (spelled: Spelled, packing: number[]): { readonly column: Column; readonly optional: boolean } => {
  if (typeof spelled === 'string') {
    const letter = spelled[0]!
    packing.push(letter === 'i' || letter === 'd' ? PACKED : PLAIN)
    return { column: { kind: KINDS[letter]!, masked: spelled.length > 1 }, optional: spelled[1] === '-' }
  }
  packing.push(PLAIN)
  const [letter, mask, ...rest] = spelled
  const masked = mask > 0
  const optional = mask === 2
  if (letter === 'a') return { column: { kind: 'list', masked, of: read(rest[0] as Spelled, packing).column }, optional }
  if (letter === 'u') {
    return { column: { kind: 'tuple', masked, places: rest.map((place) => read(place as Spelled, packing).column) }, optional }
  }
  const fields: Field[] = []
  for (let i = 0; i < rest.length; i += 2) fields.push({ key: rest[i] as string, ...read(rest[i + 1] as Spelled, packing) })
  return { column: { kind: 'record', masked, fields }, optional }
}

/** What {@link textOf} has written. */
export const shapeOf = (text: string): { readonly shape: Shape; readonly packing: readonly number[] } => {
  const packing: number[] = []
  const shape = (JSON.parse(text) as readonly Spelled[]).map((variant) => read(variant, packing).column)
  return { shape, packing }
}
