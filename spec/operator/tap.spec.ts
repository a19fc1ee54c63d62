import * as assert from 'uvu/assert'
import { tap } from '../../src/operator/tap.ts'
import { runFlow } from '../support/run-kernel.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

suite('tap', (it) => {
  it('sees every item once, before it goes on unchanged', async () => {
    const seen: unknown[] = []
    const items = [{ a: 1 }, { a: 2 }]
    const { outs } = await runFlow(tap((x: { a: number }) => { seen.push(x); return 'ignored' }), [items])
    assert.equal(seen, items)
    assert.ok(outs[0]!.every((x, i) => x === items[i]))
    assert.equal((await verifyOperator(() => tap(() => undefined), [])).outs[0], [])
  })

  it('gives env as the last argument', async () => {
    const seen: number[] = []
    await runFlow(tap((n: number, { seen: to }) => { to.push(n) }, { env: { seen } }), [[1, 2]])
    assert.equal(seen, [1, 2])
  })

  it('an item that it throws on does not go on', async () => {
    await verifyPolicies((o) => tap((n: number) => { if (n === 2) throw new Error('two') }, o), [1, 2, 3], 2, [1, 3])
  })

  it('refuses a promise: nobody would wait for it', async () => {
    const { failure } = await runFlow(tap(async () => { await Promise.resolve() }), [[1]])
    assert.is((failure!.cause as { code?: string }).code, 'ERR_MILLRACE_STAGE_PROMISE')
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('tap', [() => tap('log' as never), () => tap(() => 0, { onError: 1 as never })])
  })
})
