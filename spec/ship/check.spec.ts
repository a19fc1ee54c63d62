import { inspect } from 'node:util'
import fc from 'fast-check'
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import type { DecodeError, DecodeIssue } from '../../src/error/decode-error.ts'
import { compileChecker, type Checker } from '../../src/ship/check.ts'
import { describeCodec } from '../../src/ship/describe.ts'
import { FAILED, interpret } from '../../src/ship/interpret.ts'
import type { Shape } from '../../src/ship/shape.ts'
import { codecArb, valueFor } from '../support/codecs.ts'
import { suite } from '../support/suite.ts'

const shapeOf = (codec: t.Mixed): Shape => {
  const found = describeCodec(codec)
  if (found._tag === 'Left') throw new Error(`${codec.name}: ${found.left.reason}`)
  if (!('shape' in found.right)) throw new Error('an address')
  return structuredClone(found.right.shape)
}

const checkerOf = (codec: t.Mixed): Checker => compileChecker(shapeOf(codec))

const isObject = (value: unknown): value is object => (typeof value === 'object' && value !== null) || typeof value === 'function'

/** Every object that can be reached from a value. */
const reachable = (value: unknown, into = new Set<object>()): Set<object> => {
  if (!isObject(value) || into.has(value)) return into
  into.add(value)
  for (const { value: inner } of Object.values(Object.getOwnPropertyDescriptors(value))) reachable(inner, into)
  return into
}

/** Equal, and made of the same objects of the input in the same places; new objects are new on both sides. */
const same = (a: unknown, b: unknown, input: ReadonlySet<object>): boolean => {
  if (Object.is(a, b)) return true
  if (!isObject(a) || !isObject(b) || input.has(a) || input.has(b)) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const [keys, others] = [Reflect.ownKeys(a), Reflect.ownKeys(b)]
  if (keys.length !== others.length || !keys.every((key, i) => key === others[i])) return false
  return keys.every((key) => same(Object.getOwnPropertyDescriptor(a, key)!.value, Object.getOwnPropertyDescriptor(b, key)!.value, input))
}

/** What io-ts says, without any help of ours: the last entry's name, and the keys below entries that are no unions or intersections. */
const theirIssues = (errors: t.Errors): { path: string[]; expected: string }[] =>
  errors.map(({ context }) => {
    const path: string[] = []
    for (let i = 1; i < context.length; i++) {
      let parent = context[i - 1]!.type as unknown as { _tag?: string; type?: never }
      while (['ExactType', 'ReadonlyType', 'RecursiveType'].includes(parent._tag!)) parent = parent.type!
      if (parent._tag !== 'UnionType' && parent._tag !== 'IntersectionType') path.push(context[i]!.key)
    }
    return { path, expected: context.at(-1)!.type.name }
  })

