/**
 * The description of a codec made of structure: what travels in its place. Types only.
 *
 * A table, because codecs may be recursive and share parts. Lists of pairs and not objects, so that every key is just a
 * key (`__proto__` too). Made by shape-of.ts, run by interpret.ts, compiled by generate.ts.
 */

/** Index of a node in its shape. */
export type NodeId = number

export type Literal = string | number | boolean | bigint | null | undefined

export type ShapeNode = { readonly name: string } & (
  | { readonly kind: 'unknown' | 'never' | 'null' | 'undefined' | 'string' | 'number' | 'bigint' | 'boolean' }
  /** Any object but an array; any array; any object. */
  | { readonly kind: 'anyRecord' | 'anyArray' | 'anyObject' }
  | { readonly kind: 'literal'; readonly value: Literal }
  | { readonly kind: 'keyof'; readonly keys: readonly string[] }
  | { readonly kind: 'type' | 'partial'; readonly props: readonly (readonly [key: string, of: NodeId])[] }
  /** What `of` answers, without keys that are not listed. */
  | { readonly kind: 'exact'; readonly of: NodeId; readonly keys: readonly string[] }
  | { readonly kind: 'array'; readonly of: NodeId }
  | { readonly kind: 'tuple'; readonly of: readonly NodeId[] }
  /** `arrays`: an array passes as it is (a codomain of `any`). */
  | { readonly kind: 'record'; readonly domain: NodeId; readonly codomain: NodeId; readonly arrays: boolean }
  | { readonly kind: 'union' | 'intersection'; readonly of: readonly NodeId[] }
  /** A union whose members are told apart by the value of one key: `values[i]` belong to `of[i]`. */
  | { readonly kind: 'tagged'; readonly tag: string; readonly of: readonly NodeId[]; readonly values: readonly (readonly Literal[])[] }
  /** The same as another node, under a name of its own: readonly, recursion. */
  | { readonly kind: 'same'; readonly of: NodeId }
)

export interface Shape {
  readonly nodes: readonly ShapeNode[]
  readonly root: NodeId
}
