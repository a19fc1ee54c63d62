/** What is found by following: every item that a call asks for has its turn once, within bounds, until nothing is left. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { from, pipeline, take, toArray } from '../../src/index.ts'
import { recurse, type Recursion } from '../../src/operator/recurse.ts'
import { retry } from '../../src/operator/retry.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

/** A tree: the children of `n` are what `n` is divided into. */
const halves = (n: number): Recursion<number, number> => ({ emit: [n], again: n > 1 ? [n >> 1, n - (n >> 1)] : [] })

const depthFirst = (n: number): readonly number[] => {
  const { emit = [], again = [] } = halves(n)
  return [...emit, ...again.flatMap(depthFirst)]
}

const sorted = (all: readonly unknown[]): readonly unknown[] => [...(all as number[])].sort((a, b) => a - b)

suite('recurse', (it) => {
  it('gives back what asks for it, depth first, until nothing is left', async () => {
    for (const batches of [[], [[1]], [[5, 2], [7]]]) {
      const { out, error } = await runOne(recurse(halves, { concurrency: 1 }), batches)
      assert.equal([out, error], [batches.flat().flatMap(depthFirst), undefined])
    }
  })

  it('any items, arrivals, delays and limits: the same turns, and no more calls at a time than it may', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 3 }), { maxLength: 4 }), fc.func(fc.nat(3)), fc.func(fc.nat(2)), fc.integer({ min: 1, max: 4 }), async (batches, gap, delay, concurrency) => {
      let now = 0
      let most = 0
      const slow = async (n: number): Promise<Recursion<number, number>> => {
        most = Math.max(most, ++now)
        for (let i = delay(n); i > 0; i--) await turn()
        now--
        return halves(n)
      }
      const { out, error } = await runOne(recurse(slow, { concurrency }), { batches, gap })
      assert.is(error, undefined)
      assert.equal(sorted(out), sorted(batches.flat().flatMap(depthFirst)))
      assert.ok(most <= concurrency)
    }), { seed, numRuns: 100 })
  })

  it('what waits is bounded, and one more is an error that says so', async () => {
    const wide = (n: number): Recursion<number, number> => ({ again: n === 0 ? Array.from({ length: 11 }, (_, i) => i + 1) : [] })
    const { error } = await runOne(recurse(wide, { maxWaiting: 10 }), [[0]])
    assert.equal([(error as { code?: string }).code, (error as { position?: { index: number } }).position?.index], ['ERR_MILLRACE_STATE_FULL', 0])
    assert.is((await runOne(recurse(wide, { maxWaiting: 11 }), [[0]])).error, undefined)
    // depth first: a long chain waits for nothing
    assert.is((await runOne(recurse((n: number) => ({ emit: [n], again: n < 5000 ? [n + 1] : [] }), { maxWaiting: 1 }), [[0]])).out.length, 5001)
  })

  it('new input is taken when nothing waits', async () => {
    const { out } = await runOne(recurse((n: number) => ({ emit: [n], again: n % 10 < 3 ? [n + 1] : [] }), { concurrency: 1 }), [[10, 20]])
    assert.equal(out, [10, 11, 12, 13, 20, 21, 22, 23])
  })

  it('a call that fails follows the policy; its item is the one that failed, its place that of the input', async () => {
    const bad = (n: number): Recursion<number, number> => { if (n === 3) throw new Error('three'); return halves(n) }
    assert.is(((await runOne(recurse(bad), [[1, 5]])).error as { position?: { index: number } }).position?.index, 1)
    const skipped = await runOne(recurse(bad, { onError: 'skip', concurrency: 1 }), [[5]])
    assert.equal([skipped.out, skipped.skipped], [[5, 2, 1, 1], 1])
    const dead = await runOne(recurse(async (n: number) => bad(n), { onError: 'deadLetter' }), [[1, 5]], { slowLetters: 2 })
    assert.equal(dead.letters.map(({ item, index }) => [item, index]), [[3, 1]])
    let tries = 0
    const twice = await runOne(recurse(async (n: number) => { if (++tries < 3) throw new Error('not yet'); return { emit: [n] } }, { onError: retry({ times: 3, initialMs: 1, jitter: 0 }) }), [[7]])
    assert.equal([twice.out, tries], [[7], 3])
    const slow = await runOne(recurse(() => new Promise<never>(() => undefined), { timeoutMs: 5 }), [[1]])
    assert.is((slow.error as { code?: string }).code, 'ERR_MILLRACE_TIMEOUT')
  })

  it('an answer of another kind is refused', async () => {
    for (const wrong of [[1], 7, null, undefined, { emit: 1 }, { again: 'a' }]) {
      for (const fn of [() => wrong, async () => wrong] as never[]) {
        assert.is(((await runOne(recurse(fn), [[1]])).error as { code?: string }).code, 'ERR_MILLRACE_STAGE_FAILED')
      }
    }
    assert.equal((await runOne(recurse(() => ({})), [[1]])).out, [])
  })

  it('an endless one is stopped by its reader, and by a cancel', async () => {
    const endless = recurse((n: number) => ({ emit: [n], again: [n + 1] }))
    assert.equal(await from([0]).pipe(endless, take(1000)).toArray({ workers: 0 }), Array.from({ length: 1000 }, (_, n) => n))
    const controller = new AbortController()
    const run = runOne(recurse(async (n: number) => { await turn(); return { again: [n] } }), [[1]], { signal: controller.signal })
    for (let i = 0; i < 5; i++) await turn()
    controller.abort(new Error('enough'))
    assert.is(((await run).error as Error).message, 'enough')
  })

  it('in a run, a reader that is slow holds it back, and the watch for deadlocks does not mistake it', async () => {
    const tree = recurse(async (n: number) => { await new Promise((resolve) => setTimeout(resolve, n === 64 ? 1500 : 0)); return halves(n) }, { concurrency: 4 })
    const run = pipeline({ out: from([64]).pipe(tree).to(toArray()) }).run({ workers: 0 })
    const report = await run.done
    assert.is((report.results['out'] as readonly number[]).length, 127)
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('recurse', [() => recurse(1 as never), () => recurse(halves, { maxWaiting: 0 }), () => recurse(halves, { concurrency: 0.5 }), () => recurse(halves, { timeoutMs: -1 })])
  })
})
