import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { distinct } from '../../src/operator/distinct.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

/** The model of `evictOldest`: a list of at most `max` keys. */
const evicting = (items: readonly number[], max: number): readonly number[] => {
  const kept: number[] = []
  return items.filter((n) => {
    if (kept.includes(n)) return false
    if (kept.length === max) kept.shift()
    kept.push(n)
    return true
  })
}

suite('distinct', (it) => {
  it('lets each item through once, the first time', async () => {
    for (const items of [[], [1], [3, 1, 3, 3, 2, 1]]) assert.equal((await verifyOperator(() => distinct<number>(), items)).outs[0], [...new Set(items)])
  })

  it('compares by key; env is the last argument', async () => {
    const items = ['ab', 'ac', 'b', 'bb', 'c']
    assert.equal((await verifyOperator(() => distinct((s: string, { at }) => s[at], { env: { at: 0 } }), items)).outs[0], ['ab', 'b', 'c'])
  })

  it('keys are equal as in a Map: NaN to itself, 0 to -0, 1 not to "1"; null and undefined are two', async () => {
    const items = [NaN, NaN, 0, -0, 1, '1', null, undefined, null, 1n, 1n, true]
    assert.equal((await verifyOperator(() => distinct((x: unknown) => x as string), items)).outs[0], [NaN, 0, 1, '1', null, undefined, 1n, true])
  })

  it('an object is no key: it is handled by onError', async () => {
    const { failure } = await runFlow(distinct((x: unknown) => x as string), [[{ a: 1 }]])
    assert.instance(failure!.cause, TypeError)
    for (const key of [Symbol('s'), () => 1, [1]]) assert.is((await runFlow(distinct((() => key) as never, { onError: 'skip' }), [[1]])).skipped.length, 1)
  })

  it('more keys than maxKeys are an error that says so; known keys still pass by', async () => {
    const { outs, failure } = await verifyOperator(() => distinct((n: number) => n, { maxKeys: 2 }), [1, 2, 1, 2, 3, 4])
    assert.equal([outs[0], failure!.index, (failure!.cause as { code?: string }).code], [[1, 2], 4, 'ERR_MILLRACE_TOO_MANY_KEYS'])
    assert.match((failure!.cause as Error).message, /maxKeys/)
  })

  it('evictOldest forgets the key that was seen first, and remembers no more than maxKeys', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(8), { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (items, maxKeys) => {
      const { outs } = await verifyOperator(() => distinct((n: number) => n, { maxKeys, whenFull: 'evictOldest' }), items)
      assert.equal(outs[0], evicting(items, maxKeys))
    }), { numRuns: 100 })
  })

  it('follows its policy when the key function throws', async () => {
    await verifyPolicies((o) => distinct((n: number) => { if (n === 5) throw new Error('five'); return n }, o), [1, 5, 1, 2], 5, [1, 2])
  })

  it('refuses bad arguments at declaration', () => {
    const key = (n: number): number => n
    verifyRefusals('distinct', [
      () => distinct(3 as never),
      () => distinct(key, { maxKeys: 0 }),
      () => distinct(key, { whenFull: 'evictOldest' }),
      () => distinct(key, { whenFull: 'forget' as never, maxKeys: 2 })
    ])
  })
})
