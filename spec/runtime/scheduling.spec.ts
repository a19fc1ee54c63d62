/** Tasks and jobs side by side: nobody starves, everything that is counted is counted right. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, connect } from 'node:net'
import { Worker } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { Runtime, sleep, yieldNow } from '../../src/runtime.ts'
import { mpsc } from '../../src/sync.ts'
import { suite } from '../support/suite.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const runtime = Runtime.multiThread({ workers: 2 })

suite('runtime: scheduling', (it) => {
  it('175: a spawn wakes an idle runtime, and runs on a loaded one', async () => {
    const idle = Runtime.multiThread({ workers: 1 })
    assert.is(await idle.spawn(async () => 1), 1)
    assert.is(await idle.spawnBlocking(() => 2), 2)
    while (idle.metrics().threads[0]!.state !== 'parked') await sleep(5)
    assert.is(await idle.spawnBlocking(() => 3), 3)
    let over = false
    const load = Array.from({ length: 20 }, () => idle.spawn(async () => { while (!over) await yieldNow() }))
    assert.is(await idle.spawn(async () => 4), 4)
    over = true
    await Promise.all(load)
    await idle.shutdown()
  })

  it('175: from a thread of somebody else\'s too, which has a runtime of its own', async () => {
    const url = new URL('../../src/runtime.ts', import.meta.url).href
    const program = `import { parentPort } from 'node:worker_threads'
      import('tsx/esm/api').then(async ({ register }) => {
        register()
        const { spawnBlocking, Runtime, blockOn } = await import(${JSON.stringify(url)})
        parentPort.postMessage([await spawnBlocking((n) => n + 1, 1), blockOn(async () => 5)])
        await Runtime.shared().shutdown()
      })`
    const thread = new Worker(program, { eval: true, execArgv: ['-C', 'millrace-source', '--input-type=module'] })
    const answer: unknown = await new Promise((resolve, reject) => {
      thread.on('message', resolve)
      thread.on('error', reject)
    })
    assert.equal(answer, [2, 5])
    await thread.terminate()
  })

  it('176: I/O and timers are served while 100 tasks and every worker are kept busy', async () => {
    let over = false
    const flags: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const load = Array.from({ length: 100 }, () => runtime.spawn(async () => { while (!over) await yieldNow() }))
    const jobs = Array.from({ length: 2 }, () => runtime.spawnBlocking((f: Int32Array) => { while (Atomics.load(f, 0) === 0) Math.sqrt(2) }, flags))
    const server = createServer((socket) => socket.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, resolve))
    const { port } = server.address() as { port: number }
    const text = await new Promise((resolve) => connect(port, '127.0.0.1').on('data', (data) => { resolve(String(data)) }))
    await sleep(5)
    over = true
    Atomics.store(flags, 0, 1)
    server.close()
    await Promise.all([...load, ...jobs])
    assert.is(text, 'hello')
  })

  it('181: what a worker that is about to sleep is given runs before it sleeps, and a sleeper is woken', async () => {
    for (let i = 0; i < 200; i++) {
      assert.is(await runtime.spawnBlocking((n: number) => n, i), i)
      if (i % 20 === 0) await sleep(i / 10) // into each of the short parks
    }
  })

  it('183: tools hear of each task once when it is spawned and once when it has ended, with where it was spawned', async () => {
    const tracked = Runtime.currentThread({ trackSites: true })
    const heard: unknown[][] = []
    const spawned = (message: unknown): void => { const m = message as { id: number; lane: string; site: string }; heard.push(['spawn', m.id, m.lane, /scheduling\.spec\.ts:\d+/.test(m.site)]) }
    const ended = (message: unknown): void => { const m = message as { id: number; state: string }; heard.push(['end', m.id, m.state]) }
    subscribe('millrace:task:spawn', spawned)
    subscribe('millrace:task:end', ended)
    const good = tracked.spawn(async () => { for (let i = 0; i < 3; i++) await yieldNow() })
    const bad = tracked.spawn(async () => { throw new Error('bad') })
    await good
    assert.is((await bad.joined()).status, 'rejected')
    unsubscribe('millrace:task:spawn', spawned)
    unsubscribe('millrace:task:end', ended)
    const { id } = good
    assert.equal(heard, [['spawn', id, 'async', true], ['spawn', bad.id, 'async', true], ['end', bad.id, 'failed'], ['end', id, 'done']])
    await tracked.shutdown()
  })

  it('188: 100 pairs in endless ping-pong do not starve a task that yields 5 times', async () => {
    let over = false
    const pairs = Array.from({ length: 100 }, () => {
      const ping = mpsc<number>({ capacity: 1 })
      const pong = mpsc<number>({ capacity: 1 })
      const serve = async (from: typeof ping.receiver, to: typeof pong.sender): Promise<void> => {
        for await (const n of from) {
          if (over) break
          await to.send(n + 1)
        }
        to.close()
      }
      const both = [runtime.spawn(() => serve(ping.receiver, pong.sender)), runtime.spawn(() => serve(pong.receiver, ping.sender))]
      void ping.sender.send(0)
      return Promise.all(both.map((handle) => handle.joined()))
    })
    await runtime.spawn(async () => { for (let i = 0; i < 5; i++) await yieldNow() })
    over = true
    await Promise.all(pairs)
  })

  it('189: a job that starts itself anew for ever does not starve others', async () => {
    const one = Runtime.multiThread({ workers: 1 })
    let over = false
    const again = async (): Promise<void> => { while (!over) await one.spawnBlocking(() => 0) }
    const endless = one.spawn(again)
    assert.is(one.blockOn(async () => 'asynchronous'), 'asynchronous')
    assert.is(await one.spawnBlocking(() => 'blocking'), 'blocking')
    over = true
    await endless
    await one.shutdown()
  })

  it('190: a yield lets I/O in before the yielder goes on, also one that is forced by the budget', async () => {
    for (const forced of [false, true]) {
      const seen = await runtime.spawn(async () => {
        const server = createServer((socket) => socket.end('in'))
        await new Promise<void>((resolve) => server.listen(0, resolve))
        let arrived = false
        const client = connect((server.address() as { port: number }).port, '127.0.0.1')
        client.on('data', () => { arrived = true })
        await new Promise((resolve) => client.once('connect', resolve))
        const { sender, receiver } = mpsc<number>({ capacity: 1 })
        let turns = 0
        for (; !arrived && turns < 10_000; turns++) {
          if (!forced) await yieldNow()
          else {
            await sender.send(1) // never waits: only its budget makes it yield
            await receiver.recv()
          }
        }
        server.close()
        return turns
      })
      assert.ok(seen < 10_000, `${seen} turns`)
    }
  })

  it('191: yieldNow works outside of a runtime', async () => {
    assert.is(Runtime.tryCurrent(), undefined)
    let turned = false
    setImmediate(() => { turned = true })
    await yieldNow()
    await yieldNow()
    assert.ok(turned)
  })

  it('195: the depth of the queues can be read, and is exact when nothing moves', async () => {
    const one = Runtime.multiThread({ workers: 1 })
    const flags: Int32Array = new Int32Array(new SharedArrayBuffer(8))
    const blocker = one.spawnBlocking((f: Int32Array) => { Atomics.store(f, 0, 1); Atomics.wait(f, 1, 0) }, flags)
    while (Atomics.load(flags, 0) === 0) await turn()
    const jobs = Array.from({ length: 30 }, () => one.spawnBlocking(() => 0))
    const { blockingQueued, blockingRunning, injectorDepth, threads } = one.metrics()
    assert.equal([blockingQueued, blockingRunning, injectorDepth + threads[0]!.queued], [30, 1, 30])
    Atomics.store(flags, 1, 1)
    Atomics.notify(flags, 1)
    await Promise.all([blocker, ...jobs])
    const after = one.metrics()
    assert.equal([after.blockingQueued, after.blockingRunning, after.injectorDepth, after.spawnedTasks], [0, 0, 0, 31])
    await one.shutdown()
  })

  it('196: parks are counted and the state says who sleeps; busy time grows with work', async () => {
    const one = Runtime.multiThread({ workers: 1 })
    const spin = (ms: number): void => { const until = performance.now() + ms; while (performance.now() < until) Math.sqrt(2) }
    await one.spawnBlocking(spin, 30)
    while (one.metrics().threads[0]!.state !== 'parked') await sleep(5)
    const [quiet] = one.metrics().threads
    assert.ok(quiet!.parks >= 1 && quiet!.busyMs >= 25)
    const running = one.spawnBlocking(spin, 30)
    while (one.metrics().threads[0]!.running < 0) await turn()
    assert.is(one.metrics().threads[0]!.state, 'running')
    await running
    while (one.metrics().threads[0]!.state !== 'parked') await sleep(5)
    assert.ok(one.metrics().threads[0]!.parks > quiet!.parks && one.metrics().threads[0]!.busyMs >= quiet!.busyMs + 25)
    await one.shutdown()
  })
}, 30_000)
