/** simulate: one seed is one schedule, another is another; planted faults of order are found, and made small; faults are injected. */
import * as assert from 'uvu/assert'
import {
  batch, buffer, filter, forEach, from, map, mapAsync, merge, mergeMap, pipeline, PipelineError, range, reduce, scan, sleep, take, toArray, zip,
  type Pipeline
} from './doors.ts'
import { InjectedFault, simulate, SimulationError, type SimulatedRun } from '../../src/testing.ts'
import { suite } from '../support/suite.ts'

const wrongOf = async (work: Promise<unknown>): Promise<SimulationError> => {
  const error = await work.then(() => undefined, (reason: unknown) => reason)
  assert.instance(error, SimulationError, String(error))
  return error as SimulationError
}

const left = [1, 2, 3, 4, 5, 6]
const right = [10, 20, 30, 40, 50, 60]

/** Two sources and stages of every kind between them and three outputs. */
const mixed = () => {
  const a = from(left, { name: 'left' }).pipe(map((n) => n + 1, { name: 'plus' }), mapAsync(async (n) => { await sleep(n % 3); return n }, { name: 'wait', concurrency: 3 }))
  const b = from(right, { name: 'right' }).pipe(filter((n) => n !== 20), buffer({ capacity: 2 }))
  const both = merge(a, b)
  return pipeline(
    { sum: both.pipe(reduce((x, y) => x + y, 0)).observe(), all: both.to(toArray()), pairs: zip(a, b).observe() },
    { capacity: 2 }
  )
}

const SUM = 2 + 3 + 4 + 5 + 6 + 7 + 10 + 30 + 40 + 50 + 60

