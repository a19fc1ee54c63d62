/**
 * The invariants of generated loops (operator/loop/compile.ts): counting, failures, closing, pausing, giving up.
 */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { createColumnsReader } from '../../../src/frame/columns-in.ts'
import { createColumnsWriter } from '../../../src/frame/families.ts'
import type { Source } from '../../../src/graph/source.ts'
import { backoffMs, CLOSED, DONE, instantiate, PAUSED, WAIT, type Hooks } from '../../../src/operator/loop/compile.ts'
import { apartOf } from '../../../src/operator/loop/apart.ts'
import { batch } from '../../../src/operator/batch.ts'
import { drop } from '../../../src/operator/drop.ts'
import { filter } from '../../../src/operator/filter.ts'
import { flatMap } from '../../../src/operator/flat-map.ts'
import { generate } from '../../../src/operator/loop/generate.ts'
import { kernels } from '../../../src/operator/kernels.ts'
import { map } from '../../../src/operator/map.ts'
import { partition } from '../../../src/operator/partition.ts'
import { reduce } from '../../../src/operator/reduce.ts'
import { retry } from '../../../src/operator/retry.ts'
import { scan } from '../../../src/operator/scan.ts'
import { take } from '../../../src/operator/take.ts'
import { tap } from '../../../src/operator/tap.ts'
import { Progression, type Items, type Rows } from '../../../src/prelude/items.ts'
import { compileStages, input, runFlow, runGraph } from '../../support/run-kernel.ts'
import { suite } from '../../support/suite.ts'
import { verifyGraph } from '../../support/verify-operator.ts'

const numbers = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

const boom = (message = 'boom'): never => {
  throw new Error(message)
}

/** An endless iterable that tells of its end. */
const watched = (log: string[], name = 'it'): Iterable<number> => ({
  [Symbol.iterator]: () => {
    let n = 0
    return {
      next: () => ({ done: false, value: n++ }),
      return: () => {
        log.push(`${name} closed`)
        return { done: true, value: undefined }
      }
    }
  }
})

const ignore: Hooks = { failed: (_n, _i, _x, e) => { throw e }, left: () => undefined, dropped: () => undefined }

const instanceOf = (build: (source: Source<number>) => readonly Source<unknown>[], hooks = ignore, pauseAt?: number) => {
  const from = input<number>()
  const { program, binding } = compileStages(from as Source<never>, build(from))
  return instantiate(program, kernels, binding, hooks, undefined, { pauseAt })
}

