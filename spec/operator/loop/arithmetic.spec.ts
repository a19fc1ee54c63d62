/** Functions that do nothing but arithmetic (operator/loop/arithmetic.ts): which are, and that nobody can tell when another stands in for one. */
import * as assert from 'uvu/assert'
import { isArithmetic } from '../../../src/operator/loop/arithmetic.ts'
import { filter } from '../../../src/operator/filter.ts'
import { map } from '../../../src/operator/map.ts'
import { reduce } from '../../../src/operator/reduce.ts'
import { tap } from '../../../src/operator/tap.ts'
import { instantiate } from '../../../src/operator/loop/compile.ts'
import { kernels } from '../../../src/operator/kernels.ts'
import { Progression } from '../../../src/prelude/items.ts'
import type { Source } from '../../../src/graph/source.ts'
import { compileStages, input } from '../../support/run-kernel.ts'
import { suite } from '../../support/suite.ts'

const asked = (text: string): boolean => isArithmetic((0, eval)(`(${text})`) as unknown)

suite('arithmetic', (it) => {
  it('is what computes with its parameters, by operators and numbers', () => {
    for (const text of [
      'n => n', '(n) => n * 3', '(n) => n % 2 === 0', '(a, b) => a + b', '(n) => (n > 0x1F ? n >>> 1 : -n / 2.5e3) ** .5', '() => 1', '($a, _b) => $a / 2 / _b',
      '(n) => !(n & 1) && n != 7', '(n) => n = n + 1', '(a,\n b) =>\n a ?? b', '(n) => ++n'
    ]) assert.ok(asked(text), text)
  })

  it('is nothing that reads, calls, makes or says anything else', () => {
    for (const text of [
      '(n) => k + n', '(n) => Math.floor(n)', '(n) => n.x', '(n, x) => n.x', '(n, x) => n . x', '(n) => n?.x', '(n) => n[0]', '(n) => n(1)', '(n) => (n)(1)', '(n, f) => f (n)',
      '(n) => n?.(1)', '(n) => { return n }', '(n) => ({ n })', '(n) => [n]', '(n) => `${n}`', '(n) => "a" + n', '(n) => () => n', '(n) => (m) => m', 'function (n) { return n }',
      'async (n) => n', 'async n => n', '(n = 1) => n', '({ n }) => n', '([n]) => n', '(...n) => n', '(n) => 1n', '(n) => n * 2n', '(n) => this', '(n) => undefined', '(n) => typeof n',
      '(n) => n in n', '(n) => n instanceof n', '(n) => /n/', '(n) => (/n/)', '(n) => n // n\n + 1', '(n) => n /* n */ + 1', '(n) => void n', '(n) => 1..n', '(n) => 1 .n', '(n, n1) => n1\u200c',
      '(n) => delete n', '(n, toFixed) => 1.0.toFixed', '(n) => new n', '(a) => a <!--a\n + 1'
    ]) {
      let is: boolean | undefined
      try {
        is = asked(text)
      } catch (error) {
        assert.instance(error, SyntaxError, text)
      }
      assert.is.not(is, true, text)
    }
    for (const other of [undefined, 1, '(n) => n', Math.sqrt, ((n: number) => n).bind(undefined), class {}]) assert.not(isArithmetic(other))
  })
})

suite('what stands in for arithmetic', (it) => {
  const many = 40_000

  const outcome = (build: (source: Source<number>) => Source<unknown>, items: Progression | number[]): unknown => {
    const failures: unknown[] = []
    const from = input<number>()
    const { program, binding } = compileStages(from as Source<never>, [build(from)])
    const ignore = { failed: (node: number, index: number, item: unknown): void => void failures.push([node, index, item]), left: () => undefined, dropped: () => undefined }
    const instance = instantiate(program, kernels, binding, ignore)
    for (let at = 0; at < many; at += 5000) instance.run(items, at, at + 5000)
    instance.end()
    return { out: instance.outs[0], counts: [...instance.counts], failures }
  }

  it('answers as the functions themselves, and so do all who are beside it', () => {
    const list = Array.from({ length: many }, (_, i) => i)
    const fails = (n: number): number => { if (n % 9999 === 1) throw new Error('no'); return n }
    const builds: ((s: Source<number>) => Source<unknown>)[] = [
      (s) => s.pipe(map((n) => n * 3), filter((n) => n % 2 === 0), map((n) => n + 1), reduce((a, b) => a + b, 0)),
      (s) => s.pipe(map((n) => n / 3), map(fails, { onError: 'skip' }), filter((n) => n > 1), reduce((a, b) => a + b, 0)),
      (s) => s.pipe(filter((n) => n % 2 === 0), map((n) => ({ n })), map((o: unknown) => (o as { n: number }).n), reduce((a, b) => a - b, 0.5)),
      (s) => s.pipe(map((n, k) => n * k, { env: 7 }), reduce((a: unknown, b) => (a === 'x' ? a : b === 210_007 ? 'x' : b), 0)),
      (s) => s.pipe(filter((n) => n > 30_000), reduce((a, b) => `${a}${b}`, '')),
      (s) => s.pipe(filter((n) => n % 1000 === 0), map((n) => n * 2))
    ]
    for (const build of builds) {
      const want = outcome(build, list)
      for (let again = 0; again < 2; again++) assert.equal(outcome(build, new Progression(0, 1, 0, many)), want)
    }
  })

  it('comes when a run is long: the functions themselves are called with what comes first, others with everything', () => {
    const seen: number[] = []
    outcome((s) => s.pipe(map((n) => n + 1), tap((n) => void seen.push(n)), filter((n) => n > 0)), new Progression(0, 1, 0, many))
    assert.is(seen.length, many)
  })

  it('is called by no loop over a list, in which there may be anything', () => {
    const items = Array.from({ length: many }, (_, i): unknown => (i === 39_000 ? 2n : i))
    const { failures } = outcome((s) => s.pipe(map((n) => n * 3, { onError: 'skip' })), items as number[]) as { failures: unknown }
    assert.equal(failures, [[0, 39_000, 2n]])
  })
})