suite('simulate', (it) => {
  it('the same seed is the same schedule, step by step; another seed is another', async () => {
    const check = (): void => undefined
    const first = await simulate(mixed(), { seed: 7, runs: 10, check, faults: ['slow', 'throw', 'cancel'] })
    const again = await simulate(mixed(), { seed: 7, runs: 10, check, faults: ['slow', 'throw', 'cancel'] })
    first.runs.forEach((run, i) => {
      const other = again.runs[i]!
      const at = run.trace.findIndex((line, k) => other.trace[k] !== line)
      assert.is(at, -1, `run ${i}, step ${at}: ${run.trace[at]} and ${other.trace[at]}`)
      assert.equal([other.schedule, other.outputs, other.trace.length], [run.schedule, run.outputs, run.trace.length])
    })
    assert.is(new Set(first.runs.map((run) => run.trace.join('\n'))).size, 10)
    const { runs: [one] } = await simulate(mixed(), { seed: 9, runs: 1, check, faults: ['slow', 'throw', 'cancel'] })
    assert.equal(one!.trace, first.runs[2]!.trace, 'a run has a seed of its own')
    const { runs: [repeated] } = await simulate(mixed(), { schedule: one!.schedule, check, faults: ['slow', 'throw', 'cancel'] })
    assert.equal(repeated!.trace, one!.trace, 'and a schedule')
  })

  it('what does not depend on the order comes out right in every order', async () => {
    await simulate(mixed(), {
      seed: 1,
      runs: 60,
      check: ({ outputs, error }) => {
        assert.is(error, undefined)
        assert.equal(outputs.sum, [SUM])
        assert.equal(outputs.pairs, [[2, 10], [3, 30], [4, 40], [5, 50], [6, 60]])
      }
    })
    const orders = new Set<string>()
    await simulate(pipeline({ all: merge(from(left), from(right)).observe() }), { seed: 1, runs: 60, check: ({ outputs }) => { orders.add(outputs.all.join()) } })
    assert.ok(orders.size > 20, `${orders.size} orders of a merge`)
  })

  it('without a check, outputs that depend on the order are found', async () => {
    const p = pipeline({ all: merge(from(left), from(right)).observe() })
    const wrong = await wrongOf(simulate(p, { seed: 3 }))
    assert.match(wrong.message, 'the outputs depend on the order')
    assert.match(wrong.message, `{ seed: ${wrong.seed}, runs: 1 }`)
    await simulate(pipeline({ all: zip(from(left), from(right)).observe() }), { seed: 3, runs: 30 })
  })

  /** A stage that takes it that the header comes before the rows. */
  const planted = (): Pipeline<{ rows: ReturnType<typeof rowsOf> }> => pipeline({ rows: rowsOf() })
  const rowsOf = () => {
    const header = from(['name'], { name: 'header' })
    const rows = from(['a', 'b', 'c', 'd', 'e', 'f'], { name: 'rows' })
    return merge(header, rows).pipe(scan((all: readonly string[], x) => {
      if (all.length === 0 && x !== 'name') throw new Error('a row before the header')
      return [...all, x]
    }, [] as readonly string[])).observe()
  }
  const noError = (run: SimulatedRun<{ rows: ReturnType<typeof rowsOf> }>): void => {
    if (run.error !== undefined) throw run.error
  }

  it('finds a planted fault of order, shrinks it, and repeats it from the seed and from the schedule', async () => {
    const wrong = await wrongOf(simulate(planted, { seed: 11, check: noError }))
    assert.match(wrong.message, 'a row before the header')
    assert.instance(wrong.cause, PipelineError)
    assert.ok(wrong.schedule.length <= 4, `${wrong.schedule.length} decisions are left`)
    assert.ok(wrong.trace.some((line) => line.startsWith('rows sends')), wrong.trace.join('\n'))
    const again = await wrongOf(simulate(planted, { seed: wrong.seed, runs: 1, check: noError }))
    assert.equal([again.seed, again.schedule, again.trace], [wrong.seed, wrong.schedule, wrong.trace])
    const replayed = await wrongOf(simulate(planted, { schedule: wrong.schedule, check: noError }))
    assert.equal(replayed.trace, wrong.trace)
  })

  it('finds an answer that is taken for the last one', async () => {
    let latest = 0
    const p = (): ReturnType<typeof made> => made()
    const made = () => {
      latest = 0
      return pipeline({ n: range(0, 4).pipe(mapAsync(async (n) => n, { ordered: false }), map((n) => (latest = n))).observe() })
    }
    const wrong = await wrongOf(simulate(p, { seed: 5, check: () => { assert.is(latest, 3) } }))
    assert.ok(wrong.schedule.length <= 6, String(wrong.schedule))
  })

  it('injects faults: functions that throw, sources and sinks that fail, cancels', async () => {
    const seen = new Map<string, number>()
    const written: number[] = []
    const p = pipeline({ out: from(left, { name: 'left' }).pipe(map((n) => n + 1), mapAsync(async (n) => n), batch({ count: 2 })).to(forEach((items) => { written.push(...items) })) })
    await simulate(p, {
      seed: 2,
      runs: 80,
      faults: ['throw', 'source', 'sink', 'slow', 'cancel'],
      check: ({ faults, error, trace }) => {
        for (const { type } of faults) seen.set(type, (seen.get(type) ?? 0) + 1)
        const fatal = faults.filter(({ type }) => type !== 'slow' && type !== 'cancel')
        if (fatal.length > 0) assert.ok(error !== undefined && (error.code === 'ERR_MILLRACE_INJECTED_FAULT' || error.code === 'ERR_MILLRACE_CANCELLED'), `${error?.code}`)
        if (faults.length === 0) assert.is(error, undefined)
        assert.is(trace.filter((line) => line.startsWith('!')).length, faults.length)
      }
    })
    assert.equal([...seen.keys()].sort(), ['cancel', 'sink', 'slow', 'source', 'throw'])
  })

  it('a policy that sets items aside sees the injected fault', async () => {
    const p = pipeline({ out: from(left).pipe(map((n) => n, { name: 'm', onError: 'deadLetter' })).observe() })
    let letters = 0
    await simulate(p, {
      seed: 1,
      runs: 20,
      faults: ['throw'],
      check: ({ deadLetters, faults, error, outputs }) => {
        assert.is(error, undefined)
        assert.is(deadLetters.length, faults.length)
        assert.is(outputs.out.length, left.length - faults.length)
        for (const { cause } of deadLetters) assert.instance(cause, InjectedFault)
        letters += deadLetters.length
      }
    })
    assert.ok(letters > 0)
  })

  it('shrinks to the fault that matters', async () => {
    const p = pipeline({ out: merge(from(left, { name: 'left' }).pipe(map((n) => n, { name: 'm' })), from(right)).observe() })
    const wrong = await wrongOf(simulate(p, {
      seed: 4,
      faults: ['throw', 'slow', 'cancel'],
      check: ({ error }) => { if (error?.code === 'ERR_MILLRACE_INJECTED_FAULT') throw error }
    }))
    assert.equal(wrong.faults.map(({ type, stage, at }) => [type, stage, at]), [['throw', 'm', 0]])
  })

  it('time goes on only when everybody waits, and the answers of one instant come in any order', async () => {
    const p = pipeline({ out: range(0, 4).pipe(mapAsync(async (n) => { await sleep(86_400_000); return n }, { ordered: false })).observe() })
    const orders = new Set<string>()
    await simulate(p, { seed: 1, runs: 30, check: ({ outputs }) => { orders.add(outputs.out.join()) } })
    assert.ok(orders.size > 5)
  })

  it('inner streams come in any order, and the functions that make them may throw', async () => {
    const orders = new Set<string>()
    const faults = new Set<string>()
    async function* letters(n: number): AsyncGenerator<string> {
      for (const letter of 'ab') yield `${n}${letter}`
    }
    const p = pipeline({ out: range(0, 3).pipe(mergeMap(letters, { name: 'inner' })).observe() })
    await simulate(p, {
      seed: 1,
      runs: 40,
      faults: ['throw'],
      check: ({ outputs, error, faults: happened }) => {
        for (const { stage } of happened) faults.add(stage)
        assert.is(error === undefined, happened.length === 0)
        if (error !== undefined) return
        assert.is(outputs.out.length, 6)
        orders.add(outputs.out.join())
      }
    })
    assert.ok(orders.size > 3, `${orders.size} orders`)
    assert.equal([...faults], ['inner'])
  })

  it('a timer that rings before tasks that could go on', async () => {
    /** A batch that is sent by time, behind a stage that takes it that a batch is full. */
    const p = pipeline({ out: from(left, { name: 'left' }).pipe(batch({ count: 3, maxMs: 10 })).observe() })
    const check = ({ outputs }: { readonly outputs: { readonly out: readonly (readonly number[])[] } }): void => { assert.equal(outputs.out.map((items) => items.length), [3, 3]) }
    await simulate(p, { seed: 1, runs: 50, check })
    const wrong = await wrongOf(simulate(p, { seed: 1, faults: ['late'], check }))
    assert.equal(wrong.faults.map(({ type }) => type), ['late'])
  })

  it('early ends, empty sources and endless ones behind take are no trouble', async () => {
    function* endless(): Generator<number> { for (let n = 0; ; n++) yield n }
    await simulate(() => pipeline({ a: from(endless()).pipe(take(5)).observe(), b: from([]).observe() }), { seed: 1, runs: 20 })
  })

  it('tells a run that is wrong undisturbed, and one that is stuck', async ({ defer }) => {
    const bad = await wrongOf(simulate(pipeline({ out: from([1]).pipe(map(() => { throw new Error('always') })).observe() })))
    assert.equal([bad.seed, bad.schedule], [undefined, []])
    assert.match(bad.message, 'It fails undisturbed')
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => { release = resolve })
    defer(() => { release() })
    const stuck = await wrongOf(simulate(pipeline({ out: from([1]).pipe(mapAsync(async () => released)).observe() }), { withinMs: 30 }))
    assert.match(stuck.message, 'the run got stuck')
  })

  it('refuses options that cannot be right', async () => {
    const p = pipeline({ n: range(0, 1).observe() })
    for (const options of [{ seed: -1 }, { seed: 2 ** 32 }, { runs: 0 }, { faults: ['fire' as never] }, { schedule: [-1] }, { withinMs: 0 }]) {
      const error = await simulate(p, options).then(() => undefined, (reason: unknown) => reason)
      assert.is((error as { code?: string } | undefined)?.code, 'ERR_MILLRACE_ARGUMENT', JSON.stringify(options))
    }
  })
}, 20_000)