suite('a generated loop', (it) => {
  it('counts every item once in each node, also the ones that fail (C1)', async () => {
    const { counts, outs } = await runGraph<number>((s) => [
      s.pipe(map((n) => (n % 3 === 0 ? boom() : n), { onError: 'skip' }), filter((n) => n % 2 === 0), map((n) => (n === 4 ? boom() : n), { onError: 'skip' }))
    ], [numbers(10)])
    assert.equal(counts, [10, 6, 3])
    assert.equal(outs[0], [2, 8])
  })

  it('a stage that every item enters is counted once for each, however the loop is left (C1)', () => {
    const counted = (build: (source: Source<number>) => readonly Source<unknown>[], hooks: Partial<Hooks>, ...batches: readonly Items[]): unknown => {
      const instance = instanceOf(build, { ...ignore, ...hooks })
      return batches.map((items) => {
        try {
          instance.run(items)
        } catch {
          // it has failed: what counts is what had entered
        }
        return [...instance.counts]
      })
    }
    const three = (n: number): number => (n === 3 ? boom() : n)
    const some = new Progression(0, 1, 0, 10)
    for (const items of [numbers(10), some]) {
      assert.equal(counted((s) => [s.pipe(map(three), map((n) => n))], {}, items, [5, 6]), [[4, 3], [6, 5]], 'thrown out of it')
      assert.equal(counted((s) => [s.pipe(map((n) => n), map(three))], { failed: () => undefined }, items, [3]), [[10, 10], [11, 11]], 'not left')
      assert.equal(counted((s) => [s.pipe(map((n) => n), map(three, { onError: 'stop' }))], { failed: () => 'stop' }, items, [5, 6]), [[4, 4], [4, 4]], 'stopped by a failure')
      assert.equal(counted((s) => [s.pipe(map((n) => n), take(2))], {}, items, [5, 6]), [[2, 2], [2, 2]], 'stopped behind it')
      assert.equal(counted((s) => [s.pipe(map((n) => n), reduce((a: unknown, n) => (n === 5 ? 'five' : a), 0))], {}, items, [5, 6]), [[10, 10], [12, 12]], 'no number any more')
    }
  })

  it('is one loop for whoever writes stages, however many items V8 is given at a time', () => {
    const items = numbers(3000)
    const places: unknown[] = []
    const bad = new Set([1023, 1024, 2047, 2999])
    const build = (s: Source<number>): readonly Source<unknown>[] => [
      s.pipe(map((n) => (bad.has(n) ? boom() : n * 2), { onError: 'skip' }), filter((n) => n % 3 !== 0), reduce((a: unknown, n) => (n === 3002 ? String(a) : typeof a === 'string' ? a : (a as number) + n), 0.5))
    ]
    let want: unknown = 0.5
    for (const n of items) if (!bad.has(n) && (n * 2) % 3 !== 0) want = n === 1501 ? String(want) : typeof want === 'string' ? want : (want as number) + n * 2
    for (const given of [items, new Progression(0, 1, 0, 3000), Float64Array.from(items)]) {
      const instance = instanceOf(build, { ...ignore, failed: (_node, index, item) => void places.push([index, item]) })
      assert.is(instance.run(given, 0, 1500), DONE)
      assert.is(instance.run(given, 1500), DONE)
      instance.end()
      assert.equal(instance.outs[0], [want])
      assert.equal(places.splice(0), [...bad].map((n) => [n, n]))
      assert.equal([...instance.counts], [3000, 2996, items.filter((n) => !bad.has(n) && (n * 2) % 3 !== 0).length])
    }
    const few = instanceOf((s) => [s.pipe(map((n) => n), take(1025))])
    assert.is(few.run(items), CLOSED)
    assert.equal([few.outs[0]!.length, ...few.counts], [1025, 1025, 1025])
  })

  it('an item that fails in one branch still reaches the others (C2)', async () => {
    const { outs, skipped } = await verifyGraph<number>((s) => {
      const shared = s.pipe(map((n) => n))
      return [
        shared.pipe(map((n) => (n === 2 ? boom() : n), { onError: 'skip' })),
        shared.pipe(map((n) => n * 10)),
        shared.pipe(flatMap((n) => [n, n]), map((n) => (n === 3 ? boom() : n), { onError: 'skip' }))
      ]
    }, numbers(5))
    assert.equal(outs, [[0, 1, 3, 4], [0, 10, 20, 30, 40], [0, 0, 1, 1, 2, 2, 4, 4]])
    assert.is(skipped.length, 3)
  })

  it('a failure below an expanding stage drops one result, not the rest of the item (C2)', async () => {
    const { outs } = await verifyGraph<number>((s) => [
      s.pipe(flatMap((n) => [n, n + 0.25, n + 0.5]), flatMap((n) => [n, -n]), map((n) => (n === 1.25 ? boom() : n), { onError: 'skip' }))
    ], [1, 2])
    assert.equal(outs[0], [1, -1, -1.25, 1.5, -1.5, 2, -2, 2.25, -2.25, 2.5, -2.5])
  })

  it('an error of an iterable is its own stage\'s, after results went downstream', async () => {
    const { failure, outs } = await runFlow(flatMap((n: number) => (function* () { yield n; yield n + 1; if (n === 5) boom('five') })()), [[1, 5, 9]])
    assert.equal([failure!.kind, failure!.index, failure!.item, (failure!.cause as Error).message], ['flatMap', 1, 5, 'five'])
    assert.equal(outs[0], [1, 2, 5, 6])
    const { failure: deep } = await runGraph<number>((s) => [
      s.pipe(flatMap((n) => (function* () { yield n; boom('outer') })()), map((n) => n), tap(() => undefined))
    ], [[1]])
    assert.is(deep!.kind, 'flatMap')
  })

  it('what a hook throws is nobody\'s to handle (C5)', async () => {
    // every stage above would skip; the innermost one's failure must end the run as it is, once
    const { failure, skipped, outs } = await runGraph<number>((s) => {
      const shared = s.pipe(flatMap((n) => [n, n], { onError: 'skip' }))
      return [shared.pipe(flatMap((n) => [n], { onError: 'skip' }), map((n) => (n === 1 ? boom('inner') : n))), shared.pipe(map((n) => n))]
    }, [[0, 1, 2]])
    assert.equal([failure!.kind, failure!.index, (failure!.cause as Error).message], ['map', 1, 'inner'])
    assert.is(skipped.length, 0)
    assert.equal(outs, [[0, 0], [0, 0]])
  })

  it('a loop that has failed can be given the next batch', () => {
    let failed = 0
    const instance = instanceOf((s) => [s.pipe(map((n) => (n < 0 ? boom() : n)))], {
      ...ignore,
      failed: () => {
        failed++
        if (failed === 1) throw new Error('once')
      }
    })
    assert.throws(() => instance.run([1, -1, 2]), 'once')
    assert.is(instance.run([3, -1, 4]), DONE)
    assert.equal(instance.outs[0], [1, 3, 4])
    assert.is(failed, 2)
  })
})

