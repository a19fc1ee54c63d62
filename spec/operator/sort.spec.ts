import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { range } from '../../src/connector/memory/range.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { map } from '../../src/operator/map.ts'
import { sort, type SortOptions } from '../../src/operator/sort.ts'
import { take } from '../../src/operator/take.ts'
import { runOne, type Conditions, type Feeding, type Settled } from '../support/run-process.ts'
import { quiet } from '../support/several.ts'
import { seed } from '../support/seed.ts'
import { suite, type Scope } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

/** A directory for temporary files of its own, while a spec runs: what is left there, was left behind. */
const ownTmp = ({ defer }: Scope): string => {
  const before = process.env['TMPDIR']
  const dir = mkdtempSync(join(tmpdir(), 'millrace-sort-spec-'))
  process.env['TMPDIR'] = dir
  defer(async () => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
    for (let tries = 0; ; tries++) {
      try {
        rmSync(dir, { recursive: true, force: true })
        return
      } catch (error) {
        if (tries === 100) throw error // the loader of workers writes its cache there, but not for so long
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
  })
  return dir
}

/** What sort has left there; the loader of workers has a cache of its own in it. */
const files = (dir: string): number => readdirSync(dir, { recursive: true }).filter((name) => !String(name).startsWith('tsx-')).length

interface Row { readonly key: number, readonly came: number }

const rows = (keys: readonly number[]): readonly Row[] => keys.map((key, came) => ({ key, came }))

const inPieces = <A>(items: readonly A[], size: number): A[][] => Array.from({ length: Math.ceil(items.length / size) }, (_, k) => items.slice(k * size, k * size + size))

const sorted = (items: readonly Row[], options: Omit<SortOptions<Row>, 'by'>, feeding: Partial<Feeding> = {}, conditions?: Conditions): Promise<Settled> =>
  runOne(sort<Row>({ by: (row) => row.key, ...options }), { batches: inPieces(items, 7), ...feeding }, conditions)

suite('sort', (it) => {
  it('sorts, and keeps the order of what is equal, in memory and on disk, for any input and bound', async (scope) => {
    const dir = ownTmp(scope)
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 60 }), fc.integer({ min: 1, max: 70 }), fc.boolean(), async (keys, maxItems, down) => {
      const items = rows(keys)
      const { out, error } = await sorted(items, { maxItems, order: down ? 'descending' : 'ascending' })
      assert.is(error, undefined)
      assert.equal(out, [...items].sort((a, b) => (down ? b.key - a.key : a.key - b.key)))
      assert.is(files(dir), 0)
    }), { seed, numRuns: 40 })
  })

  it('many runs are merged in several passes, stable all the same', async (scope) => {
    const dir = ownTmp(scope)
    const items = rows(Array.from({ length: 1000 }, (_, n) => (n * 7919) % 97))
    let most = 0
    const { out, error } = await sorted(items, { maxItems: 2 }, {}, { onItem: () => { most ||= files(dir) } })
    assert.is(error, undefined)
    assert.equal(out, [...items].sort((a, b) => a.key - b.key))
    assert.ok(most <= 65, `${most} files while it is merged`)
    assert.is(files(dir), 0)
  })

  it('a hundred thousand items through a few thousand in memory', async (scope) => {
    const dir = ownTmp(scope)
    const keys = Array.from({ length: 100_000 }, (_, n) => (n * 104_729) % 100_003)
    const { out } = await runOne(sort<number>({ maxItems: 5000 }), inPieces(keys, 512))
    assert.equal(out, [...keys].sort((a, b) => a - b))
    assert.is(files(dir), 0)
  })

  it('writes nothing when all fits into memory', async (scope) => {
    const dir = ownTmp(scope)
    process.env['TMPDIR'] = join(dir, 'is not there')
    assert.equal((await runOne(sort<number>({ maxItems: 5 }), [[3, 1, 5], [2, 4]])).out, [1, 2, 3, 4, 5])
    const { error } = await runOne(sort<number>({ maxItems: 4 }), [[3, 1, 5], [2, 4]])
    assert.equal([(error as PipelineError).code, (error as PipelineError).stage], ['ERR_MILLRACE_SORT_SPILL', 'the stage'])
  })

  it('sorts by a comparator, texts, bigints, dates, booleans', async () => {
    const of = async (items: readonly unknown[], options: object = {}) => (await runOne(sort(options as SortOptions<number>), [items as number[]])).out
    assert.equal(await of(['b', 'a', 'B', '10', '9']), ['10', '9', 'B', 'a', 'b'])
    assert.equal(await of([2n, 1, 1.5, -3n]), [-3n, 1, 1.5, 2n])
    assert.equal(await of([true, false]), [false, true])
    assert.equal(await of([new Date(2), new Date(1)]), [new Date(1), new Date(2)])
    assert.equal(await of([11, 2, 30], { compare: (a: number, b: number) => (a % 10) - (b % 10) }), [30, 11, 2])
    assert.equal(await of([11, 2, 30], { compare: (a: number, b: number) => (a % 10) - (b % 10), maxItems: 1 }), [30, 11, 2])
  })

  it('what waits on disk comes back as structured clone makes it; what cannot is an error', async (scope) => {
    const dir = ownTmp(scope)
    const items = [{ n: 2, at: new Date(5), bytes: Buffer.from('b'), none: undefined }, { n: 1, at: new Date(4), bytes: Buffer.from('a'), none: undefined }]
    const { out } = await runOne(sort({ by: (x: { n: number }) => x.n, maxItems: 1 }), [items])
    assert.equal(out.map((x) => (x as { at: Date }).at), [new Date(4), new Date(5)])
    assert.ok('none' in (out[0] as object))
    const stays = await runOne(sort({ by: (x: { n: number }) => x.n, maxItems: 1 }), [[{ n: 1, f: () => 1 }, { n: 2, f: () => 2 }] as unknown as { n: number }[]])
    assert.is((stays.error as PipelineError).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(files(dir), 0)
  })

  it('removes its files when it is cancelled, when the reader leaves, when the input fails, when compare throws', async (scope) => {
    const dir = ownTmp(scope)
    const items = rows(Array.from({ length: 300 }, (_, n) => 300 - n))
    const controller = new AbortController()
    const cancelled = sorted(items, { maxItems: 10 }, { endless: true }, { signal: controller.signal })
    while (files(dir) < 5) await turn()
    controller.abort(new Error('enough'))
    assert.is(((await cancelled).error as Error).message, 'enough')
    assert.is(files(dir), 0)

    const left = await sorted(items, { maxItems: 10 }, {}, { leaveAfter: 1, onItem: () => { assert.ok(files(dir) > 5) } })
    assert.equal([left.error, files(dir)], [undefined, 0])
    const failed = await sorted(items, { maxItems: 10 }, { fails: new Error('disk') })
    assert.equal([(failed.error as Error).message, failed.out, files(dir)], ['disk', [], 0])

    let calls = 0
    const throwing = await runOne(sort<Row>({ maxItems: 10, compare: (a, b) => { if (++calls > 300) throw new Error('tired'); return a.key - b.key } }), [items])
    assert.equal([(throwing.error as Error).message, files(dir)], ['tired', 0])
  })

  it('a file that was cut meanwhile is an error, not an end', async (scope) => {
    const dir = ownTmp(scope)
    const items = rows(Array.from({ length: 3000 }, (_, n) => n))
    const controller = new AbortController()
    const { error } = await sorted(items, { maxItems: 1000 }, { batches: [...inPieces(items, 1000), []], gap: (k) => (k === 3 ? 50 : 0) }, {
      signal: controller.signal,
      onItem: () => undefined,
      slow: (k) => {
        if (k === 0) for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) if (name.includes('run-')) writeFileSync(join(dir, name), 'cut')
        return 1
      }
    })
    assert.is((error as PipelineError).code, 'ERR_MILLRACE_SORT_SPILL')
    assert.is(files(dir), 0)
  })

  it('an item whose key has no place in the order follows the policy', async () => {
    const by = (n: number): number => {
      if (n === 3) throw new Error('three')
      return n === 4 ? NaN : n === 5 ? ('5' as never) : n
    }
    for (const bad of [3, 4, 5]) {
      const failed = await runOne(sort({ by }), [[2, 1], [bad]])
      assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 2 }])
    }
    const skipped = await runOne(sort({ by, onError: 'skip', maxItems: 1 }), [[2, 3, 4, 5, 1]])
    assert.equal([skipped.out, skipped.skipped], [[1, 2], 3])
    const dead = await runOne(sort({ by, onError: 'deadLetter' }), [[2, 3, 4, 1]], { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map((l) => [l.index, l.item]), dead.mostLetters], [[1, 2], [[1, 3], [2, 4]], 1])
  })

  it('a comparator that answers no number ends it', async () => {
    for (const answer of [NaN, undefined, 'less', true]) assert.instance((await runOne(sort<number>({ compare: () => answer as never }), [[2, 1]])).error, TypeError)
  })

  it('one item, none, and an input that says nothing', async () => {
    assert.equal((await runOne(sort<number>(), [[1]])).out, [1])
    assert.equal((await runOne(sort<number>(), [])).out, [])
    assert.ok((await runOne(sort<number>(), quiet, { signal: AbortSignal.timeout(5) })).error instanceof Error)
  })

  it('in a run, behind stages that move to workers; twice from one declaration', async (scope) => {
    const dir = ownTmp(scope)
    const source = range(0, 20_000).pipe(map((n) => (n * 7919) % 20_000), sort({ maxItems: 3000 }))
    for (let i = 0; i < 2; i++) assert.equal(await source.toArray({ workers: 2 }), Array.from({ length: 20_000 }, (_, n) => n))
    assert.equal(await source.pipe(take(2)).toArray({ workers: 0 }), [0, 1])
    const run = pipeline({ out: source.observe() }).run({ workers: 0 })
    run.cancel(new Error('no'))
    await run.done.catch(() => undefined)
    assert.is(files(dir), 0)
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => sort(options as SortOptions<number>)
    verifyRefusals('sort', [
      of({ maxItems: 0 }), of({ maxItems: 1.5 }), of({ by: 1 }), of({ compare: 'x' }), of({ by: () => 1, compare: () => 1 }), of({ order: 'up' }), of({ name: '' }),
      of({ onError: { policy: 'retry', times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 0, then: 'fail' } }), () => sort(null as never)
    ])
  })
}, 20_000)

