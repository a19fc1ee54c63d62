/** simulate with virtual workers: parallel, serial and keyed plans in any order of their morsels, deaths of workers, and everything given back. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import {
  aggregate, aggregateBy, batch, countBy, distinct, filter, flatMap, from, map, mapAsync, mapState, merge, pipeline, range, reduce, scan, scanBy, sum, take, tumbling, window,
  type Closed, type Pipeline
} from './doors.ts'
import { simulate, SimulationError } from '../../src/testing.ts'
import { agreesWithModels, graphArb, outputsOf } from '../support/graphs.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

const wrongOf = async (work: Promise<unknown>): Promise<SimulationError> => {
  const error = await work.then(() => undefined, (reason: unknown) => reason)
  assert.instance(error, SimulationError, String(error))
  return error as SimulationError
}

const numbers = Array.from({ length: 24 }, (_, i) => (i * 7) % 23)
const sumOf = (items: readonly number[]): number => items.reduce((a, b) => a + b, 0)

/** Stages of every kind that runs in workers, some of them behind each other. */
const mixed = () => {
  const source = from(numbers, { name: 'numbers' })
  const doubled = source.pipe(map((n) => n * 2, { name: 'double', lane: 'blocking' }))
  return pipeline(
    {
      doubled: doubled.observe(),
      counts: doubled.pipe(countBy((n) => n % 3, { lane: 'blocking' })).observe(),
      running: source.pipe(scan((a, n) => a + n, 0, { name: 'total', lane: 'blocking' })).observe(),
      keyed: source.pipe(scanBy((n) => n % 4, (a, n) => a + n, 0, { name: 'by key', lane: 'blocking', maxKeys: 10 })).observe()
    },
    { capacity: 8 }
  )
}

