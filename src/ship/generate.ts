/**
 * Writes and compiles the fast form of a description: a function that answers the decoded value, or FAILED.
 *
 * One function per node that has parts; nodes without are tests in the code of their parent. Nothing is allocated for a
 * value that needs no change, and a failure ends at once without saying why (interpret.ts finds that out). It makes a new
 * object exactly where io-ts does, which compares by `!==`: NaN makes one too, and so does a missing key that may be
 * `undefined`. Called by check.ts, on every thread.
 */
import { evaluate } from '../prelude/evaluate.ts'
import { FAILED } from './interpret.ts'
import { isRecord, merge, strip } from './merge.ts'
import type { Literal, NodeId, Shape, ShapeNode } from './shape.ts'

type Decode = (value: unknown) => unknown
type NodeOf<K extends ShapeNode['kind']> = Extract<ShapeNode, { readonly kind: K }>

const text = JSON.stringify as (value: string) => string

const literalText = (value: Literal): string => {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'bigint') return `${value}n`
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A test of variable `v` that decides the node, with the value itself as the answer; `undefined` for nodes with parts. */
const testOf = (node: ShapeNode, v: string): string | undefined => {
  switch (node.kind) {
    case 'unknown':
      return 'true'
    case 'never':
      return 'false'
    case 'null':
      return `${v} === null`
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return `typeof ${v} === '${node.kind}'`
    case 'anyRecord':
      return `typeof ${v} === 'object' && ${v} !== null && !isArray(${v})`
    case 'anyArray':
      return `isArray(${v})`
    case 'anyObject':
      return `typeof ${v} === 'object' && ${v} !== null`
    case 'literal': // zero answers itself, and not the other zero that it accepts
      return node.value === 0 ? undefined : `${v} === ${literalText(node.value)}`
    case 'keyof':
      return node.keys.length === 0 ? 'false' : node.keys.map((key) => `${v} === ${text(key)}`).join(' || ')
    default:
      return undefined
  }
}

/** A node that one test decides, with the value itself as the answer. */
interface Simple {
  readonly test: string
  /** It accepts NaN, which is not equal to itself. */
  readonly nan: boolean
  /** It accepts `undefined`, so a key that is missing may have to be put. */
  readonly missing: boolean
}

/** Members of a keyof that are still compared one by one. */
const FEW_KEYS = 8

class Writer {
  readonly #nodes: readonly ShapeNode[]
  readonly #needed: NodeId[] = []
  readonly #written = new Map<NodeId, string>()
  readonly sets: ReadonlySet<string>[] = []

  constructor(shape: Shape) {
    this.#nodes = shape.nodes
  }

  /** Follows nodes that are the same as another. */
  #node(id: NodeId): { readonly id: NodeId; readonly node: ShapeNode } {
    let at = id
    for (let node = this.#nodes[at]!; node.kind === 'same'; node = this.#nodes[at]!) at = node.of
    return { id: at, node: this.#nodes[at]! }
  }

  #set(keys: readonly string[]): string {
    this.sets.push(new Set(keys))
    return `sets[${this.sets.length - 1}]`
  }

  #simple(node: ShapeNode, v: string): Simple | undefined {
    if (node.kind === 'union') {
      // a union of unions is left to its functions: it may contain itself
      const inner = node.of.map((of) => this.#node(of).node)
      const members = inner.map((member) => (member.kind === 'union' ? undefined : this.#simple(member, v)))
      return members.every((member) => member !== undefined) && members.length > 0
        ? {
            test: members.map(({ test }) => test).join(' || '),
            nan: members.some(({ nan }) => nan),
            missing: members.some(({ missing }) => missing)
          }
        : undefined
    }
    const test = node.kind === 'keyof' && node.keys.length > FEW_KEYS ? `${this.#set(node.keys)}.has(${v})` : testOf(node, v)
    if (test === undefined) return undefined
    const any = node.kind === 'unknown'
    const missing = any || node.kind === 'undefined' || (node.kind === 'literal' && node.value === undefined)
    return { test, nan: any || node.kind === 'number', missing }
  }

  /** An expression that calls the function of a node with parts. */
  #call(id: NodeId, v: string): string {
    if (!this.#written.has(id) && !this.#needed.includes(id)) this.#needed.push(id)
    return `d${id}(${v})`
  }

  /**
   * Statements that decode variable `v` by node `id`: `bad` where it does not fit, `change(r)` where the answer `r` is not
   * the value (or, with `missing`, where `undefined` is an answer for a key that is not there).
   */
  #part(id: NodeId, v: string, bad: string, change: (answer: string) => string, missing?: string): string {
    const { id: at, node } = this.#node(id)
    const simple = this.#simple(node, v)
    if (simple !== undefined) {
      const { test } = simple
      const when = [
        ...(simple.nan ? [`${v} !== ${v}`] : []),
        ...(missing !== undefined && simple.missing ? [`${v} === undefined && ${missing}`] : [])
      ]
      const refuse = test === 'true' ? '' : `if (!(${test})) ${bad}`
      return when.length === 0 ? refuse : `${refuse === '' ? '' : `${refuse} else `}if (${when.join(' || ')}) { ${change(v)} }`
    }
    const differs = [`r !== ${v}`, ...(missing === undefined ? [] : [`r === undefined && ${missing}`])].join(' || ')
    return `const r = ${this.#call(at, v)}; if (r === FAILED) ${bad} else if (${differs}) { ${change('r')} }`
  }

  #props(node: NodeOf<'type' | 'partial'>): string {
    const required = node.kind === 'type'
    const lines = node.props.map(([key, of]) => {
      const k = text(key)
      const change = (answer: string): string => `if (a === u) a = assign({}, u); a[${k}] = ${answer};`
      const bad = required ? 'return FAILED;' : 'if (v !== undefined) return FAILED;'
      return `{ const v = a[${k}]; ${this.#part(of, 'v', `{ ${bad} }`, change, required ? `!hasOwn.call(a, ${k})` : undefined)} }`
    })
    return `if (!isRecord(u)) return FAILED;\nlet a = u;\n${lines.join('\n')}\nreturn a;`
  }