suite('a stage that stops', (it) => {
  it('ends the loop when nobody else reads: what is behind is not taken', async () => {
    const { outs, closed, counts } = await verifyGraph<number>((s) => [s.pipe(map((n) => n + 1), take(3))], numbers(10))
    assert.equal([outs[0], closed, counts], [[1, 2, 3], true, [3, 3]])
  })

  it('is skipped from then on, and so is what feeds only it; siblings go on (C3)', async () => {
    const { outs, counts, closed } = await verifyGraph<number>((s) => {
      const shared = s.pipe(map((n) => n))
      return [
        shared.pipe(map((n) => (n === 7 ? boom('called for nothing') : n)), take(3)),
        shared.pipe(filter((n) => n % 2 === 1)),
        shared.pipe(take(5))
      ]
    }, numbers(10))
    assert.equal(outs, [[0, 1, 2], [1, 3, 5, 7, 9], [0, 1, 2, 3, 4]])
    assert.equal(counts, [10, 3, 3, 10, 5])
    assert.not(closed)
  })

  it('two that stop one after the other end the loop together', async () => {
    const { outs, closed, counts } = await verifyGraph<number>((s) => [s.pipe(take(2)), s.pipe(take(4))], numbers(10))
    assert.equal([outs, closed, counts], [[[0, 1], [0, 1, 2, 3]], true, [2, 4]])
  })

  it('inside an expanding stage leaves its loop and closes the iterable, and the outer ones too', async () => {
    const log: string[] = []
    const { outs, closed } = await runGraph<number>((s) => [s.pipe(flatMap(() => watched(log, 'outer')), flatMap((n) => [n, n]), flatMap(() => watched(log, 'inner')), take(3))], [[0, 1]])
    assert.equal([outs[0], closed], [[0, 1, 2], true])
    assert.equal(log, ['inner closed', 'outer closed'])
  })

  it('leaves an endless iterable also when siblings go on', async () => {
    const log: string[] = []
    const { outs } = await verifyGraph<number>((s) => [s.pipe(flatMap(() => watched(log)), take(3)), s.pipe(map((n) => n))], [5, 6, 7])
    assert.equal(outs, [[0, 1, 2], [5, 6, 7]])
    assert.ok(log.length >= 7)
    const half = await runGraph<number>((s) => {
      const both = s.pipe(flatMap(() => numbers(5)))
      return [both.pipe(take(2)), both.pipe(map((n) => n))]
    }, [[0]])
    assert.equal(half.outs, [[0, 1], [0, 1, 2, 3, 4]])
  })

  it('an iterable that fails while it is closed is its own stage\'s failure', async () => {
    const { failure, outs } = await runGraph<number>((s) => [
      s.pipe(flatMap(() => (function* () { try { yield 1; yield 2 } finally { boom('closing') } })(), { name: 'many' }), take(1))
    ], [[0]])
    assert.equal([failure!.kind, (failure!.cause as Error).message, outs[0]], ['flatMap', 'closing', [1]])
  })

  it('lets what is behind it keep what it got: ends still run after it has stopped (C4)', async () => {
    const { outs } = await verifyGraph<number>((s) => [s.pipe(take(5), batch({ count: 2 }), map((b) => b.length))], numbers(10))
    assert.equal(outs[0], [2, 2, 1])
  })

  it('what is held below it reaches all who read it, also when one of these stops in the end (C4)', async () => {
    for (const first of [take<number>(7), map((n: number) => (n === 7 ? boom() : n), { onError: 'stop' })]) {
      for (const other of [take<number>(2), map((n: number) => (n === 2 ? boom() : n), { onError: 'stop' })]) {
        const { outs } = await runGraph<number>((s) => {
          const again = s.pipe(first, batch({ count: 100 }), flatMap((held) => held))
          return [again, again.pipe(other), again.pipe(map((n) => -n))]
        }, [numbers(10)])
        assert.equal(outs, [numbers(7), [0, 1], numbers(7).map((n) => -n)])
      }
    }
  })

  it('stopping in the end of one stage does not hold back the ends behind it (C4)', async () => {
    const { outs } = await verifyGraph<number>((s) => [
      s.pipe(batch({ count: 5 }), take(1), map((b) => b.length), batch({ count: 5 }), map((b) => b[0]!)),
      s.pipe(batch({ count: 3 }), map((b) => b.length))
    ], [1, 2])
    assert.equal(outs, [[2], [2]])
  })

  it('is not fooled by a failure behind its last item: it stops all the same', async () => {
    const { outs, closed, counts } = await verifyGraph<number>((s) => [s.pipe(take(2), map((n) => (n === 1 ? boom() : n), { onError: 'skip' }))], numbers(5))
    assert.equal([outs[0], closed, counts], [[0], true, [2, 2]])
  })

  it('take(0) is closed before its first item', async () => {
    const { outs, closed, counts } = await verifyGraph<number>((s) => [s.pipe(map(() => boom()), take(0))], [1, 2])
    assert.equal([outs[0], closed, counts], [[], true, [0, 0]])
  })

  it('takes nothing after CLOSED', () => {
    const instance = instanceOf((s) => [s.pipe(take(1))])
    assert.is(instance.run([1, 2]), CLOSED)
    assert.is(instance.run([3]), CLOSED)
    assert.equal([instance.outs[0], instance.counts[0]], [[1], 1])
    assert.is(instance.end(), DONE)
  })
})

