/** Workers that die give their slots back, whatever they were doing with them; an arena that is full is waited for, never an error. */
import * as assert from 'uvu/assert'
import { filter, forEach, map, pipeline, range, type PipelineError, type Run } from '../../src/index.ts'
import type { Outputs } from '../../src/exec/run.ts'
import { crewOf } from '../../src/runtime/crew.ts'
import { suite } from '../support/suite.ts'

const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const blocking = { lane: 'blocking' } as const
const SLOTS = 512

const outcome = (run: Run<Outputs>): Promise<string> => run.done.then(() => 'done', (error: unknown) => (error as PipelineError).code)

/** Waits until all slots are free: a worker gives its last one back a moment after its run is over. */
const allFree = async (): Promise<number> => {
  const { arena } = crewOf(2)
  for (let tries = 0; tries < 400 && arena.available() < SLOTS; tries++) await turn(5)
  return arena.available()
}

suite('the arena under deaths', (it) => {
  it('ten workers that are ended while they write, read and rest: every slot comes back, and the pool works on', async () => {
    const row = map((n: number) => ({ n, text: `item ${n} `.repeat(20), list: [n, n + 1] }), blocking)
    const deaths: string[] = []
    for (let kill = 0; kill < 10; kill++) {
      // Two pool tasks one behind the other, so that frames are held by workers, by the loop and by channels.
      const chain = range(0, 1e9).pipe(row, filter((r) => r.n >= 0, { lane: 'async' }), map((r) => ({ ...r, more: r.list.length }), blocking))
      const run = pipeline({ out: chain.to(forEach((r) => (kill % 2 === 0 || r.n % 64 !== 0 ? undefined : turn(1)))) }, { capacity: 2048 }).run({ workers: 2 })
      const ended = outcome(run)
      while (run.metrics().stages.at(-1)!.in < 100 * (kill + 1)) await turn(2)
      assert.ok(crewOf(2).arena.available() < SLOTS, 'slots are in use')
      const before = crewOf(2).pool.totals().started
      crewOf(2).terminate(kill % 2)
      while (crewOf(2).pool.totals().started === before) await turn(2)
      run.cancel() // a worker that held no morsel when it died has cost nothing, and the run goes on
      deaths.push(await ended)
      assert.is(await allFree(), SLOTS, `after death ${kill + 1}`)
    }
    assert.ok(deaths.every((code) => code === 'ERR_MILLRACE_WORKER_DIED' || code === 'ERR_MILLRACE_CANCELLED') && deaths.includes('ERR_MILLRACE_WORKER_DIED'), deaths.join(' '))
    const sum = await range(0, 2000).pipe(row, map((r) => r.n, blocking)).toArray({ workers: 2 })
    assert.equal(sum, Array.from({ length: 2000 }, (_, i) => i))
    assert.is(await allFree(), SLOTS)
  })

  it('a run that finds the arena full waits for the slots of others', async () => {
    const { arena, release } = crewOf(2)
    const taken: number[] = []
    for (let slot = arena.claim(99); slot >= 0; slot = arena.claim(99)) taken.push(slot)
    assert.is(arena.available(), 0)
    let settled = false
    const items = range(0, 5000).pipe(map((n) => ({ n, s: `${n}` }), blocking)).toArray({ workers: 2 }).finally(() => { settled = true })
    await turn(100)
    assert.is(settled, false, 'it waits')
    for (const slot of taken) release(slot)
    assert.equal((await items).map(({ n }) => n), Array.from({ length: 5000 }, (_, i) => i))
    assert.is(await allFree(), SLOTS)
  })
}, 60_000)
