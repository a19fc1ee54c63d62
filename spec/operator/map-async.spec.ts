import { setImmediate as turn, setTimeout as later } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { PipelineError } from '../../src/error/pipeline-error.ts'
import { mapAsync, type MapAsyncOptions } from '../../src/operator/map-async.ts'
import { retry } from '../../src/operator/retry.ts'
import { runOne } from '../support/run-process.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await turn()
}

const never = (): Promise<never> => new Promise(() => undefined)

const sorted = (items: readonly unknown[]): readonly unknown[] => [...items].sort((a, b) => (a as number) - (b as number))

const pieces = <A>(items: readonly A[], size: number): A[][] => {
  const out: A[][] = []
  for (let at = 0; at < items.length; at += size) out.push(items.slice(at, at + size))
  return out
}

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

suite('mapAsync', (it) => {
  it('answers one for one, in order: none, one, many; promises, values, thenables', async () => {
    const fn = (n: number): unknown => (n % 3 === 0 ? n * 10 : n % 3 === 1 ? turn(n * 10) : { then: (ok: (v: number) => void) => { ok(n * 10) } })
    for (const items of [[], [4], numbers(100)]) {
      const { out, error } = await runOne(mapAsync(fn), pieces(items, 7))
      assert.equal([out, error], [items.map((n) => n * 10), undefined])
    }
  })

  it('answers that come late keep their places; unordered they leave as they come', async () => {
    const fn = async (n: number): Promise<number> => { await turns(n); return n }
    assert.equal((await runOne(mapAsync(fn), [[9, 1, 5]])).out, [9, 1, 5])
    assert.equal((await runOne(mapAsync(fn, { ordered: false }), [[9, 1, 5]])).out, [1, 5, 9])
  })

  it('never has more calls in flight than its concurrency, nor takes more input than that', async () => {
    let now = 0
    let most = 0
    const started: number[] = []
    const controller = new AbortController()
    const run = runOne(mapAsync(async (n: number) => { started.push(n); most = Math.max(most, ++now); await never(); return n }, { concurrency: 3 }), numbers(10).map((n) => [n]), { signal: controller.signal })
    await turns(20)
    assert.equal([started, most], [[0, 1, 2], 3])
    controller.abort(new Error('enough'))
    const { pulled, error } = await run
    assert.equal([pulled, (error as Error).message], [[3], 'enough'])
  })

  it('a thenable that calls back twice is heard once', async () => {
    const twice = (n: number) => ({ then: (ok: (v: number) => void) => { ok(n); ok(n + 100) } }) as unknown as Promise<number>
    for (const ordered of [true, false]) {
      const { out } = await runOne(mapAsync(twice, { ordered, concurrency: 2 }), pieces(numbers(20), 7))
      assert.equal(sorted(out), numbers(20))
    }
  })

  it('a call that answers after its timeout is not heard, whatever is called since', async () => {
    const slow = async (n: number): Promise<number> => { if (n % 2 === 0) await later(30); return n }
    const { out } = await runOne(mapAsync(slow, { concurrency: 2, timeoutMs: 5, onError: 'skip' }), pieces(numbers(40), 9))
    assert.ok(out.every((n) => (n as number) % 2 === 1), String(out))
  })

  it('what one turn of the event loop has answered leaves as one batch', async () => {
    const waiting: (() => void)[] = []
    const held = (n: number): Promise<number> => new Promise((settle) => waiting.push(() => { settle(n) }))
    const run = runOne(mapAsync(held, { concurrency: 8 }), [numbers(8)])
    await turns(3)
    for (const answer of waiting) setImmediate(answer) // each with its own microtasks
    const { pushes } = await run
    assert.equal(pushes, [numbers(8)])
  })

  it('a slow reader holds the calls back', async () => {
    let calls = 0
    const run = runOne(mapAsync((n: number) => { calls++; return turn(n) }, { concurrency: 2 }), numbers(50).map((n) => [n]), { slow: (k) => (k === 0 ? 30 : 0) })
    await turns(20)
    assert.ok(calls <= 4, `${calls} calls while nothing was read`)
    assert.equal((await run).out, numbers(50))
  })

  it('agrees with the model: any latencies, batches, pauses, readers, policies', async () => {
    const item = fc.record({ id: fc.nat(1000), latency: fc.integer({ min: -1, max: 5 }), bad: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(item, { maxLength: 6 }), { maxLength: 6 }),
        fc.record({ concurrency: fc.integer({ min: 1, max: 5 }), ordered: fc.boolean(), onError: fc.constantFrom('skip' as const, 'deadLetter' as const) }),
        fc.func(fc.nat(3)), fc.func(fc.nat(3)), fc.option(fc.nat(2), { nil: undefined }),
        async (batches, options, gap, slow, slowLetters) => {
          let now = 0
          let most = 0
          const fn = ({ id, latency, bad }: { id: number, latency: number, bad: boolean }): number | Promise<number> => {
            if (latency < 0) {
              if (bad) throw new Error('at once')
              return id
            }
            most = Math.max(most, ++now)
            return turns(latency).then(() => {
              now--
              if (bad) throw new Error('later')
              return id
            })
          }
          const settled = await runOne(mapAsync(fn, options), { batches, gap }, { slow, slowLetters })
          const all = batches.flat()
          const good = all.filter((x) => !x.bad).map((x) => x.id)
          assert.is(settled.error, undefined)
          assert.ok(most <= options.concurrency)
          if (options.ordered) assert.equal(settled.out, good)
          else assert.equal(sorted(settled.out), sorted(good))
          const bads = all.flatMap((x, index) => (x.bad ? [[index, x]] : []))
          if (options.onError === 'skip') assert.equal([settled.skipped, settled.letters.length], [bads.length, 0])
          else {
            const letters = settled.letters.map((l) => [l.index, l.item])
            assert.equal(options.ordered ? letters : letters.sort((a, b) => (a[0] as number) - (b[0] as number)), bads)
          }
        }
      ),
      { numRuns: 200 }
    )
  })

  it('a rejection, or a throw, ends it with stage and position; what is in flight is told', async () => {
    for (const how of ['throws', 'rejects'] as const) {
      const told: unknown[] = []
      const fn = (n: number, { signal }: { signal: AbortSignal }): Promise<number> => {
        if (n !== 2) return new Promise((_, reject) => { signal.addEventListener('abort', () => { told.push(n); reject(signal.reason as Error) }) })
        if (how === 'throws') throw new TypeError('two')
        return Promise.reject(new TypeError('two'))
      }
      const { error } = await runOne(mapAsync(fn), [[0, 1], [2, 3]])
      assert.instance(error, PipelineError)
      const { code, stage, position, cause } = error as PipelineError
      assert.equal([code, stage, position], ['ERR_MILLRACE_STAGE_FAILED', 'the stage', { index: 2 }])
      assert.instance(cause, TypeError)
      assert.equal(told, how === 'throws' ? [0, 1] : [0, 1, 3])
    }
  })

  it('awaits the calls that listen to their signal, and not for ever those that do not', async () => {
    let closed = false
    const listening = async (_: number, { signal }: { signal: AbortSignal }): Promise<number> => {
      await new Promise((resolve) => { signal.addEventListener('abort', resolve) })
      await turns(3)
      closed = true
      return 1
    }
    await runOne(mapAsync(listening), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.ok(closed)
    const began = performance.now()
    await runOne(mapAsync(never), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.ok(performance.now() - began < 1000)
  })

  it('when the reader leaves the calls in flight are told, and the stage ends', async () => {
    const told: number[] = []
    const fn = (n: number, { signal }: { signal: AbortSignal }): Promise<number> | number => {
      if (n < 2) return n
      return new Promise((resolve) => { signal.addEventListener('abort', () => { told.push(n); resolve(n) }) })
    }
    const { out, error, closed } = await runOne(mapAsync(fn), { batches: [[0, 1, 2, 3]], endless: true }, { leaveAfter: 2 })
    assert.equal([out, error, told, closed], [[0, 1], undefined, [2, 3], [true]])
  })

  it('one that was cancelled before it began calls nothing', async () => {
    let calls = 0
    const { error } = await runOne(mapAsync(() => { calls++; return 1 }), [[1]], { signal: AbortSignal.abort(new Error('no')) })
    assert.equal([calls, (error as Error).message], [0, 'no'])
  })

  it('a failing input ends it with that error', async () => {
    const { error } = await runOne(mapAsync((n: number) => n), { batches: [[1]], fails: new Error('disk') })
    assert.is((error as Error).message, 'disk')
  })

  it('retries hold their place and wait longer each time; then the policy follows', async () => {
    const tries = new Map<number, number[]>()
    const flaky = async (n: number): Promise<number> => {
      const at = tries.get(n) ?? []
      tries.set(n, [...at, performance.now()])
      await turn()
      if (n === 1 && at.length < 2) throw new Error('not yet')
      if (n === 2) throw new Error('never')
      return n
    }
    const { out, letters } = await runOne(mapAsync(flaky, { onError: retry({ times: 2, initialMs: 8, factor: 3, jitter: 0, then: 'deadLetter' }) }), [[0, 1, 2, 3]])
    assert.equal([out, letters.map((l) => [l.index, l.item, (l.cause as Error).message])], [[0, 1, 3], [[2, 2, 'never']]])
    assert.equal([...tries.values()].map((at) => at.length), [1, 3, 3, 1])
    const [a, b, c] = tries.get(2)!
    assert.ok(b! - a! >= 7 && c! - b! >= 22, `${b! - a!} ${c! - b!}`)
  })

  it('a throw at once is retried like a rejection', async () => {
    for (const ordered of [true, false]) {
      let calls = 0
      const { out } = await runOne(mapAsync((n: number) => { if (n === 1 && ++calls < 3) throw new Error('no'); return n }, { ordered, onError: retry({ times: 2, initialMs: 1 }) }), [[0, 1, 2]])
      assert.equal(sorted(out), [0, 1, 2])
    }
    const { error } = await runOne(mapAsync(() => { throw new RangeError('no') }, { onError: retry({ times: 1, initialMs: 1 }) }), [[7]])
    assert.equal([(error as PipelineError).position, (error as PipelineError).cause instanceof RangeError], [{ index: 0 }, true])
  })

  it('a retry that waits does not hold a cancelled run', async () => {
    let calls = 0
    const began = performance.now()
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const { error } = await runOne(mapAsync(() => { calls++; throw new Error('no') }, { onError: retry({ times: 5, initialMs: 60_000, maxMs: 60_000 }) }), [[1]], { signal: AbortSignal.timeout(10) })
    assert.ok(error !== undefined && performance.now() - began < 2000)
    await turns(3)
    assert.equal([calls, timers() - before], [1, 0])
  })

  it('a call that takes too long has failed: its signal says so, and its answer is not heard', async () => {
    const signals: AbortSignal[] = []
    const late = (n: number, { signal }: { signal: AbortSignal }): Promise<number> => {
      signals.push(signal)
      return n === 1 ? later(60, n) : later(1, n)
    }
    const failed = await runOne(mapAsync(late, { timeoutMs: 15 }), [[0, 1]])
    assert.equal([codeOf(failed.error), (failed.error as PipelineError).position], ['ERR_MILLRACE_TIMEOUT', { index: 1 }])
    assert.ok(signals[1]!.aborted && codeOf(signals[1]!.reason) === 'ERR_MILLRACE_TIMEOUT')

    const skipped = await runOne(mapAsync(late, { timeoutMs: 15, onError: 'skip' }), [[0, 1, 2]])
    assert.equal([skipped.out, skipped.skipped], [[0, 2], 1])

    let calls = 0
    const slowFirst = (n: number): Promise<number> => (++calls === 1 ? later(80, -1) : later(1, n))
    const again = await runOne(mapAsync(slowFirst, { timeoutMs: 15, onError: retry({ times: 1, initialMs: 1 }) }), { batches: [[5], [6]], gap: (k) => k * 5 })
    assert.equal(again.out, [5, 6])
  })

  it('an answer that comes too late is not heard, whatever happens meanwhile', async () => {
    // answers a turn after it was told that it is too late; whoever comes afterwards waits for that
    let answered: () => void = () => undefined
    let late = Promise.resolve()
    const lateAnswer = (signal: AbortSignal): Promise<string> => {
      late = new Promise((resolve) => { answered = resolve })
      return new Promise((resolve) => { signal.addEventListener('abort', () => setImmediate(() => { resolve('late'); answered() })) })
    }
    for (const ordered of [true, false]) {
      const fn = async (n: number, { signal }: { signal: AbortSignal }): Promise<unknown> => {
        if (n === 1) return lateAnswer(signal)
        await late
        await turns(3)
        return n
      }
      const { out, skipped } = await runOne(mapAsync(fn, { timeoutMs: 50, ordered, concurrency: 1, onError: 'skip' }), [[1, 2, 3]])
      assert.equal([out, skipped], [[2, 3], 1])
    }
    let calls = 0
    const twice = async (_: number, { signal }: { signal: AbortSignal }): Promise<string> => {
      if (++calls === 1) return lateAnswer(signal)
      await late
      await turns(3)
      return 'second'
    }
    const { out } = await runOne(mapAsync(twice, { timeoutMs: 50, onError: retry({ times: 1, initialMs: 0 }) }), [[1]])
    assert.equal([out, calls], [['second'], 2])
  })

  it('a call in time leaves no timer behind', async () => {
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    await runOne(mapAsync((n: number) => turn(n), { timeoutMs: 60_000 }), [numbers(20)])
    assert.is(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before)
  })

  it('many calls may listen to one signal without a warning', async () => {
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    await runOne(mapAsync(async (n: number, { signal }) => { signal.addEventListener('abort', () => undefined); await turn(); return n }, { concurrency: 64 }), [numbers(200)])
    await turn()
    process.off('warning', listen)
    assert.equal(warnings, [])
  })

  it('waits for dead letters to be taken before it makes more', async () => {
    const { letters, mostLetters } = await runOne(mapAsync(() => { throw new Error('no') }, { onError: 'deadLetter' }), [numbers(20)], { slowLetters: 2 })
    assert.equal([letters.length, mostLetters], [20, 1])
  })

  it('values gather into few pushes, and the event loop still turns', async () => {
    const { pushes, out } = await runOne(mapAsync((n: number) => n + 1), [numbers(5000)])
    assert.equal(out, numbers(5000).map((n) => n + 1))
    assert.ok(pushes.length <= 20, `${pushes.length} pushes`)
    let turned = 0
    const beat = setInterval(() => turned++, 1)
    await runOne(mapAsync((n: number) => { const until = performance.now() + 0.5; while (performance.now() < until); return n }), [numbers(200)])
    clearInterval(beat)
    assert.ok(turned >= 5, `${turned} turns in 100 ms of calls`)
  })

  it('answers that need no turn of the event loop leave by hundreds, and the loop still turns', async () => {
    const { pushes, out } = await runOne(mapAsync((n: number) => Promise.resolve(n + 1), { concurrency: 64 }), [numbers(4096)])
    assert.equal(out, numbers(4096).map((n) => n + 1))
    assert.ok(pushes.length <= 32, `${pushes.length} pushes`)
    let turned = 0
    const beat = setInterval(() => turned++, 1)
    await runOne(mapAsync((n: number) => { const until = performance.now() + 0.5; while (performance.now() < until); return Promise.resolve(n) }), [numbers(200)])
    clearInterval(beat)
    assert.ok(turned >= 5, `${turned} turns in 100 ms of calls`)
  })

  it('among answers that need no turn of the event loop failures have their effect, by every policy', async () => {
    const bad = (n: number): boolean => n % 100 === 99
    const fn = (n: number): Promise<number> => (bad(n) ? Promise.reject(new Error('no')) : Promise.resolve(n))
    const good = numbers(2000).filter((n) => !bad(n))
    for (const ordered of [true, false]) {
      const options = { ordered, concurrency: 8 }
      const run = (more: MapAsyncOptions): ReturnType<typeof runOne> => runOne(mapAsync(fn, { ...options, ...more }), pieces(numbers(2000), 300))
      const skipped = await run({ onError: 'skip' })
      assert.equal([sorted(skipped.out), skipped.skipped], [good, 20])
      const lettered = await run({ onError: 'deadLetter' })
      assert.equal([sorted(lettered.out), lettered.letters.map(({ index }) => index)], [good, numbers(2000).filter(bad)])
      const stopped = await run({ onError: 'stop' })
      assert.equal([sorted(stopped.out), stopped.stops.map(({ index }) => index)], [numbers(99), [99]])
      const failed = await run({})
      assert.is(codeOf(failed.error), 'ERR_MILLRACE_STAGE_FAILED')
      assert.equal((failed.error as PipelineError).position, { index: 99 })
    }
    const left = await runOne(mapAsync(fn, { concurrency: 8 }), [numbers(99)], { leaveAfter: 10 })
    assert.is(left.error, undefined)
  })

  it('refuses bad arguments at declaration', () => {
    const fn = (n: number): number => n
    const bad: readonly MapAsyncOptions[] = [
      { concurrency: 0 }, { concurrency: Infinity }, { concurrency: 1.5 }, { concurrency: '4' as never }, { timeoutMs: 0 }, { timeoutMs: 2 ** 31 },
      { onError: 'ignore' as never }, { onError: { policy: 'retry', times: 1 } as never }, { name: 7 as never }
    ]
    verifyRefusals('mapAsync', [() => mapAsync(undefined as never), () => mapAsync(fn, null as never), ...bad.map((options) => () => mapAsync(fn, options))])
  })
}, 15_000)
