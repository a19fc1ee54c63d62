/**
 * Which members of a union have a literal under one key that tells them apart, as io-ts finds out.
 *
 * io-ts decides it when the union is made and keeps no trace but the key; a tagged union checks and reports differently
 * from an untagged one, so it is worked out here again. Called by shape-of.ts.
 */
import type { Literal } from './shape.ts'

/** A codec as it is read: by its `_tag`, never by its class, because a bundler may bring a second io-ts. */
export interface AnyCodec {
  readonly _tag?: unknown
  readonly name?: unknown
  readonly [member: string]: unknown
}

/** Literals by key; `undefined`: no key has any (which is not the same as an empty map in an intersection). */
type Tags = ReadonlyMap<string, readonly Literal[]> | undefined

const both = (a: Tags, b: Tags): Tags => {
  if (a === undefined || b === undefined) return a ?? b
  const tags = new Map(a)
  for (const [key, values] of b) {
    const first = a.get(key)
    const shared = first === undefined ? values : first.filter((value) => values.includes(value))
    if (shared.length === 0) return undefined
    tags.set(key, shared)
  }
  return tags
}

const either = (a: Tags, b: Tags): Tags => {
  if (a === undefined || b === undefined) return undefined
  const tags = new Map<string, readonly Literal[]>()
  for (const [key, values] of a) {
    const others = b.get(key)
    if (others !== undefined && !values.some((value) => others.includes(value))) tags.set(key, [...values, ...others])
  }
  return tags.size === 0 ? undefined : tags
}

const tagsOf = (codec: AnyCodec, open: readonly AnyCodec[]): Tags => {
  switch (codec._tag) {
    case 'InterfaceType': {
      const tags = new Map<string, readonly Literal[]>()
      for (const [key, prop] of Object.entries(codec['props'] as Record<string, AnyCodec>)) {
        if (prop._tag === 'LiteralType') tags.set(key, [prop['value'] as Literal])
      }
      return tags.size === 0 ? undefined : tags
    }
    case 'ExactType':
    case 'ReadonlyType':
      return tagsOf(codec['type'] as AnyCodec, open)
    case 'IntersectionType':
      return (codec['types'] as AnyCodec[]).reduce<Tags>((tags, member) => both(tags, tagsOf(member, open)), undefined)
    case 'UnionType': {
      const [first, ...rest] = codec['types'] as AnyCodec[]
      if (first === undefined) return undefined
      return rest.reduce<Tags>((tags, member) => either(tags, tagsOf(member, open)), tagsOf(first, open))
    }
    case 'RecursiveType':
      return open.includes(codec) ? undefined : tagsOf(codec['type'] as AnyCodec, [...open, codec])
    default:
      return undefined
  }
}

/** The literals of each member under `tag`, or `undefined` when they do not tell the members apart. */
export const valuesByTag = (members: readonly AnyCodec[], tag: string): readonly (readonly Literal[])[] | undefined => {
  const values: (readonly Literal[])[] = []
  const seen: Literal[] = []
  for (const member of members) {
    const own = tagsOf(member, [])?.get(tag)
    if (own === undefined || own.some((value) => seen.includes(value))) return undefined
    values.push(own)
    seen.push(...own)
  }
  return values
}
