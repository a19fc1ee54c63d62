import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { dedupe, type DedupeOptions } from '../../src/operator/dedupe.ts'
import { runFlow } from '../support/run-kernel.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyOperator, verifyPolicies, verifyRefusals } from '../support/verify-operator.ts'

/** The model: keys in the order of use, newest last, with when each was let through. */
const model = (items: readonly (readonly [number, number])[], maxKeys: number, withinMs: number): readonly (readonly [number, number])[] => {
  let kept: (readonly [number, number])[] = []
  return items.filter(([at, key]) => {
    const known = kept.find(([k]) => k === key)
    kept = kept.filter(([k]) => k !== key)
    const passes = known === undefined || at - known[1] >= withinMs
    kept.push([key, passes ? at : known[1]])
    if (kept.length > maxKeys) kept.shift()
    return passes
  })
}

suite('dedupe', (it) => {
  it('agrees with its model in any weather', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(6), { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (items, maxKeys) => {
      const { outs } = await verifyOperator(() => dedupe<number>({ maxKeys }), items)
      assert.equal(outs[0], model(items.map((n) => [0, n]), maxKeys, Infinity).map(([, n]) => n))
    }), { seed, numRuns: 100 })
  })

  it('with withinMs a key passes again when its time is over', async () => {
    const { at } = await timed(dedupe<string>({ maxKeys: 9, withinMs: 10 }), [[0, 'a'], [5, 'a'], [5, 'b'], [9, 'a'], [10, 'a'], [14, 'b'], [19, 'a'], [20, 'a']])
    assert.equal(at, [[0, 'a'], [5, 'b'], [10, 'a'], [20, 'a']])
  })

  it('with withinMs agrees with its model, for any input', async () => {
    const inputs = fc.array(fc.tuple(fc.nat(6), fc.nat(5)), { maxLength: 40 }).map((steps) => {
      let now = 0
      return steps.map(([gap, key]) => [(now += gap), key] as const)
    })
    await fc.assert(fc.asyncProperty(inputs, fc.integer({ min: 1, max: 4 }), fc.nat(20), async (items, maxKeys, withinMs) => {
      assert.equal((await timed(dedupe<number>({ maxKeys, withinMs }), items)).at, model(items, maxKeys, withinMs))
    }), { seed, numRuns: 100 })
  })

  it('compares by key; env is the last argument, by the clock too', async () => {
    const options = { maxKeys: 9, key: (s: string, { at }: { at: number }) => s[at], env: { at: 0 } }
    assert.equal((await verifyOperator(() => dedupe(options), ['ab', 'ac', 'b'])).outs[0], ['ab', 'b'])
    assert.equal((await runOne(dedupe({ ...options, withinMs: 1e6 }), [['ab', 'ac', 'b']])).out, ['ab', 'b'])
  })

  it('keys are equal as in a Map, and an object is none', async () => {
    const items = [NaN, NaN, 0, -0, 1, '1', null, undefined, null, 1n, 1n, true]
    assert.equal((await verifyOperator(() => dedupe({ maxKeys: 99, key: (x: unknown) => x as string }), items)).outs[0], [NaN, 0, 1, '1', null, undefined, 1n, true])
    assert.instance((await runFlow(dedupe({ maxKeys: 9, key: (x: unknown) => x as string }), [[{ a: 1 }]])).failure!.cause, TypeError)
    assert.is(((await runOne(dedupe({ maxKeys: 9, withinMs: 9, key: (x: unknown) => x as string }), [[{ a: 1 }]])).error as PipelineError).code, 'ERR_MILLRACE_STAGE_FAILED')
  })

  it('many keys cost no more than few', async () => {
    const batches = Array.from({ length: 20 }, (_, k) => Array.from({ length: 10_000 }, (_v, i) => k * 10_000 + i))
    const began = performance.now()
    assert.is((await runFlow(dedupe<number>({ maxKeys: 50_000 }), [...batches, ...batches.slice(-5)])).outs[0]!.length, 200_000)
    assert.ok(performance.now() - began < 10_000)
  })

  it('follows its policy when the key function throws, by the clock too', async () => {
    const key = (n: number): number => {
      if (n === 5) throw new Error('five')
      return n
    }
    await verifyPolicies((o) => dedupe({ maxKeys: 9, key, ...o }), [1, 5, 1, 2], 5, [1, 2])
    const failed = await runOne(dedupe({ maxKeys: 9, withinMs: 9, key }), [[1], [2, 5]])
    assert.equal((failed.error as PipelineError).position, { index: 2 })
    const skipped = await runOne(dedupe({ maxKeys: 9, withinMs: 1e6, key, onError: 'skip' }), [[1, 5, 1, 2]])
    assert.equal([skipped.out, skipped.skipped], [[1, 2], 1])
    const dead = await runOne(dedupe({ maxKeys: 9, withinMs: 1e6, key, onError: 'deadLetter' }), [[1, 5, 5, 2]], { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map((l) => l.index), dead.mostLetters], [[1, 2], [1, 2], 1])
  })

  it('by the clock ends when the reader leaves, when it is cancelled, when the input fails', async () => {
    const flow = dedupe<number>({ maxKeys: 9, withinMs: 9 })
    assert.equal((await runOne(flow, { batches: [[1], [2]], endless: true }, { leaveAfter: 1 })).out, [1])
    assert.ok((await runOne(flow, { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })).error instanceof Error)
    assert.is(((await runOne(flow, { batches: [[1]], fails: new Error('disk') })).error as Error).message, 'disk')
    assert.equal((await runOne(flow, [])).out, [])
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => dedupe(options as DedupeOptions<number> & { key: () => number })
    const policy = { policy: 'retry', times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 0, then: 'fail' }
    verifyRefusals('dedupe', [
      of({}), of({ maxKeys: 0 }), of({ maxKeys: 1.5 }), of({ maxKeys: 1, key: 3 }), of({ maxKeys: 1, withinMs: -1 }), of({ maxKeys: 1, name: '' }),
      of({ maxKeys: 1, withinMs: 1, lane: 'blocking' }), of({ maxKeys: 1, withinMs: 1, onError: policy }), () => dedupe(null as never)
    ])
  })
}, 15_000)
