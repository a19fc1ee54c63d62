/**
 * One test for each way in which a run once hung, lost items or left something behind; the title says the promise.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { take as takeRx } from 'rxjs'
import * as assert from 'uvu/assert'
import {
  batch, concat, filter, forEach, from, interval, map, pipeline, range, reduce, scan, sinkThrough, take, takeWhile, toArray, zip, type DeadLetter, type Run
} from '../../src/index.ts'
import * as fs from '../../src/fs.ts'
import { sinkOf, sourceOf } from '../../src/graph/source.ts'
import { withWeather, type Weather } from '../../src/prelude/weather.ts'
import { crewOf } from '../../src/runtime/crew.ts'
import type { Outputs } from '../../src/exec/run.ts'
import { rejection } from '../support/attempt.ts'
import { noteOpen } from '../support/leftovers.ts'
import { suite } from '../support/suite.ts'
import { tempDir } from '../support/temp-dir.ts'

const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const drop = forEach(() => undefined)
const never = (): Promise<void> => new Promise(() => undefined)

/** Resolves when stage `name` has seen an item. */
const begun = async (run: Run<Outputs>, name: string): Promise<void> => {
  while (!run.metrics().stages.some((stage) => stage.name === name && stage.in > 0)) await turn(5)
}

/** A run that keeps both workers in a function that does not return, until it is cancelled. */
const hog = async (): Promise<Run<Outputs>> => {
  const run = pipeline({ out: range(0, 5000).pipe(map((n) => { while (n >= 0) Math.random(); return n }, { lane: 'blocking', name: 'hog' })).to(drop) }).run({ workers: 2 })
  while (crewOf(2).pool.metrics().some((worker) => worker.running < 0)) await turn(5)
  return run
}

suite('outputs and dead letters', (it) => {
  it('drain loses nothing of what waits for a subscriber', async () => {
    const run = pipeline({ out: range(0, 1000).observe({ capacity: 10 }) }).run({ workers: 0 })
    await turn(10)
    const drained = run.drain()
    await turn(10)
    const seen: number[] = []
    run.outputs.out.subscribe((n) => seen.push(n))
    const report = await drained
    assert.is(seen.length, report.stages.at(-1)!.in)
    assert.equal(seen, seen.map((_, i) => i))
  })

  it('drain does not fail a run whose source rejects because it was closed', async () => {
    let refuse = (_: Error): void => undefined
    const pull = (): Promise<undefined> => new Promise((_, reject) => { refuse = reject })
    const source = sourceOf<number>({ role: 'source', kind: 'closes', args: {}, open: () => ({ pull, close: () => { refuse(new Error('file closed')) } }) })
    const run = pipeline({ out: source.to(toArray()) }).run({ workers: 0 })
    await turn(10)
    assert.equal((await run.drain()).results['out'], [])
  })

  it('a subscriber that comes late and leaves at once does not hold the run', async () => {
    const run = pipeline({ out: range(0, 100).observe({ capacity: 3 }) }).run({ workers: 0 })
    await turn(10)
    const seen: number[] = []
    run.outputs.out.pipe(takeRx(2)).subscribe((n) => seen.push(n))
    await run.done
    assert.equal(seen, [0, 1])
  })

  it('a sink that fails to clean up does not hide what it failed with', async () => {
    const open = () => ({ write: () => { throw new Error('full') }, finish: () => undefined, abort: () => { throw new Error('second') } })
    const sink = sinkOf<number, undefined>({ role: 'sink', kind: 'disk', args: {}, accepts: 'items', open })
    const error = await rejection(pipeline({ out: range(0, 10).to(sink) }).run({ workers: 0 }).done)
    assert.equal([error.code, (error.cause as Error).message], ['ERR_MILLRACE_SINK_FAILED', 'full'])
  })

  it('a dead-letter sink that wants no more does not hold the run', async () => {
    const refuse = map((n: number): number => { throw new Error(String(n)) }, { onError: 'deadLetter' })
    const report = await pipeline({ out: range(0, 5000).pipe(refuse).to(drop) }, { deadLetters: sinkThrough(take<DeadLetter>(10), toArray()) }).run({ workers: 0 }).done
    assert.is(report.deadLetters, 5000)
    assert.is((report.results['deadLetters'] as DeadLetter[]).length, 10)
  })

  it('dead letters of the dead letters are counted and told, and do not go round for ever', async () => {
    const refuse = <A>() => map((item: A): A => { throw new Error(String(item)) }, { onError: 'deadLetter', name: 'refuse' })
    const run = pipeline({ out: range(0, 10).pipe(refuse()).to(drop) }, { deadLetters: sinkThrough(refuse<DeadLetter>(), toArray()) }).run({ workers: 0 })
    let told = 0
    run.deadLetters.subscribe(() => { told++ })
    assert.equal([(await run.done).deadLetters, told], [20, 20])
  })

  it('behind a fan-out the report counts what left, also when the first reader left early', async () => {
    for (const workers of [0, 2]) {
      const shared = range(0, 10_000).pipe(map((n) => n, { name: 'shared', lane: workers === 0 ? 'async' : 'blocking' }))
      const report = await pipeline({ some: shared.pipe(take(10, { lane: 'async' })).to(drop), all: shared.to(drop) }).run({ workers }).done
      const { out, filtered } = report.stages.find((stage) => stage.name === 'shared')!
      assert.equal([out, filtered], [10_000, 0])
    }
  })

  it('an iterator that was returned before its first item starts nothing', async () => {
    const closed = noteOpen()
    let opened = 0
    const items = from({ [Symbol.iterator]: () => { opened++; return [1][Symbol.iterator]() } })[Symbol.asyncIterator]()
    await items.return!()
    assert.equal(await items.next(), { done: true, value: undefined })
    await turn(5)
    assert.is(opened, 0)
    await closed()
  })

  it('zip over one source that is filtered on one side is told as a graph that waits for itself', async () => {
    for (const lane of ['async', 'blocking'] as const) {
      const source = range(0, 1e6).pipe(map((n) => n, { lane }))
      const error = await rejection(zip(source.pipe(filter((n) => n === 999_999)), source).toArray({ workers: 2 }))
      assert.is(error.code, 'ERR_MILLRACE_GRAPH_INVALID')
    }
  })
}, 20_000)

