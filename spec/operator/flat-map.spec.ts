import * as assert from 'uvu/assert'
import { flatMap } from '../../src/operator/flat-map.ts'
import { map } from '../../src/operator/map.ts'
import { runFlow, runGraph } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyGraph, verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

suite('flatMap', (it) => {
  it('emits the members of each iterable, in order', async () => {
    for (const items of [[], ['a b'], ['', 'x', 'p q r', '']]) {
      const { outs, counts } = await verifyOperator(() => flatMap((s: string) => s.split(' ').filter((w) => w !== '')), items)
      assert.equal(outs[0], items.flatMap((s) => s.split(' ').filter((w) => w !== '')))
      assert.equal(counts, [items.length])
    }
  })

  it('takes any iterable: texts, sets, generators', async () => {
    const of = (items: Iterable<unknown>) => runFlow(flatMap(() => items), [[0]])
    assert.equal((await of('ab')).outs[0], ['a', 'b'])
    assert.equal((await of(new Set([1, 2]))).outs[0], [1, 2])
    assert.equal((await of((function* () { yield 1; yield undefined })())).outs[0], [1, undefined])
  })

  it('walks lazily: a failure in the middle leaves what came before', async () => {
    const bad = flatMap((n: number) => (function* () { yield n; if (n === 2) throw new Error('two'); yield n })(), { onError: 'skip' })
    const { outs, skipped } = await verifyOperator(() => bad, [1, 2, 3])
    assert.equal([outs[0], skipped.length], [[1, 1, 2, 3, 3], 1])
  })

  it('nests, and fans out', async () => {
    const { outs } = await verifyGraph<number>((s) => {
      const all = s.pipe(flatMap((n) => Array.from({ length: n }, (_, i) => i)), flatMap((n) => [n, -n]))
      return [all, all.pipe(map((n) => n * 2)), all.pipe(flatMap((n) => (n > 0 ? [n] : [])))]
    }, [2, 0, 3])
    const all = [0, -0, 1, -1, 0, -0, 1, -1, 2, -2]
    assert.equal(outs, [all, all.map((n) => n * 2), [1, 1, 2]])
  })

  it('a promise is refused, and so is what is not iterable', async () => {
    const promise = await runFlow(flatMap((() => Promise.resolve([1])) as never), [[1]])
    assert.is((promise.failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
    const number = await runFlow(flatMap((() => 3) as never, { onError: 'skip' }), [[1, 2]])
    assert.is(number.skipped.length, 2)
  })

  it('follows its policy when the function throws', async () => {
    await verifyPolicies((o) => flatMap((n: number) => { if (n === 1) throw new Error('one'); return [n, n] }, o), [0, 1, 2], 1, [0, 0, 2, 2])
  })

  it('gives env as the last argument', async () => {
    assert.equal((await runGraph<number>((s) => [s.pipe(flatMap((n, { k }) => [n, k], { env: { k: 9 } }))], [[1]])).outs[0], [1, 9])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('flatMap', [() => flatMap([] as never), () => flatMap(() => [], { lane: 'b' as never })])
  })
})
