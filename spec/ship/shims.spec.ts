/** What the shims make of `using` in a function that travels as source: what a Node that has `using` does. */
import * as assert from 'uvu/assert'
import { transformSync } from 'esbuild'
import { resolveFn } from '../../src/ship/resolve.ts'
import { suite } from '../support/suite.ts'

/** The function as esbuild writes it for a Node without `using`, without the helpers that it puts at the top of the file. */
const lowered = (text: string): string => {
  const code = transformSync(`export default ${text}`, { target: 'node20', format: 'esm' }).code
  const from = code.indexOf('stdin_default = ')
  return code.slice(from < 0 ? code.indexOf('export default ') + 15 : from + 16).replace(/;\s*export \{[\s\S]*$/, '').replace(/;\s*$/, '')
}

const compile = async (text: string): Promise<(...args: unknown[]) => unknown> => {
  const source = lowered(text)
  assert.match(source, /__using/, 'esbuild has lowered it')
  return (await resolveFn({ type: 'source', text: source, name: 'f' })) as (...args: unknown[]) => unknown
}

const noting = (log: string[], name: string, key: typeof Symbol.dispose | typeof Symbol.asyncDispose = Symbol.dispose, fails = false) => ({
  [key]: () => {
    log.push(name)
    if (fails) throw new Error(`${name} fails`)
  }
})

suite('shims', (it) => {
  it('lets resources go at the end of the block, the last one first; null and undefined are none', async () => {
    const f = await compile('(a, b) => { using x = a; using n = null; using y = b; return "done" }')
    const log: string[] = []
    assert.is(f(noting(log, 'a'), noting(log, 'b')), 'done')
    assert.equal(log, ['b', 'a'])
  })

  it('lets go of all when the block throws, and when letting go throws; the errors suppress each other in order', async () => {
    const f = await compile('(a, b) => { using x = a; using y = b; throw new Error("block") }')
    const log: string[] = []
    let thrown: unknown
    try {
      f(noting(log, 'a'), noting(log, 'b', Symbol.dispose, true))
    } catch (error) {
      thrown = error
    }
    assert.equal(log, ['b', 'a'])
    const { name, error, suppressed } = thrown as { name: string, error: Error, suppressed: Error }
    assert.equal([name, error.message, suppressed.message], ['SuppressedError', 'b fails', 'block'])
  })

  it('refuses what is no resource, and what cannot be let go', async () => {
    const f = await compile('(a) => { using x = a }')
    assert.throws(() => f(1), /Object expected/)
    assert.throws(() => f({}), /not disposable/)
  })

  it('awaits what is let go asynchronously, in order, also by a plain dispose', async () => {
    const f = await compile('async (a, b) => { await using x = a; await using y = b; return "done" }')
    const log: string[] = []
    const slow = { [Symbol.asyncDispose]: async () => { await Promise.resolve(); log.push('slow') } }
    assert.is(await f(noting(log, 'a'), slow), 'done')
    assert.equal(log, ['slow', 'a'])
  })
})
