import * as assert from 'uvu/assert'
import { addressOf } from '../../src/ship/address.ts'
import { describeCodec, describeFn } from '../../src/ship/describe.ts'
import { fromModule, isRemoteOnly, loadHere } from '../../src/ship/from-module.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

type Work = typeof import('../support/fixtures/ship-work.ts')
const url = new URL('../support/fixtures/ship-work.ts', import.meta.url)

const codeOf = (act: () => unknown): string => thrown(act).code

suite('fromModule', (it) => {
  it('gives each name one placeholder, which carries its address', () => {
    const work = fromModule<Work>(url)
    assert.is(work.double, work.double)
    assert.is(work.double.name, 'double')
    assert.equal(addressOf(work.double), { type: 'module', url: url.href, name: 'double', how: 'export' })
    assert.is(addressOf(fromModule<Work>(url.href).double)?.url, url.href)
  })

  it('describes placeholders by their address, functions and codecs alike', () => {
    const work = fromModule<Work>(url)
    assert.equal(describeFn(work.double), { _tag: 'Right', right: { type: 'module', url: url.href, name: 'double', how: 'export' } })
    assert.equal(describeCodec(work.Even), { _tag: 'Right', right: { ref: { type: 'module', url: url.href, name: 'Even', how: 'export' } } })
  })

  it('throws where a placeholder is called in a thread without the module', () => {
    const work = fromModule<Work>(url)
    assert.is(codeOf(() => work.double(1)), 'ERR_MILLRACE_FROM_MODULE')
    assert.is(codeOf(() => work.Even.decode(1)), 'ERR_MILLRACE_FROM_MODULE')
  })

  it('is no thenable, and prints like any value', async () => {
    const work = fromModule<Work>(url)
    assert.is(await Promise.resolve(work), work)
    assert.is((work as unknown as Record<symbol, unknown>)[Symbol.iterator], undefined)
    assert.not.throws(() => JSON.stringify(work))
  })

  it('cannot be written to', () => {
    assert.throws(() => {
      ;(fromModule<Work>(url) as { double: unknown }).double = 1
    }, /TypeError|double/)
  })

  it('refuses a relative URL', () => {
    assert.is(codeOf(() => fromModule('./work.js')), 'ERR_MILLRACE_ARGUMENT')
    assert.is(codeOf(() => fromModule(undefined as never)), 'ERR_MILLRACE_ARGUMENT')
  })

  it('tells placeholders, and loads what they stand for where there is no worker', async () => {
    const work = fromModule<Work>(url)
    assert.ok(isRemoteOnly(work.double))
    assert.not.ok(isRemoteOnly((n: number) => n))
    const double = await loadHere(work.double)
    assert.is(double(4), 8)
    assert.not.ok(isRemoteOnly(double))
    assert.is((await loadHere(work.Even)).decode(2)._tag, 'Right')
    const own = (n: number): number => n
    assert.is(await loadHere(own), own)
  })

  it('says what is wrong when nothing can be loaded', async () => {
    const lost = await rejection(loadHere(fromModule<Record<'gone', () => void>>(url).gone))
    assert.is(lost.code, 'ERR_MILLRACE_FUNCTION_NOT_FOUND')
    const broken = await rejection(loadHere(fromModule<Record<'gone', () => void>>('file:///no/such/module.mjs').gone))
    assert.is(broken.code, 'ERR_MILLRACE_MODULE_FAILED')
  })
})