suite('workers that another run keeps', (it) => {
  it('a cancelled run does not wait for workers that have not answered yet', async () => {
    const other = await hog()
    const run = pipeline({ out: range(0, 100).pipe(map((n) => n, { lane: 'blocking' })).to(drop) }).run({ workers: 2 })
    await turn(20)
    run.cancel()
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    other.cancel()
    await rejection(other.done)
  })

  it('a run that ends on the loop does not wait for them either', async () => {
    const other = await hog()
    const slow = (n: number): number => { for (let i = 0; i < 20_000; i++) n = (n * 31 + 7) % 1_000_003; return n }
    const report = await pipeline({ out: range(0, 300).pipe(map(slow)).to(drop) }).run({ workers: 2 }).done
    assert.equal([report.stages.at(-1)!.in, report.workers], [300, 0])
    other.cancel()
    await rejection(other.done)
  })

  it('a cancelled run takes back what is queued behind the function of another one', async () => {
    const run = pipeline({ out: interval(2).pipe(map((n) => n, { lane: 'blocking', name: 'queued' })).to(drop) }).run({ workers: 2 })
    await begun(run, 'queued')
    const other = await hog()
    await turn(20)
    run.cancel()
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    other.cancel()
    await rejection(other.done)
    assert.is((await range(0, 3000).pipe(map((n) => n, { lane: 'blocking' })).toArray({ workers: 2 })).length, 3000)
    assert.is(crewOf(2).arena.available(), 512)
  })
}, 20_000)

