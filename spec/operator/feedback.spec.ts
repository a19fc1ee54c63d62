/** Loops of the graph: every item goes round as often as the body says, whatever the body is made of and wherever it runs; and they end. */
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { left, right, type Either } from 'fp-ts/lib/Either.js'
import * as assert from 'uvu/assert'
import {
  batch, buffer, changes, compose, conflate, count, debounce, delay, drop, enrich, expand, filter, flatMap, from, interleave, joinTable, map, mapAsync, merge, mergeMap, parseJson, pipeline, range,
  recurse, replay, retry, route, rx, sample, scan, sort, startWith, switchMap, take, tap, throttle, toArray, toJson, tumbling, window, zip, type Flow, type Source
} from '../../src/index.ts'
import { sleep } from '../../src/runtime.ts'
import { feedback } from '../../src/operator/feedback.ts'
import { simulate } from '../../src/testing.ts'
import { refused, rejection } from '../support/attempt.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

type Answer = Either<number, number>
/** What becomes of an item: by its value, what it leads to. A negative number `-n - 1` leaves as `n`. */
type Table = readonly (readonly number[])[]

const sorted = (all: readonly unknown[]): readonly number[] => [...(all as number[])].sort((a, b) => a - b)
const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code

/** The naive loop. */
const model = (items: readonly number[], table: Table): readonly number[] => {
  const out: number[] = []
  const todo = [...items]
  for (let n = todo.pop(); n !== undefined; n = todo.pop()) for (const to of table[n]!) if (to < 0) out.push(-to - 1); else todo.push(to)
  return sorted(out)
}

/** An item goes to smaller ones only, so that every item has an end: to up to `width` of them, or none. */
const tableArb = (width: number): fc.Arbitrary<Table> =>
  fc.tuple(...Array.from({ length: 9 }, (_, n) => fc.array(fc.oneof(fc.constant(-n - 1), fc.integer({ min: -1, max: n - 1 })), { maxLength: width })))

const step = (table: Table, lane?: 'async'): Flow<number, Answer> =>
  flatMap((n: number, { table: t }) => t[n]!.map((to): Answer => (to < 0 ? { _tag: 'Right', right: -to - 1 } : { _tag: 'Left', left: to })), { env: { table }, lane })

/** Bodies that do the same by other stages. */
const bodies: Readonly<Record<string, (table: Table) => Flow<number, Answer>>> = {
  fused: (table) => compose(map((n: number) => ({ n })), map(({ n }) => n), step(table)),
  serial: (table) => compose(scan((_: number, n: number) => n, 0), step(table)),
  'both lanes': (table) => compose(map((n: number) => n + 1), map((n) => n - 1, { lane: 'async' }), step(table)),
  waiting: (table) => compose(mapAsync(async (n: number) => { await turn(); return n }, { concurrency: 3 }), step(table)),
  timed: (table) => compose(batch<number>({ count: 4, maxMs: 1 }), flatMap((ns) => ns), delay<number>({ ms: 1 }), step(table)),
  buffered: (table) => compose(buffer<number>({ capacity: 2 }), step(table, 'async'), buffer<Answer>({ capacity: 2 })),
  'two ways': (table) => ({
    apply: (source) => {
      const { even, otherwise } = route(source, { even: (n) => n % 2 === 0 })
      return merge(even.pipe(mapAsync(async (n) => n)), otherwise).pipe(step(table))
    }
  }),
  nested: (table) => compose(
    map((n: number) => ({ n, left: 2 })),
    feedback(map((x): Either<{ n: number, left: number }, number> => (x.left > 0 ? { _tag: 'Left', left: { ...x, left: x.left - 1 } } : { _tag: 'Right', right: x.n })), { capacity: 64 }),
    step(table)
  )
}

