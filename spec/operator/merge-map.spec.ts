import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { from } from '../../src/connector/memory/from.ts'
import { interval } from '../../src/connector/memory/interval.ts'
import { range } from '../../src/connector/memory/range.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { filter } from '../../src/operator/filter.ts'
import { map } from '../../src/operator/map.ts'
import { mergeMap, type MergeMapOptions } from '../../src/operator/merge-map.ts'
import { take } from '../../src/operator/take.ts'
import { zip } from '../../src/operator/zip.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

/** An asynchronous stream of so many items, a few turns apart, that writes down what becomes of it. */
const slowly = (log: string[], n: number, count: number, gap = 1) => async function* () {
  log.push(`+${n}`)
  try {
    for (let k = 0; k < count; k++) {
      for (let t = 0; t < gap; t++) await turn()
      yield n * 100 + k
    }
  } finally {
    log.push(`-${n}`)
  }
}

/** A stream that says nothing until its signal tells it to stop. */
const silent = (log: string[]) => (n: number, { signal }: { signal: AbortSignal }): AsyncIterable<number> => ({
  [Symbol.asyncIterator]: () => ({
    next: () => new Promise((resolve) => {
      signal.addEventListener('abort', () => { log.push(`stopped ${n}`); resolve({ done: true, value: undefined }) })
    }),
    return: async () => { log.push(`closed ${n}`); return Promise.resolve({ done: true as const, value: undefined }) }
  })
})

