/**
 * Numbers on their way through loops and threads: as progressions that nobody has made yet, as columns, as lists. On no, one and two
 * workers what comes out is what a list of them would give, to the sign of a zero.
 */
import * as assert from 'uvu/assert'
import { filter, forEach, from, map, pipeline, range, reduce, take, type Source } from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const WORKERS = [0, 1, 2]
const blocking = { lane: 'blocking' } as const
const async = { lane: 'async' } as const

/** `start + i * step`, as a source of numbers has always made them. */
const made = (start: number, end: number, step: number): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((end - start) / step)) }, (_, i) => start + i * step)

const same = (got: readonly unknown[], want: readonly unknown[], what: string): void => {
  assert.is(got.length, want.length, what)
  const wrong = got.findIndex((item, i) => !Object.is(item, want[i]))
  assert.is(wrong, -1, `${what}: item ${wrong} is ${String(got[wrong])}, not ${String(want[wrong])}`)
}

const onAll = async (build: () => Source<unknown>, want: readonly unknown[], what = ''): Promise<void> => {
  for (const workers of WORKERS) same(await build().toArray({ workers }), want, `${what} on ${workers} workers`)
}

suite('numbers at equal distances', (it) => {
  it('are the same on the loop and on workers: fractions, negative steps, more than a batch', async () => {
    for (const [start, end, step] of [[0, 10, 1], [5, -3, -0.1], [0.1, 15_000, 0.1], [-7, 70_000, 1], [2 ** 31 - 5, 2 ** 31 + 5, 1], [-0, -3, -1], [3, 3, 1]] as const) {
      const what = `range(${start}, ${end}, ${step})`
      const want = made(start, end, step)
      await onAll(() => range(start, end, step), want, what)
      await onAll(() => range(start, end, step).pipe(map((n) => n, blocking)), want, what)
      await onAll(() => range(start, end, step).pipe(map((n) => n, async), map((n) => -n, blocking), map((n) => -n, async)), want, what)
    }
  })

  it('an item that fails is told by its place, in whatever morsel it is', async () => {
    for (const workers of WORKERS) {
      for (const bad of [0, 4097, 70_001]) {
        const failing = range(10, 80_010).pipe(map((n) => n, { ...blocking, name: 'first' }), map((n, { bad }) => {
          if (n === bad + 10) throw new Error('bad')
          return n
        }, { ...blocking, name: 'second', env: { bad } }))
        const error = await rejection(failing.toArray({ workers }))
        assert.equal([error.code, error.stage, error.position], ['ERR_MILLRACE_STAGE_FAILED', 'second', { index: bad }], `on ${workers} workers`)
      }
    }
  })

  it('what is set aside has its place and its item', async () => {
    for (const workers of WORKERS) {
      const letters: unknown[] = []
      const kept = range(0, 140_000, 2).pipe(map((n) => {
        if (n % 50_000 === 2) throw new Error('aside')
        return n / 2
      }, { ...blocking, onError: 'deadLetter' }), map((n) => n, blocking))
      const run = pipeline({ out: kept.to(forEach(() => undefined)) }).run({ workers })
      run.deadLetters.subscribe(({ item, position }) => letters.push([item, position?.index]))
      const { stages } = await run.done
      assert.equal(letters, [[2, 1], [50_002, 25_001], [100_002, 50_001]], `on ${workers} workers`)
      assert.equal(stages.slice(1, 3).map((stage) => [stage.in, stage.deadLetters, stage.out]), [[70_000, 3, 69_997], [69_997, 0, 69_997]])
    }
  })

  it('a take in the middle of a batch ends an endless one', async () => {
    await onAll(() => range(0, Infinity).pipe(map((n) => n * 0.5, blocking), filter((n) => n % 1 === 0, blocking), take(70_001)), made(0, 70_001, 1))
  })

  it('a drained run has made the beginning of them, without holes', async () => {
    for (const workers of WORKERS) {
      const seen: number[] = []
      const run = pipeline({ out: range(0, Infinity).pipe(map((n) => n + 0.5, blocking)).to(forEach((n) => {
        seen.push(n)
        if (seen.length === 100_000) void run.drain()
      })) }).run({ workers })
      await run.done
      same(seen, made(0.5, seen.length + 0.5, 1), `on ${workers} workers`)
    }
  })

  it('a drained run that is slow does not make the rest of a batch', async () => {
    const seen: number[] = []
    const run = pipeline({ out: range(0, Infinity).pipe(map((n) => {
      for (const until = performance.now() + 0.2; performance.now() < until;);
      return n
    }, async)).to(forEach((n) => {
      seen.push(n)
      if (seen.length === 50) void run.drain()
    })) }).run({ workers: 0 })
    await run.done
    assert.ok(seen.length < 30_000, `it made ${seen.length}`)
  })
}, 60_000)

