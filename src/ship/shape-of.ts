/**
 * Reads a codec made of structure into its description, or says which part has functions of its own.
 *
 * By `_tag`, never by class. A tag is a claim and no proof: libraries make variants of a codec that keep its tag and check
 * differently (io-ts-types' withFallback, withMessage). Those replace the bound `decode`, and whatever else deviates is
 * found by comparing answers (probe.ts). Called by describe.ts, on the main thread.
 */
import { probe } from './probe.ts'
import type { Literal, NodeId, Shape, ShapeNode } from './shape.ts'
import { valuesByTag, type AnyCodec } from './tags.ts'

/** Why a codec has no description. */
export interface Indescribable {
  readonly reason: string
}

/** Carries the reason out of the recursion. */
class Refused extends Error {}

/** A codec that makes a new definition at every look never ends. */
const MOST_NODES = 10_000

/** A node that has not been given its name. */
type Parts = ShapeNode extends infer N ? (N extends ShapeNode ? Omit<N, 'name'> : never) : never

type Leaf = Exclude<ShapeNode, { readonly of: unknown } | { readonly props: unknown } | { readonly domain: unknown }>['kind']

const LEAVES: Readonly<Record<string, Exclude<Leaf, 'literal' | 'keyof'>>> = {
  UnknownType: 'unknown', AnyType: 'unknown', NeverType: 'never', NullType: 'null', UndefinedType: 'undefined', VoidType: 'undefined',
  StringType: 'string', NumberType: 'number', BigIntType: 'bigint', BooleanType: 'boolean',
  AnyDictionaryType: 'anyRecord', AnyArrayType: 'anyArray', ObjectType: 'anyObject'
}

/** What is wrong with the kinds that have no description. */
const REFUSED: Readonly<Record<string, string>> = {
  RefinementType: 'is a refinement, which has a function of its own',
  FunctionType: 'is for functions, which do not cross threads',
  StrictType: 'is a StrictType, which has functions of its own'
}

const isObject = (value: unknown): value is AnyCodec => typeof value === 'object' && value !== null

const nameOf = ({ name }: AnyCodec): string => (typeof name === 'string' ? name : '')

const kindOf = ({ _tag }: AnyCodec): string => (typeof _tag === 'string' ? _tag : '')

/** io-ts binds `decode` when it makes a codec. */
const isBound = (codec: AnyCodec): boolean => {
  const decode = codec['decode']
  return typeof decode === 'function' && decode.name.startsWith('bound')
}

type Keyed = Record<string, unknown>

/** Keys that a record lists one by one: those of a domain made of literals. As an object, with an object's order of keys. */
const domainKeys = (domain: AnyCodec): Keyed | undefined => {
  switch (domain._tag) {
    case 'LiteralType':
      return typeof domain['value'] === 'string' ? { [domain['value']]: null } : undefined
    case 'KeyofType':
      return domain['keys'] as Keyed
    case 'UnionType': {
      const all = (domain['types'] as AnyCodec[]).map(domainKeys)
      return all.includes(undefined) ? undefined : (Object.assign({}, ...all) as Keyed)
    }
    default:
      return undefined
  }
}

/** The keys that an exact codec keeps; `undefined` for what cannot be made exact. */
const exactProps = (codec: AnyCodec): Keyed | undefined => {
  switch (codec._tag) {
    case 'ReadonlyType':
      return exactProps(codec['type'] as AnyCodec)
    case 'InterfaceType':
    case 'PartialType':
      return codec['props'] as Keyed
    case 'IntersectionType':
      return (codec['types'] as AnyCodec[]).reduce<Keyed>((props, member) => Object.assign(props, exactProps(member)), {})
    default:
      return undefined
  }
}

const isLiteral = (value: unknown): value is Literal =>
  value === null || ['string', 'number', 'boolean', 'bigint', 'undefined'].includes(typeof value)

const step = (at: string, into: string): string => (at === '' ? into : `${at}.${into}`)

class Reader {
  readonly nodes: ShapeNode[] = []
  /** The codec that a node stands for, where there is one. */
  readonly codecs: (AnyCodec | undefined)[] = []
  readonly #ids = new Map<AnyCodec, NodeId>()

