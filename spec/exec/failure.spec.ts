/**
 * What bad luck gets: in every case `done` settles, the error says stage and place, and nothing is left running.
 * Each on the caller's loop and on the pool, where both can happen.
 */
import * as assert from 'uvu/assert'
import { firstValueFrom } from 'rxjs'
import {
  filter, flatMap, forEach, from, map, mapAsync, pipeline, portable, range, reduce, retry, take, toArray, type DeadLetter, type Report
} from '../../src/index.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { flaky } from '../support/fixtures/flaky.ts'
import { noteOpen } from '../support/leftovers.ts'
import { suite } from '../support/suite.ts'

const drop = forEach(() => undefined)

/** Items in = out + filtered + set aside + failed, stage by stage. */
const addsUp = (report: Report): void => {
  for (const s of report.stages) {
    if (s.kind === 'range' || s.kind === 'deadLetters') continue // sources
    assert.is(s.in, s.out + s.filtered + s.skipped + s.deadLetters + s.failed, `stage ${s.name}`)
  }
}

const lanes = [{ workers: 0, lane: 'async' }, { workers: 2, lane: 'blocking' }] as const

for (const { workers, lane } of lanes) {
  suite(`bad luck on the ${lane} lane`, (it) => {
    it('a stage that throws ends the run, with stage, position and cause', async () => {
      const run = pipeline({ out: range(0, 10_000).pipe(map((n) => { if (n === 7777) throw new RangeError('unlucky'); return n }, { lane, name: 'luck' })).to(drop) }).run({ workers })
      const error = await rejection(run.done)
      assert.is(error.code, 'ERR_MILLRACE_STAGE_FAILED')
      assert.is(error.stage, 'luck')
      assert.is(error.position!.index, 7777)
      assert.instance(error.cause, RangeError)
      assert.ok(error.message.includes('failure.spec.ts'), 'says where the stage was declared')
    })

    it('the position is that of the item, behind filters and expansions', async () => {
      const run = pipeline({
        out: range(0, 1000).pipe(
          filter((n) => n % 2 === 0, { lane }),
          flatMap((n) => [n, n + 0.5], { lane }),
          map((n) => { if (n === 500.5) throw new Error('half'); return n }, { lane, name: 'last' })
        ).to(drop)
      }).run({ workers })
      const error = await rejection(run.done)
      assert.equal([error.stage, error.position!.index], ['last', 500])
    })

    it('skip drops the item and counts it; in = out + skipped', async () => {
      const run = pipeline({ out: range(0, 1000).pipe(map((n) => { if (n % 10 === 0) throw new Error('ten'); return n }, { lane, onError: 'skip', name: 'picky' })).to(toArray()) }).run({ workers })
      const [items, report] = await Promise.all([firstValueFrom(run.outputs.out), run.done])
      assert.is(items.length, 900)
      assert.is(report.stages.find((s) => s.name === 'picky')!.skipped, 100)
      addsUp(report)
    })

    it('deadLetter sets the item aside with stage, position and cause, in order', async () => {
      const letters: DeadLetter[] = []
      const run = pipeline(
        { out: range(0, 5000).pipe(map((n) => { if (n % 1000 === 999) throw new Error(`bad ${n}`); return n }, { lane, onError: 'deadLetter', name: 'strict' })).to(drop) },
        { deadLetters: forEach((letter: DeadLetter) => void letters.push(letter)) }
      ).run({ workers })
      const report = await run.done
      assert.equal(letters.map((l) => [l.stage, l.position.index, l.item, (l.cause as Error).message]), [999, 1999, 2999, 3999, 4999].map((n) => ['strict', n, n, `bad ${n}`]))
      assert.is(report.deadLetters, 5)
      addsUp(report)
    })

    it('retry tries again with backoff, then does what it was told', async () => {
      const tried = map(flaky, { lane, onError: retry({ times: 2, initialMs: 1, then: 'skip' }) })
      const got = await range(0, 100).pipe(tried).toArray({ workers })
      assert.equal(got, Array.from({ length: 100 }, (_, i) => i).filter((n) => n !== 50))
    })

    it('retry asks decide, wherever it runs; letters say how many tries were made', async () => {
      const letters: DeadLetter[] = []
      const picky = map((n: number) => { if (n % 10 > 2) return n; throw Object.assign(new Error(`bad ${n}`), { code: n % 10 }) }, {
        lane, name: 'picky',
        onError: retry({ times: 2, initialMs: 0, then: 'deadLetter', decide: (error) => ((error as { code: number }).code === 0 ? 'skip' : (error as { code: number }).code === 1 ? 'deadLetter' : 'retry') })
      })
      const run = pipeline({ out: range(0, 30).pipe(picky).to(toArray()) }, { deadLetters: forEach((letter: DeadLetter) => void letters.push(letter)) }).run({ workers })
      const report = await run.done
      assert.equal(report.results['out'], Array.from({ length: 30 }, (_, n) => n).filter((n) => n % 10 > 2))
      assert.equal(letters.map((l) => [l.item, l.attempts, l.whole, (l.cause as Error).message]), [1, 2, 11, 12, 21, 22].map((n) => [n, n % 10 === 1 ? 1 : 3, true, `bad ${n}`]))
      assert.is(report.stages.find((s) => s.name === 'picky')!.skipped, 3)
      addsUp(report)
    })

    it('a promise from a synchronous stage is an error that names mapAsync', async () => {
      const error = await rejection(range(0, 10).pipe(map((n) => Promise.resolve(n), { lane })).toArray({ workers }))
      assert.is(error.code, 'ERR_MILLRACE_STAGE_PROMISE')
      assert.ok(error.message.includes('mapAsync'))
    })

    it('a throw that is not an Error is told too', async () => {
      const error = await rejection(range(0, 10).pipe(map(() => { throw 'text' }, { lane })).toArray({ workers }))  
      assert.is(error.code, 'ERR_MILLRACE_STAGE_FAILED')
      assert.is(error.cause, 'text')
    })

    it('the first error wins; a failing sink stops the stages before it', async () => {
      const closed = noteOpen()
      const run = pipeline({ out: range(0, 1e9).pipe(map((n) => n, { lane })).to(forEach((n: number) => { if (n === 3000) throw new Error('full') }, { name: 'disk' })) }).run({ workers })
      const error = await rejection(run.done)
      assert.is(error.code, 'ERR_MILLRACE_SINK_FAILED')
      assert.is(error.stage, 'disk')
      await closed()
    })
  }, 10_000)
}

