/** What makes loops is kept by program and by the text of its functions (operator/makers.ts), and written once. */
import * as assert from 'uvu/assert'
import { kernels } from '../../../src/operator/kernels.ts'
import { familyOf, type Maker } from '../../../src/operator/loop/makers.ts'
import { filter } from '../../../src/operator/filter.ts'
import { map } from '../../../src/operator/map.ts'
import { take } from '../../../src/operator/take.ts'
import type { Source } from '../../../src/graph/source.ts'
import { compileStages, input } from '../../support/run-kernel.ts'
import { suite } from '../../support/suite.ts'

let written = 0
const write = (): string => `return ${written++}`

const makerFor = (build: (source: Source<number>) => Source<unknown>, wanted: readonly unknown[] = [], record = kernels): Maker => {
  const from = input<number>()
  const { program, binding } = compileStages(from as Source<never>, [build(from)])
  return familyOf(program, record, binding.fns, wanted, () => undefined).maker('list', write)
}

suite('makers of loops', (it) => {
  it('are the same for the same stages with functions of one text, and their loop is written once', () => {
    const build = (k: number) => (s: Source<number>): Source<unknown> => s.pipe(map((n) => n + k), filter((n) => n > k), take(k))
    const first = makerFor(build(1))
    const before = written
    assert.is(makerFor(build(2)), first)
    assert.is(written, before)
  })

  it('are others where anything that the text depends on is another', () => {
    const one = (s: Source<number>): Source<unknown> => s.pipe(map((n) => n + 1))
    const makers = [
      makerFor(one), makerFor(one, [1]), makerFor(one, [], { ...kernels }),
      makerFor((s) => s.pipe(map((n) => n + 2))),
      makerFor((s) => s.pipe(map((n) => n + 1, { env: 1 }))),
      makerFor((s) => s.pipe(map((n) => n + 1, { onError: 'stop' }))),
      makerFor((s) => s.pipe(filter((n) => n + 1 > 0))),
      makerFor((s) => s.pipe(map((n) => n + 1), map((n) => n + 1)))
    ]
    assert.is(new Set(makers).size, makers.length)
  })

  it('are not kept for ever', () => {
    const first = makerFor((s) => s.pipe(map((n) => n * 7)), ['kept'])
    for (let k = 0; k < 200; k++) makerFor((s) => s.pipe(map((n) => n * 7)), ['kept', k])
    assert.is.not(makerFor((s) => s.pipe(map((n) => n * 7)), ['kept']), first)
  })
})
