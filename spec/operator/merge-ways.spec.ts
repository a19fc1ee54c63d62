/** merge with options: one source first, sorted, named. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { from } from '../../src/connector/memory/from.ts'
import { pipeline } from '../../src/exec/pipeline.ts'
import { concat } from '../../src/operator/concat.ts'
import { merge } from '../../src/operator/merge.ts'
import { zip } from '../../src/operator/zip.ts'
import { input } from '../support/run-kernel.ts'
import { runProcess } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { all, feedings, quiet, several, two } from '../support/several.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

const many = (inlet: number, n: number) => ({ batches: Array.from({ length: n }, (_, i) => [inlet * 1000 + i]) })

suite('merge, one source first', (it) => {
  it('emits every item once, those of each source in order, for any sources and readers', async () => {
    await fc.assert(fc.asyncProperty(feedings, fc.nat(1), fc.func(fc.nat(3)), async (inlets, prefer, slow) => {
      const { out, error } = await runProcess(merge(...several(inlets.length), { prefer }), inlets, { slow })
      assert.is(error, undefined)
      inlets.forEach((feeding, inlet) => {
        assert.equal((out as number[]).filter((n) => Math.floor(n / 1000) === inlet), all(feeding))
      })
      assert.is(out.length, inlets.flatMap(all).length)
    }), { seed, numRuns: 100 })
  })

  it('takes from the others only while the preferred one has nothing', async () => {
    const { out } = await runProcess(merge(...several(3), { prefer: 1 }), [many(0, 5), many(1, 5), many(2, 5)])
    assert.equal((out as number[]).slice(0, 5), [1000, 1001, 1002, 1003, 1004])
    assert.is(out.length, 15)
    const { out: late } = await runProcess(merge(...two(), { prefer: 1 }), [{ batches: [[0], [1], [2], [3]] }, { batches: [[1000]], gap: (k) => (k === 0 ? 1 : 0) }], { slow: () => 3 })
    assert.equal(late, [0, 1000, 1, 2, 3])
  })

  it('the others take turns', async () => {
    const { out } = await runProcess(merge(...several(3), { prefer: 0 }), [quiet, many(1, 4), many(2, 4)], { leaveAfter: 8 })
    assert.equal(out, [1000, 2000, 1001, 2001, 1002, 2002, 1003, 2003])
  })

  it('ends when the reader leaves, when it is cancelled, when a source fails', async () => {
    const left = await runProcess(merge(...two(), { prefer: 0 }), [{ batches: [[1]], endless: true }, quiet], { leaveAfter: 1 })
    assert.equal([left.error, left.out], [undefined, [1]])
    assert.is(((await runProcess(merge(...two(), { prefer: 0 }), [quiet, quiet], { signal: AbortSignal.timeout(5) })).error as Error).name, 'TimeoutError')
    assert.is(((await runProcess(merge(...two(), { prefer: 0 }), [quiet, { batches: [], fails: new Error('disk') }])).error as Error).message, 'disk')
  })
})

suite('merge, sorted', (it) => {
  const inputs = fc.array(fc.record({ items: fc.array(fc.nat(20), { maxLength: 12 }), cut: fc.integer({ min: 1, max: 4 }), gap: fc.func(fc.nat(2)) }), { minLength: 1, maxLength: 4 })

  it('is sorted, and of equal items those of the earlier source come first, for any sources and readers', async () => {
    await fc.assert(fc.asyncProperty(inputs, fc.boolean(), fc.func(fc.nat(2)), async (sources, descending, slow) => {
      const sign = descending ? -1 : 1
      const lists = sources.map(({ items }, s) => [...items].sort((a, b) => sign * (a - b)).map((at) => ({ at, s })))
      const feeds = lists.map((list, s) => {
        const { cut, gap } = sources[s]!
        return { batches: Array.from({ length: Math.ceil(list.length / cut) }, (_, k) => list.slice(k * cut, k * cut + cut)), gap }
      })
      const rows = lists.map(() => input<{ at: number, s: number }>())
      const { out, error } = await runProcess(merge(...rows, { by: (row) => row.at, order: descending ? 'descending' : 'ascending' }), feeds, { slow })
      assert.is(error, undefined)
      assert.equal(out, lists.flat().sort((a, b) => sign * (a.at - b.at))) // Array.sort is stable
    }), { seed, numRuns: 100 })
  })

  it('takes a comparator, texts, dates', async () => {
    const compare = (a: number, b: number): number => (a % 10) - (b % 10)
    assert.equal((await runProcess(merge(...two(), { compare }), [{ batches: [[10, 2]] }, { batches: [[11, 22]] }])).out, [10, 11, 2, 22])
    assert.equal((await runProcess(merge(input<string>(), input<string>(), { by: (s) => s }), [{ batches: [['a', 'c']] }, { batches: [['b']] }])).out, ['a', 'b', 'c'])
    const days = [1, 2, 3].map((n) => new Date(n))
    assert.equal((await runProcess(merge(input<Date>(), input<Date>(), { by: (d) => d }), [{ batches: [[days[1]]] }, { batches: [[days[0], days[2]]] }])).out, days)
  })

  it('waits until every source has an item, or has ended', async () => {
    const seen: unknown[] = []
    const controller = new AbortController()
    const run = runProcess(merge(...two(), { by: (n) => n }), [{ batches: [[1, 2]] }, quiet], { onItem: (x) => seen.push(x), signal: controller.signal })
    for (let i = 0; i < 10; i++) await turn()
    assert.equal(seen, [])
    controller.abort(new Error('enough'))
    assert.is(((await run).error as Error).message, 'enough')
    assert.equal((await runProcess(merge(...two(), { by: (n) => n }), [{ batches: [[1, 2]] }, { batches: [] }])).out, [1, 2])
  })

  it('a source that is not sorted ends it, and is named', async () => {
    const { error, out } = await runProcess(merge(...two(), { by: (n) => n }), [{ batches: [[1, 2]] }, { batches: [[5, 4]] }])
    assert.instance(error, RangeError)
    assert.match((error as Error).message, /item 1 of source 2/)
    assert.equal(out, [1, 2])
    const down = await runProcess(merge(...two(), { by: (n) => n, order: 'descending' }), [{ batches: [[1, 2]] }, { batches: [] }])
    assert.instance(down.error, RangeError)
  })

  it('keys that have no order end it', async () => {
    const of = async (keys: readonly unknown[]): Promise<unknown> =>
      (await runProcess(merge(input<unknown>(), input<unknown>(), { by: (key) => key as number }), [{ batches: [keys] }, { batches: [] }])).error
    for (const keys of [[NaN], [null], [undefined], [{}], [new Date(NaN)], [1, '2'], ['a', 1n]]) assert.instance(await of(keys), TypeError)
    assert.is(await of([1, 2n, 3.5]), undefined)
    const compare = () => 'less' as never
    assert.instance((await runProcess(merge(...two(), { compare }), [{ batches: [[1]] }, { batches: [[1]] }])).error, TypeError)
    const thrown = await runProcess(merge(...two(), { by: () => { throw new Error('mine') } }), [{ batches: [[1]] }, quiet])
    assert.is((thrown.error as Error).message, 'mine')
  })
}, 10_000)

suite('options of merge, concat and zip', (it) => {
  it('a name is that of the stage', () => {
    const [a, b] = two()
    for (const made of [merge(a, b, { name: 'both' }), merge(a, b, { name: 'both', prefer: 1 }), concat(a, b, { name: 'both' }), zip(a, b, { name: 'both' })]) {
      assert.equal([made.port.stage.name, made.port.stage.inputs.length], ['both', 2])
    }
    assert.is(merge(a, b, {}).port.stage.name, 'merge')
  })

  it('in a run, named and sorted', async () => {
    const merged = merge(from([1, 4]), from([2, 3]), { by: (n) => n, name: 'in order' })
    const { stages } = await pipeline({ out: merged.observe() }).run({ workers: 0 }).done
    assert.is(stages.find((stage) => stage.kind === 'merge')?.name, 'in order')
    assert.equal(await merged.toArray({ workers: 0 }), [1, 2, 3, 4])
  })

  it('refuses bad arguments at declaration', () => {
    const of = (options: object) => () => merge(...two(), options as { prefer: number })
    verifyRefusals('merge', [
      of({ prefer: 2 }), of({ prefer: -1 }), of({ prefer: 'a' }), of({ by: 1 }), of({ compare: 1 }), of({ by: () => 1, compare: () => 1 }), of({ by: () => 1, prefer: 0 }),
      of({ by: () => 1, order: 'up' }), of({ name: '' }), () => merge({ name: 'x' }), () => merge({ prefer: 0 })
    ])
    verifyRefusals('concat', [() => concat(...two(), { name: '' }), () => concat({ name: 'x' })])
    verifyRefusals('zip', [() => zip(...two(), { name: 1 } as never), () => zip(input() as never, { name: 'x' } as never)])
  })
})
