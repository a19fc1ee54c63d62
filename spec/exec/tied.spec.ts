/** A wait for a run is a wait of the task that waits: its abort ends it, and the run with it. */
import * as assert from 'uvu/assert'
import { forEach, from, interval, pipeline, take } from '../../src/index.ts'
import { JoinError, shield, sleep, spawn } from '../../src/runtime.ts'
import { suite } from '../support/suite.ts'

const kindOf = (error: unknown): unknown => (error instanceof JoinError ? error.kind : error)

suite('tied', (it) => {
  it('toArray: an aborted task cancels the run that it waits for, and its finally runs when that has stopped', async () => {
    const log: string[] = []
    let started: () => void = () => undefined
    const begun = new Promise<void>((resolve) => { started = resolve })
    const source = async function* (): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i++) {
          await sleep(1)
          started()
          yield i
        }
      } finally {
        log.push('source closed')
      }
    }
    const task = spawn(async () => {
      try {
        await from(source()).toArray()
      } finally {
        log.push('finally')
      }
    })
    await begun
    task.abort()
    assert.is(await task.join().then(() => 'joined', kindOf), 'cancelled')
    assert.equal(log, ['source closed', 'finally'])
  })

  it('for await: the same', async () => {
    let seen = 0
    let first: () => void = () => undefined
    const begun = new Promise<void>((resolve) => { first = resolve })
    const task = spawn(async () => {
      for await (const n of interval(1)) {
        seen = n
        first()
      }
    })
    await begun
    task.abort()
    assert.is(await task.join().then(() => 'joined', kindOf), 'cancelled')
    assert.ok(seen >= 0)
  })

  it('a task that was aborted before it waits does not run anything to its end', async () => {
    let stopped: unknown
    let here: () => void = () => undefined
    const begun = new Promise<void>((resolve) => { here = resolve })
    const task = spawn(async () => {
      here()
      await sleep(60_000).catch(() => undefined)
      await interval(1).toArray().catch((error: unknown) => { stopped = error; throw error })
    })
    await begun
    task.abort()
    assert.is(await task.join().then(() => 'joined', kindOf), 'cancelled')
    assert.ok(stopped !== undefined)
  })

  it('a run that was started by run() is its own, and what is shielded goes on', async () => {
    let items = 0
    const p = pipeline({ out: interval(1).to(forEach(() => { items++ })) })
    let run: ReturnType<typeof p.run> | undefined
    let shielded: readonly number[] = []
    const task = spawn(async () => {
      run = p.run({ workers: 0 })
      try {
        await sleep(60_000)
      } finally {
        shielded = await shield(() => interval(1).pipe(take(3)).toArray())
      }
    })
    while (items === 0) await sleep(1)
    task.abort()
    assert.is(await task.join().then(() => 'joined', kindOf), 'cancelled')
    assert.equal(shielded, [0, 1, 2])
    const before = items
    while (items === before) await sleep(1)
    await run!.drain()
  })
})
