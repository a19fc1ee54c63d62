/** What the types of portable, fromModule and reportErrors promise. Compiled by tsc; never run. */
import { expectTypeOf } from 'expect-type'
import * as t from 'io-ts'
import { fromModule } from '../../src/ship/from-module.ts'
import { portable } from '../../src/ship/portable.ts'
import { reportErrors } from '../../src/ship/check.ts'
import type { DecodeError } from '../../src/error/decode-error.ts'

// portable answers what it is given, to the letter
const parse = portable(import.meta, 'parse', (line: string) => line.split(' '))
expectTypeOf(parse).toEqualTypeOf<(line: string) => string[]>()
const first = portable(import.meta.url, 'first', <A>(items: readonly A[]): A | undefined => items[0])
expectTypeOf(first).toEqualTypeOf<<A>(items: readonly A[]) => A | undefined>()
expectTypeOf(portable(new URL('file:///a'), 'env', (n: number, { k }: { k: number }) => n * k)).parameters.toEqualTypeOf<[number, { k: number }]>()

// codecs keep their class, so their types are still inferred
const User = portable(import.meta, 'User', t.type({ id: t.Int }))
expectTypeOf(User).toEqualTypeOf<t.TypeC<{ id: typeof t.Int }>>()
expectTypeOf<t.TypeOf<typeof User>>().toEqualTypeOf<{ id: t.Int }>()

// @ts-expect-error -- data is neither a function nor a codec
portable(import.meta, 'data', { a: 1 })
// @ts-expect-error -- the name comes before the value
portable(import.meta, (n: number) => n)
// @ts-expect-error -- a class is not called
portable(import.meta, 'class', URL)

// fromModule has the functions and codecs of the module, as they are, and nothing else
type Work = typeof import('../support/fixtures/ship-work.ts')
const work = fromModule<Work>(new URL('../support/fixtures/ship-work.ts', import.meta.url))
expectTypeOf(work.double).toEqualTypeOf<(n: number) => number>()
expectTypeOf(work.pair).toEqualTypeOf<<A>(a: A) => readonly [A, A]>()
expectTypeOf(work.Even).toEqualTypeOf<Work['Even']>()
expectTypeOf<keyof typeof work>().toEqualTypeOf<'double' | 'pair' | 'Even'>()
// @ts-expect-error -- placeholders cannot be replaced
work.double = (n: number) => n

// reportErrors takes both sides' errors
expectTypeOf(reportErrors).parameters.toEqualTypeOf<[t.Errors | DecodeError]>()
expectTypeOf(reportErrors).returns.toEqualTypeOf<string[]>()
