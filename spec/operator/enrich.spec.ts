/** Look-ups beside items: each key asked for once, together with others, remembered for so long; failures follow the policy. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { adaptive, circuitBreaker, forEach, pipeline, range } from '../../src/index.ts'
import { enrich, type EnrichOptions } from '../../src/operator/enrich.ts'
import { retry } from '../../src/operator/retry.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

/** A service that answers after a few turns of the event loop, and remembers what it was asked. */
const service = (turns = 2, wrong: (keys: readonly number[], call: number) => void = () => undefined) => {
  const asked: (readonly number[])[] = []
  let now = 0
  let most = 0
  const lookup = async (keys: readonly number[]): Promise<readonly (string | undefined)[]> => {
    const call = asked.push(keys) - 1
    most = Math.max(most, ++now)
    for (let i = 0; i < turns; i++) await turn()
    now--
    wrong(keys, call)
    return keys.map((key) => (key < 0 ? undefined : `v${key}`))
  }
  return { asked, lookup, most: () => most }
}

const plain = (lookup: EnrichOptions<number, number, string>['lookup'], options: Partial<EnrichOptions<number, number, string>> = {}) =>
  enrich<number, number, string>({ key: (n) => n % 100, lookup, ...options })

const paired = (items: readonly number[]) => items.map((n) => [n, n % 100 < 0 ? undefined : `v${n % 100}`])

