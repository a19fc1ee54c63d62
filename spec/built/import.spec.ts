/** What `import 'millrace'` loads: a program that never subscribes should not pay for all of rxjs, nor one without a runtime for locks. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as assert from 'uvu/assert'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What a program prints that is run from the root, where `millrace` is the built package. */
const printed = (program: string): unknown =>
  JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root, encoding: 'utf8' })) as unknown

suite('built import', (it) => {
  it('loads the Observable of rxjs, not its operators', () => {
    const { files, same } = printed(`
      import 'millrace'
      import { createRequire } from 'node:module'
      const require = createRequire(process.cwd() + '/x.js')
      const files = Object.keys(require.cache).filter((file) => file.includes('rxjs')).length
      const { range } = await import('millrace')
      const { Observable } = await import('rxjs')
      console.log(JSON.stringify({ files, same: range(0, 1).toObservable() instanceof Observable }))`) as { readonly files: number; readonly same: boolean }
    assert.ok(files > 0 && files < 40, `${files} files`)
    assert.ok(same)
  })

  it('loads nothing of fp-ts, not for its instances either', () => {
    const { files, items } = printed(`
      import { Functor, toTaskEither } from 'millrace/fp-ts'
      import { createRequire } from 'node:module'
      const require = createRequire(process.cwd() + '/x.js')
      const { range } = await import('millrace')
      const { right } = await toTaskEither(Functor.map(range(0, 3), (n) => n + 1))()
      console.log(JSON.stringify({ files: Object.keys(require.cache).filter((file) => /node_modules.(fp|io)-ts/.test(file)), items: right }))`) as { readonly files: unknown; readonly items: unknown }
    assert.equal([files, items], [[], [1, 2, 3]])
  })

  it('makes no lock or channel known until a runtime is made', () => {
    const known = printed(`
      import { range } from 'millrace'
      await range(0, 1).toArray()
      const kinds = () => [...(globalThis[Symbol.for('millrace.revivers.1')] ?? new Map()).keys()]
      const before = kinds()
      const { spawnBlocking } = await import('millrace/runtime')
      await spawnBlocking(() => 1)
      console.log(JSON.stringify({ before: before.length, after: kinds().length }))
      process.exit()`) as { readonly before: number; readonly after: number }
    assert.ok(known.before < known.after, JSON.stringify(known))
    assert.ok(known.after >= 12)
  })

  it('tells the place in the program of a stage that fails, with source maps too', ({ defer }) => {
    const file = join(tempDir(defer), 'program.mjs')
    writeFileSync(file, `import { map, range } from '${pathToFileURL(join(root, 'dist/index.js')).href}'
await range(0, 1).pipe(map(() => { throw new Error('no') })).toArray().catch((error) => { console.log(error.message) })`)
    for (const flags of [[], ['--enable-source-maps']]) {
      assert.match(execFileSync(process.execPath, [...flags, file], { encoding: 'utf8' }), 'program.mjs:2:19)', flags.join())
    }
  })
}, 30_000)
