/** Timers of keyed state: by the items' time it is what a naive model does; by the clock it goes off without traffic. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { flatMap, from, keyedProcess, map, mapAsync, type KeyContext, type PipelineError } from '../../src/index.ts'
import { sleep } from '../../src/task/time/sleep.ts'
import { time } from '../../src/task/time/time.ts'
import { runFlow } from '../support/run-kernel.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyOperator, verifyPlainPolicies, verifyRefusals, type PlainPolicy } from '../support/verify-operator.ts'
import { paused } from '../task/time/virtual.ts'
import { AGAIN, AGAIN_MS, model, type Event, type ModelOptions, type Row } from './keyed-model.ts'

const flowOf = (options: Partial<ModelOptions> & PlainPolicy & { readonly maxKeys?: number }) =>
  keyedProcess({
    key: 'key',
    at: (e: Event) => e.at,
    create: () => ({ ids: [] as number[], again: AGAIN }),
    process: (state, e, on): Row => {
      state.ids.push(e.id)
      if (e.does === 'throw') throw new Error('thrown')
      if (e.does === 'setThrow') {
        on.setTimer(e.at + e.delay, e.name)
        on.forget()
        throw new Error('thrown')
      }
      const row = ['item', on.key, e.id, on.at, on.watermark, state.ids.length, on.timer(e.name)]
      if (e.does === 'set') on.setTimer(e.at + e.delay, e.name)
      if (e.does === 'clear') on.clearTimer(e.name)
      if (e.does === 'forget') on.forget()
      return row
    },
    onTimer: (state, { name, at }, on): Row => {
      if (name === 'again' && state.again-- > 0) on.setTimer(at + AGAIN_MS, name)
      return ['timer', on.key, name, on.at, on.watermark, [...state.ids]]
    },
    env: undefined,
    ...options
  })

const event: fc.Arbitrary<Omit<Event, 'id'>> = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  at: fc.nat(60),
  does: fc.constantFrom('nothing', 'set', 'set', 'set', 'clear', 'forget', 'throw', 'setThrow'),
  name: fc.constantFrom('', 'one', 'again'),
  delay: fc.integer({ min: -5, max: 20 })
})

const disorder = fc.array(event, { maxLength: 40 }).map((all) => all.map((e, id): Event => ({ ...e, id })))

suite('keyedProcess by the time of the items', (it) => {
  it('is what a naive model does, under any disorder, moved anywhere', async () => {
    await fc.assert(fc.asyncProperty(
      disorder, fc.constantFrom(0, 5, 30), fc.constantFrom<'process' | 'drop'>('process', 'drop'), fc.boolean(), fc.constantFrom(undefined, 10),
      async (events, outOfOrderMs, late, restart, ttlMs) => {
        const options: ModelOptions = { outOfOrderMs, late, restart, ttlMs }
        const want = model(options, events)
        const { outs, skipped, dropped } = await verifyOperator(() => flowOf({ ...options, onError: 'skip' }), events)
        assert.equal(outs[0], want.rows)
        assert.equal(skipped.map(({ item }) => (item as Event).id), want.failed)
        assert.is(dropped, want.late)
      }
    ), { seed, numRuns: 100 })
  })
})

const simple = (more: object = {}) => keyedProcess({
  key: (n: number) => n % 2,
  at: (n: number) => n,
  create: () => ({ sum: 0 }),
  process: (state, n: number, on) => { state.sum += n; on.setTimer(n + 10) },
  onTimer: (state, { at }, on) => `${on.key} ${state.sum} ${at}`,
  ...more
})

const codeOf = (cause: unknown): unknown => (cause as { readonly code?: unknown }).code

suite('keyedProcess', (it) => {
  it('never, empty, one, many; at the end what is set goes off once', async () => {
    for (const [items, want] of [[[], []], [[1], ['1 1 11']], [[1, 2, 4, 16, 27], ['1 1 11', '0 22 26', '1 28 37']], [[1, 15], ['1 16 25']]] as const) {
      assert.equal((await verifyOperator(() => simple(), items)).outs[0], want)
    }
    assert.equal((await runFlow(simple(), [[1, 2]], { noEnd: true })).outs[0], [])
  })

  it('a timer that is set again moves, also to an earlier instant; many moves leave no entries behind', async () => {
    const seen: unknown[] = []
    const flow = () => keyedProcess({
      key: () => 'k', at: (n: number) => Math.abs(n), create: () => ({}),
      process: (_, n: number, on) => { on.setTimer(n < 0 ? 3 : Math.abs(n) + 1000, 'move'); seen.push(on.timer('move')) },
      onTimer: (_, timer) => timer.at
    })
    assert.equal((await verifyOperator(flow, [1, 2, 3])).outs[0], [1003])
    assert.equal((await verifyOperator(flow, [1, 2, -2])).outs[0], [3])
    const { outs } = await runFlow(keyedProcess({
      key: () => 'k', at: (n: number) => n, create: () => ({ n: 0 }),
      process: (state, n: number, on) => { state.n++; if (n % 2 === 0) on.setTimer(n + 1e6); else on.clearTimer() },
      onTimer: (state) => state.n
    }), [Array.from({ length: 100_001 }, (_, n) => n)])
    assert.equal(outs[0], [100_001])
  })

  it('a timer that has passed goes off behind the call; onTimer cannot set one that would go off for ever', async () => {
    const flow = (later: number) => keyedProcess({
      key: () => 'k', at: (n: number) => n, create: () => ({}), onError: 'deadLetter',
      process: (_, n: number, on) => { if (n === 50) on.setTimer(20) },
      onTimer: (_, { at }, on) => { if (at < 40) on.setTimer(at + later, 'next'); return at }
    })
    assert.equal((await verifyOperator(() => flow(10), [50])).outs[0], [20, 30, 40])
    const { outs, letters } = await verifyOperator(() => flow(0), [50])
    assert.equal([outs[0], letters.map(({ item }) => item)], [[], [{ key: 'k', name: '', at: 20 }]])
    assert.instance(letters[0]!.cause, RangeError)
  })

  it('follows the policy, with the item or the timer, and its position', async () => {
    await verifyPlainPolicies(
      (o) => keyedProcess({ key: (s: string) => s[0], at: () => 0, create: () => ({ n: 0 }), process: (state, s: string) => { if (s === 'bad') throw new Error('bad'); return [s, ++state.n] }, onTimer: () => 1, ...o }),
      ['a', 'bad', 'b', 'a'], 'bad', [['a', 1], ['b', 1], ['a', 2]]
    )
    const throwing = (o: PlainPolicy) => simple({ onTimer: (_: object, { at }: { at: number }) => { if (at === 11) throw new Error('eleven'); return at }, ...o })
    const { failure } = await verifyOperator(() => throwing({}), [1, 2, 30])
    assert.equal([failure!.index, failure!.item, (failure!.cause as Error).message], [2, { key: 1, name: '', at: 11 }, 'eleven'])
    const dead = await verifyOperator(() => throwing({ onError: 'deadLetter' }), [1, 2, 30])
    assert.equal([dead.outs[0], dead.letters.map(({ index, item }) => [index, item])], [[40], [[2, { key: 1, name: '', at: 11 }]]])
    for (const promising of [{ key: () => Promise.resolve('a') }, { process: () => Promise.resolve(1) }, { onTimer: () => Promise.resolve(1) }]) {
      const { skipped } = await runFlow(simple({ ...promising, onError: 'skip' }), [[1]])
      assert.is(codeOf(skipped[0]!.cause), 'ERR_MILLRACE_STAGE_PROMISE')
    }
    for (const bad of [{ at: () => Number.NaN }, { at: () => '1' }, { key: () => ({}) }]) {
      assert.instance((await runFlow(simple(bad), [[1]])).failure!.cause, TypeError)
    }
  })

  it('bounds keys and timers, lets go as mapState does, and tells of what it lets go', async () => {
    const { failure } = await verifyOperator(() => simple({ maxKeys: 1 }), [1, 3, 2])
    assert.equal([failure!.index, codeOf(failure!.cause)], [2, 'ERR_MILLRACE_TOO_MANY_KEYS'])
    const named = simple({ maxTimers: 2, onError: 'skip', process: (_: object, n: number, on: KeyContext) => { for (let i = 0; i < n; i++) on.setTimer(9, `${i}`); on.clearTimer('0'); if (n > 1) on.setTimer(9, 'more') } })
    const { skipped } = await runFlow(named, [[1, 2, 3]])
    assert.equal(skipped.map(({ item, cause }) => [item, codeOf(cause)]), [[3, 'ERR_MILLRACE_TOO_MANY_TIMERS']])
    const telling = (more: object) => simple({ onEvict: (state: { sum: number }, key: number, why: string) => `gone ${key} ${state.sum} ${why}`, ...more })
    assert.equal((await verifyOperator(() => telling({}), [1, 2])).outs[0], ['1 1 11', '0 2 12', 'gone 1 1 end', 'gone 0 2 end'])
    assert.equal((await verifyOperator(() => telling({ maxKeys: 1, whenFull: 'evictOldest' }), [1, 2])).outs[0], ['gone 1 1 full', '0 2 12', 'gone 0 2 end'])
    // a key with a timer is in use until it has gone off
    assert.equal((await verifyOperator(() => telling({ ttlMs: 5 }), [1, 10, 12, 22, 31])).outs[0], ['1 1 11', 'gone 1 1 ttl', '0 44 32', '1 31 41', 'gone 0 44 end', 'gone 1 31 end'])
    const throws = telling({ onEvict: () => { throw new Error('no') }, onError: 'skip' })
    assert.equal((await runFlow(throws, [[1]])).skipped.map(({ index, item }) => [index, item]), [[-1, { key: 1, why: 'end' }]])
  })

  it('late items are processed, dropped or dead letters', async () => {
    const flow = (late: 'process' | 'drop' | 'deadLetter') => () => keyedProcess({
      key: () => 'k', at: (n: number) => n, outOfOrderMs: 5, late, create: () => ({}), process: (_, n: number, on) => [n, on.at < on.watermark], onTimer: () => 1
    })
    assert.equal((await verifyOperator(flow('process'), [20, 15, 14])).outs[0], [[20, false], [15, false], [14, true]])
    const dropped = await verifyOperator(flow('drop'), [20, 15, 14])
    assert.equal([dropped.outs[0], dropped.dropped], [[[20, false], [15, false]], 1])
    const { letters } = await verifyOperator(flow('deadLetter'), [20, 15, 14])
    assert.equal(letters.map(({ index, item, cause }) => [index, item, codeOf(cause)]), [[2, 14, 'ERR_MILLRACE_LATE']])
  })

  it('what is lent to a call is good for that call', async () => {
    let kept: KeyContext | undefined
    const flow = simple({ process: (_: object, n: number, on: KeyContext) => { if (n === 2) kept!.setTimer(1); kept = on } })
    await runFlow(flow, [[1]])
    for (const use of [(on: KeyContext) => { on.setTimer(1) }, (on: KeyContext) => { on.clearTimer() }, (on: KeyContext) => on.timer(), (on: KeyContext) => { on.forget() }]) {
      assert.throws(() => { use(kept!) }, /has returned/)
    }
    const { skipped } = await runFlow(simple({ process: (_: object, n: number, on: KeyContext) => { on.setTimer(n === 1 ? Number.NaN : 1, n === 2 ? (7 as never) : 'x') }, onError: 'skip' }), [[1, 2]])
    assert.is(skipped.length, 2)
  })

  it('forgets keys without leaving anything behind', async () => {
    const once = keyedProcess({ key: (n: number) => n, at: (n: number) => n, create: () => ({}), process: (_, __: number, on) => { on.setTimer(0, 'x'); on.forget() }, onTimer: () => 'never' })
    let most = 0
    const clone = globalThis.structuredClone
    globalThis.structuredClone = ((value: unknown) => {
      const [state] = value as readonly { store?: { ring: unknown[] }, timers?: { due: unknown[] } }[]
      most = Math.max(most, state?.store?.ring.length ?? 0, state?.timers?.due.length ?? 0)
      return clone(value)
    }) as typeof clone
    try {
      const { outs: none } = await runFlow(once, Array.from({ length: 100 }, (_, i) => Array.from({ length: 100 }, (__, k) => i * 100 + k)), { restore: true })
      assert.equal(none[0], [])
    } finally {
      globalThis.structuredClone = clone
    }
    assert.ok(most > 0 && most < 300, `${most} at most`)
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('keyedProcess', [
      () => keyedProcess(undefined as never),
      () => simple({ key: 1 }), () => simple({ create: 1 }), () => simple({ process: 'x' }), () => simple({ onTimer: undefined }), () => simple({ onEvict: 1 }),
      () => simple({ at: undefined }), () => simple({ at: 'processing' }), () => simple({ outOfOrderMs: -1 }), () => simple({ late: 'ignore' }),
      () => simple({ maxTimers: 0 }), () => simple({ maxKeys: 0 }), () => simple({ ttlMs: 0 }), () => simple({ whenFull: 'evictOldest' }), () => simple({ whenFull: 'evictOldest', maxKeys: Infinity }),
      () => simple({ at: 'arrival', late: 'drop' }), () => simple({ at: 'arrival', outOfOrderMs: 1 }), () => simple({ at: 'arrival', lane: 'blocking' }),
      () => simple({ onError: { policy: 'retry', times: 1, initialMs: 1, factor: 1, maxMs: 1, jitter: 0, then: 'fail' } })
    ])
  })
})

const arriving = (instants: readonly number[]) =>
  from(instants.map((t, i) => t - (instants[i - 1] ?? 0))).pipe(mapAsync(async (ms: number) => { await sleep(ms); return Math.round(time.now()) }, { concurrency: 1 }))

suite('keyedProcess by the clock', (it) => {
  const idle = (more: object = {}) => keyedProcess({
    key: (n: number) => n % 2, at: 'arrival', create: () => ({ n: 0 }), maxKeys: 2,
    process: (state, _: number, on) => { state.n++; on.setTimer(on.at + 10, 'idle') },
    onTimer: (state, { name, at }, on) => [on.key, state.n, name, at, on.watermark, on.ended],
    ...more
  })

  it('goes off without traffic, when it is due; at the end what is set goes off', async () => {
    await paused(async () => {
      const out = await arriving([1, 4, 5, 50, 56]).pipe(idle(), map((row) => [...row as unknown[], time.now()])).toArray({ workers: 0 })
      assert.equal(out, [
        [0, 1, 'idle', 14, 14, false, 14], [1, 2, 'idle', 15, 15, false, 15], [0, 3, 'idle', 66, Infinity, true, 56]
      ])
    })
  })

  it('timers that follow each other, several of a key, cleared ones', async () => {
    await paused(async () => {
      const flow = keyedProcess({
        key: () => 'k', at: 'arrival', create: () => ({ n: 0 }), maxKeys: 2,
        process: (_, __: number, on) => { on.setTimer(on.at + 3, 'tick'); on.setTimer(on.at + 5, 'five'); on.setTimer(on.at + 4, 'no'); on.clearTimer('no') },
        onTimer: (state, { name, at }, on) => { if (name === 'tick' && ++state.n < 4) on.setTimer(at + 3, name); return [[name, at]] as const }
      })
      const out = await arriving([1, 100]).pipe(flow, flatMap((rows) => rows), map(([name, at]) => [name, at, time.now()])).toArray({ workers: 0 })
      assert.equal(out, [['tick', 4, 4], ['five', 6, 6], ['tick', 7, 7], ['tick', 10, 10], ['tick', 13, 13], ['tick', 103, 100], ['five', 105, 100]])
    })
  })

  it('the real clock: instants are milliseconds since the epoch, and the process is not held at the end', async () => {
    const before = Date.now()
    const { out } = await runOne(idle({ process: (_: object, __: number, on: KeyContext) => { on.setTimer(on.at + 5) } }), { batches: [[1]], gap: () => 30 })
    const [[, , , at]] = out as [[number, number, string, number]]
    assert.ok(Math.abs(at - before) < 60_000, `${at}`)
    const controller = new AbortController()
    const quiet = await runOne(idle(), { batches: [[1]], endless: true }, { signal: controller.signal, onItem: () => { controller.abort() } })
    assert.is(quiet.out.length, 1)
  })

  it('what throws follows the policy; it leaves no timer behind, however it ends', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const far = (more: object = {}) => idle({ process: (_: object, n: number, on: KeyContext) => { if (n === 12) throw new Error('twelve'); on.setTimer(on.at + 1e9) }, ...more })
    const failed = await runOne(far(), [[1, 12]])
    assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 1 }])
    const dead = await runOne(far({ onError: 'deadLetter' }), [[1, 12, 12]], { slowLetters: 2 })
    assert.equal([dead.out.length, dead.letters.map((l) => [l.index, l.item]), dead.mostLetters], [1, [[1, 12], [2, 12]], 1])
    const timer = await runOne(idle({ onTimer: () => { throw new Error('no') }, onError: 'skip' }), [[1]])
    assert.equal([timer.out, timer.skipped], [[], 1])
    await runOne(far(), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    const broken = await runOne(far(), { batches: [[1]], fails: new Error('disk') })
    assert.equal([(broken.error as Error).message, broken.out], ['disk', []])
    const left = await runOne(idle({ process: (_: object, n: number) => n }), { batches: [[1, 3]], endless: true }, { leaveAfter: 1 })
    assert.equal([left.error, left.closed], [undefined, [true]])
    assert.is(timers(), before)
  })
})
