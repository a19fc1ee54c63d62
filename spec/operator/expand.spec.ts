import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import { expand } from '../../src/operator/expand.ts'
import { runOne } from '../support/run-process.ts'
import { quiet } from '../support/several.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const forEver = function* (x: string): Generator<string> {
  for (let k = 0; ; k++) yield `${x}${k}`
}

suite('expand', (it) => {
  it('goes on with an item while the reader is faster than the input', async () => {
    const { at } = await timed(expand(forEver), [[0, 'a'], [35, 'b'], [55, 'c']], { end: 75 }, { slowMs: () => 10 })
    assert.equal(at.slice(0, 4), [[0, 'a0'], [10, 'a1'], [20, 'a2'], [30, 'a3']])
    assert.equal(at.map(([, x]) => x), ['a0', 'a1', 'a2', 'a3', 'b0', 'b1', 'c0', 'c1'])
  })

  it('emits the first of every item, in order, for any input and reader', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.nat(9), { maxLength: 3 }), { maxLength: 5 }), fc.func(fc.nat(3)), fc.func(fc.nat(2)), fc.nat(3), async (batches, gap, slow, more) => {
      const { out, error } = await runOne(expand((n: number) => Array.from({ length: more + 1 }, (_, k) => ({ n, k }))), { batches, gap }, { slow })
      assert.is(error, undefined)
      assert.equal((out as { n: number, k: number }[]).filter(({ k }) => k === 0).map(({ n }) => n), batches.flat())
    }), { seed, numRuns: 80 })
  })

  it('an iterable that has come to its end waits for the next item', async () => {
    assert.equal((await timed(expand((x: string) => [x, x]), [[0, 'a'], [50, 'b']], { end: 100 })).out, ['a', 'a', 'b', 'b'])
    assert.equal((await timed(expand(() => []), [[0, 'a']])).out, [])
  })

  it('a reader that is always free does not keep the input from coming', async () => {
    const { out } = await runOne(expand(forEver), { batches: [['a'], ['b'], ['c']], gap: () => 3 })
    assert.equal([...new Set((out as string[]).map((x) => x[0]))], ['a', 'b', 'c'])
  })

  it('an iterable that is left is closed', async () => {
    const closed: string[] = []
    const flow = expand(function* (x: string) {
      try {
        for (;;) yield x
      } finally {
        closed.push(x)
      }
    })
    await runOne(flow, [['a'], ['b']])
    assert.equal(closed, ['a', 'b'])
    await runOne(flow, { batches: [['c']], endless: true }, { leaveAfter: 3 })
    assert.equal(closed, ['a', 'b', 'c'])
  })

  it('what fails follows the policy', async () => {
    const fn = (n: number): Iterable<number> => {
      if (n === 3) throw new Error('three')
      if (n === 5) return 5 as never
      return n === 4 ? (function* () { yield 40; throw new Error('four') })() : [n]
    }
    for (const bad of [3, 5, 4]) {
      const failed = await runOne(expand(fn), { batches: [[1, bad]], gap: () => 3 })
      assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 1 }])
    }
    const dead = await runOne(expand(fn, { onError: 'deadLetter' }), { batches: [[1, 3, 3, 2]] }, { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map((l) => l.index), dead.mostLetters], [[1, 2], [1, 2], 1])
    assert.is((await runOne(expand(fn, { onError: 'skip' }), [[3, 5, 1]])).skipped, 2)
  })

  it('ends when it is cancelled, when the input fails, when there is none', async () => {
    assert.ok((await runOne(expand(forEver), quiet, { signal: AbortSignal.timeout(5) })).error instanceof Error)
    assert.is(((await runOne(expand(forEver), { batches: [['a']], fails: new Error('disk') })).error as Error).message, 'disk')
    assert.equal((await runOne(expand(forEver), [])).out, [])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('expand', [() => expand(1 as never), () => expand(() => [], { name: '' }), () => expand(() => [], { onError: 'lose' as never })])
  })
}, 10_000)