for (const workers of [0, 1, 2]) {
  suite(`feedback, ${workers} workers`, (it) => {
    for (const [name, body] of Object.entries(bodies)) {
      it(`gives what a naive loop gives: a body that is ${name}`, async () => {
        await fc.assert(fc.asyncProperty(fc.array(fc.nat(8), { maxLength: 12 }), tableArb(3), async (items, table) => {
          const out = await from(items).pipe(feedback(body(table), { capacity: 20_000 })).toArray({ workers })
          assert.equal(sorted(out), model(items, table))
        }), { seed, numRuns: name === 'timed' ? 4 : 8 })
      })
    }

    it('one that makes at most one item of one never has too many, however small the bound', async () => {
      await fc.assert(fc.asyncProperty(fc.array(fc.nat(8), { maxLength: 40 }), tableArb(1), fc.integer({ min: 1, max: 9 }), async (items, table, capacity) => {
        assert.equal(sorted(await from(items).pipe(feedback(step(table), { capacity })).toArray({ workers })), model(items, table))
      }), { seed, numRuns: 8 })
    })

    it('many items, which go to the pool while they go round', async () => {
      const collatz = map((n: number): Answer => {
        let x = n
        for (let i = 0; i < 500; i++) x += i % 2 === 0 ? 1 : -1
        return x < 2 ? { _tag: 'Right', right: x } : { _tag: 'Left', left: x % 2 === 0 ? x / 2 : x - 1 }
      }, { lane: workers === 0 ? 'async' : 'blocking' })
      const p = pipeline({ out: range(0, 2000).pipe(feedback(collatz, { capacity: 2000 })).to(toArray()) })
      const { results, stages, workers: used } = await p.run({ workers }).done
      assert.is((results['out'] as readonly number[]).length, 2000)
      assert.is(used, workers)
      const { in: entered, out, filtered, gauges } = stages.find(({ name }) => name === 'feedback')!
      assert.equal([entered - out, out, filtered, gauges], [gauges!['again'], 2000, 0, { again: gauges!['again'], waiting: 0, inLoop: 0 }])
      assert.ok((gauges!['again'] as number) > 15_000)
    })

    it('what a function throws on ends the run with stage and place; a policy sets it aside, and the loop goes on', async () => {
      const bad = (onError: 'fail' | 'deadLetter') => map((n: number): Answer => {
        if (n === 3) throw new Error('three')
        return n === 0 ? { _tag: 'Right', right: n } : { _tag: 'Left', left: n - 1 }
      }, { name: 'bad', onError })
      const error = await rejection(from([5]).pipe(feedback(bad('fail'), { capacity: 10 })).toArray({ workers }))
      assert.equal([error.code, error.stage, error.position], ['ERR_MILLRACE_STAGE_FAILED', 'bad', { index: 2 }])
      const { results, deadLetters } = await pipeline({ out: from([5, 2, 1]).pipe(feedback(bad('deadLetter'), { capacity: 10 })).to(toArray()) }).run({ workers }).done
      assert.equal([results['out'], deadLetters], [[0, 0], 1])
    })

    it('an input that fails, a reader that leaves, a cancel and a drain end it', async () => {
      const endless = feedback(flatMap((n: number): Answer[] => [{ _tag: 'Right', right: n }, { _tag: 'Left', left: n + 1 }]), { capacity: 10 })
      assert.equal(await from([0]).pipe(endless, take(100)).toArray({ workers }), Array.from({ length: 100 }, (_, n) => n))
      const failing = async function* () { yield 1; await turn(); throw new Error('dry') }
      assert.is((await rejection(from(failing()).pipe(endless).toArray({ workers }))).code, 'ERR_MILLRACE_SOURCE_FAILED')
      const round = feedback(map((n: number): Answer => ({ _tag: 'Left', left: n })), { capacity: 10 })
      const run = pipeline({ out: range(0, 1e9).pipe(round).to(toArray()) }).run({ workers })
      await sleep(20)
      run.cancel()
      assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
      const some = feedback(map((n: number): Answer => (n % 10 === 0 ? { _tag: 'Right', right: n } : { _tag: 'Left', left: n - 1 })), { capacity: 8000 })
      const drained = pipeline({ out: range(0, 1e9).pipe(tap(() => undefined, { name: 'read' }), some).to(toArray()) }).run({ workers })
      await sleep(20)
      const { results, stages } = await drained.drain()
      assert.is((results['out'] as readonly number[]).length, stages.find(({ name }) => name === 'read')!.out, 'what was read has left')
    })
  }, 60_000)
}

