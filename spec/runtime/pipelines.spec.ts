/** Pipelines and the toolbox together: handles in a stage's env, jobs and pipelines on one pool. */
import * as assert from 'uvu/assert'
import { map, pipeline, range } from '../../src/index.ts'
import { Runtime, spawnBlocking, type JobContext } from '../../src/runtime.ts'
import { AtomicCounter, Semaphore, mpsc } from '../../src/sync.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const runtime = Runtime.multiThread({ workers: 2 })

suite('handles in pipelines and jobs', (it) => {
  it('a counter in the env of a stage counts on all threads', async () => {
    const counter = new AtomicCounter()
    const run = runtime.run(pipeline({
      out: range(0, 10_000).pipe(map((n, { seen }) => { seen.add(1); return n }, { env: { seen: counter }, lane: 'blocking' })).observe()
    }))
    run.outputs.out.subscribe()
    await run.done
    assert.is(counter.value, 10_000)
  })

  it('the same counter counts where a stage begins on the caller\'s loop', async () => {
    const counter = new AtomicCounter()
    await range(0, 100).pipe(map((n, { seen }) => { seen.add(1); return n }, { env: { seen: counter } })).toArray({ workers: 0 })
    assert.is(counter.value, 100)
  })

  it('a semaphore in the env of a stage is waited for on the blocking lane', async () => {
    const semaphore = new Semaphore(1)
    const inside: Int32Array = new Int32Array(new SharedArrayBuffer(8))
    const run = runtime.run(pipeline({
      out: range(0, 200).pipe(map((n, { one, words }) => {
        const permit = one.blockingAcquire()
        if (Atomics.add(words, 0, 1) !== 0) Atomics.add(words, 1, 1)
        for (let i = 0; i < 1000; i++) Math.sqrt(i)
        Atomics.sub(words, 0, 1)
        permit.release()
        return n
      }, { env: { one: semaphore, words: inside }, lane: 'blocking' })).observe()
    }))
    const items: number[] = []
    run.outputs.out.subscribe((n) => items.push(n))
    await run.done
    assert.is(items.length, 200)
    assert.equal([...inside], [0, 0])
    assert.is(semaphore.availablePermits, 1)
  })

  it('a blocking wait on the caller\'s loop is an error of the stage, not a stop of the program', async () => {
    const semaphore = new Semaphore(1)
    const held = await semaphore.acquire()
    const error = await rejection(range(0, 1).pipe(map((n, { one }) => { one.blockingAcquire().release(); return n }, { env: { one: semaphore } })).toArray({ workers: 0 }))
    assert.is(error.code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    held.release()
  })

  it('179: a channel joins two runtimes: jobs of one send, a task of the other receives, and its end is seen', async ({ defer }) => {
    const other = Runtime.currentThread()
    defer(() => other.shutdown())
    const { sender, receiver } = mpsc<number>({ capacity: 8 })
    const jobs = [0, 1].map((half) => runtime.spawnBlocking({
      fn: (from: number, { env }: JobContext<{ sender: typeof sender }>) => {
        for (let i = 0; i < 100; i++) env.sender.blockingSend(from * 100 + i)
      },
      env: { sender }
    }, half))
    sender.close()
    const got = await other.spawn(async () => {
      const all: number[] = []
      for await (const item of receiver) all.push(item)
      return all
    })
    await Promise.all(jobs)
    assert.equal(got.toSorted((a, b) => a - b), Array.from({ length: 200 }, (_, i) => i))
  })

  it('a job that never begins lets go of the ends that it was given', async ({ defer }) => {
    const single = Runtime.multiThread({ workers: 1 })
    defer(() => single.shutdown())
    const gate: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const blocker = single.spawnBlocking((g: Int32Array) => { Atomics.wait(g, 0, 0) }, gate)
    const { sender, receiver } = mpsc<number>({ capacity: 8 })
    const queued = single.spawnBlocking({ fn: (_: JobContext<unknown>) => 0, env: { sender } })
    sender.close()
    queued.abort()
    assert.is(typeof (await receiver.recv()), 'symbol')
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    await blocker
  })

  it('a worker that dies with an end in hand is a sender that has closed', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 8 })
    const job = runtime.spawnBlocking({ fn: ({ env }: JobContext<{ sender: typeof sender }>) => { env.sender.blockingSend(1); process.exit(4) }, env: { sender } }).joined()
    sender.close()
    assert.is(await receiver.recv(), 1)
    assert.is(typeof (await receiver.recv()), 'symbol')
    assert.is((await job).status, 'rejected')
  })

  it('jobs and pipelines share the pool without starving each other', async () => {
    const run = runtime.run(pipeline({ out: range(0, 20_000).pipe(map((n) => { for (let i = 0; i < 200; i++) Math.sqrt(i); return n }, { lane: 'blocking' })).observe() }))
    let count = 0
    run.outputs.out.subscribe(() => { count++ })
    const jobs = await Promise.all(Array.from({ length: 400 }, (_, i) => runtime.spawnBlocking((n: number) => n, i)))
    await run.done
    assert.equal([count, jobs.length], [20_000, 400])
  })

  it('a pipeline that is run inside of a task, or of enter, runs on the threads of that runtime', async ({ defer }) => {
    const own = Runtime.multiThread({ workers: 1 })
    defer(() => own.shutdown())
    const p = range(0, 4).pipe(map((n) => n + 1, { lane: 'blocking' }))
    assert.equal(await own.spawn(() => p.toArray()), [1, 2, 3, 4])
    assert.is(own.metrics().threadsStarted, 1)
    assert.is(await own.enter(() => spawnBlocking(() => 5)), 5)
    assert.is(own.metrics().threadsStarted, 1)
  })
}, 30_000)