suite('a reader that leaves', (it) => {
  it('closes its branch only, and the loop when it was the last', () => {
    const seen: number[] = []
    const instance = instanceOf((s) => [s.pipe(tap((n) => void seen.push(n)), take(100)), s.pipe(map((n) => n))])
    assert.is(instance.run([1]), DONE)
    assert.not(instance.closeOutlet(0))
    assert.is(instance.run([2]), DONE)
    assert.equal([seen, instance.outs], [[1], [[1], [1, 2]]])
    assert.ok(instance.closeOutlet(1))
  })

  it('and one that stops: together they end it', () => {
    const instance = instanceOf((s) => [s.pipe(take(2)), s.pipe(map((n) => n))])
    instance.closeOutlet(1)
    assert.is(instance.run([1, 2, 3]), CLOSED)
    assert.equal(instance.outs, [[1, 2], []])
  })

  it('does not take away what a stopped branch still holds', () => {
    const instance = instanceOf((s) => [s.pipe(take(3), batch({ count: 2 })), s.pipe(map((n) => n))])
    instance.run([1, 2, 3])
    instance.closeOutlet(1)
    instance.end()
    assert.equal(instance.outs[0], [[1, 2], [3]])
  })
})

suite('a loop that pauses', (it) => {
  it('bounds what gathers, and goes on where it was', () => {
    const instance = instanceOf((s) => [s.pipe(flatMap((n) => numbers(n)))])
    const got: unknown[] = []
    let most = 0
    let status = instance.run([5000, 10])
    for (; status === PAUSED; status = instance.resume()) {
      most = Math.max(most, instance.outs[0]!.length)
      got.push(...instance.outs[0]!)
      instance.outs[0] = []
    }
    got.push(...instance.outs[0]!)
    assert.is(status, DONE)
    assert.equal(got, [...numbers(5000), ...numbers(10)])
    assert.ok(most <= 1024)
  })

  it('pauses also when nothing comes out of an endless iterable', () => {
    const log: string[] = []
    const instance = instanceOf((s) => [s.pipe(flatMap(() => watched(log)), filter((n) => n < 0))])
    assert.is(instance.run([1]), PAUSED)
    assert.is(instance.resume(), PAUSED)
    instance.close()
    assert.equal(log, ['it closed'])
  })

  it('that is given up closes its iterables, once, and counts what went in (C6)', () => {
    for (const how of ['close', 'end', 'run'] as const) {
      const log: string[] = []
      const instance = instanceOf((s) => [s.pipe(map((n) => n), flatMap(() => watched(log, 'outer')), flatMap(() => watched(log, 'inner')))], ignore, 10)
      assert.is(instance.run([1, 2]), PAUSED)
      if (how === 'run') instance.run([])
      else instance[how]()
      instance.close()
      assert.equal(log, ['inner closed', 'outer closed'], how)
      assert.equal(instance.counts[0], 1)
      assert.is(instance.resume(), DONE)
    }
  })

  it('an iterable that fails while it is given up does not go on', () => {
    const seen: number[] = []
    const instance = instanceOf((s) => [
      s.pipe(flatMap((n) => { seen.push(n); return (function* () { try { for (;;) yield n } finally { boom('closing') } })() }, { onError: 'skip' }))
    ], ignore, 2)
    assert.is(instance.run([1, 2, 3]), PAUSED)
    instance.close()
    assert.equal(seen, [1])
    assert.is(instance.outs[0]!.length, 2)
  })

  it('a retry waits in the middle of an item, and what gathers before and after is whole', async () => {
    let calls = 0
    const flaky = map((n: number) => { calls++; if (n % 4 === 0 && calls % 3 !== 0) boom('not yet'); return n }, { onError: retry({ times: 5, initialMs: 1 }) })
    const { outs, waits } = await runGraph<number>((s) => {
      const all = s.pipe(flatMap((n) => [n, n + 0.5]), flaky)
      return [all.pipe(map((n) => n)), all.pipe(flatMap((n) => [n]))]
    }, [numbers(20)], { pauseAt: 3 })
    assert.equal(outs[0], numbers(20).flatMap((n) => [n, n + 0.5]))
    assert.equal(outs[1], outs[0])
    assert.ok(waits.length > 0)
  })

  it('retries in the end of the input too', async () => {
    let calls = 0
    const flow = map((b: readonly number[]) => { if (++calls < 3) boom(); return b.length }, { onError: retry({ times: 2, initialMs: 1, jitter: 0, factor: 3 }) })
    const { outs, waits } = await runGraph<number>((s) => [s.pipe(batch({ count: 10 }), flow)], [[1, 2]])
    assert.equal([outs[0], waits], [[2], [1, 3]])
  })
})

