/** Blocking jobs: what travels, what comes back, who may wait for what, and how they are stopped. */
import * as assert from 'uvu/assert'
import { JoinError } from '../../src/task/join-error.ts'
import { arrives, travel, type Luggage, type Traveller } from '../../src/prelude/travel.ts'
import { fromModule } from '../../src/index.ts'
import { Runtime, blockOn, spawnBlocking, sleep, time, type JobContext } from '../../src/runtime.ts'
import { rejection, thrown } from '../support/attempt.ts'
import * as work from '../support/fixtures/runtime-work.ts'
import { suite, type Scope } from '../support/suite.ts'

const fresh = ({ defer }: Scope, workers = 2): Runtime => {
  const runtime = Runtime.multiThread({ workers })
  defer(() => runtime.shutdown({ timeoutMs: 2000 }))
  return runtime
}

/** Shared by tests: threads take longer to start than most of them to run. Idle threads do not hold the process. */
const warm = [1, 2].map((workers) => Runtime.multiThread({ workers }))
const made = (_: Scope, workers: 1 | 2 = 2): Runtime => warm[workers - 1]!

const failure = async (handle: { join(): Promise<unknown> }): Promise<JoinError> => {
  const error: unknown = await rejection(handle.join())
  assert.instance(error, JoinError)
  return error as JoinError
}

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const raised = async (flags: Int32Array, index = 0): Promise<void> => {
  while (Atomics.load(flags, index) === 0) await turn()
}

/** Keeps every worker of a runtime in a job until `free` is called. */
const busy = async (runtime: Runtime): Promise<{ free(): void; readonly jobs: readonly Promise<unknown>[] }> => {
  const gate: Int32Array = new Int32Array(new SharedArrayBuffer(8))
  const jobs = Array.from({ length: runtime.workers }, () =>
    runtime.spawnBlocking((g: Int32Array) => {
      Atomics.add(g, 0, 1)
      Atomics.wait(g, 1, 0)
    }, gate).join()
  )
  while (Atomics.load(gate, 0) < runtime.workers) await turn()
  return {
    jobs,
    free: () => {
      Atomics.store(gate, 1, 1)
      Atomics.notify(gate, 1)
    }
  }
}

/** The smallest handle: a number in shared memory. */
class Tally implements Traveller {
  readonly words: Int32Array
  constructor(words: Int32Array = new Int32Array(new SharedArrayBuffer(4))) {
    this.words = words
  }
  [travel](): Luggage {
    return { kind: 'spec.Tally', parts: this.words }
  }
}
arrives<Int32Array>('spec.Tally', (words) => new Tally(words))

