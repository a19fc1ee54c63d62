/** The operators that put the newest items of several sources side by side: combineLatest and zipLatest. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Source } from '../../src/graph/source.ts'
import { combineLatest } from '../../src/operator/combine-latest.ts'
import { zipLatest } from '../../src/operator/zip-latest.ts'
import { input } from '../support/run-kernel.ts'
import { runProcess, type Feeding } from '../support/run-process.ts'
import { seed } from '../support/seed.ts'
import { all, feedings, quiet, several, two } from '../support/several.ts'
import { suite } from '../support/suite.ts'
import { jumping } from '../support/timed.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

type Pairs = readonly (readonly [number, unknown])[]

/** A source whose items come at instants of the clock. */
const at = (items: Pairs, end: number): Feeding => ({ batches: items.map(([, item]) => [item]), at: (k) => items[k]?.[0] ?? end })

const a = at([[1, 'a1'], [5, 'a2'], [6, 'a3']], 12)
const b = at([[3, 'b1'], [9, 'b2']], 20)

for (const [name, operator] of [['combineLatest', combineLatest], ['zipLatest', zipLatest]] as const) {
  const made = (n: number) => operator(...(several(n) as unknown as ReturnType<typeof two>))

  suite(name, (it) => {
    it('emits a row for every new item, once all have had one', async () => {
      const { out } = await jumping(() => runProcess(made(2), [a, b]))
      assert.equal(out, [['a1', 'b1'], ['a2', 'b1'], ['a3', 'b1'], ['a3', 'b2']])
    })

    it('rows go on item by item, each source in its order, for any sources and readers', async () => {
      await fc.assert(fc.asyncProperty(feedings, fc.func(fc.nat(2)), async (inlets, slow) => {
        const { out, error } = await runProcess(made(inlets.length), inlets, { slow })
        assert.is(error, undefined)
        const rows = out as number[][]
        rows.forEach((row, k) => {
          const before = rows[k - 1]
          if (before === undefined) return
          const moved = row.filter((n, i) => n !== before[i])
          assert.is(moved.length, 1, 'one source has moved')
          assert.ok(row.every((n, i) => n === before[i] || n === before[i]! + 1), 'by one item')
        })
        if (name === 'combineLatest' && inlets.every((feeding) => all(feeding).length > 0)) assert.equal(rows.at(-1), inlets.map((feeding) => all(feeding).at(-1)))
      }), { seed, numRuns: 100 })
    })

    it('a source that ends without an item ends it', async () => {
      assert.equal((await runProcess(made(2), [quiet, { batches: [] }])).out, [])
      assert.equal((await runProcess(made(3), [{ batches: [[1]] }, { batches: [[2]] }, { batches: [] }])).out, [])
    })

    it('undefined is an item', async () => {
      assert.equal((await runProcess(made(2), [{ batches: [[undefined]] }, { batches: [[1]] }])).out, [[undefined, 1]])
    })

    it('a slow reader holds them back: nothing is lost', async () => {
      const controller = new AbortController()
      const many = { batches: Array.from({ length: 50 }, (_, i) => [i]) }
      const run = runProcess(made(2), [many, many], { slow: () => 3000, signal: controller.signal })
      for (let i = 0; i < 20; i++) await turn()
      controller.abort()
      assert.ok((await run).pulled.every((n) => n <= 2))
    })

    it('ends when the reader leaves, when it is cancelled, when a source fails', async () => {
      const left = await runProcess(made(2), [{ batches: [[1]], endless: true }, { batches: [[2]], endless: true }], { leaveAfter: 1 })
      assert.equal([left.error, left.out], [undefined, [[1, 2]]])
      assert.is(((await runProcess(made(2), [quiet, quiet], { signal: AbortSignal.timeout(5) })).error as Error).name, 'TimeoutError')
      assert.is(((await runProcess(made(2), [quiet, { batches: [[1]], fails: new Error('disk') }])).error as Error).message, 'disk')
    })

    it('refuses what is no source, and fewer than two', () => {
      const any = operator as (...given: unknown[]) => unknown
      verifyRefusals(name, [() => any(), () => any(input()), () => any(input(), 3), () => any(input(), { name: 'x' }), () => any(...two(), { name: '' })])
      assert.is(operator(...two(), { name: 'both' }).port.stage.name, 'both')
    })
  })
}

suite('their ends', (it) => {
  it('combineLatest ends with the last source, zipLatest with the first', async () => {
    const late = at([[3, 'b1'], [15, 'b2']], 20)
    const until = (made: Source<unknown>) => jumping(async (clock) => [(await runProcess(made, [a, late])).out.at(-1), clock.now()])
    assert.equal(await until(combineLatest(...two())), [['a3', 'b2'], 20])
    assert.equal(await until(zipLatest(...two())), [['a3', 'b1'], 12])
  })
})
