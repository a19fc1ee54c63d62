import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import '../../src/exec/pipeline.ts' // it loads the executor
import { from } from '../../src/connector/memory/from.ts'
import { interval } from '../../src/connector/memory/interval.ts'
import { range } from '../../src/connector/memory/range.ts'
import { filter } from '../../src/operator/filter.ts'
import { takeUntil } from '../../src/operator/take-until.ts'
import { input } from '../support/run-kernel.ts'
import { runOne, runProcess, type Feeding } from '../support/run-process.ts'
import { quiet } from '../support/several.ts'
import { suite } from '../support/suite.ts'
import { jumping } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const every10: Feeding = { batches: [[1], [2], [3], [4]], at: (k) => k * 10 }

const until = (stop: Feeding, of: Feeding = every10, conditions = {}) =>
  jumping(async (clock) => {
    const settled = await runProcess(input<number>().pipe(takeUntil(input<string>())), [of, stop], conditions)
    return { ...settled, ended: clock.now() }
  })

suite('takeUntil a signal', (it) => {
  it('ends when it is aborted, and the run goes on to its end', async () => {
    const controller = new AbortController()
    const { out, error } = await runOne(takeUntil<number>(controller.signal), { batches: [[1], [2]], endless: true }, { onItem: (n) => { if (n === 2) controller.abort() } })
    assert.equal([out, error], [[1, 2], undefined])
  })

  it('ends a source that says nothing', async () => {
    const { out, error } = await runOne(takeUntil<number>(AbortSignal.timeout(5)), quiet)
    assert.equal([out, error], [[], undefined])
    assert.equal(await interval(100_000).pipe(takeUntil(AbortSignal.timeout(5))).toArray({ workers: 0 }), [])
  })

  it('with one that is aborted already emits nothing, in every run', async () => {
    const flow = takeUntil<number>(AbortSignal.abort())
    for (let i = 0; i < 2; i++) assert.equal((await runOne(flow, [[1]])).out, [])
  })

  it('leaves no listener on it', async () => {
    const { signal } = new AbortController()
    await runOne(takeUntil<number>(signal), [[1]])
    await runOne(takeUntil<number>(signal), { batches: [[1]], endless: true }, { leaveAfter: 1 })
    await runOne(takeUntil<number>(signal), { batches: [[1]], fails: new Error('disk') })
    assert.is(getEventListeners(signal, 'abort').length, 0)
  })
})

suite('takeUntil a source', (it) => {
  it('ends with its first item', async () => {
    const { out, error, ended, closed } = await until({ batches: [['x']], at: () => 15 })
    assert.equal([out, error, ended, closed[1]], [[1, 2], undefined, 15, true])
  })

  it('one that ends without an item stops nothing', async () => {
    assert.equal((await until({ batches: [], at: () => 15 })).out, [1, 2, 3, 4])
    assert.equal((await until({ batches: [[]], at: () => 15 })).out, [1, 2, 3, 4])
  })

  it('is closed when the input has ended', async () => {
    const { out, closed } = await until(quiet)
    assert.equal([out, closed[1]], [[1, 2, 3, 4], true])
  })

  it('may be of the same source', async () => {
    const numbers = range(0, 100_000)
    const taken = await numbers.pipe(takeUntil(numbers.pipe(filter((n) => n === 50_000)))).toArray({ workers: 0 })
    assert.equal(taken, Array.from({ length: taken.length }, (_, n) => n))
    assert.ok(taken.length < 100_000)
  })

  it('ends when the reader leaves, when it is cancelled, when either fails', async () => {
    assert.equal((await until(quiet, { batches: [[1], [2]], endless: true }, { leaveAfter: 1 })).out, [1])
    const cancelled = await runProcess(input<number>().pipe(takeUntil(input<string>())), [quiet, quiet], { signal: AbortSignal.timeout(5) })
    assert.is((cancelled.error as Error).name, 'TimeoutError')
    assert.is(((await until(quiet, { batches: [[1]], fails: new Error('disk') })).error as Error).message, 'disk')
    assert.is(((await until({ batches: [], fails: new Error('net') }, quiet)).error as Error).message, 'net')
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('takeUntil', [
      () => takeUntil(5 as never), () => takeUntil(null as never), () => takeUntil(undefined as never), () => takeUntil(Promise.resolve() as never),
      () => takeUntil(from([1]), { name: '' }), () => takeUntil(AbortSignal.abort(), { name: '' })
    ])
  })
}, 10_000)