suite('feedback', (it) => {
  const down = map((n: number): Answer => (n > 0 ? left(n - 1) : right(n)), { lane: 'async' })

  it('of nothing makes nothing, and ends; of one, one', async () => {
    assert.equal(await from([]).pipe(feedback(down, { capacity: 1 })).toArray({ workers: 0 }), [])
    assert.equal(await from([100]).pipe(feedback(down, { capacity: 1 })).toArray({ workers: 0 }), [0])
    assert.equal(await from([7]).pipe(feedback(map((n: number) => right(n), { lane: 'async' }), { capacity: 1 })).toArray({ workers: 0 }), [7])
  })

  it('one item too many that waits to go round is an error that says where and what', async () => {
    const burst = (n: number): Flow<number, Answer> => flatMap((x: number) => (x > 0 ? Array.from({ length: n }, () => left(0)) : [right(0)]), { lane: 'async' })
    assert.is((await from([1]).pipe(feedback(burst(20), { capacity: 20 })).toArray({ workers: 0 })).length, 20)
    const error = await rejection(from([1]).pipe(feedback(burst(21), { capacity: 20, name: 'round' })).toArray({ workers: 0 }))
    assert.equal([error.code, error.stage, error.position], ['ERR_MILLRACE_STATE_FULL', 'round', { index: 20 }])
    assert.match(error.message, /capacity/)
  })

  it('new input waits while half of the bound is in the loop, and what goes round has its turn first', async () => {
    let most = 0
    let inside = 0
    const body = compose(
      tap((x: { left: number }) => { if (x.left === 3) most = Math.max(most, ++inside) }, { lane: 'async' }),
      mapAsync(async (x) => { await turn(); return x }, { concurrency: 100 }),
      map((x) => { if (x.left > 0) return left({ left: x.left - 1 }); inside--; return right(x) }, { lane: 'async' })
    )
    const out = await range(0, 300).pipe(map(() => ({ left: 3 })), feedback(body, { capacity: 20 })).toArray({ workers: 0 })
    assert.is(out.length, 300)
    assert.is(most, 10)
  })

  it('one that drops its items makes room for others again', async () => {
    const odd = compose(filter((n: number) => n % 100 === 99, { lane: 'async' }), map((n) => right(n), { lane: 'async' }))
    assert.is((await range(0, 10_000).pipe(feedback(odd, { capacity: 10 })).toArray({ workers: 0 })).length, 100)
  })

  it('whatever a stage of the body waits for, the end waits for it', async () => {
    const pass = <A>() => map((x: A) => x, { lane: 'async' })
    const stages: Readonly<Record<string, Flow<number, number>>> = {
      delay: delay({ ms: 30 }),
      'batch with maxMs': compose(batch<number>({ count: 100, maxMs: 30 }), flatMap((ns) => ns)),
      throttle: throttle({ units: 1, perMs: 15 }),
      debounce: debounce({ ms: 30 }),
      sample: sample({ ms: 30 }),
      mapAsync: mapAsync(async (n) => { await sleep(30); return n }),
      'mapAsync that fails': compose(mapAsync(async (n) => { await sleep(30); if (n === 1) throw new Error('one'); return n }, { onError: 'skip' }), pass()),
      'mapAsync, a call with retries': mapAsync(async (n) => { await sleep(10); return n }, { timeoutMs: 1000 }),
      mergeMap: mergeMap(async function* (n) { await sleep(30); yield n }),
      switchMap: switchMap(async function* (n) { await sleep(30); yield n }),
      recurse: recurse(async (n) => { await sleep(30); return { emit: [n] } }),
      enrich: compose(enrich({ key: (n: number) => n, lookup: async (keys) => { await sleep(30); return keys.map((k) => k) } }), map(([n]) => n, { lane: 'async' })),
      buffer: buffer({ capacity: 1 }),
      conflate: conflate((_, n) => n),
      expand: expand((n) => [n]),
      changes: compose(changes(), pass()),
      'window of arrival': compose(window(tumbling({ sizeMs: 30 }), { at: 'arrival', aggregate: count() }), map(() => 1, { lane: 'async' }))
    }
    await Promise.all(Object.entries(stages).map(async ([name, stage]) => {
      let rounds = 0
      const body = compose(stage, map((n): Answer => (++rounds < 3 ? left(n) : right(n)), { lane: 'async' }))
      const out = await from([1]).pipe(feedback(body, { capacity: 10 })).toArray({ workers: 0 })
      assert.equal([out, rounds], name === 'mapAsync that fails' ? [[], 0] : name === 'changes' ? [[], 1] : [[1], 3], name)
    }))
  })

  it('a slow call is not taken for a run that waits for itself, and one that waits for itself is found', async () => {
    const slow = mapAsync(async (n: number) => { await sleep(n === 19 ? 1500 : 0); return n > 0 ? left(n - 1) : right(n) }, { concurrency: 1 })
    const never = (source: Source<number>): Source<Answer> => zip(source.pipe(filter(() => false, { lane: 'async' })), source).pipe(map(([n]) => right(n), { lane: 'async' }))
    const [out, error] = await Promise.all([
      pipeline({ out: range(0, 20).pipe(feedback(slow, { capacity: 100 })).to(toArray()) }, { capacity: 1 }).run({ workers: 0 }).done,
      rejection(pipeline({ out: range(0, 1000).pipe(feedback({ apply: never }, { capacity: 100 })).to(toArray()) }, { capacity: 1 }).run({ workers: 0 }).done)
    ])
    assert.equal([(out.results['out'] as readonly number[]).length, error.code], [20, 'ERR_MILLRACE_GRAPH_INVALID'])
    assert.match(error.message, /waits for itself/)
  })

  it('what a stage has held to the end may leave, and may not go round: that is an error, and not lost', async () => {
    const held = (most: number): Flow<number, Answer> => compose(sort<number>(), map((n) => (n > most ? left(n - 1) : right(n)), { lane: 'async' }))
    assert.equal(await from([3, 1, 2]).pipe(feedback(held(3), { capacity: 10 })).toArray({ workers: 0 }), [1, 2, 3])
    const error = await rejection(from([3, 1, 2]).pipe(feedback(held(2), { capacity: 10, name: 'round' })).toArray({ workers: 0 }))
    assert.equal([error.code, error.stage], ['ERR_MILLRACE_LOOP_ENDED', 'round'])
    assert.match(error.message, /was not: 2\./)
  })

  it('what cannot go round again goes by onError: set aside it can go round in another run', async () => {
    const held = compose(sort<number>(), map((n: number): Answer => (n > 2 ? left(n - 1) : right(n)), { lane: 'async' }))
    const round = (onError: 'deadLetter' | 'skip' | 'stop'): Flow<number, number> => feedback(held, { capacity: 10, name: 'round', onError })
    const source = from([4, 1, 3, 2])
    const set = await pipeline({ out: source.pipe(round('deadLetter')).to(toArray()) }, {
      deadLetters: (letters) => letters.pipe(tap(({ stage, cause }) => { assert.equal([stage, codeOf(cause)], ['round', 'ERR_MILLRACE_LOOP_ENDED']) }), replay<number>('round'), round('skip')).to(toArray())
    }).run({ workers: 0 }).done
    assert.equal([set.results.out, set.results['deadLetters'], set.deadLetters], [[1, 2], [2], 2])
    assert.is(set.stages.find(({ name }) => name === 'round')?.deadLetters, 2)
    const skipped = await pipeline({ out: source.pipe(round('skip')).to(toArray()) }).run({ workers: 0 }).done
    assert.is(skipped.stages.find(({ name }) => name === 'round')?.skipped, 2)
    assert.equal(await source.pipe(round('stop')).toArray({ workers: 0 }), [1, 2])
    refused(() => feedback(held, { capacity: 1, onError: retry({ times: 1 }) as never }))
  })

  it('a loop that is full goes by onError too', async () => {
    const twice = flatMap((n: number): readonly Answer[] => (n === 0 ? [right(0)] : [left(n - 1), left(n - 1)]), { lane: 'async' })
    for (const workers of [0, 2]) {
      const { results, deadLetters } = await pipeline({ out: from([5]).pipe(feedback(twice, { capacity: 8, onError: 'deadLetter' })).to(toArray()) }).run({ workers }).done
      assert.ok(deadLetters > 0)
      assert.equal([...new Set(results.out)], [0])
    }
    assert.equal(await from([5]).pipe(feedback(twice, { capacity: 8, onError: 'stop' })).toArray({ workers: 0 }), [])
  })

  it('a body that ends by itself ends the loop', async () => {
    const { results } = await pipeline({ out: range(0, 1e9).pipe(feedback(compose(take<number>(5), map((n) => (n % 2 === 0 ? left(n) : right(n)), { lane: 'async' })), { capacity: 100 })).to(toArray()) }).run({ workers: 0 }).done
    assert.equal(results['out'], [1, 3])
  })

  it('sources that the body reads besides go round too, and are waited for', async () => {
    const late = async function* () { await sleep(30); yield 5 }
    const besides: Flow<number, Answer> = { apply: (source) => merge(source, from(late())).pipe(down) }
    assert.equal(await from([1, 2]).pipe(feedback(besides, { capacity: 10 })).toArray({ workers: 0 }), [0, 0, 0])
    const names = from([{ id: 0, to: 0 }, { id: 1, to: 0 }, { id: 2, to: 1 }])
    const follow: Flow<number, Answer> = { apply: (source) => joinTable(source, names, { keys: [(n) => n, (row) => row.id] }).pipe(map(([n, row]) => (row.to === n ? right(n) : left(row.to)), { lane: 'async' })) }
    assert.equal(await from([2, 9]).pipe(feedback(follow, { capacity: 10 })).toArray({ workers: 0 }), [0])
    const first: Flow<number, Answer> = compose(startWith(3), down)
    assert.equal(await from([]).pipe(feedback(first, { capacity: 10 })).toArray({ workers: 0 }), [0])
  })

  it('one side of a stage that waits for the other is let go at the end', async () => {
    const pairs: Flow<number, Answer> = {
      apply: (source) => {
        const { small, otherwise } = route(source, { small: (n) => n < 10 })
        return interleave(small, otherwise).pipe(map((n) => right(n), { lane: 'async' }))
      }
    }
    assert.equal(await range(10, 40).pipe(feedback(pairs, { capacity: 8 })).toArray({ workers: 0 }), Array.from({ length: 30 }, (_, n) => n + 10))
  })

  it('goes the same rounds in any order of its tasks, and with faults it ends', async () => {
    const table: Table = [[-1], [0, 0], [-3, 1], [], [3, 2], [1, 2, -1]]
    const held = compose(mapAsync(async (n: number) => { await sleep(n); return n }, { concurrency: 2 }), batch<number>({ count: 2, maxMs: 3 }), flatMap((ns) => ns, { lane: 'async' }))
    const inner = feedback(compose(held, map((n): Answer => (n > 4 ? left(n - 1) : right(n)), { lane: 'async' })), { capacity: 50 })
    const p = pipeline({ out: from([5, 2, 4, 0, 5]).pipe(feedback(compose(inner, step(table, 'async')), { capacity: 50 })).to(toArray()) }, { capacity: 2 })
    await simulate(p, {
      seed,
      runs: 40,
      check: ({ error, report }) => {
        if (error !== undefined) throw error
        assert.equal(sorted(report!.results['out']), model([4, 2, 4, 0, 4], table))
      }
    })
    const faults = { seed, runs: 20, faults: ['throw', 'source', 'slow', 'late', 'cancel'] as const, check: ({ error }: { readonly error: unknown }) => {
      if (error !== undefined && codeOf(error) !== 'ERR_MILLRACE_INJECTED_FAULT' && codeOf(error) !== 'ERR_MILLRACE_CANCELLED') throw error as Error
    } }
    const [first, again] = [await simulate(p, faults), await simulate(p, faults)]
    assert.equal(again.runs.map(({ trace }) => trace.join('\n')), first.runs.map(({ trace }) => trace.join('\n')))
  })

  it('one value used twice is two loops; what leaves a loop may be read by several; a loop may stand in another', async () => {
    const loop = feedback(down, { capacity: 10 })
    const once = range(0, 20).pipe(loop)
    const twice = once.pipe(map((n) => n + 3, { lane: 'async' }), loop)
    const { results } = await pipeline({ once: once.to(toArray()), again: once.pipe(drop(5)).to(toArray()), twice: twice.to(toArray()) }).run({ workers: 0 }).done
    assert.equal([(results['once'] as unknown[]).length, (results['again'] as unknown[]).length, results['twice']], [20, 15, Array.from({ length: 20 }, () => 0)])
    const around = compose(loop, mapAsync(async (n): Promise<Answer> => { await turn(); return n === 0 ? left(-1) : right(n) }))
    const deeper = compose(feedback(around, { capacity: 4 }), map((n): Answer => (n === -1 ? right(7) : left(n)), { lane: 'async' }))
    assert.equal(await range(0, 5).pipe(feedback(deeper, { capacity: 10 })).toArray({ workers: 0 }), [7, 7, 7, 7, 7])
  })

  it('objects cross to workers and back in a loop', async () => {
    const rows = from([{ text: '{"n":3}' }, { text: '{"n":0}' }])
    const body = compose(
      map(({ text }: { text: string }) => text), parseJson(), map((x) => x as { n: number }),
      compose(map(({ n }) => ({ n: n - 1 })), toJson(), map((text): Either<{ text: string }, string> => (text.includes('-') ? { _tag: 'Right', right: text } : { _tag: 'Left', left: { text } }), { lane: 'blocking' }))
    )
    assert.equal(sorted((await rows.pipe(feedback(body, { capacity: 10 })).toArray({ workers: 2 })).map((text) => (JSON.parse(text) as { n: number }).n)), [-1, -1])
  })

  it('a worker that dies in it ends the run, and nothing hangs', async () => {
    const deadly = map((n: number, env): Answer => {
      if (n === env.bad) process.exit(3)
      return n > 0 ? { _tag: 'Left', left: n - 1 } : { _tag: 'Right', right: n }
    }, { lane: 'blocking', name: 'deadly', env: { bad: 7 } })
    const error = await rejection(range(0, 5000).pipe(feedback(deadly, { capacity: 100 })).toArray({ workers: 2 }))
    assert.is(error.code, 'ERR_MILLRACE_WORKER_DIED')
    assert.match(error.message, /deadly/)
  })

  it('a body that never waits leaves the event loop its turns', async () => {
    const run = pipeline({ out: from([1]).pipe(feedback(mergeMap((n: number): Answer[] => [left(n)]), { capacity: 10 })).to(toArray()) }).run({ workers: 0 })
    setTimeout(() => { run.cancel() }, 20)
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
  })

  it('the metrics of a run that goes on tell what is in it', async () => {
    const run = pipeline({ out: from([1, 2, 3]).pipe(feedback(mapAsync(async (n: number): Promise<Answer> => { await turn(); return left(n) }), { capacity: 10 })).to(toArray()) }).run({ workers: 0 })
    let gauges: Readonly<Record<string, number | string>> = {}
    while (!((gauges['again'] as number | undefined ?? 0) > 50)) {
      await turn()
      gauges = run.metrics().stages.find(({ name }) => name === 'feedback')?.gauges ?? {}
    }
    assert.is(gauges['inLoop'], 3)
    run.cancel()
    await rejection(run.done)
  })

  it('explain shows the edge that leads back, and its bound', () => {
    const explained = pipeline({ out: from([1]).pipe(feedback(compose(down, map((x) => x, { lane: 'async' })), { capacity: 10, name: 'round' })).to(toArray()) }).explain({ workers: 0 })
    const entry = explained.tasks.find(({ stages }) => stages[0]!.name === 'round.entry')!.id
    const exit = explained.tasks.find(({ stages }) => stages[0]!.name === 'round')!.id
    assert.equal(explained.backEdges, [{ from: { task: exit, stage: 'round' }, to: { task: entry, stage: 'round.entry' }, capacity: 10 }])
    assert.match(String(explained), new RegExp(`round → round.entry \\(task ${entry}\\): back edge, at most 10 items`))
    assert.match(explained.toMermaid(), new RegExp(`t${exit} -\\.->\\|"back 10"\\| t${entry}`))
    const inOne = feedback(compose(feedback(down, { capacity: 1 }), down), { capacity: 2 })
    const edges = pipeline({ out: from([1]).pipe(inOne).to(toArray()) }).explain({ workers: 0 }).backEdges
    assert.equal(edges.map(({ from: exit, to, capacity }) => [exit.stage, to.stage, capacity]), [['feedback', 'feedback.entry', 1], ['feedback#2', 'feedback#2.entry', 2]])
  })

  it('refuses what cannot be a loop', async () => {
    verifyRefusals('feedback', [
      () => feedback(undefined as never, { capacity: 1 }), () => feedback({} as never, { capacity: 1 }), () => feedback(down, undefined as never),
      () => feedback(down, {} as never), () => feedback(down, { capacity: 0 }), () => feedback(down, { capacity: 1.5 }), () => feedback(down, { capacity: 1, name: 7 as never })
    ])
    const invalid = async (source: Source<unknown>, says: RegExp): Promise<void> => {
      const error = await rejection((async () => source.toArray({ workers: 0 }))())
      assert.is(codeOf(error), 'ERR_MILLRACE_GRAPH_INVALID')
      assert.match(error.message, says)
    }
    await invalid(from([1]).pipe(feedback({ apply: () => from<Answer>([right(1)]) }, { capacity: 1 })), /does not lead/)
    await invalid(from([1]).pipe(feedback(compose(rx<number, number>((n$) => n$), down), { capacity: 1 })), /rx has nothing left to do/)
    let aside: Source<number> | undefined
    from([1]).pipe(feedback({ apply: (source) => { aside = source; return source.pipe(down) } }, { capacity: 1 }))
    await invalid(aside!, /but not what leaves the loop/)
    const error = await rejection(from([1]).pipe(feedback(map((n: number) => n, { lane: 'async' }) as never, { capacity: 1 })).toArray({ workers: 0 }))
    assert.equal([error.code, error.position], ['ERR_MILLRACE_STAGE_FAILED', { index: 0 }])
  })
}, 60_000)
