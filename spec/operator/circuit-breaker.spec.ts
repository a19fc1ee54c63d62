import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import '../../src/exec/pipeline.ts' // it loads the executor
import { forEach } from '../../src/connector/memory/for-each.ts'
import { range } from '../../src/connector/memory/range.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { circuitBreaker, type CircuitBreakerOptions, type CircuitState } from '../../src/operator/circuit-breaker.ts'
import { mapAsync, type MapAsyncOptions } from '../../src/operator/map-async.ts'
import { retry } from '../../src/operator/retry.ts'
import { clock } from '../../src/prelude/clock.ts'
import { rejection } from '../support/attempt.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { jumping, timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock().at(clock().now() + ms, resolve))

/** What a call came to: its answer, or the code or message that it was refused with. */
const told = async (call: () => unknown): Promise<unknown> => {
  try {
    return await call()
  } catch (error) {
    return codeOf(error) ?? (error as Error).message
  }
}

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

const OPEN = 'ERR_MILLRACE_CIRCUIT_OPEN'

suite('circuitBreaker', (it) => {
  it('agrees with the model: any failures, pauses and settings, call after call', async () => {
    const step = fc.record({ ok: fc.boolean(), pause: fc.constantFrom(0, 5, 10, 20), sync: fc.boolean() })
    const settings = fc.record({ failures: fc.integer({ min: 1, max: 3 }), halfOpen: fc.integer({ min: 1, max: 3 }) })
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 30 }), settings, async (steps, { failures, halfOpen }) => {
      await jumping(async () => {
        let state: CircuitState = 'closed'
        let [row, passed, until] = [0, 0, 0]
        const circuit = circuitBreaker({ failures, halfOpen, resetMs: 10 })
        const call = circuit.around((ok: boolean | 'sync'): unknown => {
          if (ok === 'sync') return 'at once'
          return ok ? Promise.resolve('later') : Promise.reject(new Error('no'))
        })
        for (const { ok, pause, sync } of steps) {
          if (pause > 0) await sleep(pause)
          const got = await told(() => call(ok && sync ? 'sync' : ok))
          if (state === 'open' && clock().now() >= until) [state, passed] = ['half-open', 0]
          if (state === 'open') assert.is(got, OPEN)
          else {
            assert.is(got, !ok ? 'no' : sync ? 'at once' : 'later')
            if (!ok && (state === 'half-open' || ++row >= failures)) [state, row, until] = ['open', 0, clock().now() + 10]
            else if (ok) {
              row = 0
              if (state === 'half-open' && ++passed >= halfOpen) state = 'closed'
            }
          }
          assert.is(circuit.state, state)
        }
      })
    }), { seed, numRuns: 100 })
  })

  it('half-open it lets so many calls through at a time, and closes when all have succeeded; one that fails opens it again', async () => {
    await jumping(async () => {
      const circuit = circuitBreaker({ failures: 1, resetMs: 100, halfOpen: 2 })
      const ends: ((ok: boolean) => void)[] = []
      const call = circuit.around(() => new Promise<string>((resolve, reject) => ends.push((ok) => { if (ok) resolve('up'); else reject(new Error('down')) })))
      const calls = [told(() => call(0))]
      ends[0]!(false)
      await Promise.all(calls)
      assert.equal([circuit.state, circuit.opened], ['open', 1])
      await sleep(99)
      assert.is(await told(() => call(0)), OPEN)
      await sleep(1)
      assert.is(circuit.state, 'half-open')
      const probes = [told(() => call(0)), told(() => call(0)), told(() => call(0))]
      assert.is(await probes[2], OPEN)
      ends[1]!(true)
      await probes[0]
      assert.is(circuit.state, 'half-open')
      ends[2]!(false)
      await probes[1]
      assert.equal([circuit.state, circuit.opened], ['open', 2])
      await sleep(100)
      const again = [told(() => call(0)), told(() => call(0))]
      ends[3]!(true)
      ends[4]!(true)
      assert.equal([await Promise.all(again), circuit.state, ends.length], [['up', 'up'], 'closed', 5])
    })
  })

  it('a call of an earlier state is not heard', async () => {
    await jumping(async () => {
      const circuit = circuitBreaker({ failures: 1, resetMs: 100 })
      let fail: (error: Error) => void = () => undefined
      const call = circuit.around((how: 'slow' | 'bad' | 'good') =>
        how === 'slow' ? new Promise<string>((_, reject) => { fail = reject }) : how === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve('good'))
      const slow = told(() => call('slow'))
      await told(() => call('bad'))
      await sleep(100)
      assert.is(await told(() => call('good')), 'good')
      fail(new Error('very late'))
      await slow
      assert.equal([circuit.state, circuit.opened], ['closed', 1])
    })
  })

  it("wait: items wait in order while what is called is down, and all are answered; it is hardly called meanwhile", async () => {
    for (const [concurrency, ordered] of [[1, true], [4, true], [4, false]] as const) {
      let calls = 0
      const circuit = circuitBreaker({ failures: 3, resetMs: 1000, whenOpen: 'wait' })
      const service = circuit.around(async (n: number): Promise<number> => {
        calls++
        await sleep(10)
        if (clock().now() < 10_000) throw new Error('down')
        return n
      })
      const items = Array.from({ length: 20 }, (_, n) => [0, n] as const)
      const { out, error, ended } = await timed(mapAsync(service, { concurrency, ordered, onError: retry({ times: 100, initialMs: 1, jitter: 0, maxMs: 50 }) }), items)
      assert.is(error, undefined)
      assert.equal(ordered ? out : [...out].sort((a, b) => (a as number) - (b as number)), items.map(([, n]) => n))
      assert.ok(calls <= 20 + 12 + concurrency + 3, `${calls} calls`)
      assert.ok(ended >= 10_000 && ended < 12_000, String(ended))
    }
  })

  it('fail asks the policy; skip and deadLetter do not, and are not tried again', async () => {
    const run = (whenOpen: CircuitBreakerOptions['whenOpen'], onError: MapAsyncOptions = {}) => {
      const service = circuitBreaker({ failures: 1, whenOpen }).around((n: number): Promise<number> => Promise.reject(new Error(`down ${n}`)))
      return jumping(() => runOne(mapAsync(service, { concurrency: 1, ...onError }), [[0, 1, 2]]))
    }
    const failed = await run('fail', { onError: retry({ times: 1, initialMs: 1 }) })
    assert.equal([codeOf(failed.error), codeOf((failed.error as Error).cause)], [OPEN, OPEN])
    const both = await run('fail', { onError: 'deadLetter' })
    assert.equal(both.letters.map((l) => [l.item, codeOf(l.cause)]), [[0, undefined], [1, OPEN], [2, OPEN]])
    const skipped = await run('skip', { onError: 'deadLetter' })
    assert.equal([skipped.skipped, skipped.letters.map((l) => l.item)], [2, [0]])
    const dead = await run('deadLetter', { onError: retry({ times: 5, initialMs: 1, then: 'skip' }) })
    assert.equal([dead.skipped, dead.letters.map((l) => [l.item, l.attempts])], [0, [[0, 2], [1, 1], [2, 1]]])
  })

  it('a call that takes too long is a failure, also when the function does not listen; one that nobody wants is none', async () => {
    const circuit = circuitBreaker({ failures: 2, resetMs: 1000 })
    const deaf = circuit.around(() => new Promise<number>(() => undefined))
    const { skipped } = await jumping(() => runOne(mapAsync(deaf, { timeoutMs: 50, concurrency: 1, onError: 'skip' }), [[0, 1, 2]]))
    assert.equal([skipped, circuit.opened], [3, 1])

    const other = circuitBreaker({ failures: 1 })
    const controller = new AbortController()
    const run = runOne(mapAsync(other.around(() => new Promise<number>(() => undefined))), { batches: [[0]], endless: true }, { signal: controller.signal })
    await turn()
    controller.abort(new Error('enough'))
    await run
    assert.is(other.state, 'closed')
  })

  it('items that wait do not hold a run that is cancelled, nor one whose reader leaves, nor the process', async () => {
    const before = timers()
    for (const how of ['cancel', 'timeout'] as const) {
      const circuit = circuitBreaker({ failures: 1, resetMs: 3_600_000, whenOpen: 'wait' })
      const service = circuit.around((n: number) => Promise.reject<number>(new Error(`down ${n}`)))
      const controller = new AbortController()
      const run = runOne(mapAsync(service, { onError: 'skip', ...(how === 'timeout' ? { timeoutMs: 20 } : {}) }), { batches: [[0], [1, 2]], gap: (k) => k * 3, endless: how === 'cancel' }, { signal: controller.signal })
      if (how === 'cancel') {
        for (let i = 0; i < 20; i++) await turn()
        assert.equal([circuit.state, timers() > before], ['open', true])
        controller.abort(new Error('enough'))
        assert.is(((await run).error as Error).message, 'enough')
      } else assert.equal([(await run).error, (await run).skipped], [undefined, 3])
      await turn()
      assert.is(timers(), before)
    }
  })

  it('only errors that count are failures; the others say that what is called is there', async () => {
    const circuit = circuitBreaker({ failures: 2, counts: (error) => (error as Error).message !== 'mine' })
    const call = circuit.around((message: string) => Promise.reject(new Error(message)))
    for (const message of ['theirs', 'mine', 'theirs', 'mine']) await told(() => call(message))
    assert.is(circuit.state, 'closed')
    await told(() => call('theirs'))
    await told(() => call('theirs'))
    assert.is(circuit.state, 'open')
  })

  it('its state is a gauge of the stage, in metrics and report; functions around which it is share it', async () => {
    const circuit = circuitBreaker({ failures: 2, resetMs: 60_000, whenOpen: 'skip' })
    const down = circuit.around((n: number): Promise<number> => Promise.reject(new Error(`down ${n}`)))
    const up = circuit.around((n: number) => n)
    const seen: unknown[] = []
    const run = pipeline({
      out: range(0, 10).pipe(mapAsync(down, { name: 'down', concurrency: 1, onError: 'skip' }), mapAsync(up, { name: 'up' })).to(forEach(() => undefined))
    }).run({ workers: 0 })
    const poll = setInterval(() => { seen.push(run.metrics().stages.find((s) => s.name === 'down')?.gauges?.['circuit']) }, 1)
    const report = await run.done
    clearInterval(poll)
    for (const name of ['down', 'up']) assert.equal(report.stages.find((s) => s.name === name)!.gauges, { circuit: 'open', circuitOpened: 1, circuitWaiting: 0 })
    assert.is(report.stages.find((s) => s.kind === 'range')!.gauges, undefined)
  })

  it('around the function of a sink it waits, and fails the run otherwise; a cancelled run leaves no timer', async () => {
    await jumping(async () => {
      const circuit = circuitBreaker({ failures: 1, resetMs: 1000, whenOpen: 'wait' })
      const got: number[] = []
      const ask = circuit.around(async (n: number) => { if (clock().now() < 500) throw new Error('down'); got.push(n) })
      await told(() => ask(-1))
      const report = await pipeline({ out: range(0, 3).to(forEach(ask, { name: 'sink' })) }).run({ workers: 0 }).done
      assert.equal([got, report.stages.find((s) => s.name === 'sink')!.gauges?.['circuit'], clock().now()], [[0, 1, 2], 'closed', 1000])
    })
    const circuit = circuitBreaker({ failures: 1, whenOpen: 'fail' })
    const ask = circuit.around(() => Promise.reject<void>(new Error('down')))
    await told(() => ask(0))
    assert.is((await rejection(pipeline({ out: range(0, 3).to(forEach(ask)) }).run({ workers: 0 }).done)).code, OPEN)

    const before = timers()
    const waiting = circuitBreaker({ failures: 1, whenOpen: 'wait' })
    const call = waiting.around(() => Promise.reject<void>(new Error('down')))
    await told(() => call(0))
    const run = pipeline({ out: range(0, 3).to(forEach(call)) }).run({ workers: 0 })
    setTimeout(() => { run.cancel() }, 10)
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    await turn()
    assert.is(timers(), before)
  })

  it('refuses what makes no sense', () => {
    verifyRefusals('circuitBreaker', [
      () => circuitBreaker(1 as never), () => circuitBreaker({ failures: 0 }), () => circuitBreaker({ resetMs: -1 }), () => circuitBreaker({ halfOpen: 0.5 }),
      () => circuitBreaker({ whenOpen: 'drop' as never }), () => circuitBreaker({ counts: true as never }), () => circuitBreaker().around('f' as never)
    ])
  })
}, 10_000)
