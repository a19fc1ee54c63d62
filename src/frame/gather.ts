/**
 * Gathering, compiled: one loop written for one shape, that checks each item against it and puts the fields into the scratch.
 *
 *   for (; i < n; i++) {
 *     const r = items[from + i]
 *     …a plain object, whose keys are "ts", "method" in this order?
 *     const v1 = r["ts"];     if (typeof v1 !== 'number') break run;  f1[i] = v1
 *     const v2 = r["method"]; if (typeof v2 !== 'string') break run;  p2[i] = v2; room -= v2.length; e2[i] = s2 += v2.length
 *   }
 *
 * Each field is read once. Item and shape part where the loop breaks: what has been put for that item is not counted.
 * Keys are in the text as JSON strings, which are string literals; nothing else of the items is. gather-plain.ts does the same
 * without generated code, to the byte.
 * Called by families.ts.
 */
import { evaluate, mayGenerate } from '../prelude/evaluate.ts'
import { byteLengthOf, dateTime, isApart, isArray, isBytes, isDate, isDense, isDoubled, isPrimitive, prototypeOf } from './kind-checks.ts'
import { FULL, MISFIT, DONE, entryBytes, children, reserve, type Layout, type Node, type Scratch } from './layout.ts'
import { MISSING, NULL, PRESENT, TRUE, UNDEFINED } from './shape.ts'

/**
 * Gathers `items[from…]` up to `n` items that take at most `room` bytes; answers how many, and why no more in `scratch.why`.
 * The scratch is prepared for as many.
 */
export type Gather = (items: readonly unknown[], from: number, n: number, room: number, scratch: Scratch) => number

const tools = {
  byteLengthOf, dateTime, isApart, isArray, isBytes, isDate, isDense, isDoubled, isPrimitive, prototypeOf, reserve, BASE: Object.prototype,
  asIntN: BigInt.asIntN
}

/** Writes the loop of one shape. Locals carry the number of their node: m mask, f numbers, g bigints, e ends, p values, s the end so far. */
class Writer {
  readonly #layout: Layout
  #tracked = false

  constructor(layout: Layout) {
    this.#layout = layout
  }

  write(): string {
    const { nodes, variants } = this.#layout
    const several = variants.length > 1
    const locals = nodes.flatMap((node) => [
      ...this.#arrays(node).map((each) => `let ${each}`), // a list's elements may get larger arrays on the way
      ...(node.kind === 'string' || node.kind === 'bytes' || node.kind === 'list' ? [`let s${node.id} = 0`] : []),
      ...(node.kind === 'list' ? [`let room${node.id} = 0`] : []),
      ...(node.kind === 'record' ? [`const k${node.id} = ${JSON.stringify(node.fields.map((field) => field.key))}`] : [])
    ])
    const head = [
      'const columns = scratch.columns, references = scratch.references',
      ...locals,
      ...(several ? [`const which = scratch.which, counts = scratch.counts; let last = 0${variants.map((_, v) => `, c${v} = 0`).join('')}`] : [])
    ]
    const body = several ? this.#several() : this.#one(variants[0]!.node, variants[0]!.tracked, 'i')
    const counts = several ? variants.map((_, v) => `counts[${v}] = c${v}`).join('; ') : 'scratch.counts[0] = i'
    return `${head.join('\n')}
let i = 0, why = ${MISFIT}
run: {
  for (; i < n; i++) {
    const r = items[from + i]
    if (typeof r !== 'object' || r === null) break run
    ${body}
  }
  why = ${DONE}
}
scratch.why = why
${counts}
return i`
  }

