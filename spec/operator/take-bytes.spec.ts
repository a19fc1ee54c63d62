import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { takeBytes, type TakeBytesOptions } from '../../src/operator/take-bytes.ts'
import { runFlow } from '../support/run-kernel.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPlainPolicies, verifyRefusals } from '../support/verify-operator.ts'

suite('takeBytes', (it) => {
  it('takes whole items as long as they fit, and stops its input at the first that does not', async () => {
    const { outs, closed, given } = await runFlow(takeBytes<string>(4), [['ab', 'c'], ['de'], ['f']])
    assert.equal([outs[0], closed, given], [['ab', 'c'], true, 3])
  })

  it('agrees with its model in any weather', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(5), { maxLength: 12 }), fc.nat(15), async (items, max) => {
      let sum = 0
      const end = items.findIndex((n) => (sum += n) > max)
      assert.equal((await verifyOperator(() => takeBytes(max, { weigh: (n: number) => n }), items)).outs[0], items.slice(0, end < 0 ? items.length : end))
    }), { seed, numRuns: 80 })
  })

  it('counts bytes of arrays and buffers, and texts in UTF-8', async () => {
    const items = [Buffer.from('ab'), new Uint16Array(1), 'é', new ArrayBuffer(1), 'x']
    assert.is((await runFlow(takeBytes<unknown>(7), [items])).outs[0]!.length, 4)
    assert.is((await runFlow(takeBytes<unknown>(6), [items])).outs[0]!.length, 3)
  })

  it("whenOver: 'fail' is an error that says so, and nothing that comes later passes", async () => {
    const { outs, failure } = await verifyOperator(() => takeBytes<string>(3, { whenOver: 'fail' }), ['ab', 'cd', 'e'])
    assert.equal([outs[0], failure!.index, (failure!.cause as { code?: string }).code], [['ab'], 1, 'ERR_MILLRACE_TOO_MANY_BYTES'])
    assert.equal((await verifyOperator(() => takeBytes<string>(3, { whenOver: 'fail' }), ['ab', 'c'])).failure, undefined)
    const skipped = await verifyOperator(() => takeBytes<string>(3, { whenOver: 'fail', onError: 'skip' }), ['ab', 'cd', 'e'])
    assert.equal([skipped.outs[0], skipped.skipped.length], [['ab'], 2])
  })

  it('an item that cannot be weighed follows the policy', async () => {
    await verifyPlainPolicies((o) => takeBytes<unknown>(9, o), ['a', 3, 'b'], 3, ['a', 'b'])
    await verifyPlainPolicies((o) => takeBytes(9, { weigh: (n: number) => (n === 3 ? NaN : n), ...o }), [1, 3, 2], 3, [1, 2])
  })

  it('takes none, and empty items are free', async () => {
    assert.equal((await verifyOperator(() => takeBytes<string>(0), ['', '', 'a', ''])).outs[0], ['', ''])
    assert.equal((await verifyOperator(() => takeBytes<string>(0), [])).outs[0], [])
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => takeBytes(1, options as TakeBytesOptions<string>)
    verifyRefusals('takeBytes', [
      () => takeBytes(-1), () => takeBytes(1.5), () => takeBytes('1' as never), of({ weigh: 1 }), of({ whenOver: 'cut' }), of({ name: '' }), of({ lane: 'x' }),
      of({ onError: { policy: 'retry', times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 0, then: 'fail' } })
    ])
  })
}, 15_000)