const KINDS: readonly ((i: number) => unknown)[] = [
  (i) => i, (i) => i / 4, () => -0, () => NaN, () => -Infinity, (i) => 2 ** 31 + i, (i) => `s${i}`, () => undefined, (i) => i % 2 === 0 ? i : 'odd', () => null
]

suite('columns of numbers', (it) => {
  it('what is no number among them, before or behind, changes nothing', async () => {
    const kinds = from([0, 1, 2, 3, 0, 4, 5, 0, 6, 0, 7, 8, 1, 9, 0, 3, 2])
    const items = (await kinds.toArray()).flatMap((kind) => Array.from({ length: 700 }, (_, i) => KINDS[kind]!(i)))
    await onAll(() => from(items).pipe(map((x) => x, async), map((x) => x, blocking)), items, 'there and back')
    await onAll(() => from(items).pipe(map((x) => x, blocking), map((x) => x, async), map((x) => x, blocking), map((x) => x, async)), items, 'twice')
    const text = (list: readonly unknown[]): string => list.map((x) => (Object.is(x, -0) ? '-0' : String(x))).join()
    const joined = (): Source<string> => from(items).pipe(map((x) => x, blocking), reduce((s: string, x) => `${s}${s === '' ? '' : ','}${Object.is(x, -0) ? '-0' : String(x)}`, '', async))
    await onAll(joined, [text(items)], 'folded')
  })

  it('what a fold keeps may begin as a number and become something else, and a number again', async () => {
    const fold = (s: number | string, n: number): number | string => (n === 3000 ? `at ${s}` : n === 5000 ? 0.5 : typeof s === 'string' ? s : s + n)
    const want = made(0, 90_000, 1).reduce<number | string>(fold, 0)
    for (const lane of [async, blocking]) {
      await onAll(() => range(0, 90_000).pipe(reduce((s: number | string, n) => (n === 3000 ? `at ${s}` : n === 5000 ? 0.5 : typeof s === 'string' ? s : s + n), 0, lane)), [want])
    }
  })

  it('a fold beside another reader takes nothing from it when it leaves the numbers', async () => {
    const source = range(0, 9000).pipe(map((n) => n, async))
    const run = pipeline({
      fold: source.pipe(reduce((s: unknown, n) => (n < 10 ? n : [n]), 0, async)).observe(),
      count: source.pipe(reduce((s, n) => s + n, 0, async)).observe()
    }).run({ workers: 0 })
    const got: unknown[] = []
    run.outputs.fold.subscribe((x) => got.push(x))
    run.outputs.count.subscribe((x) => got.push(x))
    await run.done
    assert.equal(got, [[8999], (8999 * 9000) / 2])
  })

  it('every stage is counted as often as an item came to it', async () => {
    for (const workers of WORKERS) {
      const picky = range(0, 10_000).pipe(
        map((n) => n, { ...blocking, name: 'a' }),
        map((n) => {
          if (n % 10 === 0) throw new Error('ten')
          return n
        }, { ...blocking, name: 'b', onError: 'skip' }),
        map((n) => n, { ...blocking, name: 'c' }),
        filter((n) => n % 2 === 0, { ...blocking, name: 'd' }),
        map((n) => n, { ...blocking, name: 'e' })
      )
      const { stages } = await pipeline({ out: picky.to(forEach(() => undefined)) }).run({ workers }).done
      const counts = ['a', 'b', 'c', 'd', 'e'].map((name) => stages.find((stage) => stage.name === name)!).map((s) => [s.in, s.out, s.skipped, s.filtered])
      assert.equal(counts, [[10_000, 10_000, 0, 0], [10_000, 9000, 1000, 0], [9000, 9000, 0, 0], [9000, 4000, 0, 5000], [4000, 4000, 0, 0]], `on ${workers} workers`)
    }
  })
}, 60_000)