suite('enrich', (it) => {
  it('pairs each item with what is known of its key, in order, asking once for each key', async () => {
    for (const batches of [[], [[1]], [[1, 2, 1], [101, 3], [2]]]) {
      const { asked, lookup } = service()
      const { out, error } = await runOne(plain(lookup), batches)
      assert.equal([out, error], [paired(batches.flat()), undefined])
      const keys = asked.flat()
      assert.is(new Set(keys).size, keys.length)
    }
  })

  it('any items, batches, limits and answers: the same pairs, and no key is asked for while its answer is good or under way', async () => {
    const numbers = fc.array(fc.array(fc.nat(300), { maxLength: 20 }), { maxLength: 12 })
    const limit = fc.integer({ min: 1, max: 5 })
    await fc.assert(fc.asyncProperty(numbers, limit, limit, limit, fc.nat(3), fc.func(fc.nat(3)), async (batches, batch, concurrency, maxWaiting, turns, gap) => {
      const { asked, lookup, most } = service(turns)
      const { out, error } = await runOne(plain(lookup, { batch, concurrency, maxWaiting }), { batches, gap })
      assert.equal([out, error], [paired(batches.flat()), undefined])
      assert.ok(asked.every((keys) => keys.length <= batch) && most() <= concurrency)
      assert.is(new Set(asked.flat()).size, asked.flat().length)
    }), { seed, numRuns: 150 })
  })

  it('keys that wait while lookups are under way are asked for together, and a lone item at once', async () => {
    const { asked, lookup } = service(5)
    await runOne(plain(lookup, { concurrency: 1 }), { batches: [[1], [2], [3], [4]], gap: (k) => (k === 0 ? 0 : 1) })
    assert.equal(asked[0], [1])
    assert.ok(asked.length < 4, `${asked.length} lookups`)
  })

  it('answers may come at once, as a Map, or as values in order; what is missing is not known', async () => {
    for (const lookup of [
      (keys: readonly number[]) => new Map(keys.filter((key) => key > 1).map((key) => [key, `v${key}`])),
      async (keys: readonly number[]) => new Map(keys.filter((key) => key > 1).map((key) => [key, `v${key}`])),
      (keys: readonly number[]) => keys.map((key) => (key > 1 ? `v${key}` : undefined))
    ]) {
      assert.equal((await runOne(plain(lookup), [[1, 2, 1]])).out, [[1, undefined], [2, 'v2'], [1, undefined]])
      assert.equal((await runOne(plain(lookup, { type: 'inner' }), [[1, 2, 1]])).out, [[2, 'v2']])
    }
  })

  it('remembers maxKeys answers, and each for ttlMs', async () => {
    const { asked, lookup } = service()
    const { out } = await runOne(plain(lookup, { maxKeys: 3, batch: 1, concurrency: 1, maxWaiting: 1 }), [[1, 2, 3, 4, 5, 6], [1]])
    assert.is(out.length, 7)
    assert.is(asked.flat().filter((key) => key === 1).length, 2)

    const old = service()
    const pause = (ms: number): void => { for (const until = performance.now() + ms; performance.now() < until;);  }
    await runOne(enrich<number, number, string>({ key: (n) => { if (n === 2) pause(30); return 1 }, lookup: old.lookup, ttlMs: 20, maxWaiting: 1 }), [[1], [1], [2], [1]])
    assert.ok(old.asked.length >= 2, 'asked anew when the answer is old')
  })

  it('a lookup that fails follows the policy for every item that waits for it, and its keys are asked for anew', async () => {
    const failing = () => service(1, (keys) => { if (keys.includes(7)) throw new Error('seven') })
    const failed = await runOne(plain(failing().lookup, { batch: 1 }), [[1, 7, 2]])
    assert.equal([(failed.error as { code?: string }).code, (failed.error as { position?: { index: number } }).position?.index], ['ERR_MILLRACE_STAGE_FAILED', 1])

    const skipping = await runOne(plain(failing().lookup, { batch: 1, onError: 'skip' }), [[1, 7, 107, 2]])
    assert.equal([skipping.out, skipping.skipped], [paired([1, 2]), 2])

    const { asked, lookup } = failing()
    const dead = await runOne(plain(lookup, { batch: 1, onError: 'deadLetter' }), { batches: [[1, 7, 2], [207]], gap: () => 6 }, { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map(({ item, index }) => [item, index]), dead.mostLetters], [paired([1, 2]), [[7, 1], [207, 3]], 1])
    assert.is(asked.flat().filter((key) => key === 7).length, 2)
  })

  it('a lookup is tried again by a retry, and fails when it takes too long', async () => {
    const { asked, lookup } = service(1, (_, call) => { if (call < 2) throw new Error('not yet') })
    const { out, error } = await runOne(plain(lookup, { onError: retry({ times: 3, initialMs: 1, jitter: 0 }) }), [[1, 2]])
    assert.equal([out, error, asked.length], [paired([1, 2]), undefined, 3])
    let signal: AbortSignal | undefined
    const slow = await runOne(plain((_, context) => { signal = context.signal; return new Promise(() => undefined) }, { timeoutMs: 5 }), [[1]])
    assert.is((slow.error as { code?: string }).code, 'ERR_MILLRACE_TIMEOUT')
    assert.is(signal!.aborted, true)
  })

  it('answers of the wrong number or kind, keys that are none and keys that throw are refused', async () => {
    for (const wrong of [() => [], () => 'v', async () => undefined] as never[]) {
      assert.is(((await runOne(plain(wrong), [[1]])).error as { code?: string }).code, 'ERR_MILLRACE_STAGE_FAILED')
    }
    const { skipped, out } = await runOne(plain(service().lookup, { key: (n) => { if (n === 2) throw new Error('two'); return n === 3 ? ({} as never) : n }, onError: 'skip' }), [[1, 2, 3, 4]])
    assert.equal([skipped, out], [2, paired([1, 4])])
  })

  it('a reader that leaves and a run that is cancelled end it, and tell the lookups', async () => {
    const signals: AbortSignal[] = []
    const never = (_: readonly number[], { signal }: { readonly signal: AbortSignal }) => new Promise<never>((_resolve, reject) => { signals.push(signal); signal.addEventListener('abort', () => { reject(signal.reason as Error) }) })
    const controller = new AbortController()
    const run = runOne(plain(never), [[1]], { signal: controller.signal })
    await turn()
    controller.abort(new Error('enough'))
    assert.is(((await run).error as Error).message, 'enough')
    assert.ok(signals.every((signal) => signal.aborted))
    const { pulled, error } = await runOne(plain(service().lookup, { maxWaiting: 10 }), { batches: Array.from({ length: 500 }, (_, i) => [i]) }, { leaveAfter: 5 })
    assert.is(error, undefined)
    assert.ok(pulled[0]! < 200)
  })

  it('a lookup that would fail the run is answered for by its fallback, whose answers are remembered', async () => {
    const { asked, lookup } = service(2, (keys) => { if (keys.includes(3)) throw new Error('no 3') })
    const fell: unknown[] = []
    const fallback = async (keys: readonly number[], error: unknown): Promise<readonly string[]> => {
      await turn()
      fell.push([keys, (error as Error).message])
      return keys.map((key) => `old ${key}`)
    }
    const { out, error } = await runOne(plain(lookup, { batch: 1, fallback }), [[1, 3], [3, 103, 2]])
    assert.is(error, undefined)
    assert.equal(out, [[1, 'v1'], [3, 'old 3'], [3, 'old 3'], [103, 'old 3'], [2, 'v2']])
    assert.equal(fell, [[[3], 'no 3']])
    assert.equal(asked.flat().sort(), [1, 2, 3])
    const tried = await runOne(plain(service(1, () => { throw new Error('down') }).lookup, { fallback: () => new Map(), onError: retry({ times: 2, initialMs: 0 }) }), [[1]])
    assert.equal(tried.out, [[1, undefined]])
    const skips = await runOne(plain(service(1, () => { throw new Error('down') }).lookup, { fallback, onError: 'skip' }), [[1, 2]])
    assert.equal([skips.out, skips.skipped, fell.length], [[], 2, 1])
    const fails = await runOne(plain(service(1, () => { throw new Error('down') }).lookup, { fallback: () => { throw new Error('worse') } }), [[1]])
    assert.is(((fails.error as Error).cause as Error).message, 'worse')
  })

  it('adapts the number of lookups, and shows it, and the circuit around them', async () => {
    const { lookup, most } = service(3)
    const circuit = circuitBreaker()
    const source = range(0, 3000).pipe(enrich({ key: (n: number) => n, lookup: circuit.around(lookup), batch: 1, concurrency: adaptive({ max: 3, initial: 2 }), name: 'names' }))
    const run = pipeline({ out: source.to(forEach(() => undefined)) }).run({ workers: 0 })
    const { gauges } = (await run.done).stages.find((s) => s.name === 'names')!
    assert.ok(most() <= 3)
    assert.equal([gauges!['circuit'], gauges!['inFlight']], ['closed', 0])
    assert.ok(Number(gauges!['concurrency']) >= 1 && Number(gauges!['concurrency']) <= 3)
  })

  it('in a run, between stages on the pool', async () => {
    const { asked, lookup } = service()
    const got = await range(0, 20_000).pipe(plain(lookup)).toArray({ workers: 1 })
    assert.is(got.length, 20_000)
    assert.equal(got[19_999], [19_999, 'v99'])
    assert.is(asked.flat().length, 100)
  })

  it('refuses bad arguments at declaration', () => {
    const good = { key: (n: number) => n, lookup: () => [] as string[] }
    verifyRefusals('enrich', [
      () => enrich({ ...good, key: 'id' as never }),
      () => enrich({ ...good, lookup: undefined as never }),
      () => enrich({ ...good, batch: 0 }),
      () => enrich({ ...good, concurrency: 1.5 }),
      () => enrich({ ...good, concurrency: {} as never }),
      () => enrich({ ...good, fallback: 7 as never }),
      () => enrich({ ...good, maxKeys: -1 }),
      () => enrich({ ...good, maxWaiting: 0 }),
      () => enrich({ ...good, ttlMs: 0 }),
      () => enrich({ ...good, type: 'full' as never })
    ])
  })
})
