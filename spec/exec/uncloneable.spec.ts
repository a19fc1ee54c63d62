/** An item that cannot cross threads ends the run with an error that names the stage that made it, its place, and where in it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import * as fs from '../../src/fs.ts'
import { filter, from, map, pick, range, scan, take, type PipelineError, type Source } from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const blocking = { lane: 'blocking' } as const

const failure = async (source: Source<unknown>): Promise<PipelineError> => {
  const error = await rejection(source.toArray({ workers: 2 }))
  assert.is(error.code, 'ERR_MILLRACE_NOT_CLONEABLE')
  return error
}

suite('items that cannot cross', (it) => {
  it('on the way out of the pool: the stage that made the item, its index, the path in it', async () => {
    for (const bad of [0, 700, 2999]) {
      const error = await failure(range(0, 3000).pipe(
        map((n) => n + 1, { ...blocking, name: 'first' }),
        map((n, { bad }) => (n === bad + 1 ? { n, deep: [{ call: () => n }] } : { n, deep: [] }), { ...blocking, name: 'second', env: { bad } })
      ))
      assert.equal([error.stage, error.position], ['second', { index: bad }])
      assert.ok(error.message.includes('item.deep[0].call is a function'), error.message)
    }
  })

  it('on the way to the pool: the stage or the source whose item it is', async () => {
    const items = Array.from({ length: 900 }, (_, i) => (i === 600 ? { i, s: Symbol('s') } : { i, s: 1 }))
    const here = await failure(from(items).pipe(map((x) => x, { ...blocking, name: 'there' })))
    assert.equal([here.stage, here.position], ['from', { index: 600 }])
    assert.ok(here.message.includes('item.s is a symbol'), here.message)
    const made = await failure(range(0, 900).pipe(map((i) => (i === 600 ? { i, p: [Promise.resolve(i)] } : { i, p: [] }), { lane: 'async', name: 'maker' }), map((x) => x, blocking)))
    assert.equal([made.stage, made.position], ['maker', { index: 600 }])
    assert.ok(made.message.includes('item.p[0] is a Promise'), made.message)
  })

  it('where items have been dropped on the way the index is not known, and said to be so', async () => {
    const error = await failure(range(0, 900).pipe(filter((n) => n % 2 === 0, blocking), map((n) => (n === 600 ? { f: () => n } : { f: 1 }), { ...blocking, name: 'maker' })))
    assert.equal([error.stage, error.position], ['maker', { index: -1 }])
    assert.ok(error.message.includes('item.f is a function'), error.message)
  })

  it('stages that make one item of one keep the count: pick and scan', async () => {
    const flow = range(0, 900).pipe(
      scan((sum, n) => sum + n, 0, blocking), map((sum) => ({ sum, f: sum === 3 ? () => sum : 1 }), blocking), pick('f', { ...blocking, name: 'picked' }))
    const error = await failure(flow)
    assert.equal([error.stage, error.position], ['picked', { index: 2 }])
  })

  it('in a file: its name and the line', async ({ defer }) => {
    const dir = await mkdtemp(join(tmpdir(), 'millrace-uncloneable-'))
    defer(() => rm(dir, { recursive: true }))
    const file = join(dir, 'lines.txt')
    await writeFile(file, Array.from({ length: 200_000 }, (_, i) => `line ${i + 1}`).join('\n'))
    const error = await failure(fs.lines(file).pipe(map((line) => (line === 'line 150000' ? { line, f: () => line } : { line, f: 1 }), { ...blocking, name: 'parse' })))
    assert.equal([error.stage, error.position?.file, error.position?.line], ['parse', file, 150_000])
  })

  it('a field that nobody reads may hold anything', async () => {
    const items = Array.from({ length: 400 }, (_, i) => ({ i, log: () => i }))
    assert.equal(await from(items).pipe(take(300, blocking), pick('i', blocking)).toArray({ workers: 2 }), items.slice(0, 300).map(({ i }) => ({ i })))
  })
})
