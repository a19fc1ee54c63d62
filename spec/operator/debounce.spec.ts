import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { debounce, type DebounceOptions } from '../../src/operator/debounce.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

/** The model: an item leaves `ms` after it, at `maxMs` after the first that it stands for, or at the end. */
const model = (items: readonly (readonly [number, number])[], ms: number, maxMs: number, end: number): readonly (readonly [number, number])[] => {
  const out: (readonly [number, number])[] = []
  let first: number | undefined
  items.forEach(([at, item], i) => {
    first ??= at
    const due = Math.min(at + ms, first + maxMs)
    const next = items[i + 1]?.[0] ?? Infinity
    if (next <= due && next !== Infinity && !(due <= at)) return
    out.push([Math.min(due, end), item])
    first = undefined
  })
  return out
}

suite('debounce', (it) => {
  it('emits the newest item once none has come for a while', async () => {
    const { at, ended } = await timed(debounce({ ms: 10 }), [[0, 'a'], [5, 'b'], [14, 'c'], [40, 'd']], { end: 60 })
    assert.equal([at, ended], [[[24, 'c'], [50, 'd']], 60])
  })

  it('at the end of the input what is held goes at once', async () => {
    assert.equal((await timed(debounce({ ms: 10 }), [[0, 'a'], [3, 'b']])).at, [[3, 'b']])
  })

  it('with maxMs, items that keep coming do not hold it back for ever', async () => {
    const items = Array.from({ length: 10 }, (_, n) => [n * 4, n] as const)
    assert.equal((await timed(debounce({ ms: 10, maxMs: 14 }), items)).at, [[14, 3], [30, 7], [36, 9]])
    assert.equal((await timed(debounce({ ms: 10 }), items)).at, [[36, 9]])
  })

  it('agrees with its model, for any input', async () => {
    const inputs = fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 25 }).map((gaps) => {
      let now = 0
      return gaps.map((gap, n) => [(now += gap), n] as const)
    })
    // odd instants for the clock, even ones for the input: an item and an alarm of one instant may come in either order
    await fc.assert(fc.asyncProperty(inputs, fc.nat(10), fc.option(fc.nat(20)), async (even, half, maxHalf) => {
      const items = even.map(([at, n]) => [at * 2, n] as const)
      const [ms, maxMs] = [half * 2 + 1, maxHalf === null ? undefined : maxHalf * 2 + 1]
      const end = (items.at(-1)?.[0] ?? 0) + 100
      const { at } = await timed(debounce<number>({ ms, maxMs }), items, { end })
      assert.equal(at, model(items, ms, maxMs ?? Infinity, end))
    }), { seed, numRuns: 100 })
  })

  it('a slow reader does not hold the input back, and gets the newest', async () => {
    const { at } = await timed(debounce({ ms: 2 }), [[0, 'a'], [10, 'b'], [20, 'c'], [30, 'd']], { end: 200 }, { slowMs: (k) => (k === 0 ? 100 : 0) })
    assert.equal(at, [[2, 'a'], [102, 'd']])
  })

  it('one item, none, and an input that says nothing', async () => {
    assert.equal((await timed(debounce<number>({ ms: 5 }), [[1, 7]], { end: 100 })).at, [[6, 7]])
    assert.equal((await timed(debounce<number>({ ms: 5 }), [])).at, [])
    const quiet = await runOne(debounce<number>({ ms: 1 }), { batches: [], endless: true }, { signal: AbortSignal.timeout(10) })
    assert.equal([quiet.out, quiet.error instanceof Error], [[], true])
  })

  it('undefined is an item', async () => {
    assert.equal((await timed(debounce<undefined>({ ms: 5 }), [[1, undefined]], { end: 100 })).at, [[6, undefined]])
  })

  it('ends when the reader leaves, also while it is busy; when it is cancelled; when the input fails', async () => {
    const left = await runOne(debounce<number>({ ms: 0 }), { batches: [[1]], endless: true }, { leaveAfter: 1, slow: () => 3 })
    assert.equal([left.error, left.out], [undefined, [1]])
    const cancelled = await runOne(debounce<number>({ ms: 1e6 }), { batches: [[1]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.equal([cancelled.out, (cancelled.error as Error).name], [[], 'TimeoutError'])
    const failed = await timed(debounce<number>({ ms: 10 }), [[0, 1]], { end: 5, fails: new Error('disk') })
    assert.equal([failed.out, (failed.error as Error).message], [[], 'disk'])
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => debounce(options as DebounceOptions)
    verifyRefusals('debounce', [of({}), of({ ms: -1 }), of({ ms: NaN }), of({ ms: '3' }), of({ ms: 1, maxMs: -1 }), of({ ms: 1, name: 3 }), () => debounce(null as never)])
  })
}, 15_000)
