/**
 * A shape with its columns numbered, and the memory in which a run is gathered before its frame is laid out.
 *
 *   shape ──▶ nodes 0, 1, 2 … in order of appearance          items ──gather──▶ scratch, one place per node ──▶ slot
 *
 * Gathering first costs a copy (3 ns an item) and buys that sizes are known before the first byte is written: nothing is ever
 * written beyond a slot, and layouts are decided by what is there. The scratch belongs to the thread: one frame at a time.
 * Called by gather.ts, gather-plain.ts, lay-out.ts, scatter.ts.
 */
import { below, isReference, type Column, type Shape } from './shape.ts'

export interface NodeField {
  readonly key: string
  readonly optional: boolean
  readonly node: Node
}

/** A numbered column. */
export interface Node {
  readonly id: number
  readonly kind: Column['kind']
  readonly masked: boolean
  readonly fields: readonly NodeField[]
  /** The element of a list, or the places of a tuple. */
  readonly parts: readonly Node[]
  /** The nodes below it. */
  readonly children: readonly Node[]
}

export interface Variant {
  readonly node: Node
  /** Whether an item can hold one object twice: its objects are compared then, and one that does is not for columns. */
  readonly tracked: boolean
}

export interface Layout {
  readonly variants: readonly Variant[]
  /** All of them; a node's number is its index. */
  readonly nodes: readonly Node[]
  /** Whether some columns are serialised: `mix` and `any`. */
  readonly mixed: boolean
}

/** How many objects of a kind an item can hold: several, when there is a list of them. */
const holds = (column: Column, counts: Map<string, number>, times: number): void => {
  for (const child of below(column)) {
    const inside = column.kind === 'list' ? 2 : times
    if (isReference(child)) {
      const kind = child.kind === 'tuple' ? 'list' : child.kind
      counts.set(kind, (counts.get(kind) ?? 0) + inside)
    }
    holds(child, counts, inside)
  }
}

const isTracked = (variant: Column): boolean => {
  const counts = new Map<string, number>()
  holds(variant, counts, 1)
  return [...counts.values()].some((count) => count > 1)
}

export const layOut = (shape: Shape): Layout => {
  const nodes: Node[] = []
  const number = (column: Column): Node => {
    const id = nodes.length
    nodes.push(undefined as unknown as Node) // children are numbered after their parent, and made before it
    const fields = column.kind === 'record' ? column.fields.map(({ key, optional, column: of }) => ({ key, optional, node: number(of) })) : []
    const parts = column.kind === 'list' ? [number(column.of)] : column.kind === 'tuple' ? column.places.map(number) : []
    const below = column.kind === 'record' ? fields.map((field) => field.node) : parts
    return (nodes[id] = { id, kind: column.kind, masked: column.masked, fields, parts, children: below })
  }
  const variants = shape.map((column) => ({ node: number(column), tracked: isTracked(column) }))
  return { variants, nodes, mixed: nodes.some(({ kind }) => kind === 'mix' || kind === 'any') }
}

/** The nodes below one. */
export const children = (node: Node): readonly Node[] => node.children

/** Whether a column has a byte per entry besides: which one it is, or whether it is there. */
export const hasMask = ({ masked, kind }: Node): boolean => masked || kind === 'flag' || kind === 'nil'

/** Bytes of one entry of a column, apart from characters, bytes and elements. */
export const entryBytes = (node: Node): number => {
  const mask = node.masked ? 1 : 0
  switch (node.kind) {
    case 'number': case 'bigint': case 'date': return mask + 8
    case 'string': case 'bytes': case 'list': return mask + 4
    case 'flag': case 'nil': return 1
    case 'mix': case 'any': return mask + 2
    default: return children(node).reduce((sum, child) => sum + entryBytes(child), mask)
  }
}

/** Items of one frame, at most. */
export const MAX_ITEMS = 2048
/** Entries of a gathered column that are kept from frame to frame. */
const KEPT = 16_384

/** One column, gathered. A node uses what its kind needs. */
export interface Gathered {
  mask: Uint8Array
  numbers: Float64Array
  /** The same, once they are known to be 32-bit integers. */
  integers: Int32Array
  bigints: BigInt64Array
  /** Where an entry's characters, bytes or elements end. */
  ends: Uint32Array
  /** Strings, byte arrays, values; of this frame only. */
  values: unknown[]
}

