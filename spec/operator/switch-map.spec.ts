import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { PipelineError } from '../../src/error/pipeline-error.ts'
import '../../src/exec/pipeline.ts' // it loads the executor
import { from } from '../../src/connector/memory/from.ts'
import { interval } from '../../src/connector/memory/interval.ts'
import { switchMap } from '../../src/operator/switch-map.ts'
import { take } from '../../src/operator/take.ts'
import { clock } from '../../src/prelude/clock.ts'
import { runOne } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { timed } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

/** Says its number so many times, every so many milliseconds of the clock; writes down its end. */
const ticking = (log: string[], ms: number, times: number) => async function* (n: number, { signal }: { signal: AbortSignal }) {
  try {
    for (let k = 1; k <= times; k++) {
      await new Promise<void>((resolve) => {
        const alarm = clock().at(clock().now() + ms, resolve)
        signal.addEventListener('abort', () => { alarm.cancel(); resolve() }, { once: true })
      })
      if (signal.aborted) return
      yield `${n}.${k}`
    }
  } finally {
    log.push(`end of ${n}${signal.aborted ? ', told' : ''}`)
  }
}

suite('switchMap', (it) => {
  it('reads the stream of the newest item, and leaves that of the one before', async () => {
    const log: string[] = []
    const { at, ended } = await timed(switchMap(ticking(log, 10, 3)), [[0, 1], [25, 2], [30, 3]], { end: 31 })
    assert.equal(at, [[10, '1.1'], [20, '1.2'], [40, '3.1'], [50, '3.2'], [60, '3.3']])
    assert.equal([log, ended], [['end of 1, told', 'end of 2, told', 'end of 3'], 60])
  })

  it('the last stream is read to its end; what came before it is in order, for any input and reader', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.array(fc.nat(3), { maxLength: 3 }), { maxLength: 5 }), fc.func(fc.nat(4)), fc.func(fc.nat(2)), fc.boolean(), async (batches, gap, slow, sync) => {
      let n = 0
      const numbered = batches.map((batch) => batch.map((count) => ({ n: n++, count })))
      const flow = switchMap(({ n: k, count }: { n: number, count: number }) => {
        const items = Array.from({ length: count }, (_, i) => k * 100 + i)
        return sync ? items : (async function* () { for (const item of items) { await turn(); yield item } })()
      })
      const { out, error } = await runOne(flow, { batches: numbered, gap }, { slow })
      assert.is(error, undefined)
      assert.equal(out, [...(out as number[])].sort((a, b) => a - b))
      const last = numbered.flat().at(-1)
      if (last !== undefined) assert.is((out as number[]).filter((x) => Math.floor(x / 100) === last.n).length, last.count)
      for (const { n: k } of numbered.flat()) {
        const some = (out as number[]).filter((x) => Math.floor(x / 100) === k)
        assert.equal(some, Array.from({ length: some.length }, (_, i) => k * 100 + i), 'from its beginning, without holes')
      }
    }), { seed, numRuns: 100 })
  })

  it('of items that come together only the last has a stream', async () => {
    const seen: number[] = []
    const { out } = await runOne(switchMap((n: number) => { seen.push(n); return [n, n] }), [[1, 2, 3]])
    assert.equal([seen, out], [[3], [3, 3]])
  })

  it('there is one stream at a time: the one before has closed', async () => {
    let open = 0
    let most = 0
    const flow = switchMap((n: number, { signal }) => (async function* () {
      most = Math.max(most, ++open)
      try {
        while (!signal.aborted) {
          await turn()
          yield n
        }
      } finally {
        await turn()
        open--
      }
    })())
    const { error } = await runOne(flow, { batches: [[1], [2], [3], [4]], gap: () => 5, endless: true }, { leaveAfter: 40 })
    assert.equal([error, most, open], [undefined, 1, 0])
  })

  it('a source inside is a run of its own, stopped when the next item comes', async () => {
    assert.equal(await from([7]).pipe(switchMap(() => interval(1)), take(2)).toArray({ workers: 0 }), [0, 1])
  })

  it('ends when the reader leaves, when it is cancelled, when the input fails', async () => {
    const log: string[] = []
    const left = await timed(switchMap(ticking(log, 1, 1e9)), [[0, 1]], { end: Infinity }, { leaveAfter: 2 })
    assert.equal([left.error, left.out, log], [undefined, ['1.1', '1.2'], ['end of 1, told']])
    const cancelled = await runOne(switchMap(ticking(log, 1e6, 1)), { batches: [[2]], endless: true }, { signal: AbortSignal.timeout(5) })
    assert.equal([(cancelled.error as Error).name, log.at(-1)], ['TimeoutError', 'end of 2, told'])
    const failed = await timed(switchMap(ticking(log, 10, 9)), [[0, 3]], { end: 15, fails: new Error('disk') })
    assert.equal([(failed.error as Error).message, failed.out, log.at(-1)], ['disk', ['3.1'], 'end of 3, told'])
  })

  it('what fails follows the policy', async () => {
    const fn = (n: number): AsyncIterable<number> | readonly number[] => {
      if (n === 3) throw new Error('three')
      return n === 4 ? (async function* () { await turn(); yield 40; throw new Error('four') })() : n === 5 ? (5 as never) : [n]
    }
    for (const bad of [3, 4, 5]) {
      const failed = await runOne(switchMap(fn), { batches: [[1], [bad]], gap: () => 5 })
      assert.equal([(failed.error as PipelineError).code, (failed.error as PipelineError).position], ['ERR_MILLRACE_STAGE_FAILED', { index: 1 }])
    }
    const skipped = await runOne(switchMap(fn, { onError: 'skip' }), { batches: [[1], [3], [4], [5], [2]], gap: () => 5 })
    assert.equal([skipped.out, skipped.skipped], [[1, 40, 2], 3])
    const dead = await runOne(switchMap(fn, { onError: 'deadLetter' }), { batches: [[1], [3], [4], [2]], gap: () => 5 }, { slowLetters: 2 })
    assert.equal([dead.out, dead.letters.map((l) => [l.index, l.item])], [[1, 40, 2], [[1, 3], [2, 4]]])
  })

  it('no item, and an empty stream', async () => {
    assert.equal((await runOne(switchMap(() => [1]), [])).out, [])
    assert.equal((await runOne(switchMap(() => []), [[1]])).out, [])
  })

  it('refuses bad arguments at declaration', () => {
    verifyRefusals('switchMap', [() => switchMap(1 as never), () => switchMap(() => [], { name: '' }), () => switchMap(() => [], { onError: 'lose' as never })])
  })
}, 15_000)
