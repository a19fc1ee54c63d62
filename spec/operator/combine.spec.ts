/** The operators that read several sources: merge, concat, zip. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { concat } from '../../src/operator/concat.ts'
import { merge } from '../../src/operator/merge.ts'
import { zip } from '../../src/operator/zip.ts'
import { input } from '../support/run-kernel.ts'
import { runProcess, type Feeding } from '../support/run-process.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const several = (n: number) => Array.from({ length: n }, () => input<number>())

const merged = (n: number) => merge(...several(n))
const joined = (n: number) => concat(...several(n))
const zipped = (n: number) => zip(...(several(n) as unknown as [ReturnType<typeof input>, ReturnType<typeof input>]))

/** Items that say where they come from: inlet * 1000 + position. */
const feedings: fc.Arbitrary<readonly Feeding[]> = fc
  .array(fc.record({ sizes: fc.array(fc.nat(4), { maxLength: 5 }), gap: fc.func(fc.nat(3)) }), { minLength: 2, maxLength: 4 })
  .map((inlets) =>
    inlets.map(({ sizes, gap }, inlet) => {
      let n = inlet * 1000
      return { batches: sizes.map((size) => Array.from({ length: size }, () => n++)), gap }
    })
  )

const all = (feeding: Feeding): readonly unknown[] => feeding.batches.flat()

suite('merge', (it) => {
  it('emits every item once, those of each source in order, for any sources and readers', async () => {
    await fc.assert(fc.asyncProperty(feedings, fc.func(fc.nat(3)), async (inlets, slow) => {
      const { out, error } = await runProcess(merged(inlets.length), inlets, { slow })
      assert.is(error, undefined)
      inlets.forEach((feeding, inlet) => {
        assert.equal((out as number[]).filter((n) => Math.floor(n / 1000) === inlet), all(feeding))
      })
      assert.is(out.length, inlets.flatMap(all).length)
    }), { numRuns: 150 })
  })

  it('a quiet source does not hold back the others', async () => {
    const seen: unknown[] = []
    const controller = new AbortController()
    const run = runProcess(merged(2), [{ batches: [], endless: true }, { batches: [[1], [2], [3]] }], { onItem: (x) => seen.push(x), signal: controller.signal })
    for (let i = 0; i < 10; i++) await turn()
    assert.equal(seen, [1, 2, 3])
    controller.abort(new Error('enough'))
    assert.is(((await run).error as Error).message, 'enough')
  })

  it('a slow reader holds all of them back: one batch each is in hand', async () => {
    const many = { batches: Array.from({ length: 50 }, (_, i) => [i]) }
    const controller = new AbortController()
    const run = runProcess(merged(3), [many, many, many], { slow: () => 1000, signal: controller.signal })
    for (let i = 0; i < 20; i++) await turn()
    controller.abort()
    assert.equal((await run).pulled, [1, 1, 1])
  })

  it('ends when the reader leaves, also with sources that never end', async () => {
    const { error, closed } = await runProcess(merged(3), [{ batches: [[1, 2]], endless: true }, { batches: [], endless: true }, { batches: [[3]] }], { leaveAfter: 2 })
    assert.equal([error, closed], [undefined, [true, true, true]])
  })

  it('a source that fails ends it with that error', async () => {
    assert.is(((await runProcess(merged(2), [{ batches: [[1]], endless: true }, { batches: [], fails: new Error('disk') }])).error as Error).message, 'disk')
  })

  it('refuses what is no source, and none', () => {
    verifyRefusals('merge', [() => merge(), () => merge(input(), [1] as never), () => merge(undefined as never)])
  })
})

suite('concat', (it) => {
  it('emits all of each source before the next, for any sources and readers', async () => {
    await fc.assert(fc.asyncProperty(feedings, fc.func(fc.nat(3)), async (inlets, slow) => {
      const { out, error } = await runProcess(joined(inlets.length), inlets, { slow })
      assert.equal([out, error], [inlets.flatMap(all), undefined])
    }), { numRuns: 150 })
  })

  it('does not touch a source before its turn', async () => {
    const controller = new AbortController()
    const run = runProcess(joined(2), [{ batches: [[1]], endless: true }, { batches: [[2]] }], { signal: controller.signal })
    for (let i = 0; i < 10; i++) await turn()
    controller.abort()
    assert.equal((await run).pulled, [1, 0])
  })

  it('ends when the reader leaves', async () => {
    const { out, error, pulled } = await runProcess(joined(2), [{ batches: [[1], [2]], endless: true }, { batches: [[3]] }], { leaveAfter: 1 })
    assert.equal([out, error, pulled], [[1], undefined, [1, 0]])
  })

  it('a source that fails ends it with that error', async () => {
    const { out, error } = await runProcess(joined(2), [{ batches: [[1]], fails: new Error('disk') }, { batches: [[2]] }])
    assert.equal([out, (error as Error).message], [[1], 'disk'])
  })

  it('refuses what is no source, and none', () => {
    verifyRefusals('concat', [() => concat(), () => concat(input(), null as never)])
  })
})

suite('zip', (it) => {
  it('emits rows as long as every source has an item, for any sources and readers', async () => {
    await fc.assert(fc.asyncProperty(feedings, fc.func(fc.nat(3)), async (inlets, slow) => {
      const { out, error } = await runProcess(zipped(inlets.length), inlets, { slow })
      const columns = inlets.map(all)
      const length = Math.min(...columns.map((column) => column.length))
      assert.equal([out, error], [Array.from({ length }, (_, i) => columns.map((column) => column[i])), undefined])
    }), { numRuns: 150 })
  })

  it('ends with the shortest and closes the others, however long they would take', async () => {
    const quiet = { batches: [], endless: true }
    const cases: readonly (readonly [readonly Feeding[], readonly unknown[]])[] = [
      [[{ batches: [[1], [2]], endless: true }, { batches: [[3]] }], [[1, 3]]],
      [[{ batches: [[3]] }, { batches: [[1], [2]], endless: true }], [[3, 1]]],
      [[{ batches: [] }, quiet], []],
      [[quiet, { batches: [[1]] }, { batches: [] }], []]
    ]
    for (const [inlets, rows] of cases) {
      const { out, error, closed } = await runProcess(zipped(inlets.length), inlets)
      assert.equal([out, error, closed], [rows, undefined, inlets.map(() => true)])
    }
  })

  it('ends when the reader leaves, and when it is cancelled', async () => {
    const endless = { batches: [[1, 2, 3]], endless: true }
    const left = await runProcess(zipped(2), [endless, endless], { leaveAfter: 1 })
    assert.equal([left.error, left.closed], [undefined, [true, true]])
    const cancelled = await runProcess(zipped(2), [endless, { batches: [], endless: true }], { signal: AbortSignal.timeout(5) })
    assert.ok(cancelled.error !== undefined)
  })

  it('a source that fails ends it with that error', async () => {
    assert.is(((await runProcess(zipped(2), [{ batches: [[1]], endless: true }, { batches: [], fails: new Error('disk') }])).error as Error).message, 'disk')
  })

  it('refuses what is no source, and fewer than two', () => {
    verifyRefusals('zip', [() => zip(input() as never, 3 as never), () => (zip as (...xs: unknown[]) => unknown)(input())])
  })
})
