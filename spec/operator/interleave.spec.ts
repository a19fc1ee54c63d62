import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { range } from '../../src/connector/memory/range.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { filter } from '../../src/operator/filter.ts'
import { interleave, type InterleaveOptions } from '../../src/operator/interleave.ts'
import { input } from '../support/run-kernel.ts'
import { runProcess } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { all, feedings, quiet, several, two } from '../support/several.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

/** The model: turns over lists. */
const turns = (lists: readonly (readonly unknown[])[], segment: number): readonly unknown[] => {
  let left = lists.map((list) => [...list]).filter((list) => list.length > 0)
  const out: unknown[] = []
  while (left.length > 0) {
    for (const list of left) out.push(...list.splice(0, segment))
    left = left.filter((list) => list.length > 0)
  }
  return out
}

suite('interleave', (it) => {
  it('takes from each in its turn, for any sources and readers', async () => {
    await fc.assert(fc.asyncProperty(feedings, fc.integer({ min: 1, max: 3 }), fc.func(fc.nat(2)), async (inlets, segment, slow) => {
      const { out, error } = await runProcess(interleave(...several(inlets.length), { segment }), inlets, { slow })
      assert.equal([out, error], [turns(inlets.map(all), segment), undefined])
    }), { seed, numRuns: 150 })
  })

  it('waits for the source whose turn it is', async () => {
    const seen: unknown[] = []
    const controller = new AbortController()
    const run = runProcess(interleave(...two()), [quiet, { batches: [[1, 2]] }], { onItem: (x) => seen.push(x), signal: controller.signal })
    for (let i = 0; i < 10; i++) await turn()
    controller.abort()
    await run
    assert.equal(seen, [])
  })

  it('one source, and ones without items', async () => {
    assert.equal((await runProcess(interleave(input<number>()), [{ batches: [[1, 2]] }])).out, [1, 2])
    assert.equal((await runProcess(interleave(...two()), [{ batches: [] }, { batches: [] }])).out, [])
  })

  it('ends when the reader leaves, when it is cancelled, when a source fails', async () => {
    const left = await runProcess(interleave(...two()), [{ batches: [[1]], endless: true }, quiet], { leaveAfter: 1 })
    assert.equal([left.error, left.out], [undefined, [1]])
    assert.is(((await runProcess(interleave(...two()), [quiet, quiet], { signal: AbortSignal.timeout(5) })).error as Error).name, 'TimeoutError')
    assert.is(((await runProcess(interleave(...two()), [quiet, { batches: [], fails: new Error('disk') }])).error as Error).message, 'disk')
  })

  it('sources of one stage whose turns do not fit: the run says that it waits for itself', async () => {
    const numbers = range(0, 1_000_000)
    const p = pipeline({ out: interleave(numbers.pipe(filter((n) => n > 900_000)), numbers).observe({ overflow: 'dropOldest' }) })
    const error: unknown = await p.run({ workers: 0 }).done.catch((reason: unknown) => reason)
    assert.is((error as { code?: string }).code, 'ERR_MILLRACE_GRAPH_INVALID')
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => interleave(...two(), options as InterleaveOptions)
    verifyRefusals('interleave', [() => interleave(), () => interleave(input(), 3 as never), of({ segment: 0 }), of({ segment: 1.5 }), of({ name: '' }), () => interleave({ segment: 1 })])
  })
}, 20_000)
