/**
 * Scattering, compiled: one loop written for one text of a shape, that makes the items of a frame again.
 *
 *   for (let i = 0; i < n; i++) out[i] = { "ts": $f64[$b1 + i], "method": $w2[$u8[$b2 + i]], "path": $t3.substring($a3, $a3 = $u32[$e3 + i]) }
 *
 * The loop of a task may have the same expression where its functions are called (`Making`): what it makes and nobody keeps V8 leaves out.
 * Its names begin with `$`, which no name of such a loop does.
 * Objects are literals, whose keys are own properties whatever they are called; fields after an optional one are assigned, so
 * the keys keep their order. A text without generated code is interpreted: see scatter-plain.ts.
 * Called by columns-in.ts.
 */
import { evaluate, mayGenerate } from '../prelude/evaluate.ts'
import { Rows, type Making } from '../prelude/items.ts'
import type { Layout, Node } from './layout.ts'
import { NULL, PACKED, PRESENT, TRUE } from './shape.ts'
import type { Views } from './views.ts'

/** Where one column of one frame is. Places are indices into a view. */
export interface Source {
  readonly mask: number
  /** Numbers, codes, bytes. */
  readonly at: number
  readonly ends: number
  readonly text: string
  readonly words: readonly string[]
  readonly values: readonly unknown[]
}

/** Makes `count` items; `which` is the place of the variants' bytes when there are several. */
export type Scatter = (views: Views, sources: readonly Source[], count: number, which: number) => unknown[]

/** Values of a flag by its byte. */
export const FLAGS: readonly unknown[] = [undefined, undefined, null, false, true]

const literal = JSON.stringify

/** Names for the views, in all texts. */
const VIEWS = 'const { f64: $f64, i32: $i32, u32: $u32, u8: $u8, b64: $longs }'

class Writer {
  readonly #layout: Layout
  readonly #packing: readonly number[]
  readonly #functions: string[] = []

  constructor(layout: Layout, packing: readonly number[]) {
    this.#layout = layout
    this.#packing = packing
  }

  write(): string {
    const { variants, nodes } = this.#layout
    const several = variants.length > 1
    const values = variants.map(({ node }, v) => this.#present(node, several ? `c${v}` : 'i'))
    const body = several
      ? `switch ($u8[which + i]) {\n${values.map((value, v) => `case ${v}: out[i] = ${value}; c${v}++; break`).join('\n')}\n}`
      : `out[i] = ${values[0]!}`
    return `${VIEWS} = views
${nodes.map((node) => this.#locals(node, '0')).filter((line) => line !== '').join('\n')}
${several ? `let ${variants.map((_, v) => `c${v} = 0`).join(', ')}` : ''}
${this.#functions.join('\n')}
const out = new Array(n)
for (let i = 0; i < n; i++) {
${body}
}
return out`
  }

  #isPacked({ id }: Node): boolean {
    return this.#packing[id] === PACKED
  }

