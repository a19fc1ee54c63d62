/**
 * Scattering, interpreted: makes the items that scatter.ts writes a loop for. Without generated code, and for texts of which
 * little has come. Called by columns-in.ts.
 */
import { children, type Layout, type Node } from './layout.ts'
import { FLAGS, type Scatter, type Source } from './scatter.ts'
import { MISSING, NULL, PACKED, PRESENT } from './shape.ts'
import type { Views } from './views.ts'

/** A walk over the columns of one frame. */
class Walk {
  readonly #views: Views
  readonly #sources: readonly Source[]
  readonly #packing: readonly number[]
  /** Where the next entry of a run begins. */
  readonly #starts: number[]

  constructor(views: Views, sources: readonly Source[], packing: readonly number[]) {
    this.#views = views
    this.#sources = sources
    this.#packing = packing
    this.#starts = sources.map(() => 0)
  }

  #mask(node: Node, index: number): number {
    return this.#views.u8[this.#sources[node.id]!.mask + index]!
  }

  value(node: Node, index: number): unknown {
    if (node.masked && node.kind !== 'flag') {
      const mask = this.#mask(node, index)
      if (mask !== PRESENT) return mask === NULL ? null : undefined
    }
    const { f64, i32, u8, b64 } = this.#views
    const { at, text, words, values } = this.#sources[node.id]!
    const packed = this.#packing[node.id] === PACKED
    switch (node.kind) {
      case 'number': return packed ? i32[at + index] : f64[at + index]
      case 'date': return new Date(f64[at + index]!)
      case 'bigint': return b64[at + index]
      case 'flag': case 'nil': return FLAGS[this.#mask(node, index)]
      case 'mix': case 'any': return values[index]
      case 'string': {
        if (packed) return words[u8[at + index]!]
        const [start, end] = this.#next(node, index)
        return text.substring(start, end)
      }
      case 'bytes': {
        const [start, end] = this.#next(node, index)
        return u8.slice(at + start, at + end)
      }
      case 'list': {
        const [start, end] = this.#next(node, index)
        const of = children(node)[0]!
        const list = new Array<unknown>(end - start)
        for (let k = start; k < end; k++) list[k - start] = this.value(of, k)
        return list
      }
      case 'tuple': return node.parts.map((part) => this.value(part, index))
      default: {
        const record: { [key: string]: unknown } = {}
        for (const { key, optional, node: field } of node.fields) {
          if (!optional || this.#mask(field, index) !== MISSING) record[key] = this.value(field, index)
        }
        return record
      }
    }
  }

  #next(node: Node, index: number): readonly [start: number, end: number] {
    const start = this.#starts[node.id]!
    const end = this.#views.u32[this.#sources[node.id]!.ends + index]!
    this.#starts[node.id] = end
    return [start, end]
  }
}

export const plainScatter = ({ variants }: Layout, packing: readonly number[]): Scatter => (views, sources, count, which) => {
  const walk = new Walk(views, sources, packing)
  const made = variants.map(() => 0)
  const out = new Array<unknown>(count)
  for (let i = 0; i < count; i++) {
    const v = variants.length > 1 ? views.u8[which + i]! : 0
    out[i] = walk.value(variants[v]!.node, made[v]!++)
  }
  return out
}
