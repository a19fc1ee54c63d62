/** The operators that add items of their own: startWith, endWith, intersperse. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { endWith } from '../../src/operator/end-with.ts'
import { intersperse } from '../../src/operator/intersperse.ts'
import { startWith } from '../../src/operator/start-with.ts'
import { take } from '../../src/operator/take.ts'
import { runFlow } from '../support/run-kernel.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyRefusals } from '../support/verify-operator.ts'

suite('startWith', (it) => {
  it('emits its items first, for any input and reader', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { maxLength: 5 }), fc.array(fc.nat(9), { maxLength: 3 }), fc.func(fc.nat(2)), async (batches, first, slow) => {
      assert.equal((await runOne(startWith<number>(...first), { batches }, { slow })).out, [...first, ...batches.flat()])
    }), { seed, numRuns: 50 })
  })

  it('does not wait for the input', async () => {
    const controller = new AbortController()
    const { out } = await runOne(startWith<number>(1, 2), { batches: [], endless: true }, { signal: controller.signal, onItem: () => { controller.abort() } })
    assert.equal(out, [1, 2])
  })

  it('every run begins with them anew; the list given is not looked at again', async () => {
    const given = [1]
    const flow = startWith<number>(...given)
    given.push(2)
    for (let i = 0; i < 2; i++) assert.equal((await runOne(flow, [[7]])).out, [1, 7])
  })

  it('ends when the reader leaves, when the input fails', async () => {
    assert.equal((await runOne(startWith<number>(1), { batches: [[2]], endless: true }, { leaveAfter: 1 })).pulled, [0])
    const failed = await runOne(startWith<number>(1), { batches: [[2]], fails: new Error('disk') })
    assert.equal([failed.out, (failed.error as Error).message], [[1, 2], 'disk'])
  })
})

suite('endWith', (it) => {
  it('emits its items last', async () => {
    for (const items of [[], [1], [1, 2, 3]]) assert.equal((await verifyOperator(() => endWith<number>(8, 9), items)).outs[0], [...items, 8, 9])
    assert.equal((await verifyOperator(() => endWith<number>(), [1])).outs[0], [1])
  })

  it('not when the reader has left, and not before the end', async () => {
    assert.equal((await runFlow({ apply: (s) => s.pipe(take<unknown>(2), endWith<unknown>(9)) }, [[1, 2, 3]])).outs[0], [1, 2, 9])
    assert.equal((await runFlow({ apply: (s) => s.pipe(endWith<unknown>(9), take<unknown>(2)) }, [[1, 2, 3]])).outs[0], [1, 2])
    assert.equal((await runFlow(endWith<number>(9), [[1]], { noEnd: true })).outs[0], [1])
  })

  it('refuses what cannot travel', () => {
    verifyRefusals('endWith', [() => endWith(() => 1), () => endWith(Symbol('s'))])
  })
})

suite('intersperse', (it) => {
  it('puts something between, in front and behind', async () => {
    const of = async (items: readonly string[], options?: { start?: string, end?: string }) => (await verifyOperator(() => intersperse<string>(',', options), items)).outs[0]!.join('')
    assert.is(await of(['a', 'b', 'c']), 'a,b,c')
    assert.is(await of(['a', 'b'], { start: '[', end: ']' }), '[a,b]')
    assert.is(await of(['a'], { start: '[', end: ']' }), '[a]')
    assert.is(await of([], { start: '[', end: ']' }), '[]')
    assert.is(await of([]), '')
    assert.is(await of(['a'], { end: '.' }), 'a.')
  })

  it('a reader that leaves gets no more', async () => {
    const { outs, closed } = await runFlow({ apply: (s) => s.pipe(intersperse<unknown>('-'), take<unknown>(2)) }, [['a', 'b', 'c']])
    assert.equal([outs[0], closed], [['a', '-'], true])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('intersperse', [() => intersperse(() => 1), () => intersperse(',', { start: (() => 1) as never }), () => intersperse(',', { name: '' }), () => intersperse(',', null as never)])
  })
})
