import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import '../../src/exec/pipeline.ts' // it loads the executor
import { forEach } from '../../src/connector/memory/for-each.ts'
import { range } from '../../src/connector/memory/range.ts'
import { PipelineError } from '../../src/error/pipeline-error.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { circuitBreaker } from '../../src/operator/circuit-breaker.ts'
import { mapAsync } from '../../src/operator/map-async.ts'
import { retry } from '../../src/operator/retry.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { jumping } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const never = (): Promise<never> => new Promise(() => undefined)

suite('mapAsync with a fallback', (it) => {
  it('answers, in its place, for an item that would fail the run: any items, orders, latencies, ways to answer', async () => {
    const item = fc.record({ id: fc.nat(1000), latency: fc.integer({ min: -1, max: 4 }), bad: fc.boolean(), late: fc.boolean() })
    await fc.assert(fc.asyncProperty(fc.array(item, { maxLength: 12 }), fc.integer({ min: 1, max: 4 }), fc.boolean(), fc.boolean(), async (items, concurrency, ordered, tries) => {
      const calls = new Map<object, number>()
      const fn = async (x: typeof items[number]): Promise<number> => {
        calls.set(x, (calls.get(x) ?? 0) + 1)
        for (let i = 0; i < x.latency; i++) await turn()
        if (x.bad) throw new Error(`bad ${x.id}`)
        return x.id
      }
      const atOnce = (x: typeof items[number]): number | Promise<number> => {
        if (x.latency >= 0) return fn(x)
        calls.set(x, (calls.get(x) ?? 0) + 1)
        if (x.bad) throw new Error(`bad ${x.id}`)
        return x.id
      }
      const fallback = (x: typeof items[number], error: unknown): number | Promise<number> => {
        assert.is((error as Error).message, `bad ${x.id}`)
        return x.late ? turn(-x.id) : -x.id
      }
      const options = { concurrency, ordered, fallback, ...(tries ? { onError: retry({ times: 2, initialMs: 0 }) } : {}) }
      const { out, error } = await runOne(mapAsync(atOnce, options), [items])
      const want = items.map((x) => (x.bad ? -x.id : x.id))
      assert.is(error, undefined)
      assert.equal(ordered ? out : [...out].sort(), ordered ? want : [...want].sort())
      for (const x of items) assert.is(calls.get(x), x.bad && tries ? 3 : 1)
    }), { seed, numRuns: 100 })
  })

  it('is not asked for items that are skipped or set aside, by onError, decide or a circuit', async () => {
    const fn = (n: number): Promise<number> => Promise.reject(new Error(String(n)))
    const skipped = await runOne(mapAsync(fn, { onError: 'skip', fallback: () => 7 }), [[0]])
    assert.equal([skipped.out, skipped.skipped], [[], 1])
    const decided = await runOne(mapAsync(fn, { fallback: () => 7, onError: retry({ times: 1, decide: (error) => ((error as Error).message === '0' ? 'deadLetter' : 'fail') }) }), [[0, 1]])
    assert.equal([decided.out, decided.letters.map((l) => l.item)], [[7], [0]])
    const circuit = circuitBreaker({ failures: 1 })
    const open = await runOne(mapAsync(circuit.around(fn), { concurrency: 1, fallback: (n: number, error) => `${n} ${String((error as { code?: unknown }).code)}` as never }), [[0, 1]])
    assert.equal(open.out, ['0 undefined', '1 ERR_MILLRACE_CIRCUIT_OPEN'])
  })

  it('what it throws or rejects with, or a call of it that takes too long, fails the run; it is asked once', async () => {
    let asked = 0
    for (const fallback of [(): never => { asked++; throw new RangeError('other') }, (): Promise<never> => { asked++; return Promise.reject(new RangeError('other')) }]) {
      const { error } = await runOne(mapAsync(() => { throw new Error('first') }, { fallback, onError: retry({ times: 2, initialMs: 0 }) }), [[5]])
      assert.instance((error as PipelineError).cause, RangeError)
      assert.is((error as PipelineError).position?.index, 0)
    }
    const { error } = await jumping(() => runOne(mapAsync(never, { timeoutMs: 10, fallback: () => { asked++; return never() } }), [[5]]))
    assert.equal([(error as PipelineError).code, asked], ['ERR_MILLRACE_TIMEOUT', 3])
  })

  it('a run that is cancelled does not wait for it; it is told', async () => {
    let told = false
    const controller = new AbortController()
    const fallback = (_: number, __: unknown, { signal }: { signal: AbortSignal }): Promise<never> => { signal.addEventListener('abort', () => { told = true }); return never() }
    const run = runOne(mapAsync((_: number): Promise<never> => Promise.reject(new Error('no')), { fallback }), { batches: [[1]], endless: true }, { signal: controller.signal })
    for (let i = 0; i < 5; i++) await turn()
    controller.abort(new Error('enough'))
    assert.equal([((await run).error as Error).message, told], ['enough', true])
  })

  it('how often it was asked is a gauge of the stage', async () => {
    const fn = async (n: number): Promise<number> => { if (n % 4 === 0) throw new Error('no'); return n }
    const report = await pipeline({ out: range(0, 100).pipe(mapAsync(fn, { name: 'ask', fallback: () => -1 })).to(forEach(() => undefined)) }).run({ workers: 0 }).done
    const { gauges, in: entered, out } = report.stages.find((s) => s.name === 'ask')!
    assert.equal([gauges, entered, out], [{ fallbacks: 25 }, 100, 100])
  })

  it('refuses what is no function', () => {
    verifyRefusals('mapAsync', [() => mapAsync((n: number) => n, { fallback: 1 as never })])
  })
}, 10_000)