suite('the end of the input', (it) => {
  it('runs from the inputs on, each stage after those above it', async () => {
    const { outs } = await verifyGraph<number>((s) => [s.pipe(batch({ count: 2 }), batch({ count: 2 }), batch({ count: 2 }), map((x) => JSON.stringify(x)))], numbers(5))
    assert.equal(outs[0], ['[[[0,1],[2,3]],[[4]]]'])
  })

  it('a failure there has position -1 and the item that failed, and does not keep other stages from ending', async () => {
    const { outs, skipped } = await verifyGraph<number>((s) => [
      s.pipe(batch({ count: 10 }), map((b) => (b.length === 2 ? boom() : b), { onError: 'skip' })),
      s.pipe(reduce((a, b) => a + b, 0))
    ], [1, 2])
    assert.equal(outs, [[], [3]])
    assert.equal(skipped.map((r) => [r.index, r.item]), [[-1, [1, 2]]])
  })

  it('a failure of the ending stage itself has no item', async () => {
    const { failure } = await runGraph<number>((s) => [s.pipe(reduce((a, b) => a + b, 0, { combine: (a, b) => a + b }), map((n) => (n === 3 ? boom() : n)))], [[1, 2]])
    assert.equal([failure!.index, failure!.item], [-1, 3])
  })
})