  /** For a loop that is not ours: the items from `from` on are made by it, one by one. None where more than an expression is needed. */
  making(): Making | undefined {
    const { variants, nodes } = this.#layout
    const root = variants[0]!.node
    if (variants.length > 1 || root.kind !== 'record' || nodes.some(({ kind, fields }) => kind === 'list' || fields.some(({ optional }) => optional))) {
      return undefined
    }
    const locals = nodes.map((node) => this.#locals(node, `from === 0 ? 0 : $u32[$e${node.id} + from - 1]`)).filter((line) => line !== '')
    return { before: [`${VIEWS} = items.views, sources = items.sources, { FLAGS, Date } = items.tools`, ...locals].join('\n'), item: this.#record(root, 'i') }
  }

  #locals(node: Node, start: string): string {
    const { id, kind, masked } = node
    const from = `sources[${id}]`
    const all: string[] = []
    if (masked || kind === 'flag') all.push(`$m${id} = ${from}.mask`)
    if (kind === 'number' || kind === 'date' || kind === 'bigint' || kind === 'bytes') all.push(`$b${id} = ${from}.at`)
    if (kind === 'string') all.push(...(this.#isPacked(node) ? [`$b${id} = ${from}.at`, `$w${id} = ${from}.words`] : [`$t${id} = ${from}.text`]))
    const isRun = kind === 'list' || kind === 'bytes' || (kind === 'string' && !this.#isPacked(node))
    if (isRun) all.push(`$e${id} = ${from}.ends`)
    if (kind === 'mix' || kind === 'any') all.push(`$x${id} = ${from}.values`)
    return `${all.length > 0 ? `const ${all.join(', ')}` : ''}${isRun ? `; let $a${id} = ${start}` : ''}`
  }

  /** The expression of an entry. Entries are made in order, each that is present once. */
  #value(node: Node, index: string): string {
    if (!node.masked || node.kind === 'flag') return this.#present(node, index)
    const m = `$u8[$m${node.id} + ${index}]`
    return `(${m} === ${PRESENT} ? ${this.#present(node, index)} : ${m} === ${NULL} ? null : undefined)`
  }

  #present(node: Node, index: string): string {
    const { id, kind } = node
    switch (kind) {
      case 'number': return `${this.#isPacked(node) ? '$i32' : '$f64'}[$b${id} + ${index}]`
      case 'date': return `new Date($f64[$b${id} + ${index}])`
      case 'bigint': return `$longs[$b${id} + ${index}]` // `$b64` would be the column of number 64
      case 'flag': case 'nil': return node.masked ? `FLAGS[$u8[$m${id} + ${index}]]` : `$u8[$m${id} + ${index}] === ${TRUE}`
      case 'string':
        return this.#isPacked(node) ? `$w${id}[$u8[$b${id} + ${index}]]` : `$t${id}.substring($a${id}, $a${id} = $u32[$e${id} + ${index}])`
      case 'bytes': return `$u8.slice($b${id} + $a${id}, $b${id} + ($a${id} = $u32[$e${id} + ${index}]))`
      case 'mix': case 'any': return `$x${id}[${index}]`
      case 'tuple': return `[${node.parts.map((part) => this.#value(part, index)).join(', ')}]`
      case 'list': return this.#list(node, index)
      default: return this.#record(node, index)
    }
  }

  #record({ id, fields }: Node, index: string): string {
    const first = fields.findIndex((field) => field.optional)
    const whole = first < 0 ? fields : fields.slice(0, first)
    const made = (at: string): string => `{ ${whole.map(({ key, node }) => `${literal(key)}: ${this.#value(node, at)}`).join(', ')} }`
    if (first < 0) return made(index)
    const rest = fields.slice(first).map(({ key, optional, node }) =>
      `${optional ? `if ($u8[$m${node.id} + i] !== 0) ` : ''}o[${literal(key)}] = ${this.#value(node, 'i')}`)
    this.#functions.push(`const o${id} = (i) => {\nconst o = ${made('i')}\n${rest.join('\n')}\nreturn o\n}`)
    return `o${id}(${index})`
  }

  #list({ id, parts }: Node, index: string): string {
    this.#functions.push(`const l${id} = (i) => {
const start = $a${id}, length = $u32[$e${id} + i] - start, list = new Array(length)
$a${id} += length
for (let k = 0, q = start; k < length; k++, q++) list[k] = ${this.#value(parts[0]!, 'q')}
return list
}`)
    return `l${id}(${index})`
  }
}

/** The text of a loop. Exported for specs. */
export const writeScatter = (layout: Layout, packing: readonly number[]): string => new Writer(layout, packing).write()

/** The loop; none where code generation is not allowed. */
export const compileScatter = (layout: Layout, packing: readonly number[]): Scatter | undefined => {
  if (!mayGenerate()) return undefined
  const body = `'use strict'\nreturn (views, sources, n, which) => {\n${writeScatter(layout, packing)}\n}`
  return evaluate(['FLAGS', 'Date'], body, 'scatter')(FLAGS, Date) as Scatter
}

/** What the texts are given besides the frame. */
const tools = { FLAGS, Date }

/** How a loop of a task makes the items itself; none where it cannot. */
export const makingOf = (layout: Layout, packing: readonly number[]): Making | undefined =>
  mayGenerate() ? new Writer(layout, packing).making() : undefined

/** The items of one frame, to be made by such a loop; `list` makes all of them. */
export const rowsOf = (making: Making, views: Views, sources: readonly Source[], count: number, list: () => unknown[]): Rows =>
  new Rows(count, making, { views, sources, tools }, list)
