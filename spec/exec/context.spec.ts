/** The context of a run: what its functions see, on the loop, behind an await, and in workers. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { currentContext, filter, forEach, from, map, mapAsync, mergeMap, pipeline, range, rx, toArray } from '../../src/index.ts'
import { delay } from 'rxjs'
import { tagged } from '../support/fixtures/context-work.ts'
import { suite } from '../support/suite.ts'

const trace = (): unknown => currentContext()?.['trace']

suite('the context of a run', (it) => {
  it('is seen by stages, sources and sinks on the loop, and nowhere else', async () => {
    const seen: unknown[] = []
    const source = from((function* () { seen.push(['source', trace()]); yield 1 })())
    const whole = source.pipe(
      map((n) => { seen.push(['map', trace()]); return n }, { lane: 'async' }),
      mapAsync(async (n) => { await turn(); seen.push(['mapAsync', trace()]); return n }),
      rx((n$) => n$.pipe(delay(1))),
      mergeMap((n) => { seen.push(['mergeMap', trace()]); return [n] })
    )
    assert.is(currentContext(), undefined)
    await pipeline({ out: whole.to(forEach(() => { seen.push(['forEach', trace()]) })) }).run({ workers: 0, context: { trace: 't1' } }).done
    assert.equal(seen, ['source', 'map', 'mapAsync', 'mergeMap', 'forEach'].map((where) => [where, 't1']))
    assert.is(currentContext(), undefined)
    assert.equal(await range(0, 1).pipe(map(() => currentContext(), { lane: 'async' })).toArray({ workers: 0 }), [undefined])
  })

  it('goes with the functions to workers; each of several runs at a time sees its own', async () => {
    const many = range(0, 20_000).pipe(map(tagged, { lane: 'blocking' }), filter(([n]) => n % 100 === 0))
    const ids = ['a', 'b', 'c']
    const answers = await Promise.all([...ids, undefined].map((id) => many.toArray({ workers: 2, ...(id === undefined ? {} : { context: { trace: id } }) })))
    for (const [i, rows] of answers.entries()) {
      assert.is(rows.length, 200)
      assert.ok(rows.every(([, seen]) => seen === ids[i]), `run ${i}: ${[...new Set(rows.map(([, seen]) => seen))].join()}`)
    }
    assert.ok(answers.flat().some(([, , thread]) => thread !== threadId), 'nothing ran on a worker')
  })

  it('is a frozen copy of plain values, and what is none is refused', async () => {
    const given = { trace: { id: 1 } }
    const run = pipeline({ out: range(0, 1).pipe(map(() => currentContext(), { lane: 'async' })).to(toArray()) }).run({ workers: 0, context: given })
    given.trace.id = 2
    const [seen] = (await run.done).results['out'] as [unknown]
    assert.equal(seen, { trace: { id: 1 } })
    assert.ok(Object.isFrozen(seen))
    for (const wrong of [7, null, [1], { fn: () => 1 }]) {
      try {
        pipeline({ out: range(0, 1).to(toArray()) }).run({ workers: 0, context: wrong as never })
        assert.unreachable()
      } catch (error) {
        assert.is((error as { code?: unknown }).code, 'ERR_MILLRACE_ARGUMENT')
      }
    }
  })

  it('is that of the run around it for a run that is started inside, unless it has its own', async () => {
    const inner = (own: boolean) => mapAsync(async () => range(0, 1).pipe(map(tagged, { lane: 'blocking' })).toArray({ workers: 2, ...(own ? { context: { trace: 'inner' } } : {}) }))
    const run = async (own: boolean): Promise<unknown> => (await range(0, 1).pipe(inner(own)).toArray({ workers: 0, context: { trace: 'outer' } }))[0]![0]![1]
    assert.is(await run(false), 'outer')
    assert.is(await run(true), 'inner')
  })

  it('needs nothing for an AsyncLocalStorage of the program, as long as a function stays on the loop', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    const start = (id: string) => storage.run(id, () =>
      pipeline({ out: range(0, 3).pipe(mapAsync(async (n) => { await turn(); return [n, storage.getStore()] })).to(forEach((row) => { seen.push([...row, storage.getStore()]) })) }).run({ workers: 0 }).done)
    await Promise.all([start('x'), start('y')])
    assert.is(seen.length, 6)
    for (const id of ['x', 'y']) assert.equal(seen.filter((row) => (row as unknown[])[1] === id), [0, 1, 2].map((n) => [n, id, id]))
  })
}, 15_000)
