/**
 * Compares a description with the codec that it was read from, on a handful of values: what has a check of its own behind
 * an ordinary tag answers differently on one of them. Called by shape-of.ts, once per codec.
 */
import type { Errors } from 'io-ts'
import { isDeepStrictEqual } from 'node:util'
import { FAILED, interpret } from './interpret.ts'
import { issuesOf } from './issue.ts'
import type { NodeId, Shape } from './shape.ts'
import type { AnyCodec } from './tags.ts'

type Validate = (value: unknown, context: readonly object[]) => { _tag: 'Left'; left: Errors } | { _tag: 'Right'; right: unknown }

const ORDINARY: readonly unknown[] = [undefined, null, true, 0, -1.5, NaN, '', 'x', 10n, [], [1], ['x'], {}, { x: 1 }, new Date(0)]

/** A value that fits, as far as one can be made without trying. Parts that are being made stay `undefined`. */
const sampleOf = ({ nodes }: Shape, root: NodeId): unknown => {
  const made = new Map<NodeId, unknown>()
  const make = (id: NodeId): unknown => {
    if (made.has(id)) return made.get(id)
    made.set(id, undefined)
    const sample = build(id)
    made.set(id, sample)
    return sample
  }
  const build = (id: NodeId): unknown => {
    const node = nodes[id]!
    switch (node.kind) {
      case 'string':
      case 'unknown':
        return 'x'
      case 'number':
        return 1
      case 'bigint':
        return 1n
      case 'boolean':
        return true
      case 'null':
        return null
      case 'literal':
        return node.value
      case 'keyof':
        return node.keys[0]
      case 'type':
      case 'partial':
        return Object.fromEntries(node.props.map(([key, of]) => [key, make(of)]))
      case 'array':
        return [make(node.of)]
      case 'tuple':
        return node.of.map(make)
      case 'record':
        return { [String(make(node.domain))]: make(node.codomain) }
      case 'union':
      case 'tagged':
        return make(node.of[0]!)
      case 'intersection': {
        const parts = node.of.map(make)
        return parts.every((part) => typeof part === 'object') ? (Object.assign({}, ...parts) as unknown) : parts[0]
      }
      case 'same':
      case 'exact':
        return make(node.of)
      case 'anyRecord':
      case 'anyObject':
        return {}
      case 'anyArray':
        return []
      default:
        return undefined
    }
  }
  return make(root)
}

/** The sample, and the sample with something more and something less. */
const variants = (sample: unknown): readonly unknown[] => {
  if (typeof sample !== 'object' || sample === null) return [sample]
  if (Array.isArray(sample)) return [sample, [...(sample as unknown[]), {}]]
  const [, ...less] = Object.entries(sample)
  return [sample, { ...sample, 'millrace extra': 1 }, Object.fromEntries(less)]
}

const agrees = (shape: Shape, id: NodeId, codec: AnyCodec, value: unknown): boolean => {
  const theirs = (codec['validate'] as Validate)(value, [{ key: '', type: codec, actual: value }])
  const mine = interpret(shape, value, id)
  if (theirs._tag === 'Left') return mine.value === FAILED && isDeepStrictEqual(issuesOf(theirs.left), mine.issues)
  const { right } = theirs
  return Object.is(right, mine.value) || (right !== value && mine.value !== value && mine.value !== FAILED && isDeepStrictEqual(right, mine.value))
}

/** Whether node `id` answers as `codec` does, on everything that is tried. Throws what the codec throws. */
export const probe = (shape: Shape, id: NodeId, codec: AnyCodec): boolean =>
  [...ORDINARY, ...variants(sampleOf(shape, id))].every((value) => agrees(shape, id, codec, value))
