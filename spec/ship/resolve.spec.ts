import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { threadId } from 'node:worker_threads'
import { build } from 'esbuild'
import * as t from 'io-ts'
import * as assert from 'uvu/assert'
import { DecodeError } from '../../src/error/decode-error.ts'
import type { FnRef } from '../../src/ship/address.ts'
import { describeCodec, describeFn, type CodecRef } from '../../src/ship/describe.ts'
import { fromModule } from '../../src/ship/from-module.ts'
import { resolveFn } from '../../src/ship/resolve.ts'
import * as bare from '../support/fixtures/ship-bare.ts'
import { notCodec, Positive } from '../support/fixtures/ship-codecs.ts'
import { here } from '../support/fixtures/ship-somewhere.ts'
import { measured, rate } from '../support/fixtures/ship-stale.mjs'
import { never } from '../support/fixtures/ship-throws.ts'
import { counted, doubled, shout, thread } from '../support/fixtures/ship-words.ts'
import { rejection } from '../support/attempt.ts'
import { startShipThread, type ShipThread } from '../support/ship-thread.ts'
import { suite } from '../support/suite.ts'

const refOf = (fn: (...args: never[]) => unknown): FnRef => {
  const found = describeFn(fn)
  if (found._tag === 'Left') throw new Error(found.left.reason)
  return structuredClone(found.right)
}

const codecRefOf = (codec: object): CodecRef => {
  const found = describeCodec(codec)
  if (found._tag === 'Left') throw new Error(found.left.reason)
  return structuredClone(found.right)
}

const work = fromModule<typeof import('../support/fixtures/ship-work.ts')>(new URL('../support/fixtures/ship-work.ts', import.meta.url))

const withThread = (test: (thread: ShipThread) => Promise<void>) => async ({ defer }: { defer: (cleanup: () => unknown) => void }) => {
  const started = startShipThread()
  defer(() => started.close())
  await test(started)
}

