import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import { addressOf, registry } from '../../src/ship/address.ts'
import { fromModule } from '../../src/ship/from-module.ts'
import { portable } from '../../src/ship/portable.ts'
import * as bare from '../support/fixtures/ship-bare.ts'
import { shout } from '../support/fixtures/ship-words.ts'
import { thrown } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const fixture = (name: string): string => new URL(`../support/fixtures/${name}`, import.meta.url).href

const codeOf = (act: () => unknown): string => thrown(act).code

/** A folder with a module of its own copy of millrace/portable, as a build has it. */
const copy = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-portable-'))
  const entry = fileURLToPath(new URL('../../src/portable.ts', import.meta.url))
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: join(folder, 'portable.mjs'), logLevel: 'silent' })
  return folder
}

suite('portable', (it) => {
  it('answers the value itself, with its address', () => {
    const f = (n: number): number => n
    assert.is(portable('file:///a.mjs', 'itself', f), f)
    assert.equal(addressOf(f), { type: 'module', url: 'file:///a.mjs', name: 'itself', how: 'portable' })
    assert.is(shout('a'), 'A!')
    const address = addressOf(shout)
    assert.is(address?.url, fixture('ship-words.ts'))
    assert.type(address?.hash, 'string')
  })

  it('takes codecs', () => {
    const codec = t.refinement(t.number, (n) => n > 0, 'Positive')
    assert.is(portable('file:///a.mjs', 'codec', codec), codec)
    assert.is(addressOf(codec)?.name, 'codec')
  })

  it('takes a URL, a URL as text, a path, and the call site where import.meta has no url', () => {
    for (const fn of [bare.byUrl, bare.byText, bare.byPath, bare.byCallSite]) assert.is(addressOf(fn)?.url, fixture('ship-bare.ts'))
  })

  it('trusts an imitation of import.meta only when its file is on the stack', () => {
    const right = (n: number): number => n
    const wrong = (n: number): number => n
    portable({ url: import.meta.url } as ImportMeta, 'imitation right', right)
    portable({ url: 'file:///built/from/somewhere.ts' } as ImportMeta, 'imitation wrong', wrong)
    assert.is(addressOf(right)?.url, import.meta.url)
    assert.is(addressOf(wrong)?.url, import.meta.url)
  })

  it('trusts an imitation of import.meta also through a wrapper in another file', async ({ defer }) => {
    const folder = await copy()
    defer(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'wrapper.mjs'), `import { portable } from './portable.mjs'\nexport const declare = (meta, name, fn) => portable(meta, name, fn)\n`)
    const { declare } = (await import(pathToFileURL(join(folder, 'wrapper.mjs')).href)) as { declare: typeof portable }
    const wrapped = (n: number): number => n
    declare({ url: import.meta.url } as ImportMeta, 'through a wrapper', wrapped)
    assert.is(addressOf(wrapped)?.url, import.meta.url)
  })

  it('shares its registry between copies of the library', async ({ defer }) => {
    const folder = await copy()
    defer(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'user.mjs'), `import { portable } from './portable.mjs'\nexport const f = portable(import.meta, 'f', (n) => n + 1)\n`)
    const url = pathToFileURL(join(folder, 'user.mjs')).href
    const user = (await import(url)) as { f: (n: number) => number }
    assert.is(addressOf(user.f)?.url, url)
    assert.is(registry().modules.get(url)?.get('f')?.value, user.f)
  })

  it('refuses a name that its module has declared already', () => {
    portable(import.meta, 'twice', (n: number) => n + 1)
    assert.is(codeOf(() => portable(import.meta, 'twice', (n: number) => n + 2)), 'ERR_MILLRACE_ARGUMENT')
  })

  it('refuses it too when the source and the place are the same, as in a loop', () => {
    const declareWith = (where: ImportMeta | string, k: number): unknown => portable(where, 'in a loop', (n: number) => n * k)
    declareWith(import.meta, 1)
    assert.is(codeOf(() => declareWith(import.meta, 2)), 'ERR_MILLRACE_ARGUMENT')
    declareWith('file:///loop.mjs', 1)
    assert.is(codeOf(() => declareWith('file:///loop.mjs', 2)), 'ERR_MILLRACE_ARGUMENT')
  })

  it('names the place of the first declaration', () => {
    portable(import.meta, 'placed', (n: number) => n)
    try {
      portable(import.meta, 'placed', (n: number) => n)
      assert.unreachable()
    } catch (error) {
      assert.match((error as Error).message, /'placed'/)
      assert.match((error as Error).message, /portable\.spec\.ts:\d+:\d+/)
    }
  })

  it('lets a module be evaluated anew: the newer function stands, the older keeps its address', () => {
    // What a second evaluation has is an import.meta of its own for the same URL
    const meta = (): ImportMeta => Object.assign(Object.create(null) as ImportMeta, { url: 'file:///anew.mjs' })
    const older = (n: number): number => n
    const newer = (n: number): number => n + 0
    portable(meta(), 'f', older)
    portable(meta(), 'f', newer)
    assert.is(registry().modules.get('file:///anew.mjs')?.get('f')?.value, newer)
    assert.is(addressOf(older)?.name, 'f')
    assert.is.not(addressOf(older)?.hash, addressOf(newer)?.hash)
  })

  it('lets a module that names itself by text be evaluated anew in another turn, from the same place with the same source', async () => {
    const evaluate = (): unknown => portable('file:///again.mjs', 'f', (n: number) => n)
    evaluate()
    await Promise.resolve()
    const again = evaluate()
    assert.is(registry().modules.get('file:///again.mjs')?.get('f')?.value, again)
    await Promise.resolve()
    assert.is(codeOf(() => portable('file:///again.mjs', 'f', (n: number) => n)), 'ERR_MILLRACE_ARGUMENT', 'the same source, but another place')
  })

  it('sends no hash of a source that a coverage tool has written into, or that an imitation of import.meta came with', () => {
    const measured = eval('(n) => { cov_1a2b3c().s[0]++; return n }') as (n: number) => number
    portable(import.meta, 'measured', measured)
    assert.is(addressOf(measured)?.hash, undefined)
    const transformed = (n: number): number => n
    portable({ url: import.meta.url } as ImportMeta, 'transformed', transformed)
    assert.is(addressOf(transformed)?.hash, undefined)
  })

  it('refuses what cannot be right, at declaration', () => {
    const f = (n: number): number => n
    assert.is(codeOf(() => portable(import.meta, '', f)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(codeOf(() => portable(import.meta, 7 as never, f)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(codeOf(() => portable(import.meta, 'nothing', undefined as never)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(codeOf(() => portable(import.meta, 'data', {} as never)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(codeOf(() => portable('./relative.js', 'relative', f)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(codeOf(() => portable(5 as never, 'number', f)), 'ERR_MILLRACE_ARGUMENT')
    const { double } = fromModule<typeof import('../support/fixtures/ship-work.ts')>('file:///work.mjs')
    assert.is(codeOf(() => portable(import.meta, 'placeholder', double)), 'ERR_MILLRACE_ARGUMENT')
    assert.is(addressOf(f), undefined)
  })

  it('leaves stack traces as it found them', () => {
    const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace')
    const limit = Error.stackTraceLimit
    portable(import.meta, 'traces', (n: number) => n)
    assert.equal(Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace'), before)
    assert.is(Error.stackTraceLimit, limit)
  })
})