suite('slots of the arena', (it) => {
  /** A run that fills the arena with frames of one item each, and whose reader takes none of them. */
  const flood = async (): Promise<Run<Outputs>> => {
    const sieve = filter((n: number) => n % 65_536 === 0, { lane: 'blocking' }) // no morsel of a range is longer
    const run = pipeline({ out: range(0, 1e12).pipe(sieve).to(forEach(never)) }, { capacity: 600 }).run({ workers: 2 })
    while (run.metrics().queued['filter -> forEach']! < 600) await turn(20)
    return run
  }

  it('an item that cannot be cloned does not keep one, on either side', async () => {
    const pass = map((x: unknown) => x, { lane: 'blocking' })
    for (const bad of [from([1, () => 1]).pipe(pass), range(0, 10).pipe(map(() => () => 1, { lane: 'blocking' }))]) {
      assert.is((await rejection(bad.toArray({ workers: 2 }))).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    }
    assert.is(crewOf(2).arena.available(), 512)
  })

  it('a stage on the loop that fails over results of the pool does not keep them', async () => {
    const fails = map((n: number): number => { if (n === 500) throw new Error('no'); return n }, { lane: 'async' })
    await rejection(range(0, 5000).pipe(map((n) => n, { lane: 'blocking' }), fails).toArray({ workers: 2 }))
    assert.is(crewOf(2).arena.available(), 512)
  })

  it('results that nobody takes leave some to the morsels that everybody waits for', async () => {
    const last = range(0, 1e12).pipe(filter((n) => n % 8192 === 0, { lane: 'blocking' }))
    const first = interval(5).pipe(map((n) => n, { lane: 'blocking' }), take(200, { lane: 'async' }))
    const other = await flood()
    assert.equal((await concat(first, last).pipe(take(210, { lane: 'async' })).toArray({ workers: 2 })).slice(200, 202), [0, 8192])
    other.cancel()
    await rejection(other.done)
  })

  it('partial aggregates are asked of every worker, however few slots there are', async () => {
    const { arena } = crewOf(2)
    const taken: number[] = []
    let go = (): void => undefined
    const gate = new Promise<void>((resolve) => { go = resolve })
    const source = from((async function* () { for (let n = 0; n < 20_000; n++) yield n; await gate })())
    const run = pipeline({ out: source.pipe(reduce((a: number, b: number) => a + b, 0, { lane: 'blocking', combine: (a, b) => a + b })).to(toArray()) }).run({ workers: 2 })
    while (crewOf(2).pool.metrics().some((worker) => worker.morsels === 0) || arena.available() < 512 || run.metrics().stages[0]!.out < 20_000) await turn(5)
    for (let slot = arena.claim(99); slot >= 0; slot = arena.claim(99)) taken.push(slot)
    go()
    await turn(30)
    for (const slot of taken.splice(0, 1)) crewOf(2).release(slot)
    await turn(30)
    for (const slot of taken) crewOf(2).release(slot)
    assert.equal((await run.done).results['out'], [(19_999 * 20_000) / 2])
  })

  it('stages that need order see items in order when their results are too many for one go', async () => {
    const numbered = scan((s: string) => `${Number(s.slice(0, 8)) + 1}`.padStart(8, '0') + 'x'.repeat(40_000), '00000000', { lane: 'blocking' })
    const got = await range(0, 2000).pipe(numbered, map((s) => Number(s.slice(0, 8)), { lane: 'async' })).toArray({ workers: 2 })
    assert.equal(got, Array.from({ length: 2000 }, (_, i) => i + 1))
  })

  it('a drained run over a file has read its beginning, without holes', async ({ defer }) => {
    const file = join(tempDir(defer), 'lines.txt')
    writeFileSync(file, Array.from({ length: 200_000 }, (_, i) => `${i} ${'x'.repeat(60)}`).join('\n'))
    const seen: number[] = []
    const slow = map((line: string) => { let x = 1; for (let i = 0; i < 500; i++) x = (x * 31 + 7) % 1000003; return x < 0 ? -1 : Number.parseInt(line, 10) }, { lane: 'blocking' })
    const run = pipeline({ out: fs.lines(file).pipe(slow).to(forEach((n: number) => void seen.push(n))) }).run({ workers: 2 })
    while (run.metrics().stages.at(-1)!.in === 0) await turn(1)
    const report = await run.drain()
    assert.ok(seen.length > 0 && seen.length < 200_000, `${seen.length} lines`)
    assert.equal(seen, Array.from({ length: seen.length }, (_, i) => i))
    assert.is(report.stages.at(-1)!.in, seen.length)
  })

  it('a reader that stops at the very end takes nothing from the others', async () => {
    const batches = range(0, 400).pipe(take(45), batch({ count: 10 }))
    const run = pipeline({
      whole: batches.pipe(takeWhile((xs) => xs.length === 10)).to(toArray()),
      all: batches.pipe(takeWhile(() => true)).to(toArray())
    }).run({ workers: 0 })
    const { results } = await run.done
    assert.equal([(results['whole'] as unknown[]).length, (results['all'] as unknown[]).length], [4, 5])
  })

  it('a run that is cancelled while a batch is on its way to a sink ends, and the sink is not written to', async () => {
    for (const sink of ['observe', 'iterate', 'forEach'] as const) {
      let [arrive, go] = [(): void => undefined, (): void => undefined]
      const [arrived, gone] = [new Promise<void>((resolve) => { arrive = resolve }), new Promise<void>((resolve) => { go = resolve })]
      const sky: Weather = {
        slice: (_, items) => items,
        turn: (_, what) => {
          if (!what.startsWith('writes')) return undefined
          arrive()
          return gone
        },
        pauseAt: undefined,
        moves: () => false,
        leaves: () => false,
        morsel: () => 1,
        fn: (_, fn) => fn,
        outside: () => undefined
      }
      const seen: number[] = []
      const ended = withWeather(sky, async () => {
        const source = range(0, 3)
        if (sink === 'iterate') {
          const loop = source[Symbol.asyncIterator]()
          loop.next().then(({ value }) => { if (value !== undefined) seen.push(value as number) }, () => undefined)
          return arrived.then(() => loop.return!())
        }
        const run = pipeline({ out: sink === 'observe' ? source.observe({ capacity: 1 }) : source.to(forEach((n: number) => void seen.push(n))) }).run({ workers: 0 })
        run.done.catch(() => undefined)
        await arrived
        run.cancel()
        return run.done.catch(() => undefined)
      })
      await arrived
      await turn(0)
      go()
      await ended
      assert.equal(seen, [], sink)
    }
  })
}, 30_000)