suite('mergeMap', (it) => {
  it('emits all items of all streams, each in its order, for any input and reader', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(4), { maxLength: 3 }), { maxLength: 4 }), fc.boolean(), fc.integer({ min: 1, max: 3 }), fc.func(fc.nat(2)), async (batches, sync, concurrency, slow) => {
        let n = 0
        const numbered = batches.map((batch) => batch.map((count) => ({ n: n++, count })))
        const log: string[] = []
        const flow = mergeMap(({ n: k, count }: { n: number, count: number }) => (sync ? Array.from({ length: count }, (_, i) => k * 100 + i) : slowly(log, k, count)()), { concurrency })
        const { out, error } = await runOne(flow, { batches: numbered }, { slow })
        assert.is(error, undefined)
        const all = numbered.flat()
        for (const { n: k, count } of all) assert.equal((out as number[]).filter((x) => Math.floor(x / 100) === k), Array.from({ length: count }, (_, i) => k * 100 + i))
        assert.is(out.length, all.reduce((sum, { count }) => sum + count, 0))
        if (concurrency === 1) assert.equal(out, [...(out as number[])].sort((a, b) => a - b))
      }),
      { seed, numRuns: 80 }
    )
  })

  it('ordered: all items of all streams in the order of the input, for any input and reader, no more ahead than was said', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.record({ count: fc.nat(5), gap: fc.nat(2), sync: fc.boolean() }), { maxLength: 3 }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), fc.func(fc.nat(2)),
        async (batches, concurrency, prefetch, slow) => {
          let n = 0
          const numbered = batches.map((batch) => batch.map((each) => ({ n: n++, ...each })))
          const flow = mergeMap(
            ({ n: k, count, gap, sync }: typeof numbered[number][number]) => (sync ? Array.from({ length: count }, (_, i) => k * 100 + i) : slowly([], k, count, gap)()),
            { concurrency, prefetch, ordered: true }
          )
          const { out, error } = await runOne(flow, { batches: numbered }, { slow })
          assert.is(error, undefined)
          assert.equal(out, numbered.flat().flatMap(({ n: k, count }) => Array.from({ length: count }, (_, i) => k * 100 + i)))
        }
      ),
      { seed, numRuns: 100 }
    )
  })

  it('ordered: reads `concurrency` streams, and `prefetch` items of those that wait', async () => {
    const read: number[] = []
    let go: () => void = () => undefined
    const first = new Promise<void>((resolve) => { go = resolve })
    const inner = async function* (n: number) {
      if (n === 0) await first
      for (let k = 0; k < 20; k++) {
        read[n] = k + 1
        yield n * 100 + k
        await turn()
      }
    }
    const running = runOne(mergeMap(inner, { ordered: true, concurrency: 3, prefetch: 4 }), [[0, 1, 2, 3]])
    for (let i = 0; i < 100; i++) await turn()
    assert.equal(read, [, 4, 4]) // eslint-disable-line no-sparse-arrays -- the first has read nothing
    go()
    const { out } = await running
    assert.equal(out, [0, 1, 2, 3].flatMap((n) => Array.from({ length: 20 }, (_, k) => n * 100 + k)))
  })

  it('ordered: a failure waits for its turn, and what its stream has emitted stays', async () => {
    const inner = async function* (n: number) {
      if (n === 0) for (let i = 0; i < 20; i++) await turn()
      yield n * 10
      if (n === 1) throw new Error('bad 1')
      yield n * 10 + 1
    }
    const fails = await runOne(mergeMap(inner, { ordered: true }), [[0, 1, 2]])
    assert.is((fails.error as PipelineError).position?.index, 1)
    const skips = await runOne(mergeMap(inner, { ordered: true, onError: 'skip' }), [[0, 1, 2]])
    assert.equal([skips.out, skips.skipped], [[0, 1, 10, 20, 21], 1])
    const letters = await runOne(mergeMap(inner, { ordered: true, onError: 'deadLetter' }), [[1, 0, 1, 1, 2]], { slowLetters: 3 })
    assert.equal([letters.out, letters.letters.map((l) => l.index), letters.mostLetters], [[10, 0, 1, 10, 10, 20, 21], [0, 2, 3], 1])
    const stops = await runOne(mergeMap(inner, { ordered: true, onError: 'stop' }), [[0, 1, 2]])
    assert.equal([stops.out, stops.stops.map((s) => [s.item, s.index])], [[0, 1, 10], [[1, 1]]])
  })

  it('ordered: leaves the streams that are read ahead when nobody reads any more', async () => {
    const log: string[] = []
    const { out } = await runOne(mergeMap((n: number) => (n === 0 ? from([7, 8]) : silent(log)(n, { signal: new AbortController().signal })), { ordered: true, concurrency: 3 }), { batches: [[0, 1, 2]], endless: true }, { leaveAfter: 1 })
    assert.ok(out.length >= 1)
    assert.equal(log.sort(), ['closed 1', 'closed 2'])
  })

  it('reads no more streams at a time than was said', async () => {
    let now = 0
    let most = 0
    const flow = mergeMap(async function* (n: number) {
      most = Math.max(most, ++now)
      await turn()
      yield n
      await turn()
      now--
    }, { concurrency: 3 })
    assert.is((await runOne(flow, [[1, 2, 3, 4, 5, 6, 7, 8]])).out.length, 8)
    assert.is(most, 3)
  })

  it('with concurrency 1 one follows the other', async () => {
    const log: string[] = []
    assert.equal((await runOne(mergeMap((n: number) => slowly(log, n, 2)(), { concurrency: 1 }), [[1, 2]])).out, [100, 101, 200, 201])
    assert.equal(log, ['+1', '-1', '+2', '-2'])
  })

  it('sources are runs of their own', async () => {
    const source = range(1, 4).pipe(mergeMap((n) => range(0, n).pipe(map((k) => n * 10 + k, { lane: 'async' })), { concurrency: 2 }))
    assert.equal((await source.toArray({ workers: 0 })).sort(), [10, 20, 21, 30, 31, 32])
  })

  it('a reader that leaves stops the sources inside', async () => {
    const source = from([1]).pipe(mergeMap(() => interval(1)), take(3))
    assert.equal(await source.toArray({ workers: 0 }), [0, 1, 2])
  })

  it('a stream that goes on is no deadlock, though as many items have left its stage as came in', async () => {
    const numbers = range(0, 1_000_000)
    const late = numbers.pipe(
      filter((n) => n === 0),
      mergeMap(async function* () {
        yield 'a'
        await new Promise((resolve) => setTimeout(resolve, 1600)) // longer than the watch waits
        yield 'b'
      })
    )
    assert.equal(await zip(late, numbers).pipe(take(2)).toArray({ workers: 0 }), [['a', 0], ['b', 1]])
  })

  it('one that has ended is: the run says that it waits for itself', async () => {
    const numbers = range(0, 1_000_000)
    const rows = zip(numbers.pipe(filter((n) => n === 0), mergeMap(() => ['a', 'b'])), numbers)
    const error: unknown = await rows.toArray({ workers: 0 }).catch((reason: unknown) => reason)
    assert.is((error as PipelineError).code, 'ERR_MILLRACE_GRAPH_INVALID')
  })

  it('endless iterables are read as far as they are wanted', async () => {
    let closed = 0
    const flow = mergeMap(function* (n: number) {
      try {
        for (;;) yield n
      } finally {
        closed++
      }
    })
    const { out, error } = await runOne(flow, { batches: [[1, 2]], endless: true }, { leaveAfter: 100 })
    assert.equal([error, new Set(out), closed], [undefined, new Set([1, 2]), 2])
  })

  it('when it is cancelled, its streams are told and closed', async () => {
    const log: string[] = []
    const { error } = await runOne(mergeMap(silent(log)), { batches: [[1, 2]], endless: true }, { signal: AbortSignal.timeout(10) })
    assert.is((error as Error).name, 'TimeoutError')
    assert.equal(log.sort(), ['closed 1', 'closed 2', 'stopped 1', 'stopped 2'])
  })

  it('a stream that does not close is left alone after a moment', async () => {
    const deaf = (): AsyncIterable<number> => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: () => new Promise(() => undefined) }) })
    const began = performance.now()
    await runOne(mergeMap(deaf), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.ok(performance.now() - began < 5000)
  })

  it('what fails follows the policy: the function, the stream in the middle, an answer that is no stream', async () => {
    const fn = (n: number): AsyncIterable<number> | readonly number[] => {
      if (n === 3) throw new Error('three')
      if (n === 4) return (async function* () { await turn(); yield 40; throw new Error('four') })()
      if (n === 5) return (function* () { yield 50; throw new Error('five') })() as never
      return n === 6 ? (Promise.resolve([6]) as never) : n === 7 ? ('seven' as never) : [n]
    }
    for (const bad of [3, 4, 5, 6, 7]) {
      const failed = await runOne(mergeMap(fn), [[1, 2], [bad]])
      assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 2 }])
    }
    const skipped = await runOne(mergeMap(fn, { onError: 'skip' }), [[1, 3, 4, 5, 6, 7, 2]])
    assert.equal([[...skipped.out].sort(), skipped.skipped], [[1, 2, 40, 50], 5])
    const dead = await runOne(mergeMap(fn, { onError: 'deadLetter' }), [[1, 3, 4, 5, 6, 2]], { slowLetters: 2 })
    assert.equal([[...dead.out].sort(), dead.letters.map((l) => l.item).sort(), dead.mostLetters], [[1, 2, 40, 50], [3, 4, 5, 6], 1])
  })

  it('no item, no stream, empty streams, an input that fails', async () => {
    assert.equal((await runOne(mergeMap(() => [1]), [])).out, [])
    assert.equal((await runOne(mergeMap(() => []), [[1, 2]])).out, [])
    const failed = await runOne(mergeMap((n: number) => [n]), { batches: [[1]], fails: new Error('disk') })
    assert.is((failed.error as Error).message, 'disk')
  })

  it('a stage that fails in a source inside fails the run outside, with the cause', async () => {
    const source = from([1]).pipe(mergeMap(() => range(0, 3).pipe(map((k) => { if (k === 1) throw new Error('inside'); return k }, { lane: 'async' })), { name: 'outer' }))
    const error: unknown = await pipeline({ out: source.observe() }).run({ workers: 0 }).done.catch((reason: unknown) => reason)
    assert.is((error as PipelineError).stage, 'outer')
    assert.match((error as PipelineError).message, /inside/)
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => mergeMap(() => [], options as MergeMapOptions)
    verifyRefusals('mergeMap', [() => mergeMap([] as never), of({ concurrency: 0 }), of({ concurrency: 1.5 }), of({ name: '' }), of({ onError: 'lose' }), of({ ordered: 'yes' }), of({ ordered: true, prefetch: 0 })])
  })
}, 15_000)