suite('functions of the user', (it) => {
  it('stay apart from the loop where they may have one of their own, and are called as ever', async () => {
    const seen: number[] = []
    const count = (...args: readonly unknown[]): void => {
      for (let i = 0; i < 1; i++) seen.push(args.length)
    }
    await runGraph<number>((s) => [s.pipe(tap(count), tap(count, { env: 1 }))], [numbers(2)])
    assert.equal(seen, [1, 2, 1, 2])
  })

  it('stay apart only where another function is called behind them', () => {
    const burn = (n: number): number => { let x = 0; while (x < n) x++; return x }
    const first = (behind: (s: Source<number>) => Source<unknown>, fn: (n: number) => unknown, columns: readonly number[] = []): readonly string[] => {
      const from = input<number>()
      const { program, binding } = compileStages(from as Source<never>, [behind(from.pipe(map(fn) as ReturnType<typeof map<number, number>>))])
      return [...apartOf(program, program.nodes.map(({ kind }) => kernels[kind]!), binding.fns, new Set(columns))[0]!]
    }
    const calling = (s: Source<number>): Source<unknown> => s.pipe(batch({ count: 2 }))
    const quiet = (s: Source<number>): Source<unknown> => s.pipe(filter((n) => n > 1), reduce((a, b) => a + Math.abs(b), 0))
    assert.equal(first(calling, burn), ['fn'])
    assert.equal(first((s) => s.pipe(map((n) => String(n)), reduce((a) => a + 1, 0)), burn), ['fn'])
    assert.equal(first((s) => s, burn), ['fn'], 'a list may grow')
    assert.equal(first((s) => s, burn, [0]), [], 'a column does not')
    assert.equal(first(quiet, burn, [0]), [], 'the answer of reduce comes at the end')
    assert.equal(first(calling, (n) => numbers(n)), ['fn'])
    for (const fn of [(n: number) => n * 3, (n: number) => `${n}`.split(','), (n: unknown) => Number(n), (n: number) => { if (n === 1) return 1; return 2 }]) assert.equal(first(calling, fn), [], String(fn))
  })
})

suite('forms of input', (it) => {
  const forms = { list: numbers(40), ints: new Int32Array(40).map((_, i) => i), floats: new Float64Array(40).map((_, i) => i), steps: new Progression(0, 1, 0, 40) }

  const build = (s: Source<number>): readonly Source<unknown>[] => {
    const kept = s.pipe(map((n) => (n % 7 === 3 ? boom() : n * 3), { onError: 'skip' }), map((n) => n), filter((n) => n % 2 === 0), map((n) => (n === 12 ? boom() : n), { onError: 'skip' }))
    return [kept, kept.pipe(reduce((sum: unknown, n) => (n === 60 ? String(sum) : typeof sum === 'string' ? sum : (sum as number) + n), 0)), s.pipe(take(21), flatMap((n) => [n, -n]))]
  }

  const outcome = (build: (s: Source<number>) => readonly Source<unknown>[], items: Items, cuts: readonly number[]): unknown => {
    const failures: unknown[] = []
    const instance = instanceOf(build, { ...ignore, failed: (node, index, item) => void failures.push([node, index, item]) })
    let from = 0
    for (const to of [...cuts, items.length]) {
      let status = instance.run(items, from, to)
      while (status === PAUSED) status = instance.resume()
      from = to
    }
    while (instance.end() === PAUSED) instance.resume()
    return { failures, outs: instance.outs, counts: [...instance.counts] }
  }

  it('give the same, with the same places of what fails and the same counts, wherever they are cut', () => {
    for (const part of [build, (s: Source<number>) => build(s).slice(0, 1), (s: Source<number>) => [s.pipe(map((n) => n + 1), reduce((sum: unknown, n) => (n === 20 ? [sum] : n === 30 ? 7 : typeof sum === 'number' ? sum + n : sum), 0))]]) {
      const want = outcome(part, forms.list, [])
      for (const items of Object.values(forms)) for (const cuts of [[], [13], [1, 19, 20, 39]]) assert.equal(outcome(part, items, cuts), want)
    }
  })

  it('a number of a list goes on as it came: what is no number among them does too', () => {
    const from = input<unknown>()
    const { program, binding } = compileStages(from as Source<never>, [from.pipe(map((x) => x))])
    const instance = instantiate(program, kernels, binding, ignore, undefined, { columns: new Set([0]) })
    const items = [1, -0, NaN, 2.5, 'a', 3, undefined, -0]
    instance.run(items)
    const [column] = instance.columns
    assert.equal([...column!.take().numbers].map((x) => Object.is(x, -0)), [false, true, false, false])
    assert.equal(instance.outs[0]!.map((x) => (Object.is(x, -0) ? '-0' : x)), ['a', 3, undefined, '-0'])
    instance.outs[0] = []
    instance.run(new Progression(0.5, -0.25, 2, 300), 100, 300)
    assert.equal([...column!.take().numbers], Array.from({ length: 200 }, (_, i) => 0.5 - (102 + i) * 0.25))
    assert.is(instance.outs[0].length, 0)
  })
})

