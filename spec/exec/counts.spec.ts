/** What a report counts stays right when a worker dies that had counted some of it. */
import * as assert from 'uvu/assert'
import { forEach, from, map, pipeline, range } from '../../src/index.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('counts', (it) => {
  it('a worker that another run kills between two morsels takes none of the counts with it', async () => {
    let given = 0
    let seen = 0
    let byWorker = 0
    let killed = false
    const items = async function* (): AsyncGenerator<number> {
      while (byWorker < 200) {
        yield given++
        await turn()
      }
      const kept = given - Math.ceil(given / 10)
      while (seen < kept) await turn()
      const killer = range(0, 1e9).pipe(map((x) => {
        if (!process.getBuiltinModule('node:worker_threads').isMainThread) process.exit(3)
        return x
      }, { lane: 'blocking' }))
      assert.is((await rejection(pipeline({ out: killer.to(forEach(() => undefined)) }).run({ workers: 1 }).done)).code, 'ERR_MILLRACE_WORKER_DIED')
      killed = true
      for (let i = 0; i < 500; i++) yield given++
    }
    const run = pipeline({
      out: from(items()).pipe(map((x) => {
        if (x % 10 === 0) throw new Error('ten')
        return process.getBuiltinModule('node:worker_threads').isMainThread
      }, { lane: 'blocking', name: 'picky', onError: 'skip' })).to(forEach((onLoop) => {
        seen++
        if (!onLoop) byWorker++
      }))
    }).run({ workers: 1 })
    const report = await run.done
    const picky = report.stages.find((stage) => stage.name === 'picky')!
    assert.ok(killed)
    assert.equal([picky.in, picky.skipped, picky.out], [given, Math.ceil(given / 10), given - Math.ceil(given / 10)])
  })
}, 20_000)
