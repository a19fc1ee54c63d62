import * as t from 'io-ts'
import type { Either } from 'fp-ts/lib/Either.js'
import * as assert from 'uvu/assert'
import { describeCodec, type CodecRef, type NotPortable } from '../../src/ship/describe.ts'
import type { ShapeNode } from '../../src/ship/shape.ts'
import { portable } from '../../src/ship/portable.ts'
import { suite } from '../support/suite.ts'

const root = (codec: object): ShapeNode => {
  const found = describeCodec(codec)
  if (found._tag === 'Left') throw new Error(found.left.reason)
  if (!('shape' in found.right)) throw new Error('an address')
  const { shape } = structuredClone(found.right)
  return shape.nodes[shape.root]!
}

const refusal = (codec: object): NotPortable => {
  const found: Either<NotPortable, CodecRef> = describeCodec(codec)
  if (found._tag === 'Right') throw new Error('described')
  return found.left
}

/** What io-ts-types' withValidate does: a codec that keeps its tag and checks in a way of its own. */
const variant = <C extends t.Mixed>(codec: C, validate: t.Validate<unknown, unknown>, rebind: boolean): C => {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(codec) as object) as C, codec)
  Object.assign(copy, { validate })
  if (rebind) Object.assign(copy, { decode: (input: unknown) => validate(input, [{ key: '', type: copy, actual: input }]) })
  return copy
}

interface Tree {
  readonly value: number
  readonly children: Tree[]
}

suite('describeCodec', (it) => {
  it('describes what is made of structure, names and all', () => {
    const kinds: readonly (readonly [codec: object, kind: ShapeNode['kind'], name: string])[] = [
      [t.string, 'string', 'string'],
      [t.number, 'number', 'number'],
      [t.boolean, 'boolean', 'boolean'],
      [t.bigint, 'bigint', 'bigint'],
      [t.null, 'null', 'null'],
      [t.undefined, 'undefined', 'undefined'],
      [t.void, 'undefined', 'void'],
      [t.unknown, 'unknown', 'unknown'],
      [t.UnknownRecord, 'anyRecord', 'UnknownRecord'],
      [t.UnknownArray, 'anyArray', 'UnknownArray'],
      [t.literal('a'), 'literal', '"a"'],
      [t.keyof({ a: null, b: null }), 'keyof', '"a" | "b"'],
      [t.type({ a: t.string }), 'type', '{ a: string }'],
      [t.partial({ a: t.string }), 'partial', 'Partial<{ a: string }>'],
      [t.strict({ a: t.string }), 'exact', '{| a: string |}'],
      [t.array(t.string, 'Names'), 'array', 'Names'],
      [t.readonlyArray(t.string), 'array', 'ReadonlyArray<string>'],
      [t.readonly(t.type({})), 'same', 'Readonly<{  }>'],
      [t.record(t.string, t.number), 'record', '{ [K in string]: number }'],
      [t.record(t.keyof({ a: null }), t.number), 'exact', '{ [K in "a"]: number }'],
      [t.tuple([t.string, t.number]), 'tuple', '[string, number]'],
      [t.union([t.string, t.number]), 'union', '(string | number)'],
      [t.union([t.type({ k: t.literal('a') }), t.type({ k: t.literal('b') })]), 'tagged', '({ k: "a" } | { k: "b" })'],
      [t.intersection([t.type({}), t.partial({})]), 'intersection', '({  } & Partial<{  }>)']
    ]
    for (const [codec, kind, name] of kinds) {
      const node = root(codec)
      assert.is(node.kind, kind, name)
      assert.is(node.name, name)
    }
  })

  it('describes recursive codecs', () => {
    const Tree: t.Type<Tree> = t.recursion('Tree', () => t.type({ value: t.number, children: t.array(Tree) }))
    assert.is(root(Tree).name, 'Tree')
    type Even = { readonly odd: Odd | null }
    type Odd = { readonly even: Even | null }
    const Even: t.Type<Even> = t.recursion('Even', () => t.type({ odd: t.union([Odd, t.null]) }))
    const Odd: t.Type<Odd> = t.recursion('Odd', () => t.type({ even: t.union([Even, t.null]) }))
    assert.is(root(Even).name, 'Even')
  })

  it('refuses a recursion that has no inside, or makes a new one at every look', () => {
    const Loop: t.Type<unknown> = t.recursion('Loop', () => Loop)
    assert.match(refusal(Loop).reason, /'Loop'/)
    const grow = (): t.Type<unknown> => new t.RecursiveType('Grow', t.unknown.is, t.success, t.identity, () => t.array(grow()))
    assert.ok(refusal(grow()))
  })

  it('refuses codecs with functions of their own, naming the codec and its place', () => {
    const DateFromText = new t.Type<Date, string>('DateFromText', (u): u is Date => u instanceof Date, (u, c) => (typeof u === 'string' ? t.success(new Date(u)) : t.failure(u, c)), (d) => d.toISOString())
    const cases: readonly (readonly [codec: object, reason: RegExp])[] = [
      [t.Int, /'Int'.*refinement/],
      [t.type({ user: t.type({ age: t.Int }) }), /'Int' at user\.age.*refinement/],
      [t.array(t.brand(t.string, (s): s is t.Branded<string, { readonly Id: symbol }> => s !== '', 'Id')), /'Id' at \[\].*refinement/],
      [t.type({ at: DateFromText }), /'DateFromText' at at/],
      [t.string.pipe(DateFromText), /'pipe/],
      [t.Function, /functions/],
      [t.type({ a: {} as unknown as t.Mixed }), /at a/],
      [{ decode: () => 1 }, /codec/]
    ]
    for (const [codec, reason] of cases) {
      assert.match(refusal(codec).reason, reason)
      assert.match(refusal(codec).remedy, /portable\(import\.meta/)
    }
  })

  it('is not taken in by a tag: codecs that check in a way of their own are refused', () => {
    const fallback: t.Validate<unknown, unknown> = (u) => t.success(typeof u === 'string' ? u : '')
    const message: t.Validate<unknown, unknown> = (u, c) => (typeof u === 'string' ? t.success(u) : t.failure(u, c, 'give a string'))
    const trim: t.Validate<unknown, unknown> = (u, c) => (typeof u === 'string' && u.length > 0 ? t.success(u) : t.failure(u, c))
    for (const validate of [fallback, message, trim]) {
      for (const rebind of [true, false]) {
        const codec = variant(t.string, validate, rebind)
        assert.ok(refusal(codec))
        assert.ok(refusal(t.type({ deep: t.array(codec) })))
      }
    }
    const capped = new t.ArrayType('Capped', t.UnknownArray.is, (u, c) => (Array.isArray(u) && u.length < 2 ? t.success(u) : t.failure(u, c)), t.identity, t.string)
    assert.ok(refusal(capped))
  })

  it('prefers the address of a portable codec', () => {
    const codec = portable('file:///codecs.mjs', 'Positive', t.refinement(t.number, (n) => n > 0))
    const found = describeCodec(codec)
    assert.is(found._tag === 'Right' && 'ref' in found.right && found.right.ref.name, 'Positive')
  })

  it('describes a codec once', () => {
    const codec = t.type({ a: t.string })
    assert.is(describeCodec(codec), describeCodec(codec))
  })
})