suite('records that the loop makes', (it) => {
  interface Visit {
    readonly at: number
    readonly path: string
    readonly verb: string | null
  }
  const visits = numbers(60).map((i): Visit => ({ at: i, path: `/items/number/${i * 7}`, verb: i % 5 === 0 ? null : i % 2 === 0 ? 'GET' : 'PUT' }))

  /** A frame of them, in memory of its own. */
  const rowsOf = (items: readonly unknown[]): Rows => {
    const bytes = Buffer.from(new SharedArrayBuffer(32_768))
    const written = { bytes: 0 }
    assert.is(createColumnsWriter().write(items, 0, items.length, bytes, written), items.length)
    return createColumnsReader(false, 0).rows(bytes.subarray(0, written.bytes), items.length)!
  }

  const outcome = (build: (s: Source<Visit>) => readonly Source<unknown>[], items: Items, cuts: readonly number[]): unknown => {
    const failures: unknown[] = []
    const from = input<Visit>()
    const { program, binding } = compileStages(from as Source<never>, build(from))
    const instance = instantiate(program, kernels, binding, { ...ignore, failed: (node, index, item) => void failures.push([node, index, item]) })
    let begun = 0
    for (const to of [...cuts, items.length]) {
      let status = instance.run(items, begun, to)
      while (status === PAUSED) status = instance.resume()
      begun = to
    }
    while (instance.end() === PAUSED) instance.resume()
    return { failures, outs: instance.outs, counts: [...instance.counts] }
  }

  const weigh = (v: Visit): number => v.at + v.path.length + (v.verb?.length ?? 0)
  const builds: readonly ((s: Source<Visit>) => readonly Source<unknown>[])[] = [
    (s) => [s],
    (s) => [s.pipe(reduce((sum, v) => sum + weigh(v), 0))],
    (s) => [s.pipe(reduce((sum: unknown, v) => (v.at === 20 ? String(sum) : v.at === 40 ? 3 : typeof sum === 'number' ? sum + weigh(v) : sum), 0))],
    (s) => [s.pipe(filter((v) => v.at % 3 !== 1), map((v) => (v.at % 11 === 5 ? boom() : v), { onError: 'skip' }), map(weigh), scan((a, b) => a + b, 0))],
    (s) => [s.pipe(filter((v) => v.at % 7 === 3 ? boom() : true, { onError: 'skip' }), filter((v) => v.at % 7 === 4 ? boom() : true, { onError: 'skip' })), s.pipe(map(weigh), take(13)), s],
    (s) => [s.pipe(flatMap((v) => [v, v.path])), s.pipe(map((v) => (v.at === 9 ? boom() : v.path), { onError: 'skip' }))],
    (s) => [s.pipe(batch({ count: 7 })), s.pipe(take(9), drop(4), tap(weigh))]
  ]

  it('give what a list of them gives, with the items that failed and their places, wherever they are cut', () => {
    for (const [k, build] of builds.entries()) {
      const want = outcome(build, visits, [])
      for (const cuts of [[], [13], [1, 19, 20, 39]]) assert.equal(outcome(build, rowsOf(visits), cuts), want, `${k}, cut at ${cuts.join()}`)
    }
  })

  it('are the same object for all who read one', () => {
    const from = input<Visit>()
    const { program, binding } = compileStages(from as Source<never>, [from, from.pipe(filter((v) => v.at > 2))])
    const instance = instantiate(program, kernels, binding, ignore)
    instance.run(rowsOf(visits))
    const [all, some] = instance.outs
    assert.is(some!.length, 57)
    assert.ok(some!.every((item, i) => item === all![i + 3]))
  })

  it('in however many ways frames are laid out, with what has stopped in all of them', () => {
    const from = input<Record<string, unknown>>()
    const { program, binding } = compileStages(from as Source<never>, [from.pipe(map((r) => Object.keys(r).join())), from.pipe(take(25), map((r) => Object.keys(r)[0]))])
    const instance = instantiate(program, kernels, binding, ignore)
    for (let round = 0; round < 8; round++) instance.run(rowsOf(Array.from({ length: 16 }, (_, i) => ({ [`key ${round}`]: i, b: `b${i}` }))))
    assert.equal(instance.outs[0], Array.from({ length: 8 * 16 }, (_, i) => `key ${i >> 4},b`))
    assert.equal(instance.outs[1], Array.from({ length: 25 }, (_, i) => `key ${i >> 4}`))
    assert.equal([...instance.counts].slice(0, 2), [128, 25])
  })
})

