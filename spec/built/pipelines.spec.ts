/**
 * The package as it is published (dist), by its own name, on whatever Node runs this: pipelines on the loop and in workers.
 *
 * Not part of `npm test`: .ci/run builds first and then runs `run-specs.mjs --built` on every Node that is promised. Only
 * syntax that can be erased, since Node 22 and 24 run it without a loader.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as t from 'io-ts'
import { lastValueFrom, toArray } from 'rxjs'
import * as assert from 'uvu/assert'
import { countBy, decode, filter, from, fromModule, map, mapAsync, pipeline, PipelineError, range, reduce, take } from 'millrace'
import * as fs from 'millrace/fs'
import { Runtime } from 'millrace/runtime'
import { mpsc, Semaphore } from 'millrace/sync'
import { collect } from 'millrace/testing'
import { suite, type Scope } from '../support/suite.ts'
import { dieAt, refuse, thread, traced, triple } from './work.ts'

const blocking = { lane: 'blocking' } as const

const folder = ({ defer }: Scope): string => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-built-'))
  defer(() => {
    rmSync(dir, { recursive: true, force: true })
  })
  return dir
}

const failure = async (run: { readonly done: Promise<unknown> }): Promise<PipelineError> => {
  const error = await run.done.then(() => undefined, (reason: unknown) => reason)
  assert.instance(error, PipelineError)
  return error as PipelineError
}

suite('built package', (it) => {
  it('is what this spec runs', () => {
    assert.match(import.meta.resolve('millrace'), /\/dist\/index\.js$/)
    assert.match(import.meta.resolve('millrace/portable'), /\/dist\/portable\.js$/)
  })

  it('can be required', () => {
    // a copy of its own where a loader compiles what is required (tsx), the same module elsewhere
    const required = createRequire(import.meta.url)('millrace') as { readonly PipelineError: unknown }
    assert.type(required.PipelineError, 'function')
  })

  it('runs small pipelines on the loop', async () => {
    assert.equal(await range(0, 10).pipe(filter((n) => n % 2 === 1), map((n) => n * n), take(3)).toArray(), [1, 9, 25])
    assert.equal(await from(['a', 'b']).pipe(mapAsync(async (s) => s.toUpperCase())).toArray(), ['A', 'B'])
  })

  it('tells the context of a run to modules that workers import', async () => {
    const rows = await range(0, 2000).pipe(map(traced, blocking)).toArray({ workers: 2, context: { trace: 't1' } })
    assert.ok(rows.every((row) => (row as unknown[])[0] === 't1'))
    assert.ok(rows.some((row) => (row as unknown[])[1] === true))
  })

  it('runs portable functions in workers, in order', async () => {
    const run = pipeline({
      tripled: range(0, 5000).pipe(map(triple, blocking)).observe(),
      threads: range(0, 5000).pipe(map(thread, blocking)).observe()
    }).run({ workers: 2 })
    const [tripled, threads] = await Promise.all([
      lastValueFrom(run.outputs.tripled.pipe(toArray())),
      lastValueFrom(run.outputs.threads.pipe(toArray()))
    ])
    await run.done
    assert.equal(tripled, Array.from({ length: 5000 }, (_, n) => n * 3))
    assert.not.ok(threads.includes(0))
  })

  it('runs inline functions with env, and functions of a module that is not loaded here, in workers', async () => {
    const inline = range(0, 1000).pipe(map((n, { add }) => n + add, { ...blocking, env: { add: 7 } }), reduce((a, b) => a + b, 0))
    assert.equal(await inline.toArray({ workers: 2 }), [499_500 + 7000])
    const work = fromModule<typeof import('./work.ts')>(new URL('./work.ts', import.meta.url))
    assert.equal(await from(['a-b', 'c']).pipe(map(work.parts, blocking)).toArray({ workers: 2 }), [['a', 'b'], ['c']])
  })

  it('reads lines, also of .gz, counts and writes', async (scope) => {
    const dir = folder(scope)
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i % 3} line ${i}`)
    writeFileSync(join(dir, 'a.log'), `${lines.join('\n')}\n`)
    writeFileSync(join(dir, 'b.log.gz'), gzipSync(lines.join('\r\n')))
    const input = fs.lines([join(dir, 'a.log'), join(dir, 'b.log.gz')])
    const run = pipeline({
      counts: input.pipe(countBy((line) => line.charAt(0), blocking)).observe(),
      out: input
        .pipe(filter((line) => line.startsWith('1 '), blocking), map((line) => ({ line }), blocking))
        .to(fs.ndjson(join(dir, 'out.ndjson')))
    }).run({ workers: 2 })
    const counts = await lastValueFrom(run.outputs.counts)
    const report = await run.done
    assert.equal([...counts].sort(), [['0', 20_000], ['1', 20_000], ['2', 20_000]])
    assert.is(report.deadLetters, 0)
    const written = readFileSync(join(dir, 'out.ndjson'), 'utf8').trimEnd().split('\n')
    assert.is(written.length, 20_000)
    assert.equal(JSON.parse(written[1]!), { line: '1 line 4' })
  })

  it('reads CSV and checks it by an io-ts codec in workers', async (scope) => {
    const dir = folder(scope)
    writeFileSync(join(dir, 'in.csv'), 'name,kind\n"Hopper, Grace",admiral\nAda,\n')
    const row = t.type({ name: t.string, kind: t.union([t.literal('admiral'), t.literal('countess')]) })
    const { outputs, deadLetters } = await collect(
      pipeline({ rows: fs.csv(join(dir, 'in.csv')).pipe(decode(row, blocking)).observe() }), { workers: 2 }
    )
    assert.equal(outputs.rows, [{ name: 'Hopper, Grace', kind: 'admiral' }])
    assert.is(deadLetters.length, 1)
  })

  it('tells what failed in a worker: stage, position and cause', async () => {
    const run = pipeline({ out: range(0, 2000).pipe(map(refuse, { ...blocking, name: 'refuse' })).observe() }).run({ workers: 2 })
    run.outputs.out.subscribe({ error: () => undefined })
    const error = await failure(run)
    assert.is(error.stage, 'refuse')
    assert.is(error.position?.index, 700)
    assert.instance(error.cause, RangeError)
  })

  it('survives the death of a worker', async () => {
    const run = pipeline({ out: range(0, 1000).pipe(map(dieAt, { ...blocking, name: 'die' })).observe() }).run({ workers: 2 })
    run.outputs.out.subscribe({ error: () => undefined })
    assert.is((await failure(run)).code, 'ERR_MILLRACE_WORKER_DIED')
    assert.equal(await range(0, 4).pipe(map(triple, blocking)).toArray({ workers: 2 }), [0, 3, 6, 9])
  })

  it('has the other doors', async ({ defer }) => {
    const runtime = Runtime.multiThread({ workers: 2 })
    defer(() => runtime.shutdown())
    const run = runtime.run(pipeline({ out: range(0, 3).pipe(map(triple, blocking)).observe() }))
    assert.equal(await lastValueFrom(run.outputs.out.pipe(toArray())), [0, 3, 6])
    await run.done
    assert.type(mpsc, 'function')
    assert.instance(new Semaphore(1), Semaphore)
  })
}, 20_000)
