import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { range } from '../../src/connector/memory/range.ts'
import { conflate, type ConflateOptions } from '../../src/operator/conflate.ts'
import { mapAsync } from '../../src/operator/map-async.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const sum = (a: number, b: number): number => a + b
const alone = (n: number): number[] => [n]
const push = (list: number[], n: number): number[] => [...list, n]

suite('conflate', (it) => {
  it('combines what comes while the reader is busy', async () => {
    const items = [[0, 1], [1, 2], [2, 3], [12, 4], [30, 5]] as const
    assert.equal((await timed(conflate(sum), items, {}, { slowMs: () => 10 })).at, [[0, 1], [10, 5], [20, 4], [30, 5]])
  })

  it('a reader that keeps up gets every batch', async () => {
    assert.equal((await timed(conflate(alone, push), [[0, 1], [1, 2], [1, 3], [2, 4]])).at, [[0, [1]], [1, [2, 3]], [2, [4]]])
  })

  it('loses no item and keeps the order, for any input and reader', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(9), { maxLength: 6 }), { maxLength: 6 }), fc.func(fc.nat(3)), fc.func(fc.nat(3)), fc.option(fc.integer({ min: 1, max: 4 })),
        async (batches, gap, slow, max) => {
          const { out, error } = await runOne(conflate(alone, push, { maxCount: max ?? undefined }), { batches, gap }, { slow })
          assert.equal([(out as number[][]).flat(), error], [batches.flat(), undefined])
          if (max !== null) assert.ok((out as number[][]).every((list) => list.length <= max))
        }
      ),
      { seed, numRuns: 100 }
    )
  })

  it('with maxCount the input waits when so many have been combined', async () => {
    const many = Array.from({ length: 50 }, (_, n) => [n])
    const { pulled, pushes } = await runOne(conflate(sum, { maxCount: 3 }), { batches: many, endless: true }, { slow: () => 3000, signal: AbortSignal.timeout(20) })
    // what has been sent, what is held, and one batch at hand: a busy machine may let the reader take more than once
    assert.ok(pulled[0]! <= 3 * pushes.length + 3 + 1, `${pulled[0]} items read, ${pushes.length} sent`)
    assert.ok(pulled[0]! < 50)
  })

  it('in a run, the reader that takes one at a time gets what is newest', async () => {
    let free = (): void => undefined
    const seen: number[] = []
    const source = range(0, 100_000).pipe(
      conflate((_, n) => n),
      mapAsync(async (n) => {
        seen.push(n)
        if (seen.length === 1) await new Promise<void>((resolve) => { free = resolve; setTimeout(free, 50) })
      }, { concurrency: 1 })
    )
    await pipeline({ out: source.observe() }).run({ workers: 0 }).done
    assert.is(seen.at(-1), 99_999)
    assert.ok(seen.length < 30, `${seen.length}`)
  })

  it('an item that cannot be combined follows the policy and leaves what is held', async () => {
    const strict = (a: number, b: number): number => {
      if (b === 3) throw new Error('three')
      return a + b
    }
    const failed = await runOne(conflate(strict), [[1, 2, 3]])
    assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 2 }])
    const skipped = await runOne(conflate(strict, { onError: 'skip' }), [[1, 3, 2]])
    assert.equal([skipped.out, skipped.skipped], [[3], 1])
    const dead = await runOne(conflate(strict, { onError: 'deadLetter' }), [[1, 3, 3, 2]], { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map((l) => [l.index, l.item]), dead.mostLetters], [[3], [[1, 3], [2, 3]], 1])
    const first = await runOne(conflate((n: number) => { if (n === 1) throw new Error('one'); return n }, sum, { onError: 'skip' }), [[1, 2, 3]])
    assert.equal([first.out, first.skipped], [[5], 1])
  })

  it('one item, none, undefined', async () => {
    assert.equal((await runOne(conflate(sum), [[7]])).out, [7])
    assert.equal((await runOne(conflate(sum), [])).out, [])
    assert.equal((await runOne(conflate<undefined>((a) => a), [[undefined, undefined]])).out, [undefined])
  })

  it('ends when the reader leaves, when it is cancelled, when the input fails', async () => {
    const left = await runOne(conflate(sum), { batches: [[1]], endless: true }, { leaveAfter: 1, slow: () => 2 })
    assert.equal([left.error, left.out], [undefined, [1]])
    const cancelled = await runOne(conflate(sum), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.equal([cancelled.out, (cancelled.error as Error).name], [[1], 'TimeoutError'])
    const failed = await runOne(conflate(sum), { batches: [[1]], gap: () => 2, fails: new Error('disk') })
    assert.equal([failed.out, (failed.error as Error).message], [[1], 'disk'])
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => conflate(sum, options as ConflateOptions)
    verifyRefusals('conflate', [
      () => conflate(undefined as never), of({ maxCount: 0 }), of({ maxCount: 1.5 }), () => conflate(3 as never, sum), of({ name: '' }),
      of({ onError: { policy: 'retry', times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 0, then: 'fail' } })
    ])
  })
}, 15_000)