suite('generated text', (it) => {
  it('has no text of the user\'s in it', () => {
    const evil = '");process.exit(1);//`${x}`'
    const from = input<number>()
    const [a] = partition(from.pipe(map((n) => n, { name: evil, env: { [evil]: evil } }), scan((x) => x, evil), drop(1)), () => true, { name: evil })
    const { program } = compileStages(from as Source<never>, [a])
    const { source } = generate(program, kernels, { pauseAt: 1 })
    assert.not(source.includes('process.exit'))
    assert.throws(() => generate({ ...program, nodes: program.nodes.map((node) => ({ ...node, fns: [evil] })) }, { ...kernels, map: { kind: 'map', each: (g, item) => g.call(evil, item) } }, { pauseAt: 1 }), /no name for a function/)
    assert.throws(() => generate({ ...program, nodes: program.nodes.map((node) => ({ ...node, kind: evil })) }, kernels, { pauseAt: 1 }), /no kernel/)
  })

  it('instances of one program share nothing', () => {
    const from = input<number>()
    const { program, binding } = compileStages(from as Source<never>, [from.pipe(scan((a, b) => a + b, 0), batch({ count: 2 }))])
    const [a, b] = [instantiate(program, kernels, binding, ignore), instantiate(program, kernels, binding, ignore)]
    a.run([1, 2, 3])
    b.run([10])
    a.end()
    b.end()
    assert.equal([a.outs, b.outs], [[[[1, 3], [6]]], [[[10]]]])
  })

  it('random chains agree with arrays, in any weather', async () => {
    const step = fc.oneof(
      fc.integer({ min: 0, max: 9 }).map((k) => ({ flow: () => map((n: number, { k }) => n + k, { env: { k } }), model: (xs: number[]) => xs.map((n) => n + k) })),
      fc.integer({ min: 2, max: 4 }).map((k) => ({ flow: () => filter((n: number, { k }) => n % k !== 0, { env: { k } }), model: (xs: number[]) => xs.filter((n) => n % k !== 0) })),
      fc.integer({ min: 0, max: 3 }).map((k) => ({ flow: () => flatMap((n: number, { k }) => Array.from({ length: k }, (_, i) => n * i), { env: { k } }), model: (xs: number[]) => xs.flatMap((n) => Array.from({ length: k }, (_, i) => n * i)) })),
      fc.integer({ min: 0, max: 9 }).map((k) => ({ flow: () => take<number>(k), model: (xs: number[]) => xs.slice(0, k) })),
      fc.integer({ min: 0, max: 5 }).map((k) => ({ flow: () => drop<number>(k), model: (xs: number[]) => xs.slice(k) })),
      fc.integer({ min: 1, max: 4 }).map((k) => ({ flow: () => map((n: number, { k }) => { if (n % 7 === k) throw new Error('seven'); return n }, { env: { k }, onError: 'skip' as const }), model: (xs: number[]) => xs.filter((n) => n % 7 !== k) }))
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 5 }), fc.array(step, { maxLength: 3 }), fc.array(fc.nat(20), { maxLength: 12 }), async (trunk, branch, items) => {
        const { outs } = await verifyGraph<number>((s) => {
          const shared = trunk.reduce((source, { flow }) => source.pipe(flow()), s)
          return [shared.pipe(map((n) => n)), branch.reduce((source, { flow }) => source.pipe(flow()), shared.pipe(map((n) => n)))]
        }, items)
        const model = trunk.reduce((xs, { model: apply }) => apply(xs), items)
        assert.equal(outs[0], model)
        assert.equal(outs[1], branch.reduce((xs, { model: apply }) => apply(xs), model))
      }),
      { numRuns: 150 }
    )
  })
}, 20_000)

suite('backoff', (it) => {
  it('grows by its factor, up to its bound, and jitters downwards', () => {
    const policy = retry({ times: 9, initialMs: 10, factor: 3, maxMs: 100, jitter: 0.5 })
    const full = [0, 1, 2, 3].map((n) => backoffMs(policy, n, () => 1))
    assert.equal(full, [10, 30, 90, 100])
    assert.equal([0, 1, 2, 3].map((n) => backoffMs(policy, n, () => 0)), full.map((ms) => ms / 2))
  })

  it('WAIT says how long', () => {
    const instance = instanceOf((s) => [s.pipe(map(() => boom(), { onError: retry({ times: 1, initialMs: 7, jitter: 0, then: 'skip' }) }))], { ...ignore, failed: () => undefined })
    assert.is(instance.run([1]), WAIT)
    assert.is(instance.waitMs, 7)
    assert.is(instance.resume(), DONE)
  })
})
