/** How a thread comes to run the worker's program, in every surrounding that is known to differ. */
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { bootText, loaderOf, programOf, workerFlags, type Surroundings } from '../../src/pool/boot.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const plain: Surroundings = { execArgv: [], nodeOptions: '', stripsTypes: false, script: undefined }
const url = new URL('./worker.ts', import.meta.url)

suite('boot', (it) => {
  it('a built worker is the text in its data, which can require and load, and which traces name', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'value.mjs'), 'export const value = 20')
    const text = `const load = globalThis[Symbol.for('millrace.load')]
      load(${JSON.stringify(pathToFileURL(join(dir, 'value.mjs')).href)}).then(({ value }) =>
        require('node:worker_threads').parentPort.postMessage({ sum: value + 1, trace: new Error('here').stack }))`
    const program = programOf(text)
    assert.is(programOf(text), program, 'one memory for all threads')
    const worker = new Worker(bootText(true, url, plain), { eval: true, workerData: { program } })
    defer(() => worker.terminate())
    const [{ sum, trace }] = (await once(worker, 'message')) as [{ readonly sum: number; readonly trace: string }]
    assert.is(sum, 21)
    assert.match(trace, /millrace-worker\.js:3/)
  })

  it('what a built worker throws as it is loaded is an uncaught exception', async () => {
    const worker = new Worker(bootText(true, url, plain), { eval: true, workerData: { program: programOf("throw new RangeError('mine')") } })
    const [error] = (await once(worker, 'error')) as [Error]
    assert.is(error.message, 'mine')
  })

  it('under tsx the thread registers tsx before it imports, built or not', () => {
    const surroundings = { ...plain, execArgv: ['--import', 'tsx'] }
    const found = loaderOf(true, surroundings)!
    assert.ok(existsSync(found.cjs) && existsSync(fileURLToPath(found.esm)))
    for (const [text, main] of [[bootText(false, url, surroundings), url.href], [bootText(true, url, surroundings), 'compileFunction']] as const) {
      assert.ok(text.includes(found.cjs) && text.indexOf('register()') < text.lastIndexOf(main))
    }
  })

  it('tsx is seen in NODE_OPTIONS, and as a URL', () => {
    assert.ok(loaderOf(true, { ...plain, nodeOptions: '--max-old-space-size=100 --import=tsx' }))
    assert.ok(loaderOf(true, { ...plain, execArgv: ['--import', 'file:///x/node_modules/tsx/dist/loader.mjs'] }))
  })

  it('a Node that strips types by itself needs no loader, nor does a program in JavaScript', () => {
    assert.is(loaderOf(false, { ...plain, stripsTypes: true }), undefined)
    assert.is(loaderOf(true, plain), undefined)
  })

  it('a program that is TypeScript without a loader in sight finds tsx where it is installed', () => {
    assert.ok(loaderOf(false, plain))
  })

  it('under tsx a module that can be required is, one that cannot is imported, and what a module throws is told once', async ({ defer }) => {
    const dir = tempDir(defer)
    const write = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text)
      return pathToFileURL(join(dir, name)).href
    }
    write('package.json', '{ "type": "module" }')
    const seen = '(globalThis.seen ??= []).push'
    const plainTs = write('plain.ts', `${seen}('plain'); export const value: number = 1; export const required = typeof require === 'function'`)
    const awaits = write('awaits.ts', `import { value } from './plain.ts'; ${seen}('awaits'); export const sum: number = await Promise.resolve(value + 1)`)
    const throws = write('throws.ts', `${seen}('throws'); throw new RangeError('mine' as string)`)
    const script = write('script.js', `import { value } from './plain.ts'; ${seen}('script'); export const twice = value * 2`)
    const program = write('program.cjs', `module.exports = (async () => {
      const load = globalThis[Symbol.for('millrace.load')]
      const message = (p) => p.then(() => 'nothing', (e) => e.message)
      const first = await load(${JSON.stringify(plainTs)})
      const told = await message(load(${JSON.stringify(throws)}))
      const second = await load(${JSON.stringify(awaits)})
      const third = await load(${JSON.stringify(script)})
      require('node:worker_threads').parentPort.postMessage({ required: first.required, told, sum: second.sum, twice: third.twice, seen: globalThis.seen })
    })()`)
    const worker = new Worker(bootText(false, new URL(program), { ...plain, execArgv: ['--import', 'tsx'] }), { eval: true })
    defer(() => worker.terminate())
    const [answer] = (await once(worker, 'message')) as [unknown]
    const { seen: order, ...values } = answer as { seen: readonly string[] }
    assert.equal(values, { required: true, told: 'mine', sum: 2, twice: 2 })
    assert.equal(order.filter((name) => name !== 'plain'), ['throws', 'awaits', 'script'])
  })

  it('under tsx JavaScript that imports TypeScript is imported with tsx, though nothing needed its hooks before', async ({ defer }) => {
    const dir = tempDir(defer)
    writeFileSync(join(dir, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(dir, 'types.ts'), 'export const value: number = 21')
    writeFileSync(join(dir, 'script.js'), "import { value } from './types.ts'\nexport const twice = value * 2")
    writeFileSync(join(dir, 'program.cjs'), `module.exports = globalThis[Symbol.for('millrace.load')](${JSON.stringify(pathToFileURL(join(dir, 'script.js')).href)})
      .then(({ twice }) => require('node:worker_threads').parentPort.postMessage(twice))`)
    const worker = new Worker(bootText(false, pathToFileURL(join(dir, 'program.cjs')), { ...plain, execArgv: ['--import', 'tsx'] }), { eval: true })
    defer(() => worker.terminate())
    assert.equal(await once(worker, 'message'), [42])
  })

  it('flags that say what the main thread runs do not reach a worker, the others do', () => {
    assert.is(workerFlags(['--import', 'tsx', '--cpu-prof']), undefined)
    assert.equal(workerFlags(['--input-type=module', '--import', 'tsx', '-e', 'code()']), ['--import', 'tsx'])
    assert.equal(workerFlags(['-C', 'src', '--input-type', 'module', '--no-warnings', '--print', 'x', '--stack-trace-limit=50']), ['-C', 'src', '--no-warnings'])
    assert.equal(workerFlags(['-e']), [])
  })
})