suite('blocking jobs', (it) => {
  it('212: a job gives its value back', async (scope) => {
    const runtime = made(scope)
    const plain = { a: [1, 2n, undefined], b: new Map([['x', new Date(5)]]), c: new Uint8Array([1, 2]), d: 'ß\u{1f600}' }
    assert.equal(await runtime.spawnBlocking((v: typeof plain) => ({ ...v, e: v.b.get('x')!.getTime() }), plain), { ...plain, e: 5 })
    const nothing: unknown = await runtime.spawnBlocking((): unknown => undefined)
    assert.is(nothing, undefined)
    assert.is(await runtime.spawnBlocking(Math.max, 1, 5, 2), 5)
    assert.is(await runtime.spawnBlocking(work.nested, 0), 0)
  })

  it('212: a job may start asynchronous tasks and further jobs, and wait for them, on however few workers', async (scope) => {
    for (const workers of [1, 2] as const) {
      const runtime = made(scope, workers)
      assert.equal(await runtime.spawnBlocking(work.both, 4), [7, 8])
      assert.is(await runtime.spawnBlocking(work.nested, 5), 5)
    }
  })

  it('212: a job may sleep and run asynchronous code', async (scope) => {
    const runtime = made(scope, 1)
    assert.is(await runtime.spawnBlocking(work.waits, 5), 'after 5')
    assert.is(await runtime.spawnBlocking(() => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); return 'slept' }), 'slept')
  })

  it('213: when all workers are taken jobs wait in a queue without a bound, and all run', async (scope) => {
    const runtime = made(scope, 1)
    const { free, jobs } = await busy(runtime)
    const order: Int32Array = new Int32Array(new SharedArrayBuffer(4 * 2001))
    const more = Array.from({ length: 2000 }, (_, i) => runtime.spawnBlocking((n: number, o: Int32Array) => { o[Atomics.add(o, 2000, 1)] = n }, i, order))
    assert.is(runtime.metrics().blockingQueued, 2000)
    free()
    await Promise.all([...jobs, ...more])
    assert.equal([...order.subarray(0, 2000)].sort((a, b) => a - b), Array.from({ length: 2000 }, (_, i) => i))
    assert.is(runtime.metrics().blockingQueued, 0)
  })

  it('214: a throw fails its own handle, and the pool goes on', async (scope) => {
    const runtime = made(scope, 1)
    const error = await failure(runtime.spawnBlocking((n: number) => { throw new RangeError(`not ${n}`, { cause: 'why' }) }, 3))
    assert.is(error.kind, 'failed')
    assert.instance(error.cause, RangeError)
    assert.equal([(error.cause as Error).message, (error.cause as Error).cause], ['not 3', 'why'])
    assert.is(await runtime.spawnBlocking(() => 1), 1)
    assert.is((await failure(runtime.spawnBlocking(() => { throw 'text' }))).cause, 'text')
  })

  it('215, 216: blockInPlace runs in place in a job, and throws on an event loop', async (scope) => {
    const runtime = made(scope, 1)
    const { blockInPlace } = await import('../../src/task/block-in-place.ts')
    assert.is(thrown(() => blockInPlace(() => 1)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.equal(await runtime.spawnBlocking(work.inPlace), [1, 2])
  })

  it('217: with every blocking worker taken asynchronous tasks still run', async (scope) => {
    const runtime = made(scope)
    const { free, jobs } = await busy(runtime)
    const sums = await Promise.all(Array.from({ length: 1000 }, (_, i) => runtime.spawn(async () => { await turn(); return i })))
    assert.is(sums.length, 1000)
    assert.is(blockOn(async () => 'async workers, too'), 'async workers, too')
    free()
    await Promise.all(jobs)
  })

  it('218: blockOn inside of blockInPlace works, also nested', async (scope) => {
    assert.equal(await made(scope, 1).spawnBlocking(work.inPlace), [1, 2])
  })

  it('219: a job has no budget that makes it wait', async (scope) => {
    const runtime = made(scope, 1)
    const spins = await runtime.spawnBlocking((n: number) => { let done = 0; while (done < n) done++; return done }, 1_000_000)
    assert.is(spins, 1_000_000)
  })

  it('221: paused time does not jump while blocking work runs, and does when it has ended, awaited or not, failed or not', async ({ defer }) => {
    const runtime = Runtime.currentThread({ time: 'paused' })
    defer(() => runtime.shutdown())
    const job = (ms: number): number => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms); return ms }
    await runtime.spawn(async () => {
      const from = time.now()
      const gate: Int32Array = new Int32Array(new SharedArrayBuffer(4))
      const held = runtime.spawnBlocking((g: Int32Array) => { Atomics.wait(g, 0, 0) }, gate)
      let slept = false
      const sleeping = sleep(60_000).then(() => { slept = true })
      for (let i = 0; i < 20; i++) await turn()
      assert.is(slept, false)
      assert.is(time.now(), from)
      Atomics.store(gate, 0, 1)
      Atomics.notify(gate, 0)
      await held
      await sleeping
      assert.is(time.now() - from, 60_000)
      runtime.spawnBlocking(job, 1)
      await sleep(1000)
      assert.is(time.now() - from, 61_000)
      const failing = runtime.spawnBlocking(() => { throw new Error('x') }).joined()
      await sleep(1000)
      assert.is((await failing).status, 'rejected')
      assert.is(time.now() - from, 62_000)
    })
  })

  it('229: abort of a queued job prevents it; abort of a running one raises its signal, and what it returns is kept', async (scope) => {
    const runtime = made(scope, 1)
    const flags: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const running = runtime.spawnBlocking(work.spin, flags)
    const ran: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const queued = runtime.spawnBlocking((r: Int32Array) => { r[0] = 1 }, ran)
    await raised(flags)
    queued.abort()
    assert.is((await failure(queued)).kind, 'cancelled')
    running.abort()
    assert.is(await running, 'stopped')
    await runtime.spawnBlocking(() => 0)
    assert.is(ran[0], 0)
  })

  it('a job that throws by its signal is cancelled, with the reason of the abort', async (scope) => {
    const runtime = made(scope, 1)
    const flags: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const running = runtime.spawnBlocking(work.spinAndThrow, flags)
    await raised(flags)
    running.abort({ reason: 'enough' })
    const error = await failure(running)
    assert.equal([error.kind, error.cause], ['cancelled', 'enough'])
  })

  it('the context of an inline job has its env and its signal', async (scope) => {
    const runtime = made(scope, 1)
    const flags: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const controller = new AbortController()
    const handle = runtime.spawnBlocking({
      fn: (n: number, { env, signal }: JobContext<{ flags: Int32Array; word: string }>) => {
        Atomics.store(env.flags, 0, n)
        while (!signal.aborted) Math.sqrt(2)
        return env.word
      },
      env: { flags, word: 'ok' },
      name: 'inline',
      signal: controller.signal
    }, 4)
    await raised(flags)
    assert.equal([flags[0], handle.name], [4, 'inline'])
    controller.abort()
    assert.is(await handle, 'ok')
  })

  it('abort by force ends a job that does not listen, with its thread, and nothing else', async (scope) => {
    const runtime = fresh(scope, 2)
    const flags: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const stuck = runtime.spawnBlocking((f: Int32Array) => { Atomics.store(f, 0, 1); for (;;) Math.sqrt(2) }, flags)
    const others = Array.from({ length: 50 }, (_, i) => runtime.spawnBlocking((n: number) => n, i))
    await raised(flags)
    stuck.abort({ force: true })
    assert.is((await failure(stuck)).kind, 'cancelled')
    assert.equal(await Promise.all(others), Array.from({ length: 50 }, (_, i) => i))
    assert.is(await runtime.spawnBlocking(() => 'replaced'), 'replaced')
    assert.is(runtime.metrics().threadsEnded, 1)
  })

  it('a worker that exits fails its own job, which says so; others run on', async (scope) => {
    const runtime = made(scope, 2)
    const others = Array.from({ length: 100 }, (_, i) => runtime.spawnBlocking((n: number) => n, i))
    const error = await failure(runtime.spawnBlocking({ fn: () => process.exit(3), name: 'leaver' }))
    assert.equal([error.kind, codeOf(error.cause)], ['failed', 'ERR_MILLRACE_WORKER_DIED'])
    assert.match((error.cause as Error).message, /code 3.*leaver/)
    assert.equal(await Promise.all(others), Array.from({ length: 100 }, (_, i) => i))
  })

  it('a module that ends the threads that import it fails its jobs, without end of tries', async (scope) => {
    const runtime = made(scope, 1)
    const bad = fromModule<{ f: () => number }>(new URL('../support/fixtures/exits-at-import.ts', import.meta.url))
    assert.is(codeOf((await failure(runtime.spawnBlocking(bad.f))).cause), 'ERR_MILLRACE_WORKER_DIED')
    assert.is(await runtime.spawnBlocking(() => 1), 1)
  })

  it('a module or a function that is not there is told by the handle', async (scope) => {
    const runtime = made(scope, 1)
    const none = fromModule<{ f: () => number }>(new URL('./no-such-module.ts', import.meta.url))
    assert.is(codeOf((await failure(runtime.spawnBlocking(none.f))).cause), 'ERR_MILLRACE_MODULE_FAILED')
  })

  it('a promise as a result is a failure, as for synchronous stages', async (scope) => {
    const error = await failure(made(scope, 1).spawnBlocking(async () => { await Promise.resolve(); throw new Error('unheard') }))
    assert.is(codeOf(error.cause), 'ERR_MILLRACE_STAGE_PROMISE')
  })

  it('what cannot travel is told at the call, for functions and arguments, and by the handle, for results', async (scope) => {
    const runtime = made(scope, 1)
    const outer = 3
    assert.is(thrown(() => runtime.spawnBlocking((n: number) => n + outer, 1)).code, 'ERR_MILLRACE_NOT_PORTABLE')
    const argument = thrown(() => runtime.spawnBlocking((o: { f: () => void }) => typeof o, { f: () => undefined }))
    assert.is(argument.code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.match(argument.message, 'arguments[0].f is a function')
    const result = await failure(runtime.spawnBlocking(() => ({ a: [() => 1] })))
    assert.is(codeOf(result.cause), 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.match((result.cause as Error).message, 'result.a[0] is a function')
    assert.is(thrown(() => runtime.spawnBlocking(7 as never)).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('arguments are those of the moment of the call', async (scope) => {
    const runtime = made(scope, 1)
    const { free } = await busy(runtime)
    const list = [1]
    const job = runtime.spawnBlocking((l: number[]) => l.length, list)
    list.push(2)
    free()
    assert.is(await job, 1)
  })

  it('large values, shared memory, ports and handles travel both ways', async (scope) => {
    const runtime = made(scope, 1)
    const large = 'x'.repeat(3_000_000)
    assert.is((await runtime.spawnBlocking((s: string) => s + s, large)).length, 6_000_000)
    const words: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const back = await runtime.spawnBlocking((w: Int32Array) => { w[0] = 9; return w }, words)
    assert.is(words[0], 9)
    back[0] = 10
    assert.is(words[0], 10)
    const tally = new Tally()
    const again = await runtime.spawnBlocking({ fn: (_, { env }: JobContext<{ tally: Traveller }>) => env.tally, env: { tally } }, 1).joined()
    assert.is(again.status, 'rejected') // a worker knows the kinds of millrace only: this one is the spec's own
    const many = await Promise.all(Array.from({ length: 300 }, (_, i) => runtime.spawnBlocking((w: Int32Array, n: number) => Atomics.add(w, 0, n), words, i)))
    assert.is(many.length, 300)
    assert.is(words[0], 10 + (299 * 300) / 2)
  })

  it('235: the id inside of a job is that of its handle', async (scope) => {
    const handle = made(scope, 1).spawnBlocking(work.ownId)
    assert.is((await handle)[0], handle.id)
  })

  it('229: forcing many jobs that one worker has done or is in, before the loop has read of it, ends that worker once', async (scope) => {
    const warned: Error[] = []
    const note = (warning: Error): void => void warned.push(warning)
    process.on('warning', note)
    scope.defer(() => process.off('warning', note))
    const runtime = fresh(scope, 1)
    const done: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    await runtime.spawnBlocking((n: Int32Array) => n.length, done)
    const quick = Array.from({ length: 40 }, () => runtime.spawnBlocking((n: Int32Array) => Atomics.add(n, 0, 1), done))
    const plain = Array.from({ length: 40 }, () => runtime.spawnBlocking(() => 1))
    const stuck = runtime.spawnBlocking((n: Int32Array) => {
      Atomics.add(n, 0, 1)
      for (;;);
    }, done)
    await Promise.all(quick)
    const until = Date.now() + 200 // this loop stands still while the plain ones end
    while (Date.now() < until);
    for (const handle of [...plain, stuck]) handle.abort({ force: true })
    await rejection(stuck.join())
    await Promise.all(plain.map((handle) => handle.joined()))
    assert.is(await runtime.spawnBlocking(() => 'goes on'), 'goes on')
    await turn()
    assert.equal(warned.map(({ name }) => name), [])
  })

  it('no event loop is blocked by a handle', async (scope) => {
    const runtime = made(scope, 1)
    const handle = runtime.spawnBlocking(() => 1)
    assert.is(thrown(() => handle.blockingJoin()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    await handle
    assert.is(handle.blockingJoin(), 1)
  })

  it('dump shows what has not ended: lane, state, name, and where it was spawned if that is tracked', async ({ defer }) => {
    const runtime = Runtime.multiThread({ workers: 1, name: 'shown', trackSites: true })
    defer(() => runtime.shutdown())
    const { free, jobs } = await busy(runtime)
    const queued = runtime.spawnBlocking({ fn: () => 1, name: 'later' })
    const task = runtime.spawn(() => sleep(20), { name: 'napping' })
    const { tasks, name } = runtime.dump()
    assert.is(name, 'shown')
    assert.equal(tasks.map((t) => [t.lane, t.state, t.name]), [['blocking', 'running', undefined], ['blocking', 'queued', 'later'], ['async', 'running', 'napping']])
    assert.match(tasks[1]!.site!, /blocking\.spec\.ts:\d+:\d+$/)
    assert.ok(tasks.every((t) => t.ageMs >= 0))
    free()
    await Promise.all([...jobs, queued, task])
    assert.equal(runtime.dump().tasks, [])
  })

  it('the free function runs on the current runtime', async (scope) => {
    const runtime = fresh(scope, 1)
    await runtime.enter(() => spawnBlocking(() => 1))
    assert.is(runtime.metrics().spawnedTasks, 1)
  })
}, 20_000)
