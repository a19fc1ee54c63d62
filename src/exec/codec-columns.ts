/**
 * The columns that a codec foretells: from its description to the shape of the frames that carry what it has let through.
 *
 *   type({ ts: number, user: union([string, null]) }) & partial({ ms: number })
 *      ──▶  record(ts number, user string masked, ms number optional)
 *
 * What the description leaves open (unknown, dictionaries, recursion) is left open: a `nil` that is not masked. A description says
 * what passes, not the order of keys nor which others there are; see frame/hint.ts for what is made of it.
 * Pure; called by remote.ts and handout.ts, once per outlet. The one place that knows descriptions and columns.
 */
import { hintOf, type Hint } from '../frame/hint.ts'
import { mask, merge } from '../frame/infer.ts'
import { MAX_FIELDS, MAX_VARIANTS, type Column, type Field, type LeafKind, type Shape } from '../frame/shape.ts'
import type { Columns } from '../plan/columns.ts'
import type { NodeId, Shape as Description, ShapeNode } from '../ship/shape.ts'

/** Objects inside objects that are described; a recursion ends here. */
const MAX_DEPTH = 5

const leaf = (kind: LeafKind, masked = false): Column => ({ kind, masked })
const OPEN = leaf('nil')

const ofLiteral = (value: unknown): Column => {
  switch (typeof value) {
    case 'string': return leaf('string')
    case 'number': return leaf('number')
    case 'boolean': return leaf('flag')
    case 'bigint': return leaf('bigint')
    default: return leaf('nil', true)
  }
}

type Props = Extract<ShapeNode, { readonly kind: 'type' | 'partial' }>

class Reader {
  readonly #nodes: readonly ShapeNode[]

  constructor({ nodes }: Description) {
    this.#nodes = nodes
  }

  /** The members of a union, of unions in it too. */
  variants(id: NodeId, depth: number): readonly Column[] {
    const node = this.#nodes[id]!
    if (depth === 0) return [OPEN]
    if (node.kind === 'same') return this.variants(node.of, depth - 1)
    if (node.kind === 'union' || node.kind === 'tagged') return node.of.flatMap((of) => this.variants(of, depth - 1))
    return [this.column(id, depth)]
  }

  column(id: NodeId, depth: number): Column {
    if (depth === 0) return OPEN
    const node = this.#nodes[id]!
    switch (node.kind) {
      case 'string': case 'keyof': return leaf('string')
      case 'number': return leaf('number')
      case 'boolean': return leaf('flag')
      case 'bigint': return leaf('bigint')
      case 'null': case 'undefined': return leaf('nil', true)
      case 'literal': return ofLiteral(node.value)
      case 'type': case 'partial': return this.#record(this.#fields(node, depth))
      case 'exact': return this.#only(this.column(node.of, depth), node.keys)
      case 'array': return { kind: 'list', masked: false, of: this.column(node.of, depth - 1) }
      case 'tuple': return { kind: 'tuple', masked: false, places: node.of.map((of) => this.column(of, depth - 1)) }
      case 'intersection': return this.#intersection(node.of.map((of) => this.column(of, depth)))
      case 'same': return this.column(node.of, depth)
      case 'union': case 'tagged': return this.#union(this.variants(id, depth))
      default: return OPEN
    }
  }

  #fields({ kind, props }: Props, depth: number): readonly Field[] {
    return props.map(([key, of]) => {
      const column = this.column(of, depth - 1)
      return kind === 'partial' ? { key, optional: true, column: mask(column) } : { key, optional: false, column }
    })
  }

  #record(fields: readonly Field[]): Column {
    return fields.length > MAX_FIELDS ? OPEN : { kind: 'record', masked: false, fields }
  }

  #only(column: Column, keys: readonly string[]): Column {
    return column.kind === 'record' ? this.#record(column.fields.filter(({ key }) => keys.includes(key))) : column
  }

  #intersection(members: readonly Column[]): Column {
    const fields = new Map<string, Field>()
    for (const member of members) {
      if (member.kind !== 'record') continue
      for (const field of member.fields) if (fields.get(field.key)?.optional !== false) fields.set(field.key, field)
    }
    return fields.size === 0 ? OPEN : this.#record([...fields.values()])
  }

  #union(members: readonly Column[]): Column {
    return members.reduce<Column | undefined>((all, member) => all && merge(all, member), OPEN) ?? OPEN
  }
}

/** The shape of what a codec lets through; none when it says nothing that helps. Exported for specs. */
export const columnsOfCodec = (description: Description): Shape | undefined => {
  const variants = new Reader(description).variants(description.root, MAX_DEPTH)
  const useful = variants.filter(({ kind }) => kind === 'record' || kind === 'list' || kind === 'tuple')
  return useful.length === 0 || useful.length > MAX_VARIANTS ? undefined : useful
}

/** What the frames of an outlet, or of a task's input, are told in advance. */
export const hintFor = (columns: Columns | undefined): Hint | undefined =>
  columns && hintOf({
    shape: columns.codec === undefined ? undefined : columnsOfCodec(columns.codec),
    only: columns.only,
    fields: columns.fields
  })