suite(
  'resolve',
  (it) => {
    it(
      'finds portable functions in a worker, with their module around them',
      withThread(async (worker) => {
        assert.is(await worker.call(refOf(shout), 'mill'), 'MILL!')
        assert.is(await worker.call(refOf(doubled), 21), 42)
        assert.is(await worker.call(refOf(counted)), 1)
        assert.is(await worker.call(refOf(counted)), 2)
        assert.is.not(await worker.call(refOf(thread)), threadId)
      })
    )

    it(
      'finds functions that were declared by URL, by path and by call site',
      withThread(async (worker) => {
        assert.is(await worker.call(refOf(bare.byUrl), 0), 1)
        assert.is(await worker.call(refOf(bare.byText), 0), 2)
        assert.is(await worker.call(refOf(bare.byPath), 0), 3)
        assert.is(await worker.call(refOf(bare.byCallSite), 0), 4)
      })
    )

    it(
      'finds the exports of a module that the main thread has not loaded',
      withThread(async (worker) => {
        assert.is(await worker.call(refOf(work.double), 4), 8)
        assert.equal(await worker.call(refOf(work.pair), 'a'), ['a', 'a'])
        const [good, bad] = await worker.decode(codecRefOf(work.Even), [2, 3])
        assert.equal(good, { _tag: 'Right', right: 2 })
        assert.is(bad?._tag, 'Left')
      })
    )

    it(
      'runs inline functions, with the helper that names inner functions, and loads none of the heavy packages for them',
      withThread(async (worker) => {
        const inline = (words: readonly string[], { least }: { least: number }): string[] => {
          const long = (word: string): boolean => word.length >= least
          function* each(): Generator<string> {
            for (const word of words) if (long(word)) yield `${word}:${long.name}`
          }
          return [...each()]
        }
        assert.equal(await worker.call(refOf(inline), ['mill', 'a', 'race'], { least: 4 }), ['mill:long', 'race:long'])
        assert.is(await worker.call(refOf(JSON.parse), '7'), 7)
        assert.is(await worker.call(refOf({ tail(text: string) { return text.slice(1) } }.tail), 'abc'), 'bc')
        assert.is(await worker.call(refOf(function fact(n: number): number { return n < 2 ? 1 : n * fact(n - 1) }), 5), 120)
        const shape = codecRefOf(t.exact(t.type({ a: t.number, b: t.union([t.string, t.null]) })))
        assert.ok('shape' in shape)
        assert.equal((await worker.decode(shape, [{ a: 1, b: null, c: 2 }]))[0], { _tag: 'Right', right: { a: 1, b: null } })
        const loaded = await worker.loaded()
        for (const name of ['acorn', 'io-ts', 'fp-ts', 'rxjs']) {
          assert.not.ok(loaded.some((file) => file.includes(`/node_modules/${name}/`)), `${name} is loaded`)
        }
      })
    )

    it(
      'checks codecs in a worker: by description, and by the codec itself where it is portable; errors come back whole',
      withThread(async (worker) => {
        const User = t.type({ user: t.type({ age: t.number, tags: t.array(t.string) }) })
        const [good, bad] = await worker.decode(codecRefOf(User), [{ user: { age: 1, tags: [] } }, { user: { age: 'x', tags: ['a', 1] } }])
        assert.is(good?._tag, 'Right')
        const error = bad?._tag === 'Left' ? bad.left : undefined
        assert.instance(error, DecodeError)
        assert.is((error as DecodeError).code, 'ERR_MILLRACE_DECODE')
        assert.equal((error as DecodeError).issues, [
          { path: 'user.age', expected: 'number', actual: '"x"' },
          { path: 'user.tags[1]', expected: 'string', actual: '1' }
        ])
        const ref = codecRefOf(Positive)
        assert.ok('ref' in ref)
        const [one, minus] = await worker.decode(ref, [{ n: 1 }, { n: -1 }])
        assert.equal(one, { _tag: 'Right', right: { n: 1 } })
        assert.equal(minus?._tag === 'Left' && (minus.left as DecodeError).issues, [{ path: 'n', expected: 'Positive', actual: '-1' }])
      })
    )

    it(
      'says what is registered when a name is not',
      withThread(async (worker) => {
        const { code, message } = await rejection(worker.call(refOf(here), 1))
        assert.is(code, 'ERR_MILLRACE_FUNCTION_NOT_FOUND')
        assert.match(message, /'here'/)
        assert.match(message, /'everywhere'/)
        assert.match(message, /ship-somewhere\.ts/)
      })
    )

    it(
      'says what is exported when a name is not, and takes no export that is no function',
      withThread(async (worker) => {
        const url = new URL('../support/fixtures/ship-work.ts', import.meta.url).href
        for (const name of ['missing', 'limit']) {
          const { code, message } = await rejection(worker.call({ type: 'module', url, name, how: 'export' }))
          assert.is(code, 'ERR_MILLRACE_FUNCTION_NOT_FOUND')
          assert.match(message, /'double'/)
        }
      })
    )

    it(
      'says why a module could not be imported, with the cause',
      withThread(async (worker) => {
        const threw = await rejection(worker.call(refOf(never), 1))
        assert.is(threw.code, 'ERR_MILLRACE_MODULE_FAILED')
        assert.instance(threw.cause, RangeError)
        assert.match(threw.message, /ship-throws\.ts/)
        const gone = await rejection(worker.call({ type: 'module', url: 'file:///no/such/module.mjs', name: 'f', how: 'portable' }))
        assert.is(gone.code, 'ERR_MILLRACE_MODULE_FAILED')
        assert.is((gone.cause as { code?: unknown }).code, 'ERR_MODULE_NOT_FOUND')
      })
    )

    it(
      'refuses a function whose source is another one in the worker, unless a coverage tool has changed it',
      withThread(async (worker) => {
        const { code, message } = await rejection(worker.call(refOf(rate), 1))
        assert.is(code, 'ERR_MILLRACE_STALE_FUNCTION')
        assert.match(message, /'rate'/)
        assert.is(await worker.call(refOf(measured), 5), 5)
      })
    )

    it(
      'refuses a function where a codec is wanted, and a codec where a function is',
      withThread(async (worker) => {
        assert.is((await rejection(worker.decode({ ref: refOf(notCodec) }, [1]))).code, 'ERR_MILLRACE_FUNCTION_NOT_FOUND')
        const ref = codecRefOf(Positive)
        assert.is((await rejection(worker.call('ref' in ref ? ref.ref : refOf(shout)))).code, 'ERR_MILLRACE_FUNCTION_NOT_FOUND')
        const invalid = await rejection(worker.call({ type: 'source', text: '(a => ', name: 'broken' }))
        assert.is(invalid.code, 'ERR_MILLRACE_FUNCTION_INVALID')
      })
    )

    it('finds what a user module declares through its own copy of millrace/portable', async ({ defer }) => {
      const folder = await mkdtemp(join(tmpdir(), 'millrace-resolve-'))
      defer(() => rm(folder, { recursive: true }))
      const bundle = (from: string, to: string): Promise<unknown> =>
        build({ entryPoints: [fileURLToPath(new URL(from, import.meta.url))], bundle: true, platform: 'node', format: 'esm', outfile: join(folder, to), logLevel: 'silent' })
      await Promise.all([bundle('../../src/portable.ts', 'portable.mjs'), bundle('../support/fixtures/ship-thread-program.ts', 'program.mjs')])
      await writeFile(join(folder, 'user.mjs'), `import { portable } from './portable.mjs'\nconst k = 7\nexport const f = portable(import.meta, 'f', (n) => n * k)\n`)
      const { f } = (await import(pathToFileURL(join(folder, 'user.mjs')).href)) as { f: (n: number) => number }
      const worker = startShipThread(pathToFileURL(join(folder, 'program.mjs')))
      defer(() => worker.close())
      const ref = refOf(f)
      assert.is(ref.type, 'module')
      assert.is(await worker.call(ref, 6), 42)
    })

    it('finds functions of a CommonJS bundle, whose import.meta is empty', async ({ defer }) => {
      const folder = await mkdtemp(join(tmpdir(), 'millrace-resolve-'))
      defer(() => rm(folder, { recursive: true }))
      await writeFile(join(folder, 'user.ts'), `import { portable } from ${JSON.stringify(fileURLToPath(new URL('../../src/portable.ts', import.meta.url)))}\nconst k = 3\nexport const f = portable(import.meta, 'f', (n: number) => n * k)\n`)
      await build({ entryPoints: [join(folder, 'user.ts')], bundle: true, platform: 'node', format: 'cjs', outfile: join(folder, 'user.cjs'), logLevel: 'silent' })
      const url = pathToFileURL(join(folder, 'user.cjs')).href
      const { f } = (await import(url)) as { f: (n: number) => number }
      const worker = startShipThread()
      defer(() => worker.close())
      const ref = refOf(f)
      assert.is(ref.type === 'module' && ref.url, url)
      assert.is(await worker.call(ref, 5), 15)
    })

    it('compiles a text once per thread', async () => {
      const ref = refOf((n: number) => n + 1)
      assert.is(await resolveFn(ref), await resolveFn(structuredClone(ref)))
    })
  },
  10_000
)
