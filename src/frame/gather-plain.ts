/**
 * Gathering, interpreted: what gather.ts writes a loop for, done by walking the shape for every item. Slower by a factor of
 * several, without generated code: where that is not allowed, and for shapes that have been seen little.
 *
 * Order of checks and of bytes is that of gather.ts: both gather the same items and leave the same scratch.
 * Called by families.ts.
 */
import type { Gather } from './gather.ts'
import { byteLengthOf, dateTime, isApart, isArray, isBytes, isDate, isDense, isDoubled, isPrimitive, isRecord } from './kind-checks.ts'
import { DONE, FULL, MISFIT, children, entryBytes, reserve, type Layout, type Node, type Scratch } from './layout.ts'
import { MISSING, NULL, PRESENT, TRUE, UNDEFINED } from './shape.ts'

/** A walk over one run. */
class Walk {
  readonly #scratch: Scratch
  #room: number
  #item: object = {}
  #tracked = false
  #refs = 0
  /** Where characters, bytes or elements of a node end so far. */
  readonly #ends: number[]

  constructor(scratch: Scratch, room: number, nodes: number) {
    this.#scratch = scratch
    this.#room = room
    this.#ends = new Array<number>(nodes).fill(0)
  }

  /** Puts one item of a variant whose keys fit; answers DONE, FULL or MISFIT. */
  item(node: Node, item: object, index: number, present: number, tracked: boolean, extra: number): number {
    this.#item = item
    this.#tracked = tracked
    this.#refs = 0
    this.#room -= entryBytes(node) + extra
    const outcome = this.#inside(node, item, index, present)
    if (outcome !== DONE) return outcome
    if (this.#room < 0) return FULL
    return tracked && this.#refs > 1 && isDoubled(this.#scratch.references, this.#refs) ? MISFIT : DONE
  }

  #inside(node: Node, value: object, index: number, present: number): number {
    if (node.kind === 'list') return this.#list(node, value as unknown[], index)
    if (node.kind === 'tuple') return this.#tuple(node, value as unknown[], index)
    for (let j = 0; j < node.fields.length; j++) {
      const { key, optional, node: field } = node.fields[j]!
      const there = !optional || (present & (1 << j)) !== 0
      const outcome = this.#put(field, there ? (value as { readonly [key: string]: unknown })[key] : undefined, index, there)
      if (outcome !== DONE) return outcome
    }
    return isRecord(value) ? DONE : MISFIT
  }

