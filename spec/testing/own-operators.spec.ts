/**
 * millrace's own operators in hostile weather, and random graphs of them in random orders: what the test kit asks of users' flows, asked
 * of ours. What each operator promises beyond that is in its own spec.
 */
import fc from 'fast-check'
import type { Either } from 'fp-ts/lib/Either.js'
import * as assert from 'uvu/assert'
import {
  aggregate, aggregateBy, batch, buffer, changes, count, countBy, counted, debounce, dedupe, delay, distinct, drop, dropWhile, endWith, enrich, expand, feedback,
  filter, flatMap, idleTimeout, intersperse, keyedProcess, map, mapAsync, mapState, mergeMap, pairwise, pipeline, range, reduce, scan, scanBy, session,
  sleep, slidingCount, sort, startWith, sum, switchMap, take, takeBytes, takeUntil, takeWhile, tap, throttle, toJson, topK, tumbling, window, zipWithIndex,
  type Flow
} from './doors.ts'
import { cold, simulate, verifyOperator, type Simulation, type VerifyOptions } from '../../src/testing.ts'
import { agreesWithModels, graphArb, outputsOf } from '../support/graphs.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const numbers = [5, 3, 3, 8, 1, 9, 9, 2, 7, 4, 6, 6]

type Case = readonly [name: string, flow: Flow<number, unknown> | (() => Flow<number, unknown>), more?: Partial<VerifyOptions<number, unknown>>]

const CASES: readonly Case[] = [
  ['aggregate', aggregate(sum())],
  ['aggregateBy', aggregateBy((n: number) => n % 3, count())],
  ['batch', batch({ count: 5 })],
  ['batch by weight', batch({ maxWeight: 10, weigh: (n: number) => n })],
  ['batch by time', batch({ count: 5, maxMs: 10 })],
  ['buffer', buffer({ capacity: 2 })],
  ['changes', changes()],
  ['countBy', countBy((n: number) => n % 3)],
  ['debounce', debounce({ ms: 10 })],
  ['dedupe', dedupe<number>({ maxKeys: 3 })],
  ['delay', delay({ ms: 10 })],
  ['distinct', distinct((n: number) => n)],
  ['drop', drop(3)],
  ['dropWhile', dropWhile((n: number) => n !== 8)],
  ['endWith', endWith(1, 2)],
  ['expand', expand((n: number) => (n > 7 ? [n - 5] : [])), { order: 'any' }],
  ['feedback', feedback(map((n: number): Either<number, number> => (n > 4 ? { _tag: 'Left', left: n - 3 } : { _tag: 'Right', right: n })), { capacity: 100 }), { order: 'any' }],
  ['filter', filter((n: number) => n % 2 === 0)],
  ['flatMap', flatMap((n: number) => Array.from({ length: n }, () => n))],
  ['idleTimeout', idleTimeout({ ms: 1000 })],
  ['intersperse', intersperse(0)],
  ['map', map((n: number) => n * 2)],
  ['mapAsync', mapAsync(async (n: number) => { await sleep(n); return n })],
  ['mapAsync, unordered', mapAsync(async (n: number) => { await sleep(n); return n }, { ordered: false }), { order: 'any' }],
  ['mapState', mapState({ key: (n: number) => n % 3, create: () => ({ seen: 0 }), map: (state, n: number) => [n, ++state.seen], maxKeys: 10 })],
  ['mergeMap', mergeMap((n: number) => range(0, n)), { order: 'any' }],
  ['pairwise', pairwise()],
  ['reduce', reduce((a: number, n: number) => a + n, 0)],
  ['scan', scan((a: number, n: number) => a + n, 0)],
  ['scanBy', scanBy((n: number) => n % 3, (a: number, n: number) => a + n, 0, { maxKeys: 10 })],
  ['slidingCount', slidingCount({ size: 3, every: 2 })],
  ['sort', sort()],
  ['startWith', startWith(1, 2)],
  ['take', take(4)],
  ['takeWhile', takeWhile((n: number) => n !== 9)],
  ['tap', tap(() => undefined)],
  ['throttle', throttle({ units: 1, perMs: 10 })],
  ['toJson', toJson()],
  ['topK', aggregate(topK(3, (n: number) => n))],
  ['enrich', enrich({ key: (n: number) => n, lookup: async (keys: readonly number[]) => { await sleep(5); return keys.map((key) => key * 2) }, batch: 3, maxKeys: 4 })],
  ['takeUntil', takeUntil(cold('-----x|'))],
  ['takeBytes', takeBytes(10, { weigh: (n: number) => n })],
  ['switchMap', switchMap((n: number) => [n, n]), { expected: (items) => { assert.equal(items.slice(-2), [6, 6]) } }],
  ['keyedProcess', keyedProcess({
    key: (n: number) => n % 3, at: (n: number) => n, outOfOrderMs: 4, create: () => ({ seen: 0 }), maxKeys: 10,
    process: (state, n: number, on): unknown => { on.setTimer(n + 2); return ['item', n, ++state.seen] }, onTimer: (state, { at }, on): unknown => ['timer', on.key, at, state.seen]
  })],
  ['keyedProcess by the clock', keyedProcess({
    key: (n: number) => n % 3, at: 'arrival', create: () => ({ seen: 0 }), maxKeys: 10,
    process: (state, _: number, on) => { if (++state.seen === 1) on.setTimer(1e9) }, onTimer: (state, { at }, on) => [on.key, at, state.seen, on.ended]
  })],
  ['window of time', window(tumbling({ sizeMs: 4 }), { at: (n: number) => n, outOfOrderMs: 5, aggregate: count() })],
  ['window by key', window(session({ gapMs: 1 }), { at: (n: number) => n, outOfOrderMs: 9, key: (n: number) => n % 2, aggregate: sum() })],
  ['window of items', window(counted({ count: 3 }), { aggregate: sum() })],
  ['zipWithIndex', zipWithIndex()]
]
suite('own operators', (it) => {
  for (const [name, flow, more] of CASES) {
    it(`${name} does not care how it is fed, read or moved`, async () => {
      await verifyOperator(flow, { inputs: numbers, ...more })
    })
  }

  it('random graphs give what their model says, in random orders of their tasks', async () => {
    await fc.assert(
      fc.asyncProperty(graphArb, fc.nat(2 ** 31), async (branches, own) => {
        await simulate(pipeline(outputsOf(branches), { capacity: 8 }), {
          seed: own,
          runs: 2,
          check: ({ error, outputs: came }) => {
            if (error !== undefined) throw error
            agreesWithModels(branches, came)
          }
        })
      }),
      { seed, numRuns: 30 }
    )
  })

  it('random graphs with faults end, with what was injected or without, and the same way again', async () => {
    await fc.assert(
      fc.asyncProperty(graphArb, fc.nat(2 ** 31), async (branches, own) => {
        const outputs = outputsOf(branches)
        const p = pipeline(outputs, { capacity: 8 })
        const run = (): Promise<Simulation<typeof outputs>> => simulate(p, {
          seed: own,
          runs: 2,
          faults: ['throw', 'source', 'slow', 'late', 'cancel'],
          check: ({ error }) => {
            if (error !== undefined && error.code !== 'ERR_MILLRACE_INJECTED_FAULT' && error.code !== 'ERR_MILLRACE_CANCELLED') throw error
          }
        })
        const [first, again] = [await run(), await run()]
        assert.equal(again.runs.map(({ trace }) => trace.join('\n')), first.runs.map(({ trace }) => trace.join('\n')))
      }),
      { seed, numRuns: 20 }
    )
  })
}, 60_000)
