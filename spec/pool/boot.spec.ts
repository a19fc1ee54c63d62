/** How a thread comes to run the worker's program, in every surrounding that is known to differ. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { bootText, loaders, workerFlags, type Surroundings } from '../../src/pool/boot.ts'
import { suite } from '../support/suite.ts'

const plain: Surroundings = { execArgv: [], nodeOptions: '', stripsTypes: false, script: undefined }
const url = new URL('./worker.ts', import.meta.url)

suite('boot', (it) => {
  it('a built worker is its text, and loads nothing first', () => {
    assert.ok(bootText('module.exports = 1', url, plain).startsWith('module.exports = 1'))
  })

  it('under tsx the thread registers tsx before it imports, built or not', () => {
    const surroundings = { ...plain, execArgv: ['--import', 'tsx'] }
    const found = loaders(true, surroundings)
    assert.is(found.length, 2)
    assert.ok(found.every((api) => existsSync(fileURLToPath(api))))
    for (const text of [bootText(undefined, url, surroundings), bootText("require('node:fs')", url, surroundings)]) {
      const main = text.includes(url.href) ? url.href : 'node:fs'
      assert.ok(text.indexOf(found[0]!) >= 0 && text.indexOf(found[0]!) < text.indexOf(main))
    }
  })

  it('tsx is seen in NODE_OPTIONS, and as a URL', () => {
    assert.is(loaders(true, { ...plain, nodeOptions: '--max-old-space-size=100 --import=tsx' }).length, 2)
    assert.is(loaders(true, { ...plain, execArgv: ['--import', 'file:///x/node_modules/tsx/dist/loader.mjs'] }).length, 2)
  })

  it('a Node that strips types by itself needs no loader, nor does a program in JavaScript', () => {
    assert.equal(loaders(false, { ...plain, stripsTypes: true }), [])
    assert.equal(loaders(true, plain), [])
  })

  it('a program that is TypeScript without a loader in sight finds tsx where it is installed', () => {
    assert.is(loaders(false, plain).length, 2)
  })

  it('flags that say what the main thread runs do not reach a worker, the others do', () => {
    assert.is(workerFlags(['--import', 'tsx', '--cpu-prof']), undefined)
    assert.equal(workerFlags(['--input-type=module', '--import', 'tsx', '-e', 'code()']), ['--import', 'tsx'])
    assert.equal(workerFlags(['-C', 'src', '--input-type', 'module', '--no-warnings', '--print', 'x', '--stack-trace-limit=50']), ['-C', 'src', '--no-warnings'])
    assert.equal(workerFlags(['-e']), [])
  })
})