/** A path as text, taken apart again. */
const keysOf = (path: string): string[] => {
  const keys: string[] = []
  for (const [, word, index, text] of path.matchAll(/\.?([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) keys.push(word ?? index ?? (JSON.parse(text!) as string))
  return keys
}

const mineOf = (issues: readonly DecodeIssue[]): { path: string[]; expected: string }[] =>
  issues.map(({ path, expected }) => ({ path: keysOf(path), expected }))

const agree = (codec: t.Mixed, shape: Shape, check: Checker, value: unknown): void => {
  const input = reachable(value)
  const theirs = codec.decode(value)
  const mine = check(value)
  const plain = interpret(shape, value)
  assert.is(mine._tag, theirs._tag, `${codec.name}: side`)
  assert.is(plain.value === FAILED, theirs._tag === 'Left', `${codec.name}: side, interpreted`)
  if (theirs._tag === 'Left') {
    const wanted = theirIssues(theirs.left).slice(0, 100)
    assert.equal(mineOf((mine as { left: DecodeError }).left.issues), wanted, `${codec.name}: issues`)
  } else {
    assert.ok(same((mine as { right: unknown }).right, theirs.right, input), `${codec.name}: value`)
    assert.ok(same(plain.value, theirs.right, input), `${codec.name}: value, interpreted`)
  }
}

const issuesOf = (codec: t.Mixed, value: unknown): readonly DecodeIssue[] => {
  const answer = checkerOf(codec)(value)
  if (answer._tag === 'Right') throw new Error('it fits')
  return answer.left.issues
}

suite(
  'compileChecker',
  (it) => {
    it('answers as io-ts does, for random codecs and values: side, value, identity, issues and their order', () => {
      let left = 0
      let right = 0
      fc.assert(
        fc.property(
          codecArb.chain((codec) => fc.tuple(fc.constant(codec), fc.array(valueFor(codec), { minLength: 8, maxLength: 16 }))),
          ([codec, values]) => {
            const shape = shapeOf(codec)
            const check = compileChecker(shape)
            for (const value of values) {
              agree(codec, shape, check, value)
              if (check(value)._tag === 'Left') left++
              else right++
            }
          }
        ),
        {
          numRuns: Number(process.env['RUNS'] ?? 400),
          // The reporter of fast-check prints every function of a codec.
          reporter: ({ failed, seed, counterexamplePath, counterexample, errorInstance }) => {
            if (!failed) return
            const [codec, values] = counterexample?.[0] ?? []
            throw new Error(`seed ${seed}, path ${counterexamplePath ?? ''}: ${codec?.name ?? ''} of ${inspect(values, { depth: 8 })}: ${String(errorInstance)}`)
          }
        }
      )
      assert.ok(left > 300 && right > 300, `both sides are tried: ${left} left, ${right} right`)
    })

    it('keeps the value itself where nothing has to change', () => {
      const check = checkerOf(t.type({ a: t.array(t.type({ b: t.number })), c: t.partial({ d: t.string }) }))
      const value = { a: [{ b: 1 }], c: {}, more: 1 }
      const answer = check(value)
      assert.is(answer._tag === 'Right' && answer.right, value)
    })

    it('strips what exact strips, and nothing from the value given', () => {
      const value = { a: 1, b: 2 }
      assert.equal(checkerOf(t.strict({ a: t.number }))(value), { _tag: 'Right', right: { a: 1 } })
      assert.equal(value, { a: 1, b: 2 })
    })

    it('does as io-ts where io-ts is peculiar', () => {
      const cases: readonly (readonly [codec: t.Mixed, values: readonly unknown[]])[] = [
        [t.type({ a: t.undefined }), [{}, { a: undefined }]],
        [t.type({ a: t.number }), [{ a: NaN }, Object.create({ a: 1 })]],
        [t.type({ a: t.number, b: t.string }), [Object.assign(Object.create({ b: 'inherited' }) as object, { a: NaN })]],
        [t.array(t.number), [[NaN], [, 1]]], // eslint-disable-line no-sparse-arrays -- a hole is the point
        [t.literal(0), [-0, 0]],
        [t.union([t.literal(0), t.string]), [-0, 0]],
        [t.strict({ a: t.number }), [Object.defineProperty({ a: 1 }, 'hidden', { value: 1, enumerable: false })]],
        [t.intersection([t.strict({ a: t.number }), t.type({ b: t.number })]), [Object.assign(Object.create({ z: 1 }) as object, { a: 1, b: 2, c: 3 })]],
        [
          t.union([
            t.intersection([t.type({ k: t.literal('a') }), t.type({ k: t.literal('b') }), t.type({ k: t.literal('c') })]) as unknown as t.Mixed,
            t.type({ k: t.literal('d') })
          ]),
          [{ k: 'a' }, { k: 'c' }, { k: 'd' }, { k: 'e' }]
        ],
        [t.tuple([t.number]), [[1, 2], [], [NaN, 1]]],
        [t.record(t.string, t.any), [[1], {}, { a: NaN }]],
        [t.record(t.string, t.unknown), [[1]]],
        [t.record(t.keyof({ a: null }), t.number), [{ a: 1, b: 2 }, { b: 2 }]],
        [t.record(t.literal(0), t.number), [{ 0: 'x' }]],
        [t.keyof({ a: null }), ['toString', 'a']],
        [t.intersection([t.strict({ a: t.number }), t.strict({ b: t.number })]), [{ a: 1, b: 2, c: 3 }, { a: 1, b: 2 }]],
        [t.intersection([t.number, t.unknown]), [NaN]],
        [t.union([t.strict({ a: t.number }), t.strict({ b: t.number })]), [{ a: 1, b: 2 }, { b: 1, c: 1 }, {}]],
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- still met
        [t.taggedUnion('k', [t.type({ k: t.literal('a') }), t.type({ k: t.literal('b'), n: t.number })]), [{ k: 'a' }, { k: 'b' }, { k: 'c' }, null]],
        [t.type({ a: t.string }), [JSON.parse('{"__proto__": {"a": "x"}}'), [], new Date(), null, 'a']]
      ]
      for (const [codec, values] of cases) {
        const shape = shapeOf(codec)
        for (const value of values) agree(codec, shape, compileChecker(shape), value)
      }
    })

    it('tells places, what was expected and what was there', () => {
      const User = t.type({ name: t.string, tags: t.array(t.string), meta: t.record(t.string, t.number) }, 'User')
      assert.equal(issuesOf(User, { name: 1, tags: ['a', null], meta: { 'odd key': 'x' } }), [
        { path: 'name', expected: 'string', actual: '1' },
        { path: 'tags[1]', expected: 'string', actual: 'null' },
        { path: 'meta["odd key"]', expected: 'number', actual: '"x"' }
      ])
      assert.equal(issuesOf(User, 'text'), [{ path: '', expected: 'User', actual: '"text"' }])
      assert.equal(issuesOf(t.type({ id: t.union([t.string, t.number]) }), { id: true }), [
        { path: 'id', expected: 'string', actual: 'true' },
        { path: 'id', expected: 'number', actual: 'true' }
      ])
    })

    it('goes deep in a recursive value', () => {
      interface List { readonly v: number; readonly next: List | null }
      const List: t.Type<List> = t.recursion('List', (self) => t.type({ v: t.number, next: t.union([self, t.null]) }))
      let good: unknown = null
      let bad: unknown = 'end'
      for (let v = 0; v < 500; v++) {
        good = { v, next: good }
        bad = { v, next: bad }
      }
      const check = checkerOf(List)
      assert.is(check(good)._tag, 'Right')
      const answer = check(bad)
      // io-ts tells for every level that it is not null either
      assert.is(answer._tag === 'Left' && answer.left.issues.length, 100)
      assert.equal(keysOf(answer._tag === 'Left' ? answer.left.issues[0]!.path : '').length, 500)
    })

    it('keeps an error small when thousands of elements are wrong', () => {
      assert.is(issuesOf(t.array(t.number), Array.from({ length: 5000 }, () => 'x')).length, 100)
    })
  },
  20_000
)
