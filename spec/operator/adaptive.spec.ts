/** A service whose latency grows with its load, by a clock that jumps: the limit finds its capacity, and follows it. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import '../../src/exec/pipeline.ts' // it loads the executor
import { forEach } from '../../src/connector/memory/for-each.ts'
import { range } from '../../src/connector/memory/range.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { adaptive, type AdaptiveOptions } from '../../src/operator/adaptive.ts'
import { ConcurrencyLimit } from '../../src/operator/waiting/concurrency-limit.ts'
import { mapAsync } from '../../src/operator/map-async.ts'
import { clock } from '../../src/prelude/clock.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { jumping } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

interface Service {
  /** Calls that it serves at its own speed; with more, each takes longer. */
  readonly capacity: number
  readonly baseMs: () => number
}

/** Loads seen by the calls, in their order. */
const serving = ({ capacity, baseMs }: Service) => {
  let now = 0
  const loads: number[] = []
  const call = (n: number): Promise<number> => {
    loads.push(++now)
    const ms = baseMs() * Math.max(1, now / capacity)
    return new Promise((resolve) => void clock().at(clock().now() + ms, () => { now--; resolve(n) }))
  }
  return { call, loads }
}

const mean = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0) / list.length

suite('adaptive', (it) => {
  it('finds what a service can do with, from below and from above, and stays about there', async () => {
    const services = fc.record({ capacity: fc.integer({ min: 2, max: 20 }), base: fc.integer({ min: 5, max: 50 }), ordered: fc.boolean(), initial: fc.constantFrom(1, 60), tolerance: fc.constantFrom(1.5, 2) })
    await fc.assert(fc.asyncProperty(services, async ({ capacity, base, ordered, initial, tolerance }) => {
      const { call, loads } = serving({ capacity, baseMs: () => base })
      const { out, error } = await jumping(() => runOne(mapAsync(call, { ordered, concurrency: adaptive({ max: 60, initial, tolerance }) }), [numbers(6000)]))
      assert.equal([out.length, error], [6000, undefined])
      const settled = loads.slice(4000, -60)
      assert.ok(Math.max(...settled) <= 1.2 * tolerance * capacity + 2, `at most ${Math.max(...settled)} of ${tolerance} * ${capacity}`)
      assert.ok(mean(settled) >= capacity * 0.9, `on average ${mean(settled)} of ${capacity}`)
    }), { seed, numRuns: 12 })
  })

  it('a service that becomes slower, or faster, for good is found out anew', async () => {
    for (const factor of [6, 1 / 6]) {
      let base = 12
      const { call, loads } = serving({ capacity: 10, baseMs: () => base })
      const { out } = await jumping(() => runOne(mapAsync((n: number) => { if (n === 4000) base *= factor; return call(n) }, { concurrency: adaptive({ max: 60 }) }), [numbers(10_000)]))
      const settled = loads.slice(8000, -60)
      assert.is(out.length, 10_000)
      assert.ok(mean(settled) >= 8 && Math.max(...settled) <= 20, `${mean(settled)}, at most ${Math.max(...settled)}`)
    }
  })

  it('latencies that scatter do not starve it, nor let it run away', async () => {
    const random = ((state: number) => () => ((state = (state * 48_271) % 2_147_483_647) / 2_147_483_647))(4711)
    const { call, loads } = serving({ capacity: 10, baseMs: () => 10 + random() * 10 })
    await jumping(() => runOne(mapAsync(call, { concurrency: adaptive({ max: 100, tolerance: 2 }) }), [numbers(8000)]))
    const settled = loads.slice(3000, -60)
    assert.ok(mean(settled) >= 7 && mean(settled) <= 22, String(mean(settled)))
  })

  it('a slow input does not let it grow: a limit that is not reached says nothing', async () => {
    const { call } = serving({ capacity: 50, baseMs: () => 10 })
    let gauges: unknown
    await jumping(async () => {
      const report = await pipeline({ out: range(0, 500).pipe(mapAsync(async (n) => { await call(n); return n }, { concurrency: 2 }), mapAsync(call, { name: 'ask', concurrency: adaptive({ max: 60, initial: 5 }) })).to(forEach(() => undefined)) }, { capacity: 1 }).run({ workers: 0 }).done
      gauges = report.stages.find((s) => s.name === 'ask')!.gauges
    })
    assert.equal(gauges, { concurrency: 5, inFlight: 0, latencyMs: 10 })
  })

  it('calls that take too long, and errors that say so, shrink it; other errors do not', async () => {
    const limitAfter = async (options: Partial<AdaptiveOptions>, fn: (n: number) => Promise<number>, timeoutMs?: number): Promise<unknown> => {
      const flow = mapAsync(fn, { name: 'ask', onError: 'skip', concurrency: adaptive({ max: 20, initial: 20, ...options }), ...(timeoutMs === undefined ? {} : { timeoutMs }) })
      return jumping(async () => (await pipeline({ out: range(0, 300).pipe(flow).to(forEach(() => undefined)) }).run({ workers: 0 }).done).stages.find((s) => s.name === 'ask')!.gauges?.['concurrency'])
    }
    const no = async (): Promise<never> => { await turn(); throw new Error('busy') }
    assert.is(await limitAfter({}, no), 20)
    assert.is(await limitAfter({ overloaded: (error) => (error as Error).message === 'busy', min: 2 }, no), 2)
    assert.is(await limitAfter({ overloaded: () => { throw new Error('oops') } }, no), 1)
    assert.is(await limitAfter({ min: 3 }, () => new Promise(() => undefined), 10), 3)
  })

  it('never leaves min to max, and counts what is in flight, whatever happens', () => {
    const event = fc.oneof(fc.constant('begin' as const), fc.record({ ms: fc.nat(100), bad: fc.boolean() }))
    fc.assert(fc.property(fc.array(event, { maxLength: 300 }), fc.integer({ min: 1, max: 4 }), fc.nat(10), (events, min, more) => {
      const limit = new ConcurrencyLimit({ min, max: min + more, initial: min, tolerance: 1.2, backoff: 0.5, overloaded: () => true })
      const open: number[] = []
      let at = 0
      for (const e of events) {
        if (e === 'begin') {
          open.push(at)
          limit.began()
        } else if (open.length > 0) {
          at += e.ms
          limit.ended(at, open.shift()!, e.bad ? { error: 0 } : undefined)
        }
        assert.is(limit.inFlight, open.length)
        assert.ok(limit.now >= min && limit.now <= min + more && Number.isInteger(limit.now))
      }
    }), { seed, numRuns: 200 })
  })

  it('none, one; answers at once cost no place; the end, and an early leave', async () => {
    const make = () => mapAsync((n: number) => (n % 2 === 0 ? n : turn(n)), { concurrency: adaptive({ max: 4 }) })
    for (const items of [[], [1], numbers(50)]) assert.equal((await runOne(make(), [items])).out, items)
    const { out, error } = await runOne(make(), { batches: [numbers(10)], endless: true }, { leaveAfter: 3 })
    assert.equal([out.slice(0, 3), error], [[0, 1, 2], undefined])
  })

  it('refuses what makes no sense', () => {
    verifyRefusals('adaptive', [
      () => adaptive({} as never), () => adaptive({ max: 0 }), () => adaptive({ max: 2, min: 3 }), () => adaptive({ max: 2, initial: 3 }), () => adaptive({ max: 4, min: 2, initial: 1 }),
      () => adaptive({ max: 2, tolerance: 1 }), () => adaptive({ max: 2, backoff: 1 }), () => adaptive({ max: 2, backoff: 0 }), () => adaptive({ max: 2, overloaded: 1 as never })
    ])
    verifyRefusals('mapAsync', [() => mapAsync((n: number) => n, { concurrency: {} as never }), () => mapAsync((n: number) => n, { concurrency: null as never })])
  })
}, 30_000)