suite('simulate with workers', (it) => {
  it('orders are kept, parts of aggregates are put together, keys have one owner, in any order of the morsels', async () => {
    const traces = new Set<string>()
    await simulate(mixed(), {
      seed: 1,
      runs: 30,
      workers: 3,
      check: ({ outputs, error, trace, report }) => {
        assert.is(error, undefined)
        assert.is(report!.workers, 3)
        assert.equal(outputs.doubled, numbers.map((n) => n * 2))
        assert.equal(outputs.running, numbers.map((_, i) => sumOf(numbers.slice(0, i + 1))))
        assert.equal(outputs.counts, [new Map([0, 2, 1].map((rest) => [rest, numbers.filter((n) => (n * 2) % 3 === rest).length]))])
        for (const key of [0, 1, 2, 3]) {
          const own = numbers.filter((n) => n % 4 === key)
          assert.equal(outputs.keyed.filter(([k]) => k === key).map(([, total]) => total), own.map((_, i) => sumOf(own.slice(0, i + 1))))
        }
        traces.add(trace.join('\n'))
      }
    })
    assert.is(traces.size, 31, 'each run is another, and the undisturbed one')
  })

  it('the same seed is the same schedule, step by step', async () => {
    const options = { seed: 5, runs: 5, workers: 2, faults: ['throw', 'worker', 'slow', 'cancel'], check: () => undefined } as const
    const first = await simulate(mixed(), options)
    const again = await simulate(mixed(), options)
    first.runs.forEach((run, i) => {
      const other = again.runs[i]!
      const at = run.trace.findIndex((line, k) => other.trace[k] !== line)
      assert.is(at, -1, `run ${i}, step ${at}: ${run.trace[at]} and ${other.trace[at]}`)
      assert.equal([other.schedule, other.outputs], [run.schedule, run.outputs])
    })
    const { runs: [repeated] } = await simulate(mixed(), { ...options, schedule: first.runs[3]!.schedule })
    assert.equal(repeated!.trace, first.runs[3]!.trace)
  })

  it('a task begins on the loop and goes to the workers at any time, with its state', async () => {
    let moved = 0
    await simulate(pipeline({ out: from(numbers).pipe(scan((a, n) => a + n, 0), distinct((n) => n), batch({ count: 3 })).observe() }), {
      seed: 3,
      runs: 30,
      workers: 2,
      check: ({ outputs, error, trace }) => {
        assert.is(error, undefined)
        const sums = [...new Set(numbers.map((_, i) => sumOf(numbers.slice(0, i + 1))))]
        assert.equal(outputs.out.flat(), sums)
        if (trace.some((line) => line.includes('takes from')) && trace.some((line) => line.startsWith('worker'))) moved++
      }
    })
    assert.ok(moved > 10, `${moved} runs were seen on both lanes`)
  })

  it('finds an aggregate whose parts cannot be put together', async () => {
    const longest = () => pipeline({
      n: from(numbers).pipe(aggregate({ create: () => 0, add: (s, n: number) => s + n, combine: (a) => a }, { lane: 'blocking' })).observe()
    })
    const wrong = await wrongOf(simulate(longest, { seed: 1, workers: 2, check: ({ outputs }) => { assert.equal(outputs.n, [sumOf(numbers)]) } }))
    assert.ok(wrong.schedule.length <= 4, `${wrong.schedule.length} decisions`)
  })

  it('finds a function that takes it that one worker sees all', async () => {
    const made = (): Pipeline<{ n: Closed<number> }> => pipeline({
      n: from(numbers).pipe(map((n) => n, { lane: 'blocking' }), aggregateBy((n) => n % 2, sum(), { lane: 'blocking' }), flatMap((sums) => [...sums.keys()])).observe()
    })
    // the order of the keys in a map is that of their coming, which nobody promises
    await wrongOf(simulate(made, { seed: 2, workers: 3 }))
  })

  it('a worker that dies fails the run where something is lost with it, and only there', async () => {
    const codes = new Map<string, number>()
    await simulate(mixed(), {
      seed: 1,
      runs: 40,
      workers: 2,
      faults: ['worker'],
      check: ({ error, faults, outputs }) => {
        const code = error?.code ?? (faults.length === 0 ? 'undisturbed' : 'survived')
        codes.set(code, (codes.get(code) ?? 0) + 1)
        if (error === undefined) assert.equal(outputs.doubled, numbers.map((n) => n * 2))
        else assert.ok(faults.length > 0)
        assert.equal(outputs.doubled, numbers.map((n) => n * 2).slice(0, outputs.doubled.length), 'what came before is right')
      }
    })
    assert.equal([...codes.keys()].sort(), ['ERR_MILLRACE_WORKER_DIED', 'survived', 'undisturbed'], JSON.stringify([...codes]))
  })

  it('functions in workers throw, and policies set items aside', async () => {
    let letters = 0
    await simulate(pipeline({ out: from(numbers).pipe(map((n) => n, { name: 'm', lane: 'blocking', onError: 'deadLetter' })).observe() }), {
      seed: 1,
      runs: 30,
      workers: 2,
      faults: ['throw'],
      check: ({ deadLetters, faults, error, outputs }) => {
        assert.is(error, undefined)
        assert.is(deadLetters.length, faults.length)
        assert.is(outputs.out.length, numbers.length - faults.length)
        letters += deadLetters.length
      }
    })
    assert.ok(letters > 0)
  })

  it('readers that leave early, cancels, windows and stages that wait among them', async () => {
    const flow = () => from(numbers).pipe(
      filter((n) => n % 5 !== 0, { lane: 'blocking' }),
      mapAsync(async (n) => n),
      mapState({ key: (n: number) => n % 3, create: () => ({ seen: 0 }), map: (state, n) => n + 0 * ++state.seen, maxKeys: 5, lane: 'blocking' })
    )
    const kept = numbers.filter((n) => n % 5 !== 0)
    await simulate(() => pipeline({
      few: flow().pipe(take(5)).observe(),
      windows: flow().pipe(window(tumbling({ sizeMs: 5 }), { at: (n) => n, outOfOrderMs: 50, aggregate: sum(), lane: 'blocking' })).observe(),
      total: merge(flow(), range(0, 10)).pipe(reduce((a, n) => a + n, 0, { combine: (a, b) => a + b, lane: 'blocking' })).observe()
    }, { capacity: 4 }), {
      seed: 1,
      runs: 15,
      workers: 2,
      faults: ['cancel', 'slow'],
      check: ({ outputs, error, faults }) => {
        if (faults.some(({ type }) => type === 'cancel') && error?.code === 'ERR_MILLRACE_CANCELLED') return
        assert.is(error, undefined)
        assert.is(outputs.few.length, 5)
        assert.equal(outputs.total, [sumOf(kept) + 45])
        assert.is(sumOf(outputs.windows.map(({ value }) => value)), sumOf(kept))
      }
    })
  })

  it('random graphs give what their model says', async () => {
    await fc.assert(
      fc.asyncProperty(graphArb, fc.nat(2 ** 31), async (branches, own) => {
        await simulate(pipeline(outputsOf(branches), { capacity: 8 }), {
          seed: own,
          runs: 2,
          workers: 2,
          check: ({ error, outputs: came }) => {
            if (error !== undefined) throw error
            agreesWithModels(branches, came)
          }
        })
      }),
      { seed, numRuns: 15 }
    )
  })

  it('refuses what cannot be right', async () => {
    const p = pipeline({ n: range(0, 1).observe() })
    for (const options of [{ workers: -1 }, { workers: 17 }, { faults: ['worker'] as const }]) {
      const error = await simulate(p, options).then(() => undefined, (reason: unknown) => reason)
      assert.is((error as { code?: string } | undefined)?.code, 'ERR_MILLRACE_ARGUMENT', JSON.stringify(options))
    }
  })
}, 30_000)