suite('bad luck of waiting stages', (it) => {
  it('what they skip or set aside is counted by its stage', async () => {
    const odd = async (n: number): Promise<number> => { if (n % 2 === 1) throw new Error('odd'); return n }
    const run = pipeline({ out: range(0, 100).pipe(mapAsync(odd, { name: 'even', onError: 'skip' }), mapAsync(async (n) => { if (n % 4 !== 0) throw new Error('no four'); return n }, { name: 'four', onError: 'deadLetter' })).to(drop) }).run({ workers: 0 })
    const report = await run.done
    const rows = ['even', 'four'].map((name) => report.stages.find((s) => s.name === name)!)
    assert.equal(rows.map((s) => [s.in, s.out, s.skipped, s.deadLetters, s.filtered]), [[100, 50, 50, 0, 0], [50, 25, 0, 25, 0]])
    assert.equal(report.dropped, {})
    addsUp(report)
  })

  it('an endless expansion that yields nothing does not hold a cancelled run, and its iterator is closed', async () => {
    let closed = 0
    function* endless(): Generator<number> { try { for (;;) yield 1 } finally { closed++ } }
    const run = pipeline({ out: range(0, 10).pipe(flatMap(endless, { lane: 'async' }), filter((n) => n > 1, { lane: 'async' })).to(drop) }).run({ workers: 0 })
    setTimeout(() => {
      run.cancel()
    }, 30)
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    assert.is(closed, 1)
  })

  it('a rejection ends the run with stage and position', async () => {
    const error = await rejection(range(0, 100).pipe(mapAsync(async (n) => { if (n === 42) throw new TypeError('no'); return n }, { name: 'ask', concurrency: 4 })).toArray({ workers: 0 }))
    assert.equal([error.code, error.stage, error.position!.index], ['ERR_MILLRACE_STAGE_FAILED', 'ask', 42])
    assert.instance(error.cause, TypeError)
  })

  it('one that never resolves ends by its timeout', async () => {
    const closed = noteOpen()
    const error = await rejection(range(0, 10).pipe(mapAsync(() => new Promise<number>(() => undefined), { timeoutMs: 20, name: 'stuck' })).toArray({ workers: 0 }))
    assert.is(error.stage, 'stuck')
    assert.is(error.code, 'ERR_MILLRACE_TIMEOUT')
    await closed()
  })

  it('one that never resolves does not hold a cancelled run, be it a stage or a sink', async () => {
    const never = (): Promise<number> => new Promise(() => undefined)
    for (const out of [range(0, 10).pipe(mapAsync(never)).to(drop), range(0, 10).to(forEach(never))]) {
      const run = pipeline({ out }).run({ workers: 0 })
      setTimeout(() => {
        run.cancel()
      }, 10)
      assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    }
  })
})

