/** How a thread comes to run the worker's program, in every surrounding that is known to differ. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { bootText, tsxApi, workerFlags, type Surroundings } from '../../src/pool/boot.ts'
import { suite } from '../support/suite.ts'

const plain: Surroundings = { nodeMajor: 20, execArgv: [], nodeOptions: '', stripsTypes: false, script: undefined }
const tsUrl = new URL('./worker.ts', import.meta.url)
const jsUrl = new URL('./worker.js', import.meta.url)

suite('boot', (it) => {
  it('a built worker is its text, whatever the surroundings', () => {
    assert.ok(bootText('module.exports = 1', tsUrl, plain).startsWith('module.exports = 1'))
  })

  it('under tsx on Node 20 the thread registers tsx before it imports', () => {
    const surroundings = { ...plain, execArgv: ['--import', 'tsx'] }
    const api = tsxApi(tsUrl, surroundings)
    assert.ok(api !== undefined && existsSync(fileURLToPath(api)))
    const text = bootText(undefined, tsUrl, surroundings)
    assert.ok(text.indexOf(api) < text.indexOf(tsUrl.href) && text.includes(api))
  })

  it('tsx is seen in NODE_OPTIONS, and as a URL', () => {
    assert.type(tsxApi(tsUrl, { ...plain, nodeOptions: '--max-old-space-size=100 --import=tsx' }), 'string')
    assert.type(tsxApi(jsUrl, { ...plain, execArgv: ['--import', 'file:///x/node_modules/tsx/dist/loader.mjs'] }), 'string')
  })

  it('later Nodes inherit tsx, or strip types: nothing is registered', () => {
    assert.is(tsxApi(tsUrl, { ...plain, nodeMajor: 22, execArgv: ['--import', 'tsx'] }), undefined)
    assert.is(tsxApi(tsUrl, { ...plain, nodeMajor: 24, stripsTypes: true }), undefined)
    assert.is(tsxApi(jsUrl, plain), undefined)
  })

  it('a program that is TypeScript without a loader in sight finds tsx where it is installed', () => {
    assert.type(tsxApi(tsUrl, plain), 'string')
  })

  it('flags that say what the main thread runs do not reach a worker, the others do', () => {
    assert.is(workerFlags(['--import', 'tsx', '--cpu-prof']), undefined)
    assert.equal(workerFlags(['--input-type=module', '--import', 'tsx', '-e', 'code()']), ['--import', 'tsx'])
    assert.equal(workerFlags(['--input-type', 'module', '--print', 'x', '--expose-gc']), ['--expose-gc'])
    assert.equal(workerFlags(['-e']), [])
  })
})
