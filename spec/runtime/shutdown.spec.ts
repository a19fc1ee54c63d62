/** The end of a runtime: what is dropped, what runs on, what is refused afterwards; and that everything settles. */
import * as assert from 'uvu/assert'
import { from, map, mapAsync, pipeline, range } from '../../src/index.ts'
import { JoinError } from '../../src/task/join-error.ts'
import { Runtime, sleep, taskLocal } from '../../src/runtime.ts'
import { mpsc } from '../../src/sync.ts'
import { rejection, thrown } from '../support/attempt.ts'
import * as work from '../support/fixtures/runtime-work.ts'
import { suite } from '../support/suite.ts'

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const cancelled = async (handle: { join(): Promise<unknown> }): Promise<JoinError> => {
  const error: unknown = await rejection(handle.join())
  assert.instance(error, JoinError)
  assert.is((error as JoinError).kind, 'cancelled')
  return error as JoinError
}

const flag = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))

const raised = async (flags: Int32Array): Promise<void> => {
  while (Atomics.load(flags, 0) === 0) await turn()
}

suite('shutdown', (it) => {
  it('199: drops every task that has not ended, those that wait and those that do nothing, promptly', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const cleaned: string[] = []
    const channel = mpsc<number>({ capacity: 1 })
    const waits = runtime.spawn(async () => { try { await channel.receiver.recv() } finally { cleaned.push('waits') } })
    const idle = runtime.spawn(() => new Promise<never>(() => undefined))
    const ends = [cancelled(waits), cancelled(idle)]
    await turn()
    const began = performance.now()
    await runtime.shutdown()
    assert.ok(performance.now() - began < 3000)
    for (const error of await Promise.all(ends)) assert.is(codeOf(error.cause), 'ERR_MILLRACE_CLOSED')
    assert.equal(cleaned, ['waits'])
    assert.is(runtime.metrics().aliveTasks, 0)
  })

  it('200: the clean-up of a task still sees its runtime, and its task-locals', async () => {
    const runtime = Runtime.currentThread()
    const local = taskLocal<string>()
    let seen: unknown[] = []
    const task = runtime.spawn(() => local.scope('mine', async () => {
      try {
        await sleep(60_000)
      } finally {
        seen = [Runtime.current(), local.get()]
      }
    }))
    const end = cancelled(task)
    await turn()
    await runtime.shutdown()
    await end
    assert.equal(seen, [runtime, 'mine'])
  })

  it('201: waking 10,000 tasks, and spawning, while the runtime goes down is safe, also from clean-up', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const { sender: tx, receiver: rx } = mpsc<number>({ capacity: 1 })
    const late: Promise<unknown>[] = []
    const tasks = Array.from({ length: 10_000 }, (_, i) => {
      const mine = tx.clone()
      return runtime.spawn(async () => {
        try {
          await mine.send(i)
        } finally {
          mine.close()
          if (i % 1000 === 0) late.push(runtime.spawn(async () => i).joined())
        }
      }).joined()
    })
    tx.close()
    await turn()
    const down = runtime.shutdown()
    while ((await rx.recv()) !== undefined && late.length < 10) await turn()
    rx.close()
    await down
    assert.is((await Promise.all(tasks)).length, 10_000)
    assert.is((await Promise.all(late)).length, 10)
    assert.is(runtime.metrics().aliveTasks, 0)
  })

  it('202: with a time-out it returns by then, also with a job that does not listen; with 0 at once; with nothing to wait for early', async () => {
    const stuck = async (): Promise<{ runtime: Runtime; end: Promise<JoinError> }> => {
      const runtime = Runtime.multiThread({ workers: 1 })
      const flags = flag()
      const job = runtime.spawnBlocking((f: Int32Array) => { Atomics.store(f, 0, 1); for (;;) Math.sqrt(2) }, flags)
      await raised(flags)
      return { runtime, end: cancelled(job) }
    }
    const timed = async (runtime: Runtime, timeoutMs: number): Promise<number> => {
      const began = performance.now()
      await runtime.shutdown({ timeoutMs })
      return performance.now() - began
    }
    const first = await stuck()
    const waited = await timed(first.runtime, 50)
    assert.ok(waited >= 49 && waited < 3000, `${waited} ms`)
    await first.end
    const second = await stuck()
    assert.ok((await timed(second.runtime, 0)) < 1000)
    await second.end
    const idle = Runtime.multiThread({ workers: 1 })
    await idle.spawnBlocking(() => 1)
    assert.ok((await timed(idle, 20_000)) < 5000)
  })

  it('203, 204: what is spawned afterwards is cancelled at once, on both lanes; a job that had begun runs on and gives its value', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const flags = flag()
    const gate = flag()
    const begun = runtime.spawnBlocking((f: Int32Array, g: Int32Array) => { Atomics.store(f, 0, 1); Atomics.wait(g, 0, 0); return 'value' }, flags, gate)
    await raised(flags)
    const queued = runtime.spawnBlocking(() => 'never')
    const down = runtime.shutdown()
    await cancelled(queued)
    assert.is(codeOf((await cancelled(runtime.spawn(async () => 1))).cause), 'ERR_MILLRACE_CLOSED')
    assert.is(codeOf((await cancelled(runtime.spawnBlocking(() => 1))).cause), 'ERR_MILLRACE_CLOSED')
    await cancelled(runtime.spawn(async () => 1, { on: 'async-worker' }))
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
    assert.is(await begun, 'value')
    await down
    assert.ok(runtime.isClosed)
    assert.is(thrown(() => runtime.blockOn(async () => 1)).code, 'ERR_MILLRACE_CLOSED')
    assert.is(thrown(() => runtime.run(pipeline({ out: range(0, 1).observe() }))).code, 'ERR_MILLRACE_CLOSED')
  })

  it('205: spawnBlocking that races shutdown always settles', async () => {
    const warm = Runtime.multiThread({ workers: 1 })
    let values = 0
    let gone = 0
    const settled = async (handle: { joined(): Promise<{ status: string }> }): Promise<void> => {
      if ((await handle.joined()).status === 'fulfilled') values++
      else gone++
    }
    await warm.spawnBlocking(() => 1)
    const ends: Promise<void>[] = []
    for (let i = 0; i < 500; i++) ends.push(settled(warm.spawnBlocking((n: number) => n, i)))
    await ends[20]
    const down = warm.shutdown()
    for (let i = 0; i < 400; i++) {
      ends.push(settled(warm.spawnBlocking((n: number) => n, i)))
      if (i % 50 === 0) await turn()
    }
    await Promise.all([down, ...ends])
    // and runtimes whose threads have not even started
    for (let i = 0; i < 50; i++) {
      const runtime = Runtime.multiThread({ workers: 1 })
      const end = settled(runtime.spawnBlocking(() => 1))
      if (i % 2 === 0) await turn()
      await Promise.all([end, runtime.shutdown({ timeoutMs: i % 10 === 0 ? 10_000 : 0 })])
    }
    assert.is(values + gone, 950)
    assert.ok(values >= 20 && gone >= 400)
  })

  it('206: a task that waits for the end of its own runtime is refused; going down in the background is not', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const error = await rejection(runtime.spawn(() => runtime.shutdown()).join())
    assert.is(codeOf(error.cause), 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(runtime.isClosed, false)
    const other = Runtime.multiThread({ workers: 1 })
    await cancelled(other.spawn(async () => { await other.shutdown({ timeoutMs: 0 }) }))
    await runtime.spawn(async () => { runtime.shutdownBackground() }).joined()
    assert.ok(runtime.isClosed && other.isClosed)
    await Promise.all([runtime.shutdown(), other.shutdown()])
  })

  it('207: a job that is blocked on what only a task can release does not hang a shutdown that has a time-out', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const gate = flag()
    const job = runtime.spawnBlocking((g: Int32Array) => { Atomics.store(g, 0, 1); Atomics.wait(g, 0, 1) }, gate)
    const release = runtime.spawn(async () => { await sleep(60_000); Atomics.store(gate, 0, 2) })
    const ends = [cancelled(job), cancelled(release)]
    await raised(gate)
    await runtime.shutdown({ timeoutMs: 20 })
    await Promise.all(ends)
  })

  it('208: tasks that hold each other\'s handles end', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const handles: { join(): Promise<unknown> }[] = []
    const ends = [0, 1].map((i) => {
      const handle = runtime.spawn(async () => { await turn(); await handles[1 - i]!.join() })
      handles.push(handle)
      return cancelled(handle)
    })
    await turn()
    await runtime.shutdown()
    await Promise.all(ends)
    assert.is(runtime.metrics().aliveTasks, 0)
  })

  it('209: a runtime that is to stop at an unhandled failure stops, and says why', async () => {
    const runtime = Runtime.multiThread({ workers: 1, onUnhandled: 'shutdown' })
    const other = runtime.spawn(() => sleep(60_000))
    const end = cancelled(other)
    runtime.spawn(async () => { throw new Error('the cause') }).detach()
    const error = await end
    assert.match((error.cause as { cause: JoinError }).cause.message, 'the cause')
    assert.is(thrown(() => runtime.blockOn(async () => 1)).code, 'ERR_MILLRACE_CLOSED')
    await cancelled(runtime.spawn(async () => 1))
    const heard: string[] = []
    const told = Runtime.currentThread({ onUnhandled: (failure) => heard.push(failure.message) })
    told.spawn(async () => { throw new Error('heard') }, { name: 'bad' }).detach()
    while (heard.length === 0) await turn()
    assert.match(heard[0]!, "'bad' failed: Error: heard")
    await Promise.all([runtime.shutdown(), told.shutdown()])
  })

  it('210: what is pending when its runtime goes down fails with an error that can be told from others', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const reading = runtime.spawn(async ({ signal }) => {
      await new Promise((_, reject) => { signal.addEventListener('abort', () => { reject(signal.reason as Error) }) })
    })
    const run = runtime.run(pipeline({ out: from([1]).pipe(mapAsync((_, { signal }) => sleep(60_000, { signal }), { concurrency: 1 })).observe() }))
    const ended = Promise.all([cancelled(reading), rejection(run.done)])
    await turn()
    await runtime.shutdown()
    const [task, error] = await ended
    assert.is(codeOf(task.cause), 'ERR_MILLRACE_CLOSED')
    assert.equal([error.code, codeOf(error.cause)], ['ERR_MILLRACE_CANCELLED', 'ERR_MILLRACE_CLOSED'])
  })

  it('211: channels made in a runtime outlive it; its timers do not', async () => {
    const runtime = Runtime.currentThread()
    const { sender: tx, receiver: rx } = await runtime.spawn(async () => mpsc<number>({ capacity: 2 }))
    const timers = await runtime.spawn(async () => ({ before: sleep(60_000).then(() => 'rang', (error: unknown) => codeOf(error)), after: () => sleep(1) }))
    await runtime.shutdown()
    await tx.send(4)
    assert.is(await rx.recv(), 4)
    assert.is(await timers.before, 'ERR_MILLRACE_CLOSED')
    assert.is(codeOf(await rejection(Promise.resolve().then(() => runtime.enter(() => sleep(1))))), 'ERR_MILLRACE_CLOSED')
  })

  it('197: alive tasks return to none, and so do threads', async () => {
    const runtime = Runtime.multiThread({ workers: 2 })
    const tasks = [runtime.spawn(() => sleep(1)), runtime.spawnBlocking(work.nested, 2)]
    assert.is(runtime.metrics().aliveTasks, 2)
    await Promise.all(tasks)
    assert.is(runtime.metrics().aliveTasks, 0)
    assert.is(runtime.metrics().threads.length, 2)
    await runtime.shutdown()
    const { threads, threadsStarted, threadsEnded } = runtime.metrics()
    assert.equal([threads.length, threadsStarted, threadsEnded], [0, 2, 2])
  })

  it('await using shuts down at the end of the block', async () => {
    let inside: Runtime | undefined
    {
      await using runtime = Runtime.multiThread({ workers: 1 })
      inside = runtime
      assert.is(await runtime.spawnBlocking(() => 1), 1)
    }
    assert.ok(inside.isClosed)
  })

  it('runs of the runtime are cancelled, and its pool serves pipelines until then', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const run = runtime.run(pipeline({ out: range(0, 10).pipe(map((n) => n * 2, { lane: 'blocking' })).observe() }))
    const seen: number[] = []
    run.outputs.out.subscribe((n) => seen.push(n))
    await run.done
    assert.is(seen.length, 10)
    assert.is(runtime.metrics().threadsStarted, 1)
    await runtime.shutdown()
  })
}, 40_000)
