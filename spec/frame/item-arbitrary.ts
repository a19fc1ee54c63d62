/** Items of random types: runs of records, unions, tuples and lists that are alike, with what does not fit in between. */
import fc from 'fast-check'

class Point {
  readonly x: unknown
  constructor(x: unknown) {
    this.x = x
  }
}

const numbers = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, NaN, 2 ** 31, -(2 ** 31), Infinity))
const words = fc.oneof(fc.constantFrom('', 'GET', 'POST', 'é', '\ud83d\ude00', '\ud800'), fc.string({ unit: 'binary', maxLength: 20 }), fc.string())
const nullish = fc.constantFrom(null, undefined)

const leaves: readonly fc.Arbitrary<unknown>[] = [
  numbers, fc.integer({ min: -100, max: 100 }), words, fc.constantFrom('GET', 'PUT', ''), fc.boolean(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.date({ noInvalidDate: false }), fc.uint8Array({ maxLength: 12 }), fc.oneof(words, numbers, fc.bigInt()), fc.oneof(numbers, nullish), fc.oneof(words, nullish),
  fc.oneof(fc.date(), nullish), nullish, fc.oneof(fc.boolean(), nullish)
]

const oddities: readonly fc.Arbitrary<unknown>[] = [
  fc.dictionary(fc.string(), fc.integer(), { maxKeys: 4 }), fc.constant(new Map([[1, { a: 1 }]])), fc.constantFrom(/x/g, new Set([1]), new Float32Array(3)),
  fc.integer().map((x) => new Point(x)), fc.sparseArray(fc.integer(), { maxLength: 5 }), fc.integer().map((x) => Object.assign([x], { more: x })),
  fc.integer().map((x) => new RangeError(`${x}`)), fc.integer().map((x) => ({ get x() { return x } })),
  fc.constant(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')), fc.integer().map((x) => Object.assign(Object.create(null) as object, { x })),
  fc.integer().map((x) => ({ x, [Symbol('s')]: 1 })), fc.anything({ withDate: true, withMap: true, withBigInt: true, withNullPrototype: true }).map((value) => [value])
]

/** Keys in a random order, some of which Object.prototype has. */
const keys = fc.uniqueArray(fc.oneof(fc.constantFrom('a', 'b', 'id', 'x-y', '0', '7', 'é', '"', '\u2028', 'valueOf', 'kind'), fc.string({ maxLength: 4 })), { maxLength: 6 })

/** A type as data: an arbitrary made of arbitraries could not be replayed. */
type Type =
  | { readonly of: 'leaf' | 'oddity', readonly which: number }
  | { readonly of: 'record', readonly names: readonly string[], readonly fields: readonly Type[], readonly optional: number }
  | { readonly of: 'list' | 'tuple', readonly fields: readonly Type[] }

const types = fc.letrec<{ type: Type, record: Type }>((tie) => ({
  record: fc.record({
    of: fc.constant('record' as const), names: keys, fields: fc.array(tie('type'), { minLength: 6, maxLength: 6 }), optional: fc.integer({ min: 0, max: 3 })
  }),
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 8, arbitrary: fc.record({ of: fc.constant('leaf' as const), which: fc.nat(leaves.length - 1) }) },
    { weight: 1, arbitrary: fc.record({ of: fc.constant('oddity' as const), which: fc.nat(oddities.length - 1) }) },
    { weight: 2, arbitrary: tie('record') },
    { weight: 2, arbitrary: fc.record({ of: fc.constantFrom('list' as const, 'tuple' as const), fields: fc.array(tie('type'), { minLength: 1, maxLength: 3 }) }) }
  )
})).record

const itemsOf = (type: Type): fc.Arbitrary<unknown> => {
  switch (type.of) {
    case 'leaf': return leaves[type.which]!
    case 'oddity': return oddities[type.which]!
    case 'list': return fc.array(itemsOf(type.fields[0]!), { maxLength: 4 })
    case 'tuple': return fc.tuple(...type.fields.map(itemsOf))
    default: {
      const shape = Object.fromEntries(type.names.map((name, i) => [name, itemsOf(type.fields[i]!)])) // own keys in every case
      return type.optional === 0 ? fc.record(shape, { requiredKeys: type.names.slice(1) }) : fc.record(shape)
    }
  }
}

/** An item holds one of its objects twice, or itself. */
const tangled = (item: unknown, how: number): unknown => {
  if (typeof item !== 'object' || item === null) return item
  const held = Object.values(item).find((value) => typeof value === 'object' && value !== null) as unknown
  if (how === 1 && held !== undefined) return { ...item, again: held, more: [held] }
  if (how === 2) return Object.assign(Array.isArray(item) ? [...item as unknown[]] : { ...item }, { self: item })
  if (how === 3) {
    const ring: { self?: unknown } = { ...item }
    ring.self = how === 3 ? new Map([[1, ring]]) : ring
    return ring
  }
  return item
}

/** Runs of one to three types, mixed, with odd items here and there. */
export const runs: fc.Arbitrary<unknown[]> = fc.array(types.map(itemsOf), { minLength: 1, maxLength: 3 }).chain((some) =>
  fc.array(
    fc.oneof(
      { weight: 30, arbitrary: fc.oneof(...some) },
      { weight: 1, arbitrary: fc.tuple(fc.oneof(...some), fc.integer({ min: 0, max: 3 })).map(([item, how]) => tangled(item, how)) },
      { weight: 1, arbitrary: fc.oneof(...leaves, ...oddities) }
    ),
    { maxLength: 80, size: 'max' }
  )
)

/** Runs without what never is in columns. */
export const tidyRuns: fc.Arbitrary<unknown[]> = fc.array(types.map(itemsOf), { minLength: 1, maxLength: 2 }).chain((some) =>
  fc.array(fc.oneof(...some), { minLength: 16, maxLength: 80, size: 'max' })
)
