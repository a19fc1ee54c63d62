/** forEach and forEachTaskEither as sinks that call a service: several at a time, with a policy, a timeout, a circuit. */
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as assert from 'uvu/assert'
import {
  adaptive, circuitBreaker, forEach, from, pipeline, range, retry, type DeadLetter, type Report, type Sink
} from '../../src/index.ts'
import { forEachTaskEither } from '../../src/fp-ts.ts'
import { codeThrown, rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const later = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const settled = async (size: number, sink: Sink<number, number>): Promise<{ readonly report: Report; readonly letters: readonly DeadLetter[] }> => {
  const letters: DeadLetter[] = []
  const run = pipeline({ out: range(0, size).to(sink) }).run({ workers: 0 })
  run.deadLetters.subscribe((letter) => letters.push(letter))
  return { report: await run.done, letters }
}

suite('forEach with calls', (it) => {
  it('has no more calls in flight than it may, and all of them when it may', async () => {
    for (const concurrency of [1, 3, 8]) {
      let now = 0
      let most = 0
      const { report } = await settled(60, forEach(async () => { most = Math.max(most, ++now); await later(); await later(); now-- }, { concurrency }))
      assert.is(most, concurrency)
      assert.is(report.results['out'], 60)
    }
  })

  it('answers 0 for nothing, 1 for one', async () => {
    for (const size of [0, 1]) assert.is((await settled(size, forEach(() => undefined, { concurrency: 2 }))).report.results['out'], size)
  })

  it('answers how many items were done, and does with the others what the policy says', async () => {
    const tries = new Map<number, number>()
    const flaky = async (n: number): Promise<void> => {
      tries.set(n, (tries.get(n) ?? 0) + 1)
      await later()
      if (n % 10 === 3 || (n % 10 === 5 && tries.get(n) === 1)) throw new Error(`bad ${n}`)
    }
    const { report, letters } = await settled(40, forEach(flaky, { name: 'send', concurrency: 4, onError: retry({ times: 1, initialMs: 0, then: 'deadLetter' }) }))
    assert.is(report.results['out'], 36)
    assert.equal(letters.map(({ stage, item, attempts }) => [stage, item, attempts]).sort(), [3, 13, 23, 33].map((n) => ['send', n, 2]).sort())
    assert.is(report.stages.find((s) => s.name === 'send')!.deadLetters, 4)
    const skipped = await settled(40, forEach(flaky, { onError: 'skip' }))
    assert.is(skipped.report.results['out'], 36)
    const seen: number[] = []
    const stopped = await settled(40, forEach((n) => { if (n === 7) throw new Error('bad'); seen.push(n) }, { name: 'send', onError: 'stop' }))
    assert.equal(seen, [0, 1, 2, 3, 4, 5, 6])
    assert.is(stopped.report.results['out'], 7)
    assert.is(stopped.report.stages.find((s) => s.name === 'send')!.stopped?.item, 7)
  })

  it('ends the run when the policy is to fail, with stage, position and cause, and tells the other calls', async () => {
    let told = 0
    const fn = async (n: number, { signal }: { signal: AbortSignal }): Promise<void> => {
      if (n === 2) { await later(); throw new RangeError('bad') }
      await new Promise((_, reject) => { signal.addEventListener('abort', () => { told++; reject(new Error('told')) }) })
    }
    const error = await rejection(pipeline({ out: range(0, 100).to(forEach(fn, { name: 'send', concurrency: 3 })) }).run({ workers: 0 }).done)
    assert.equal([error.code, error.stage, error.position?.index, (error.cause as Error).name], ['ERR_MILLRACE_STAGE_FAILED', 'send', 2, 'RangeError'])
    assert.is(told, 2)
  })

  it('takes too long by timeoutMs, falls back, and says how often', async () => {
    const never = (): Promise<never> => new Promise(() => undefined)
    const gone: unknown[] = []
    const sink = forEach<number>((n) => (n === 1 ? never() : undefined), {
      name: 'send', timeoutMs: 20, fallback: (n, error) => { gone.push([n, (error as { code?: unknown }).code]) }
    })
    const { report } = await settled(3, sink)
    assert.equal(gone, [[1, 'ERR_MILLRACE_TIMEOUT']])
    assert.is(report.results['out'], 3)
    assert.is(report.stages.find((s) => s.name === 'send')!.gauges!['fallbacks'], 1)
  })

  it('shows the gauges of a circuit and of a limit that adapts', async () => {
    const circuit = circuitBreaker({ failures: 1 })
    const sink = forEach(circuit.around(async (n: number) => { await later(); if (n === 0) throw new Error('down') }), { name: 'send', concurrency: adaptive({ max: 4 }), onError: 'skip' })
    const { report } = await settled(10, sink)
    const { gauges, skipped } = report.stages.find((s) => s.name === 'send')!
    assert.is(skipped, 10)
    assert.equal([gauges!['circuit'], gauges!['inFlight']], ['open', 0])
    assert.type(gauges!['concurrency'], 'number')
  })

  it('is cancelled while calls never answer', async () => {
    const run = pipeline({ out: from((function* () { for (let n = 0; ; n++) yield n })()).to(forEach(() => new Promise(() => undefined), { concurrency: 2 })) }).run({ workers: 0 })
    run.outputs.out.subscribe({ error: () => undefined })
    setImmediate(() => { run.cancel(new Error('enough')) })
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
  })

  it('refuses options that make no sense', () => {
    const fn = (): undefined => undefined
    for (const options of [{ concurrency: 0 }, { concurrency: 'many' }, { concurrency: {} }, { timeoutMs: 0 }, { onError: 'ignore' }, { fallback: 7 }]) {
      assert.is(codeThrown(() => forEach(fn, options as never)), 'ERR_MILLRACE_ARGUMENT', JSON.stringify(options))
    }
  })

  it('without such options gives the item and nothing else, as before', async () => {
    const seen: unknown[][] = []
    await settled(2, forEach((...args: unknown[]) => { seen.push(args) }))
    assert.equal(seen, [[0], [1]])
  })
})

suite('forEachTaskEither with calls', (it) => {
  it('a Left is a failure that the policy handles', async () => {
    const save = (n: number) => (n % 4 === 1 ? TE.left(`no ${n}`) : TE.right(n))
    const { report, letters } = await settled(12, forEachTaskEither(save, { name: 'save', concurrency: 3, onError: 'deadLetter' }))
    assert.is(report.results['out'], 9)
    assert.equal(letters.map(({ item, cause }) => [item, cause]), [1, 5, 9].map((n) => [n, `no ${n}`]))
  })

  it('gives the signal of the call', async () => {
    const signals: boolean[] = []
    const save = (_: number, { signal }: { signal: AbortSignal }) => TE.fromIO(() => { signals.push(signal instanceof AbortSignal) })
    await settled(2, forEachTaskEither(save, { timeoutMs: 1000 }))
    assert.equal(signals, [true, true])
  })

  it('without such options a Left ends the run as the sink\'s failure', async () => {
    const error = await rejection(pipeline({ out: range(0, 3).to(forEachTaskEither(() => TE.left('no'))) }).run({ workers: 0 }).done)
    assert.equal([error.code, error.cause], ['ERR_MILLRACE_SINK_FAILED', 'no'])
  })
})