  #tuple({ parts }: Node, array: readonly unknown[], index: number): number {
    for (let i = 0; i < parts.length; i++) {
      const value = array[i]
      if (value === undefined && !(i in array)) return MISFIT
      const outcome = this.#put(parts[i]!, value, index, true)
      if (outcome !== DONE) return outcome
    }
    return DONE
  }

  #list({ id, parts }: Node, array: readonly unknown[], index: number): number {
    const of = parts[0]!
    const { length } = array
    this.#room -= length * Math.max(1, entryBytes(of))
    if (this.#room < 0) return FULL
    if (!isDense(array)) return MISFIT
    const start = this.#ends[id]!
    reserve(this.#scratch, of, start + length)
    for (let q = 0; q < length; q++) {
      const value = array[q]
      if (value === undefined && !(q in array)) return MISFIT
      const outcome = this.#put(of, value, start + q, true)
      if (outcome !== DONE) return outcome
    }
    this.#scratch.columns[id]!.ends[index] = this.#ends[id] = start + length
    return DONE
  }

  #put(node: Node, value: unknown, index: number, there: boolean): number {
    const column = this.#scratch.columns[node.id]!
    const absence = !there ? MISSING : value === undefined ? UNDEFINED : value === null ? NULL : PRESENT
    if (node.kind === 'flag' || node.kind === 'nil') {
      if (value === true || value === false) column.mask[index] = value ? TRUE : PRESENT
      else if (node.masked && absence !== PRESENT) column.mask[index] = absence
      else return MISFIT
      return DONE
    }
    if (node.masked) {
      column.mask[index] = absence
      if (absence !== PRESENT) {
        this.#empty(node, index)
        return DONE
      }
    }
    return this.#present(node, value, index)
  }

  #present(node: Node, value: unknown, index: number): number {
    const column = this.#scratch.columns[node.id]!
    switch (node.kind) {
      case 'number':
        if (typeof value !== 'number') return MISFIT
        column.numbers[index] = value
        return DONE
      case 'string':
        if (typeof value !== 'string') return MISFIT
        column.values[index] = value
        this.#end(node, value.length, index)
        return DONE
      case 'bigint':
        if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) return MISFIT
        column.bigints[index] = value
        return DONE
      case 'mix':
        if (!isPrimitive(value)) return MISFIT
        column.values[index] = value
        return DONE
      case 'any':
        if (!isApart(value, this.#item)) return MISFIT
        column.values[index] = value
        return DONE
      case 'date':
        if (!isDate(value)) return MISFIT
        this.#reference(value)
        column.numbers[index] = dateTime(value)
        return DONE
      case 'bytes':
        if (!isBytes(value)) return MISFIT
        this.#reference(value)
        column.values[index] = value
        this.#end(node, byteLengthOf(value), index)
        return DONE
      default: {
        const present = presence(node, value)
        if (present < 0) return MISFIT
        this.#reference(value)
        return this.#inside(node, value as object, index, present)
      }
    }
  }

  #end(node: Node, length: number, index: number): void {
    this.#room -= length
    this.#scratch.columns[node.id]!.ends[index] = this.#ends[node.id]! += length
  }

  #reference(value: unknown): void {
    if (this.#tracked) this.#scratch.references[this.#refs++] = value
  }

  #empty(node: Node, index: number): void {
    const column = this.#scratch.columns[node.id]!
    switch (node.kind) {
      case 'number': case 'date':
        column.numbers[index] = 0
        return
      case 'bigint':
        column.bigints[index] = 0n
        return
      case 'string': case 'bytes': case 'list':
        if (node.kind !== 'list') column.values[index] = node.kind === 'string' ? '' : undefined
        column.ends[index] = this.#ends[node.id]!
        return
      case 'mix': case 'any':
        column.values[index] = undefined
        return
      case 'flag': case 'nil':
        return
      default:
        for (const child of children(node)) {
          const { mask } = this.#scratch.columns[child.id]!
          if (child.masked || child.kind === 'flag' || child.kind === 'nil') mask[index] = MISSING
          this.#empty(child, index)
        }
    }
  }
}

/** Bits of the fields that are there when a value has the keys, or the length, of a node; negative when it has not. */
const presence = ({ kind, fields, parts }: Node, value: unknown): number => {
  if (kind === 'list') return isArray(value) ? 0 : -1
  if (kind === 'tuple') return isArray(value) && value.length === parts.length && isDense(value) ? 0 : -1
  if (typeof value !== 'object' || value === null) return -1
  const someOptional = fields.some((field) => field.optional)
  let j = 0
  let present = 0
  for (const key in value) {
    if (someOptional) while (j < fields.length && key !== fields[j]!.key) j++
    if (j === fields.length || key !== fields[j]!.key) return -1
    if (someOptional) present |= 1 << j
    j++
  }
  if (!someOptional) return j === fields.length ? 0 : -1
  const required = fields.reduce((bits, field, at) => (field.optional ? bits : bits | (1 << at)), 0)
  return (present & required) === required ? present : -1
}

export const plainGather = (layout: Layout): Gather => (items, from, n, room, scratch) => {
  const { variants } = layout
  const walk = new Walk(scratch, room, layout.nodes.length)
  const several = variants.length > 1
  const counts = variants.map(() => 0)
  let last = 0
  let i = 0
  scratch.why = DONE
  for (; i < n; i++) {
    const item = items[from + i]
    let at = last
    let present = presence(variants[at]!.node, item)
    for (let v = 0; present < 0 && v < variants.length; v++) present = presence(variants[(at = v)]!.node, item)
    if (present < 0) {
      scratch.why = MISFIT
      break
    }
    if (several) scratch.which[i] = at
    last = at
    const { node, tracked } = variants[at]!
    const outcome = walk.item(node, item as object, counts[at]!, present, tracked, several ? 1 : 0)
    if (outcome !== DONE) {
      scratch.why = outcome
      break
    }
    counts[at]!++
  }
  counts.forEach((count, v) => (scratch.counts[v] = count))
  return i
}