  #refuse(codec: AnyCodec, at: string, why: string): never {
    const name = nameOf(codec)
    throw new Refused(`codec '${name}'${at === '' ? '' : ` at ${at}`} ${why}`)
  }

  #reserve(codec: AnyCodec | undefined): NodeId {
    this.codecs.push(codec)
    return this.nodes.push({ kind: 'never', name: '' }) - 1
  }

  read(codec: unknown, at: string): NodeId {
    if (!isObject(codec)) return this.#refuse({}, at, 'is no codec')
    const known = this.#ids.get(codec)
    if (known !== undefined) return known
    const id = this.#reserve(codec)
    this.#ids.set(codec, id)
    if (id >= MOST_NODES) this.#refuse(codec, at, 'has too many parts to describe')
    const kind = kindOf(codec)
    if (REFUSED[kind] !== undefined) this.#refuse(codec, at, REFUSED[kind])
    if (!isBound(codec)) this.#refuse(codec, at, 'decodes in a way of its own')
    this.nodes[id] = { name: nameOf(codec), ...this.#parts(codec, at) }
    return id
  }

  #list(codecs: unknown, at: string, segment: (i: number) => string): readonly NodeId[] {
    return (codecs as unknown[]).map((codec, i) => this.read(codec, segment(i) === '' ? at : step(at, segment(i))))
  }

  #props(props: unknown, at: string): readonly (readonly [string, NodeId])[] {
    return Object.entries(props as Keyed).map(([key, codec]) => [key, this.read(codec, step(at, key))] as const)
  }

  #parts(codec: AnyCodec, at: string): Parts {
    const leaf = LEAVES[kindOf(codec)]
    if (leaf !== undefined) return { kind: leaf }
    switch (codec._tag) {
      case 'LiteralType':
        if (!isLiteral(codec['value'])) return this.#refuse(codec, at, 'is a literal that cannot be copied')
        return { kind: 'literal', value: codec['value'] }
      case 'KeyofType':
        return { kind: 'keyof', keys: Object.getOwnPropertyNames(codec['keys']) }
      case 'InterfaceType':
        return { kind: 'type', props: this.#props(codec['props'], at) }
      case 'PartialType':
        return { kind: 'partial', props: this.#props(codec['props'], at) }
      case 'ExactType': {
        const props = exactProps(codec['type'] as AnyCodec)
        if (props === undefined) return this.#refuse(codec, at, 'makes something exact that has no list of keys')
        return { kind: 'exact', of: this.read(codec['type'], at), keys: Object.getOwnPropertyNames(props) }
      }
      case 'ArrayType':
      case 'ReadonlyArrayType':
        return { kind: 'array', of: this.read(codec['type'], step(at, '[]')) }
      case 'TupleType':
        return { kind: 'tuple', of: this.#list(codec['types'], at, (i) => `[${i}]`) }
      case 'DictionaryType':
        return this.#record(codec, at)
      case 'UnionType':
        return this.#union(codec, at)
      case 'IntersectionType':
        return { kind: 'intersection', of: this.#list(codec['types'], at, () => '') }
      case 'ReadonlyType':
      case 'RecursiveType':
        return { kind: 'same', of: this.read(codec['type'], at) }
      default:
        if (codec._tag === undefined) return this.#refuse(codec, at, 'has functions of its own')
        return this.#refuse(codec, at, `is of a kind that has no description (${kindOf(codec)})`)
    }
  }

  #record(codec: AnyCodec, at: string): Parts {
    const domain = codec['domain'] as AnyCodec
    const codomain = codec['codomain'] as AnyCodec
    const listed = domainKeys(domain)
    if (listed === undefined) {
      const key = this.read(domain, step(at, '(key)'))
      return { kind: 'record', domain: key, codomain: this.read(codomain, step(at, '[]')), arrays: codomain._tag === 'AnyType' }
    }
    // io-ts makes a strict object of it
    const props: Keyed = {}
    for (const key of Object.keys(listed)) props[key] = codomain
    const of = this.#reserve(undefined)
    this.nodes[of] = { kind: 'type', name: nameOf(codec), props: this.#props(props, at) }
    return { kind: 'exact', of, keys: Object.getOwnPropertyNames(props) }
  }

  #union(codec: AnyCodec, at: string): Parts {
    const of = this.#list(codec['types'], at, () => '')
    const tag = codec['tag']
    if (typeof tag !== 'string') return { kind: 'union', of }
    const values = valuesByTag(codec['types'] as AnyCodec[], tag)
    return values === undefined ? { kind: 'union', of } : { kind: 'tagged', tag, of, values }
  }

  /** A recursion that is only itself would have us follow it for ever. */
  checkRecursion(): void {
    this.nodes.forEach((start, id) => {
      const seen = new Set<NodeId>([id])
      for (let node = start; node.kind === 'same'; node = this.nodes[node.of]!) {
        if (seen.has(node.of)) this.#refuse(this.codecs[id] ?? {}, '', 'is a recursion without an inside')
        seen.add(node.of)
      }
    })
  }
}

/** The description of a codec, checked against the codec itself. */
export const shapeOf = (codec: object): Shape | Indescribable => {
  const reader = new Reader()
  try {
    const shape: Shape = { root: reader.read(codec, ''), nodes: reader.nodes }
    reader.checkRecursion()
    const deviant = reader.codecs.find((each, id) => each !== undefined && !probe(shape, id, each))
    return deviant === undefined ? shape : { reason: `codec '${nameOf(deviant)}' checks in a way of its own` }
  } catch (error) {
    if (error instanceof Refused) return { reason: error.message }
    return { reason: `codec '${nameOf(codec as AnyCodec)}' cannot be read (${error instanceof Error ? error.message : String(error)})` }
  }
}