  #body(node: ShapeNode): string {
    switch (node.kind) {
      case 'type':
      case 'partial':
        return this.#props(node)
      case 'exact': {
        const keys = this.#set(node.keys)
        return `if (!isRecord(u)) return FAILED;\nconst r = ${this.#decoded(node.of, 'u')};\nreturn r === FAILED ? FAILED : strip(r, ${keys});`
      }
      case 'array': {
        const part = this.#part(node.of, 'v', 'return FAILED;', (answer) => `if (a === u) a = u.slice(); a[i] = ${answer};`)
        return `if (!isArray(u)) return FAILED;\nlet a = u;\nfor (let i = 0, n = u.length; i < n; i++) { const v = u[i]; ${part} }\nreturn a;`
      }
      case 'tuple': {
        const n = node.of.length
        const parts = node.of.map((of, i) => {
          const part = this.#part(of, 'v', 'return FAILED;', (answer) => `if (a === u) a = u.slice(); a[${i}] = ${answer};`)
          return `{ const v = u[${i}]; ${part} }`
        })
        return `if (!isArray(u)) return FAILED;\nlet a = u.length > ${n} ? u.slice(0, ${n}) : u;\n${parts.join('\n')}\nreturn a;`
      }
      case 'record':
        return this.#record(node)
      case 'union':
        return `${node.of.map((of) => this.#alternative(of)).join('\n')}\nreturn FAILED;`
      case 'tagged': {
        const labels = node.values.map((values) => values.map((value) => `case ${literalText(value)}: `).join(''))
        const cases = node.of.map((of, i) => `${labels[i]!}return ${this.#decoded(of, 'u')};`)
        return `if (!isRecord(u)) return FAILED;\nswitch (u[${text(node.tag)}]) {\n${cases.join('\n')}\ndefault: return FAILED;\n}`
      }
      case 'intersection': {
        if (node.of.length === 0) return 'return u;'
        const parts = node.of.map((of, i) => `const r${i} = ${this.#decoded(of, 'u')}; if (r${i} === FAILED) return FAILED;`)
        const results = node.of.map((_, i) => `r${i}`)
        return `${parts.join('\n')}\nreturn ${results.map((r) => `${r} === u`).join(' && ')} ? u : merge(u, [${results.join(', ')}]);`
      }
      case 'literal':
        return `return u === ${literalText(node.value)} ? ${literalText(node.value)} : FAILED;`
      default:
        return `return ${this.#simple(node, 'u')!.test} ? u : FAILED;`
    }
  }

  /** An expression: the decoded value or FAILED. */
  #decoded(id: NodeId, v: string): string {
    const { id: at, node } = this.#node(id)
    const simple = this.#simple(node, v)
    if (simple === undefined) return this.#call(at, v)
    return simple.test === 'true' ? v : `(${simple.test} ? ${v} : FAILED)`
  }

  #alternative(id: NodeId): string {
    const { id: at, node } = this.#node(id)
    const simple = this.#simple(node, 'u')
    return simple === undefined ? `{ const r = ${this.#call(at, 'u')}; if (r !== FAILED) return r; }` : `if (${simple.test}) return u;`
  }

  /** Most records stay as they are: a new one is made in a second pass, when the first has met a change. */
  #record(node: NodeOf<'record'>): string {
    const pass = `for (const key of keys(u)) {
const k = ${this.#decoded(node.domain, 'key')};
if (k === FAILED) { changed = true; continue; }
const v = u[key], r = ${this.#decoded(node.codomain, 'v')};
if (r === FAILED) return FAILED;
if (k !== key || r !== v) changed = true;
`
    return `if (!isRecord(u)) return ${node.arrays ? 'isArray(u) ? u : ' : ''}FAILED;
let changed = false;
${pass}}
if (!changed) return u;
const a = {};
${pass}a[k] = r;
}
return a;`
  }

  write(root: NodeId): string {
    const call = this.#call(this.#node(root).id, 'u')
    for (let id = this.#needed.pop(); id !== undefined; id = this.#needed.pop()) {
      this.#written.set(id, '')
      this.#written.set(id, `const d${id} = (u) => {\n${this.#body(this.#nodes[id]!)}\n};`)
    }
    return `'use strict';\n${[...this.#written.values()].join('\n')}\nreturn (u) => ${call};`
  }
}

/** What the code calls, by the names that it has there. */
const tools = {
  FAILED, isRecord, merge, strip,
  isArray: Array.isArray, assign: Object.assign, keys: Object.keys, hasOwn: Object.prototype.hasOwnProperty
}

/** The text of a shape's decoder. Exported for specs and for reading what became of a codec. */
export const writeDecoder = (shape: Shape): { readonly source: string; readonly sets: readonly ReadonlySet<string>[] } => {
  const writer = new Writer(shape)
  return { source: writer.write(shape.root), sets: writer.sets }
}

/** Compiles a shape. */
export const generateDecoder = (shape: Shape): Decode => {
  const { source, sets } = writeDecoder(shape)
  const names = Object.keys(tools)
  return evaluate([...names, 'sets'], source, 'codec')(...Object.values(tools), sets) as Decode
}
