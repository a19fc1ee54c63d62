/** Operators that are told names of fields: pick, and the keys of countBy, aggregateBy and distinct. */
import * as assert from 'uvu/assert'
import { aggregateBy } from '../../src/operator/aggregate-by.ts'
import { countBy } from '../../src/operator/count-by.ts'
import { distinct } from '../../src/operator/distinct.ts'
import { pick } from '../../src/operator/pick.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPlainPolicies, verifyRefusals } from '../support/verify-operator.ts'

interface Row { readonly host: string, readonly path: string, readonly bytes?: number | undefined }

const rows: readonly Row[] = [{ path: '/', host: 'a', bytes: 1 }, { host: 'b', path: '/' }, { host: 'a', path: '/x', bytes: undefined }]

suite('pick', (it) => {
  it('keeps the fields that an item has, in the order of the arguments', async () => {
    const { outs, counts } = await verifyOperator(() => pick<Row, 'host' | 'bytes'>('host', 'bytes'), rows)
    assert.equal(outs[0]!.map((item) => Object.entries(item as object)), [[['host', 'a'], ['bytes', 1]], [['host', 'b']], [['host', 'a'], ['bytes', undefined]]])
    assert.equal(counts, [3])
    assert.equal((await verifyOperator(() => pick<Row, 'host'>('host', 'host'), [])).outs[0], [])
  })

  it('takes what structured clone would take: own, enumerable fields', async () => {
    class Item { readonly own = 1; get made() { return 2 } }
    const item = Object.defineProperty(new Item(), 'hidden', { value: 3 }) as Item & { hidden: number, toString: () => string }
    const { outs } = await verifyOperator(() => pick<Item & { hidden: number }, 'own' | 'made' | 'hidden'>('own', 'made', 'hidden'), [item])
    assert.equal(outs[0], [{ own: 1 }])
  })

  it('an item without fields is refused by the policy', async () => {
    await verifyPlainPolicies((o) => pick<object, never>('a' as never, o), [{ a: 1 }, null as never, { a: 2 }], null as never, [{ a: 1 }, { a: 2 }])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('pick', [
      () => pick(), () => pick(3 as never), () => pick('a' as never, 'b' as never, { lane: 'x' } as never), () => pick(null as never),
      () => pick('__proto__' as never), () => pick({} as never), () => pick('a' as never, { onError: { times: 1 } } as never)
    ])
  })
})

suite('keys by name', (it) => {
  it('countBy counts by a field, undefined and missing ones alike', async () => {
    assert.equal((await verifyOperator(() => countBy<Row, 'host'>('host'), rows)).outs[0]!.map((part) => [...(part as Map<string, number>)]), [[['a', 2], ['b', 1]]])
    assert.equal((await verifyOperator(() => countBy<Row, 'bytes'>('bytes'), rows)).outs[0]!.map((part) => [...(part as Map<number, number>)]), [[[1, 1], [undefined, 2]]])
  })

  it('distinct lets through the first of each field', async () => {
    assert.equal((await verifyOperator(() => distinct<Row>('host'), rows)).outs[0], [rows[0], rows[1]])
  })

  it('aggregateBy gathers by a field', async () => {
    const paths = { create: () => '', add: (all: string, r: Row) => all + r.path, combine: (a: string, b: string) => a + b }
    const { outs } = await verifyOperator(() => aggregateBy<Row, 'host', string>('host', paths), rows)
    assert.equal(outs[0]!.map((part) => [...(part as Map<string, string>)]), [[['a', '//x'], ['b', '/']]])
  })

  it('an item without fields, and a field that is no key, are handled by onError', async () => {
    await verifyPlainPolicies((o) => distinct<Row>('host', o), [rows[0]!, null as never, rows[1]!], null as never, [rows[0], rows[1]])
    const bad = { host: {} as never, path: '/' }
    await verifyPlainPolicies((o) => distinct<Row>('host', o), [rows[0]!, bad, rows[1]!], bad, [rows[0], rows[1]])
  })

  it('refuses what is neither a function nor a name, and a retry of what calls nothing', () => {
    verifyRefusals('countBy', [() => countBy(3 as never), () => countBy('a' as never, { maxKeys: 0 })])
    verifyRefusals('distinct', [() => distinct({} as never), () => distinct('a' as never, { onError: { times: 1 } as never })])
    verifyRefusals('aggregateBy', [() => aggregateBy(null as never, { create: () => 0, add: (s: number) => s, combine: (a: number) => a })])
  })
})
