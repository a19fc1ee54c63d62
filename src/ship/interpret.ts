/**
 * Decodes a value by its codec's description, step by step, and says everything that does not fit.
 *
 * The plain form of what generate.ts compiles; it runs when the compiled form has refused a value, to find out why, and it
 * is what a description is compared with its codec by (probe.ts). Order and number of issues are io-ts's own.
 * Runs in every thread. Pure.
 */
import { MAX_ISSUES, renderValue, type DecodeIssue } from '../error/decode-error.ts'
import { isRecord, merge, strip } from './merge.ts'
import { joinPath } from './path.ts'
import type { NodeId, Shape, ShapeNode } from './shape.ts'

/** Answered in place of a value that does not fit. */
export const FAILED: unique symbol = Symbol('does not fit')

type Into = DecodeIssue[]
/** Where in the value; the text is made only for what does not fit. */
type Place = { readonly up: Place; readonly key: string } | undefined
type NodeOf<K extends ShapeNode['kind']> = Extract<ShapeNode, { readonly kind: K }>

const hasOwn = Object.prototype.hasOwnProperty

const pathOf = (place: Place): string => {
  const keys: string[] = []
  for (let at = place; at !== undefined; at = at.up) keys.push(at.key)
  return keys.reduceRight(joinPath, '')
}

/** Nodes that look at nothing but the value itself. */
const fits = (node: ShapeNode, value: unknown): boolean => {
  switch (node.kind) {
    case 'unknown':
      return true
    case 'null':
      return value === null
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return typeof value === node.kind
    case 'anyRecord':
      return isRecord(value)
    case 'anyArray':
      return Array.isArray(value)
    case 'anyObject':
      return typeof value === 'object' && value !== null
    case 'literal':
      return value === node.value
    case 'keyof':
      return typeof value === 'string' && node.keys.includes(value)
    default:
      return false
  }
}

class Interpreter {
  readonly #nodes: readonly ShapeNode[]

  constructor(shape: Shape) {
    this.#nodes = shape.nodes
  }

  #refuse(value: unknown, at: Place, name: string, into: Into): typeof FAILED {
    if (into.length < MAX_ISSUES) into.push({ path: pathOf(at), expected: name, actual: renderValue(value) })
    return FAILED
  }

  /** A child: reported under its own name. */
  #child(id: NodeId, value: unknown, at: Place, into: Into): unknown {
    return this.decode(id, value, at, this.#nodes[id]!.name, into)
  }

  decode(id: NodeId, value: unknown, at: Place, name: string, into: Into): unknown {
    const node = this.#nodes[id]!
    switch (node.kind) {
      case 'same':
        return this.decode(node.of, value, at, name, into)
      case 'exact': {
        if (!isRecord(value)) return this.#refuse(value, at, name, into)
        const decoded = this.decode(node.of, value, at, name, into)
        return decoded === FAILED ? FAILED : strip(decoded as object, new Set(node.keys))
      }
      case 'type':
      case 'partial':
        return isRecord(value) ? this.#props(node, value, at, into) : this.#refuse(value, at, name, into)
      case 'array':
        return Array.isArray(value) ? this.#elements(() => node.of, value, value, value.length, at, into) : this.#refuse(value, at, name, into)
      case 'tuple': {
        if (!Array.isArray(value)) return this.#refuse(value, at, name, into)
        const { length } = node.of
        const cut: readonly unknown[] = value.length > length ? value.slice(0, length) : value
        return this.#elements((i) => node.of[i]!, value, cut, length, at, into)
      }
      case 'record':
        if (isRecord(value)) return this.#record(node, value, at, into)
        return node.arrays && Array.isArray(value) ? value : this.#refuse(value, at, name, into)
      case 'union':
        return this.#union(node, value, at, into)
      case 'tagged': {
        if (!isRecord(value)) return this.#refuse(value, at, name, into)
        const member = node.values.findIndex((values) => values.includes(value[node.tag] as never))
        return member < 0 ? this.#refuse(value, at, name, into) : this.#child(node.of[member]!, value, at, into)
      }
      case 'intersection': {
        const results = node.of.map((of) => this.#child(of, value, at, into))
        if (results.length === 0) return value
        return results.includes(FAILED) ? FAILED : merge(value, results)
      }
      case 'literal':
        return fits(node, value) ? node.value : this.#refuse(value, at, name, into)
      default:
        return fits(node, value) ? value : this.#refuse(value, at, name, into)
    }
  }

  #props(node: NodeOf<'type' | 'partial'>, value: Record<string, unknown>, at: Place, into: Into): unknown {
    const required = node.kind === 'type'
    let result = value
    let failed = false
    for (const [key, of] of node.props) {
      const had = result[key]
      const mine: Into = required || had !== undefined ? into : []
      const got = this.#child(of, had, { up: at, key }, mine)
      if (got === FAILED) failed ||= mine === into
      else if (got !== had || (required && got === undefined && !hasOwn.call(result, key))) {
        // not a spread, which treats a key `__proto__` differently
        if (result === value) result = Object.assign({}, value)
        result[key] = got
      }
    }
    return failed ? FAILED : result
  }

  #elements(of: (i: number) => NodeId, value: readonly unknown[], cut: readonly unknown[], length: number, at: Place, into: Into): unknown {
    let result = cut
    let failed = false
    for (let i = 0; i < length; i++) {
      const had = value[i]
      const got = this.#child(of(i), had, { up: at, key: String(i) }, into)
      if (got === FAILED) failed = true
      else if (got !== had) {
        if (result === value) result = value.slice()
        ;(result as unknown[])[i] = got
      }
    }
    return failed ? FAILED : result
  }

  #record(node: NodeOf<'record'>, value: Record<string, unknown>, at: Place, into: Into): unknown {
    const result: Record<string, unknown> = {}
    let changed = false
    let failed = false
    for (const had of Object.keys(value)) {
      const key = this.#child(node.domain, had, at, []) as string | typeof FAILED
      if (key === FAILED) {
        changed = true
        continue
      }
      const got = this.#child(node.codomain, value[had], { up: at, key }, into)
      if (got === FAILED) failed = true
      else {
        changed ||= key !== had || got !== value[had]
        result[key] = got
      }
    }
    return failed ? FAILED : changed ? result : value
  }

  #union(node: NodeOf<'union' | 'intersection'>, value: unknown, at: Place, into: Into): unknown {
    const mine: Into = []
    for (const of of node.of) {
      const got = this.#child(of, value, at, mine)
      if (got !== FAILED) return got
    }
    into.push(...mine.slice(0, MAX_ISSUES - into.length))
    return FAILED
  }
}

export interface Interpreted {
  /** The decoded value, or {@link FAILED}. */
  readonly value: unknown
  readonly issues: readonly DecodeIssue[]
}

/** Decodes `value` by node `id` of a shape (the root, if none is named). */
export const interpret = (shape: Shape, value: unknown, id = shape.root): Interpreted => {
  const issues: DecodeIssue[] = []
  const decoded = new Interpreter(shape).decode(id, value, undefined, shape.nodes[id]!.name, issues)
  return { value: decoded, issues: decoded === FAILED ? issues : [] }
}