suite('bad luck of workers', (it) => {
  it('a stage that exits the process ends the run, and the next run has its workers', async () => {
    const p = (bad: number) => range(0, 5000).pipe(map((n, env) => { if (n === env.bad) process.exit(3); return n }, { lane: 'blocking', name: 'exits', env: { bad } }))
    const error = await rejection(p(2500).toArray({ workers: 2 }))
    assert.is(error.code, 'ERR_MILLRACE_WORKER_DIED')
    assert.ok(error.message.includes('exits') && /items \d+ to \d+/.test(error.message), error.message)
    assert.is((await p(-1).toArray({ workers: 2 })).length, 5000)
  })

  it('a stage that never returns does not hold a cancelled run', async () => {
    const run = pipeline({ out: range(0, 5000).pipe(map((n) => { while (n === 100) Math.random(); return n }, { lane: 'blocking' })).to(drop) }).run({ workers: 2 })
    const began = performance.now()
    setTimeout(() => {
      run.cancel()
    }, 300)
    assert.is((await rejection(run.done)).code, 'ERR_MILLRACE_CANCELLED')
    assert.ok(performance.now() - began < 3000)
    assert.is((await range(0, 100).pipe(map((n) => n, { lane: 'blocking' })).toArray({ workers: 2 })).length, 100)
  })

  it('a stage that exhausts the heap ends the run, not the process', async () => {
    const error = await rejection(range(0, 4).pipe(map((n) => { const all: unknown[] = []; for (;;) all.push(new Array(1e6).fill(n)) }, { lane: 'blocking', name: 'hog' })).toArray({ workers: 2 }))
    assert.is(error.code, 'ERR_MILLRACE_WORKER_DIED')
    assert.ok(error.message.includes('hog'))
  })

  it('an item that cannot cross is told with its path', async () => {
    for (const source of [from([1, 2, 3]).pipe(map((n) => ({ n, fn: () => n }), { lane: 'blocking' })), from([{ a: () => 1 }]).pipe(map((x) => x, { lane: 'blocking' }))]) {
      const error = await rejection(source.toArray({ workers: 2 }))
      assert.is(error.code, 'ERR_MILLRACE_NOT_CLONEABLE')
      assert.ok(/item\.(fn|a) is a function/.test(error.message), error.message)
    }
  })

  it('a function that cannot travel is an error under lane blocking, naming the variable and the ways out', () => {
    const factor = 3
    const p = pipeline({ out: range(0, 10).pipe(map((n) => n * factor, { lane: 'blocking', name: 'times' })).to(drop) })
    const error = thrown(() => p.run({ workers: 2 }))
    assert.is(error.code, 'ERR_MILLRACE_NOT_PORTABLE')
    for (const word of ['factor', 'times', 'portable', 'env']) assert.ok(error.message.includes(word), error.message)
  })

  it('under the default lane it stays on the loop: explain says why, and one warning is emitted', async () => {
    const factor = 3
    const warnings: Error[] = []
    const listen = (warning: Error): void => void warnings.push(warning)
    process.on('warning', listen)
    const p = pipeline({ out: range(0, 10).pipe(map((n) => n * factor, { name: 'stays' })).to(toArray()) })
    assert.ok(String(p.explain({ workers: 2 })).includes('factor'))
    for (let i = 0; i < 2; i++) await p.run({ workers: 2 }).done
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', listen)
    const own = warnings.filter((w) => (w as { code?: string }).code === 'ERR_MILLRACE_STAYS_ON_LOOP')
    assert.is(own.length, 1)
    assert.ok(own[0]!.message.includes('stays'))
  })

  it('a module that a worker cannot import, or that kills it, is an error before the first item moves', async () => {
    const missing = portable(new URL('./no-such-module.ts', import.meta.url), 'f', (n: number) => n)
    const failed = await rejection(range(0, 10).pipe(map(missing, { lane: 'blocking' })).toArray({ workers: 2 }))
    assert.is(failed.code, 'ERR_MILLRACE_MODULE_FAILED')
    const deadly = portable(new URL('../support/fixtures/exits-at-import.ts', import.meta.url), 'f', (n: number) => n)
    const died = await rejection(range(0, 10).pipe(map(deadly, { lane: 'blocking' })).toArray({ workers: 2 }))
    assert.is(died.code, 'ERR_MILLRACE_WORKER_DIED')
  })

  it('partial answers that die with a worker fail the run rather than be wrong', async () => {
    const run = range(0, 200_000).pipe(map((n) => { if (n === 150_000) process.exit(1); return n }, { lane: 'blocking' }), reduce((a, b) => a + b, 0, { lane: 'blocking', combine: (a, b) => a + b }))
    assert.is((await rejection(run.toArray({ workers: 2 }))).code, 'ERR_MILLRACE_WORKER_DIED')
  })

  it('take ends a run whose workers are still busy', async () => {
    assert.equal(await range(0, 1e9).pipe(map((n) => n + 1, { lane: 'blocking' }), take(5, { lane: 'blocking' })).toArray({ workers: 2 }), [1, 2, 3, 4, 5])
  })
}, 20_000)
