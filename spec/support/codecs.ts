/**
 * Random io-ts codecs made of structure, and values that fit them, nearly fit them, or do not fit at all.
 *
 * Keys and literals come from a few letters, so that chance hits; values include what codecs trip over: NaN, -0, holes,
 * inherited and hidden keys, `__proto__`, missing against undefined.
 */
import fc from 'fast-check'
import * as t from 'io-ts'

const keyArb = fc.constantFrom('a', 'a', 'b', 'b', 'k', '0', 'odd key')
/** A codec with a key `__proto__` makes objects with prototypes of their own, which no comparison calls equal. */
const valueKeyArb = fc.constantFrom('a', 'a', 'b', 'b', 'k', '0', 'odd key', '__proto__')

const leafArb: fc.Arbitrary<t.Mixed> = fc.oneof(
  fc.constantFrom<t.Mixed>(
    t.string, t.number, t.boolean, t.bigint, t.null, t.undefined, t.void, t.unknown, t.UnknownRecord, t.UnknownArray,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- still met
    t.any, t.never as unknown as t.Mixed, t.object
  ),
  fc.constantFrom<string | number | boolean>('a', 'b', 'k', '', 0, -0, 1, true, false).map((value) => t.literal(value)),
  fc.uniqueArray(keyArb, { maxLength: 12 }).map((keys) => t.keyof(Object.fromEntries(keys.map((key) => [key, null])))),
  fc.constant(t.keyof(Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`long ${i}`, null]))))
)

const propsOf = (codec: fc.Arbitrary<t.Mixed>): fc.Arbitrary<t.Props> =>
  fc.uniqueArray(fc.tuple(keyArb, codec), { maxLength: 4, selector: ([key]) => key }).map((props) => Object.fromEntries(props))

const members = (codec: fc.Arbitrary<t.Mixed>): fc.Arbitrary<[t.Mixed, t.Mixed, ...t.Mixed[]]> =>
  fc.tuple(codec, codec, fc.array(codec, { maxLength: 2 })).map(([a, b, more]) => [a, b, ...more])

let names = 0

/** A codec that contains itself, in a place where it need not go on. */
const recursive = (inner: fc.Arbitrary<t.Mixed>): fc.Arbitrary<t.Mixed> =>
  fc.tuple(inner, fc.constantFrom('list', 'tree', 'exact')).map(([codec, form]) =>
    t.recursion<unknown>(`R${names++}`, (self): t.Mixed => {
      if (form === 'list') return t.type({ a: codec, b: t.union([self, t.null]) })
      if (form === 'tree') return t.type({ a: t.array(self), b: codec })
      return t.exact(t.intersection([t.type({ k: codec }), t.partial({ a: self })]))
    })
  )

const domainArb: fc.Arbitrary<t.Mixed> = fc.oneof(
  fc.constant<t.Mixed>(t.string),
  fc.constantFrom<t.Mixed>(t.literal('a'), t.keyof({ a: null, b: null }), t.union([t.literal('a'), t.keyof({ k: null })])),
  fc.constantFrom<t.Mixed>(t.union([t.literal('a'), t.string]), t.unknown, t.number, t.literal(0), t.readonly(t.keyof({ a: null })))
)

const hasProps = (props: fc.Arbitrary<t.Props>): fc.Arbitrary<t.HasProps> =>
  fc.oneof(
    props.map((p) => t.type(p)),
    props.map((p) => t.partial(p)),
    fc.tuple(props, props).map(([p, q]) => t.intersection([t.type(p), t.partial(q)])),
    props.map((p) => t.readonly(t.type(p)))
  )

const tagged = (props: fc.Arbitrary<t.Props>): fc.Arbitrary<t.Mixed> =>
  fc.tuple(props, props, props, fc.constantFrom('type', 'strict', 'readonly', 'intersection', 'union')).map(([p, q, r, form]) => {
    const member = (tag: string | number, own: t.Props): t.Mixed => {
      const codec = t.type({ ...own, k: t.literal(tag) })
      if (form === 'strict') return t.exact(codec)
      if (form === 'readonly') return t.readonly(codec)
      return form === 'intersection' ? t.intersection([codec, t.partial(own)]) : codec
    }
    const first = member('a', p)
    return t.union(form === 'union' ? [t.union([first, member('b', q)]), member(0, r)] : [first, member('b', q), member(0, r)])
  })

export const codecArb: fc.Arbitrary<t.Mixed> = fc.letrec<{ codec: t.Mixed }>((tie) => {
  const inner = tie('codec')
  const props = propsOf(inner)
  return {
    codec: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      leafArb,
      props.map((p) => t.type(p)),
      props.map((p) => t.partial(p)),
      props.map((p) => t.strict(p)),
      hasProps(props).map((codec) => t.exact(codec)),
      inner.map((codec) => t.array(codec)),
      inner.map((codec) => t.readonlyArray(codec)),
      inner.map((codec) => t.readonly(codec)),
      fc.array(inner, { maxLength: 3 }).map((of) => t.tuple(of as unknown as [t.Mixed])),
      fc.tuple(domainArb, inner).map(([domain, codec]) => t.record(domain, codec)),
      members(inner).map((of) => t.union(of)),
      tagged(props),
      members(inner).map((of) => t.intersection(of as [t.Mixed, t.Mixed])),
      recursive(inner)
    )
  }
}).codec