export interface Scratch {
  readonly columns: Gathered[]
  /** The variant of each item. */
  readonly which: Uint8Array
  /** How many items each variant has. */
  readonly counts: number[]
  /** The objects of one item. */
  readonly references: unknown[]
  /** Why gathering has ended. */
  why: number
}

export const DONE = 0
/** The slot is full. */
export const FULL = 1
/** The next item is not of the shape. */
export const MISFIT = 2

const NO_BYTES = new Uint8Array(0)
const NO_NUMBERS = new Float64Array(0)
const NO_INTEGERS = new Int32Array(0)
const NO_BIGINTS = new BigInt64Array(0)
const NO_ENDS = new Uint32Array(0)
const NO_VALUES: unknown[] = []

export const createScratch = (): Scratch => ({
  columns: [], which: new Uint8Array(MAX_ITEMS), counts: [], references: [], why: DONE
})

const enlarged = <A extends Uint8Array | Float64Array | BigInt64Array | Uint32Array>(old: A, entries: number): A => {
  if (old.length >= entries) return old
  const larger = new (old.constructor as new (length: number) => A)(Math.max(MAX_ITEMS, old.length * 2, entries))
  larger.set(old as never)
  return larger
}

const has = {
  numbers: new Set<string>(['number', 'date']),
  ends: new Set<string>(['string', 'bytes', 'list']),
  values: new Set<string>(['string', 'bytes', 'mix', 'any'])
}

/** Room for so many entries in a column and in those below it, down to the elements of lists, which have a number of their own. */
export const reserve = (scratch: Scratch, node: Node, entries: number): void => {
  const column = (scratch.columns[node.id] ??= {
    mask: NO_BYTES, numbers: NO_NUMBERS, integers: NO_INTEGERS, bigints: NO_BIGINTS, ends: NO_ENDS, values: NO_VALUES
  })
  if (hasMask(node)) column.mask = enlarged(column.mask, entries)
  if (has.numbers.has(node.kind)) column.numbers = enlarged(column.numbers, entries)
  if (has.ends.has(node.kind)) column.ends = enlarged(column.ends, entries)
  if (node.kind === 'bigint') column.bigints = enlarged(column.bigints, entries)
  if (node.kind !== 'list') for (const child of children(node)) reserve(scratch, child, entries)
}

/** Entries of a list's elements when it has `count`; likewise characters and bytes. */
export const endOf = (scratch: Scratch, id: number, count: number): number => (count === 0 ? 0 : scratch.columns[id]!.ends[count - 1]!)

/** Before a run of `entries` items is gathered. */
export const prepare = (scratch: Scratch, layout: Layout, entries: number): void => {
  const alone = layout.variants.length === 1
  const inside = (node: Node, size: number): void => {
    if (has.values.has(node.kind)) scratch.columns[node.id]!.values = size > 0 ? new Array<unknown>(size) : []
    if (node.kind === 'list') {
      reserve(scratch, node.parts[0]!, 0)
      inside(node.parts[0]!, 0)
    } else for (const child of children(node)) inside(child, size)
  }
  for (const { node } of layout.variants) {
    reserve(scratch, node, MAX_ITEMS)
    inside(node, alone ? entries : 0)
  }
}

/** Lets go of the items, and of what one large frame has needed. */
export const forget = (scratch: Scratch, layout: Layout): void => {
  scratch.references.fill(undefined)
  for (const { id } of layout.nodes) {
    const column = scratch.columns[id]!
    column.values = NO_VALUES
    if (column.numbers.length > KEPT) column.numbers = NO_NUMBERS
    if (column.integers.length > KEPT) column.integers = NO_INTEGERS
    if (column.bigints.length > KEPT) column.bigints = NO_BIGINTS
    if (column.ends.length > KEPT) column.ends = NO_ENDS
    if (column.mask.length > KEPT) column.mask = NO_BYTES
  }
  if (scratch.references.length > KEPT) scratch.references.length = 0
}