  #arrays({ id, kind, masked }: Node): readonly string[] {
    const at = `columns[${id}]`
    const all: string[] = []
    if (masked || kind === 'flag' || kind === 'nil') all.push(`m${id} = ${at}.mask`)
    if (kind === 'number' || kind === 'date') all.push(`f${id} = ${at}.numbers`)
    if (kind === 'bigint') all.push(`g${id} = ${at}.bigints`)
    if (kind === 'string' || kind === 'bytes' || kind === 'list') all.push(`e${id} = ${at}.ends`)
    if (kind === 'string' || kind === 'bytes' || kind === 'mix' || kind === 'any') all.push(`p${id} = ${at}.values`)
    return all
  }

  /** The arrays of a list's elements, after these have grown. */
  #again(node: Node): string {
    const inside = node.kind === 'list' ? [] : children(node).map((child) => this.#again(child))
    return [...this.#arrays(node), ...inside].filter((each) => each !== '').join('; ')
  }

  #one(node: Node, tracked: boolean, index: string): string {
    this.#tracked = tracked
    return `${tracked ? 'let refs = 0' : ''}
    ${this.#check(node, 'r')}
    room -= ${entryBytes(node)}
    ${this.#inside(node, 'r', index)}
    ${this.#ending(tracked)}`
  }

  #ending(tracked: boolean): string {
    return `if (room < 0) { why = ${FULL}; break run }${tracked ? '\n    if (refs > 1 && isDoubled(references, refs)) break run' : ''}`
  }

  #several(): string {
    const { variants } = this.#layout
    // The variant of the item before is tried first.
    const cases = variants.map(({ node, tracked }, v) => {
      this.#tracked = tracked
      return `case ${v}: {
      ${tracked ? 'let refs = 0' : ''}
      const h${node.id} = h
      room -= ${entryBytes(node) + 1}
      ${this.#inside(node, 'r', `c${v}`)}
      ${this.#ending(tracked)}
      c${v}++
      break
    }`
    })
    const attempts = variants.map(({ node }, v) => `case ${v}: { ${this.#attempt(node)} break }`)
    return `let at = last, h = -1
    for (let tries = 0; tries <= ${variants.length}; at = tries++) {
      switch (at) { ${attempts.join('\n      ')} }
      if (h >= 0) break
    }
    if (h < 0) break run
    which[i] = last = at
    switch (at) {
    ${cases.join('\n    ')}
    }`
  }

  /** Sets h to the presence of the fields when `r` is of this variant. */
  #attempt(node: Node): string {
    return `attempt: { ${this.#check(node, 'r').replaceAll('break run', 'break attempt')}
      h = ${node.fields.some((field) => field.optional) ? `h${node.id}` : '0'} }`
  }

  /** Breaks unless the keys, or the number of elements, are those of the node; says in h which of the optional fields are there. */
  #check({ id, kind, fields, parts }: Node, value: string): string {
    if (kind === 'list') return `if (!isArray(${value})) break run`
    if (kind === 'tuple') return `if (!isArray(${value}) || ${value}.length !== ${parts.length} || !isDense(${value})) break run`
    if (!fields.some((field) => field.optional)) {
      return `let j${id} = 0
    for (const k in ${value}) { if (k !== k${id}[j${id}]) break run; j${id}++ }
    if (j${id} !== ${fields.length}) break run`
    }
    const required = fields.reduce((bits, field, j) => (field.optional ? bits : bits | (1 << j)), 0)
    return `let j${id} = 0, h${id} = 0
    for (const k in ${value}) {
      while (j${id} < ${fields.length} && k !== k${id}[j${id}]) j${id}++
      if (j${id} === ${fields.length}) break run
      h${id} |= 1 << j${id}++
    }
    if ((h${id} & ${required}) !== ${required}) break run`
  }

  /** Puts what is inside a record, tuple or list that has been checked. */
  #inside(node: Node, value: string, index: string): string {
    if (node.kind === 'list') return this.#list(node, value, index)
    if (node.kind === 'tuple') {
      return node.parts.map((part, i) =>
        `const v${part.id} = ${value}[${i}]; ${this.#hole(part, value, `${i}`)} ${this.#put(part, index, '')}`).join('\n    ')
    }
    // The prototype comes last: the engine knows the object by then, and need not ask.
    const prototype = `const o${node.id} = prototypeOf(${value}); if (o${node.id} !== BASE && o${node.id} !== null) break run`
    const fields = node.fields.map(({ key, optional, node: field }, j) => {
      const read = `${value}[${JSON.stringify(key)}]`
      const there = optional ? `(h${node.id} & ${1 << j}) !== 0` : ''
      return `const v${field.id} = ${optional ? `${there} ? ${read} : undefined` : read}; ${this.#put(field, index, there)}`
    })
    return [...fields, prototype].join('\n    ')
  }

  /** An undefined element may be a hole. */
  #hole(part: Node, array: string, at: string): string {
    return part.masked || part.kind === 'mix' || part.kind === 'nil' ? `if (v${part.id} === undefined && !(${at} in ${array})) break run;` : ''
  }

  /** Puts the value `v` of a node at an index. `there` is a condition when it may be missing. */
  #put(node: Node, index: string, there: string): string {
    const v = `v${node.id}`
    const m = `m${node.id}[${index}]`
    const none = there === '' ? `${UNDEFINED}` : `(${there} ? ${UNDEFINED} : ${MISSING})`
    if (node.kind === 'flag' || node.kind === 'nil') {
      const nullish = `${v} === null ? ${NULL} : ${v} === undefined ? ${none} : -1`
      const flag = `${v} === true ? ${TRUE} : ${v} === false ? ${PRESENT} : ${node.masked ? nullish : '-1'}`
      return `{ const c = ${flag}; if (c < 0) break run; ${m} = c }`
    }
    if (!node.masked) return this.#present(node, index)
    const absence = `${v} === undefined ? ${none} : ${v} === null ? ${NULL} : ${PRESENT}`
    return `{ const c = ${absence}; ${m} = c; if (c === ${PRESENT}) { ${this.#present(node, index)} } else { ${this.#empty(node, index)} } }`
  }

  #present(node: Node, index: string): string {
    const { id, kind } = node
    const v = `v${id}`
    const reference = this.#tracked ? `references[refs++] = ${v};` : ''
    switch (kind) {
      case 'number': return `if (typeof ${v} !== 'number') break run; f${id}[${index}] = ${v}`
      case 'string':
        return `if (typeof ${v} !== 'string') break run; p${id}[${index}] = ${v}
      room -= ${v}.length; e${id}[${index}] = s${id} += ${v}.length`
      case 'bigint': return `if (typeof ${v} !== 'bigint' || asIntN(64, ${v}) !== ${v}) break run; g${id}[${index}] = ${v}`
      case 'date': return `if (!isDate(${v})) break run; ${reference} f${id}[${index}] = dateTime(${v})`
      case 'bytes':
        return `if (!isBytes(${v})) break run; ${reference} p${id}[${index}] = ${v}
      { const l = byteLengthOf(${v}); room -= l; e${id}[${index}] = s${id} += l }`
      case 'mix': return `if (!isPrimitive(${v})) break run; p${id}[${index}] = ${v}`
      case 'any': return `if (!isApart(${v}, r)) break run; p${id}[${index}] = ${v}`
      case 'list': return `if (!isArray(${v})) break run; ${reference} ${this.#list(node, v, index)}`
      case 'tuple': return `${this.#check(node, v)}; ${reference} ${this.#inside(node, v, index)}`
      default: return `if (typeof ${v} !== 'object' || ${v} === null) break run
      ${this.#check(node, v)}; ${reference} ${this.#inside(node, v, index)}`
    }
  }

  #list({ id, parts }: Node, value: string, index: string): string {
    const of = parts[0]!
    const each = Math.max(1, entryBytes(of))
    return `{ const l = ${value}.length; room -= l * ${each}
      if (room < 0) { why = ${FULL}; break run }
      if (!isDense(${value})) break run
      if (s${id} + l > room${id}) { room${id} = Math.max(1024, 2 * (s${id} + l))
        reserve(scratch, nodes[${of.id}], room${id}); ${this.#again(of)} }
      for (let q = 0; q < l; q++) { const v${of.id} = ${value}[q]; const x${id} = s${id} + q
        ${this.#hole(of, value, 'q')} ${this.#put(of, `x${id}`, '')} }
      e${id}[${index}] = s${id} += l }`
  }

  /** Nothing at an index: what makes the column's bytes the same whatever was there before. */
  #absent(node: Node, index: string): string {
    const { id, kind, masked } = node
    const mask = masked || kind === 'flag' || kind === 'nil' ? `m${id}[${index}] = ${MISSING};` : ''
    return `${mask} ${this.#empty(node, index)}`
  }

  #empty(node: Node, index: string): string {
    const { id, kind } = node
    switch (kind) {
      case 'number': case 'date': return `f${id}[${index}] = 0`
      case 'bigint': return `g${id}[${index}] = 0n`
      case 'string': return `p${id}[${index}] = ''; e${id}[${index}] = s${id}`
      case 'bytes': return `p${id}[${index}] = undefined; e${id}[${index}] = s${id}`
      case 'list': return `e${id}[${index}] = s${id}`
      case 'mix': case 'any': return `p${id}[${index}] = undefined`
      case 'flag': case 'nil': return ''
      default: return children(node).map((child) => this.#absent(child, index)).join('; ')
    }
  }
}

/** The text of a shape's loop. Exported for specs. */
export const writeGather = (layout: Layout): string => new Writer(layout).write()

/** The loop of a shape; none where code generation is not allowed. */
export const compileGather = (layout: Layout): Gather | undefined => {
  if (!mayGenerate()) return undefined
  const names = Object.keys(tools)
  const body = `return (items, from, n, room, scratch) => {\n${writeGather(layout)}\n}`
  const make = evaluate([...names, 'nodes'], `'use strict'\n${body}`, 'gather')
  return make(...Object.values(tools), layout.nodes) as Gather
}