const awkward: fc.Arbitrary<unknown> = fc.constantFrom<() => unknown>(
  () => NaN,
  () => -0,
  () => [, 1], // eslint-disable-line no-sparse-arrays -- a hole is the point
  () => Object.assign(Object.create({ a: 'inherited', k: 'a' }) as object, { b: 1 }),
  () => Object.create(null) as unknown,
  () => Object.defineProperty({ a: 1 }, 'hidden', { value: 1, enumerable: false }),
  () => Object.defineProperty({ a: 1 }, 'b', { value: NaN, enumerable: false }),
  () => ({ [Symbol.for('s')]: 1, a: NaN }),
  () => JSON.parse('{"__proto__": 1, "a": "x"}') as unknown,
  () => new Map(),
  () => new Date(0),
  () => new (class Point { readonly a = NaN; readonly k = 'a' })(),
  () => () => 1,
  () => Object.assign([1, NaN], { extra: 1 })
).map((make) => make())

const anyArb: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: awkward },
  { weight: 3, arbitrary: fc.constantFrom<unknown>('a', 'b', 'k', '', 'long 3', 0, 1, true, null, undefined, 5n, 1.5) },
  { weight: 2, arbitrary: fc.dictionary(valueKeyArb, fc.constantFrom<unknown>('a', 0, null, undefined, NaN, {}, [])) },
  { weight: 1, arbitrary: fc.anything({ key: valueKeyArb, maxDepth: 2 }) }
)

type Parts = Readonly<Record<string, unknown>> & { readonly _tag?: string }

const fitting = (codec: t.Mixed, depth: number): fc.Arbitrary<unknown> => {
  const c = codec as unknown as Parts
  const inside = (of: unknown): fc.Arbitrary<unknown> => valueFor(of as t.Mixed, depth - 1)
  const object = (props: t.Props, requiredKeys: string[]): fc.Arbitrary<unknown> => {
    // Object.entries and not fc.record with the props themselves: a key `__proto__` must stay a key
    const fields = fc.tuple(...Object.entries(props).map(([key, of]) => fc.tuple(fc.constant(key), inside(of), requiredKeys.includes(key) ? fc.constant(true) : fc.boolean())))
    return fc.tuple(fields, fc.boolean()).map(([list, extra]) => {
      const made: object = {}
      for (const [key, value, there] of list) if (there) Object.defineProperty(made, key, { value, enumerable: true, writable: true, configurable: true })
      return extra ? Object.assign(made, { extra: 1 }) : made
    })
  }
  switch (c._tag) {
    case 'StringType':
      return fc.constantFrom('', 'a', 'x')
    case 'NumberType':
      return fc.constantFrom(0, -0, 1.5, NaN, Infinity)
    case 'BooleanType':
      return fc.boolean()
    case 'BigIntType':
      return fc.constant(3n)
    case 'NullType':
      return fc.constant(null)
    case 'UndefinedType':
    case 'VoidType':
      return fc.constant(undefined)
    case 'LiteralType':
      return fc.constantFrom(c['value'], c['value'] === 0 ? -0 : c['value'])
    case 'KeyofType':
      return fc.constantFrom(...Object.keys(c['keys'] as object), 'toString')
    case 'InterfaceType': {
      const props = c['props'] as t.Props
      return object(props, Object.keys(props))
    }
    case 'PartialType':
      return object(c['props'] as t.Props, [])
    case 'ExactType':
    case 'ReadonlyType':
    case 'RecursiveType':
      return inside(c['type'])
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return fc.array(inside(c['type']), { maxLength: 3 })
    case 'TupleType':
      return fc.tuple(...(c['types'] as t.Mixed[]).map(inside)).chain((items) => fc.constantFrom(items, [...items, 1], items.slice(1)))
    case 'DictionaryType':
      return fc.dictionary(fc.constantFrom('a', 'b', 'k', 'other'), inside(c['codomain']), { maxKeys: 3 })
    case 'UnionType':
      return fc.oneof(...(c['types'] as t.Mixed[]).map(inside))
    case 'IntersectionType':
      return fc.tuple(...(c['types'] as t.Mixed[]).map(inside)).map((parts) =>
        parts.every((part) => typeof part === 'object' && part !== null && !Array.isArray(part)) ? (Object.assign({}, ...parts) as unknown) : parts[0]
      )
    default:
      return anyArb
  }
}

/** Values for a codec: most of them close to what it wants, with something wrong here and there. */
export const valueFor = (codec: t.Mixed, depth = 6): fc.Arbitrary<unknown> =>
  depth <= 0 ? anyArb : fc.oneof({ weight: 12, arbitrary: fc.constant(0).chain(() => fitting(codec, depth)) }, { weight: 1, arbitrary: anyArb })

