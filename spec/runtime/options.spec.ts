/** What a runtime is made of: options, names, hooks, and which one is current. */
import { threadId } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { randomOf } from '../../src/pool/random.ts'
import { Runtime, spawn, spawnBlocking, type MultiThreadOptions } from '../../src/runtime.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { idOfThread } from '../support/fixtures/runtime-work.ts'
import { suite } from '../support/suite.ts'

const refused = (make: () => unknown): string => {
  try {
    make()
  } catch (error) {
    assert.is((error as { code?: string }).code, 'ERR_MILLRACE_ARGUMENT')
    return (error as Error).message
  }
  throw new Error('was not refused')
}

suite('runtime: options', (it) => {
  const bad: readonly [string, Record<string, unknown>][] = [
    ['workers', { workers: 0 }], ['workers', { workers: 1.5 }], ['workers', { workers: 129 }], ['asyncWorkers', { asyncWorkers: 0 }], ['name', { name: ' ' }],
    ['threadName', { threadName: '' }], ['stackSizeMb', { stackSizeMb: -1 }], ['maxHeapMb', { maxHeapMb: 0 }], ['keepAliveMs', { keepAliveMs: NaN }],
    ['seed', { seed: 0.5 }], ['onUnhandled', { onUnhandled: 'never' }], ['onThreadStart', { onThreadStart: 1 }], ['trackSites', { trackSites: 1 }], ['worker', { worker: 2 }]
  ]
  for (const [name, options] of bad) {
    it(`167: ${JSON.stringify(options)} is refused by name`, () => {
      assert.ok(refused(() => Runtime.multiThread(options)).includes(name))
    })
  }

  it('167: a bad option of a current-thread runtime, and a bad MILLRACE_WORKERS, are refused by name', ({ defer }) => {
    assert.ok(refused(() => Runtime.currentThread({ time: 'slow' as 'real' })).includes('time'))
    const before = process.env['MILLRACE_WORKERS']
    defer(() => {
      if (before === undefined) delete process.env['MILLRACE_WORKERS']
      else process.env['MILLRACE_WORKERS'] = before
    })
    process.env['MILLRACE_WORKERS'] = '0'
    assert.ok(refused(() => Runtime.multiThread()).includes('MILLRACE_WORKERS'))
    process.env['MILLRACE_WORKERS'] = '3'
    assert.is(Runtime.multiThread().workers, 3)
    assert.is(Runtime.multiThread({ workers: 2 }).workers, 2)
  })

  it('168: one worker is enough', async ({ defer }) => {
    const runtime = Runtime.multiThread({ workers: 1 })
    defer(() => runtime.shutdown())
    const sums = await Promise.all(Array.from({ length: 20 }, (_, i) => runtime.spawnBlocking((n: number) => n + 1, i)))
    assert.equal(sums, Array.from({ length: 20 }, (_, i) => i + 1))
  })

  it('169: names are given or none; ids differ, and are the same from every way to a runtime', () => {
    const [a, b] = [Runtime.multiThread({ name: 'a' }), Runtime.multiThread()]
    assert.equal([a.name, b.name, a.flavor, Runtime.currentThread().flavor], ['a', undefined, 'multiThread', 'currentThread'])
    assert.is.not(a.id, b.id)
    assert.is(a.enter(() => Runtime.current().id), a.id)
    assert.is(Runtime.shared().id, Runtime.shared().id)
  })

  it('threads carry the name that was asked for', async ({ defer }) => {
    const warned: string[] = []
    const runtime = Runtime.multiThread({ workers: 2, threadName: (i) => { warned.push(`mill ${i}`); return `mill ${i}` } })
    defer(() => runtime.shutdown())
    await runtime.spawnBlocking(() => 1)
    assert.equal(warned, ['mill 0', 'mill 1'])
  })

  it('178: the current runtime is found inside tasks and enter, not outside; two that interleave do not mix', async ({ defer }) => {
    const [a, b] = [Runtime.multiThread({ workers: 1 }), Runtime.currentThread()]
    defer(() => Promise.all([a.shutdown(), b.shutdown()]))
    assert.is(Runtime.tryCurrent(), undefined)
    assert.is(thrown(() => Runtime.current()).code, 'ERR_MILLRACE_ARGUMENT')
    const turn = () => new Promise((resolve) => setImmediate(resolve))
    const seen = async () => {
      const first = Runtime.current()
      await turn()
      return first === Runtime.current() ? first : undefined
    }
    assert.equal((await Promise.all([a.spawn(seen), b.spawn(seen), a.enter(seen), b.enter(seen)])).map((r) => r?.id), [a.id, b.id, a.id, b.id])
    assert.is(await a.enter(() => spawn(async () => Runtime.current())), a)
    assert.is(await b.enter(async () => { await turn(); return a.enter(() => b.enter(() => Runtime.current())) }), b)
    assert.is(await spawn(async () => { await turn(); return Runtime.current() }), Runtime.shared())
    assert.is(await a.spawn(async () => Runtime.shared().spawn(async () => Runtime.current())), Runtime.shared())
    assert.is(Runtime.tryCurrent(), undefined)
  })

  it('180: the same seed makes the same choices', () => {
    const choices = (seed: number, worker: number) => {
      const below = randomOf(seed, worker)
      return Array.from({ length: 50 }, () => below(16)).join()
    }
    assert.is(choices(7, 3), choices(7, 3))
    assert.is.not(choices(7, 3), choices(8, 3))
    assert.is.not(choices(7, 3), choices(7, 2))
    assert.is(new Set(choices(0, 0).split(',')).size > 8, true)
  })

  it('182: each thread calls the start hook before work and the stop hook at its end, once each', async () => {
    const counts = new SharedArrayBuffer(8)
    const runtime = Runtime.multiThread({
      workers: 2,
      onThreadStart: () => { (Math as { started?: number }).started = ((Math as { started?: number }).started ?? 0) + 1 },
      onThreadStop: () => { const held = (Math as { counts?: Int32Array }).counts; if (held) Atomics.add(held, 1, 1) }
    })
    const flags = new Int32Array(counts)
    const note = (shared: Int32Array) => {
      const home = Math as { started?: number; counts?: Int32Array; seen?: boolean }
      home.counts = shared
      if (home.seen !== true) Atomics.add(shared, 0, home.started ?? 0)
      home.seen = true
    }
    while (Atomics.load(flags, 0) < 2) await Promise.all(Array.from({ length: 8 }, () => runtime.spawnBlocking(note, flags)))
    await runtime.shutdown()
    assert.equal([...flags], [2, 2])
    assert.equal([runtime.metrics().threadsStarted, runtime.metrics().threadsEnded], [2, 2])
  })

  it('a start hook that fails fails what was to run, without a hang', async ({ defer }) => {
    const runtime = Runtime.multiThread({ workers: 1, onThreadStart: () => { throw new Error('no licence') } })
    defer(() => runtime.shutdown())
    const error = await rejection(runtime.spawnBlocking(() => 1).join())
    assert.is((error.cause as { code?: string }).code, 'ERR_MILLRACE_WORKER_NOT_STARTED')
  })

  it('memory options are limits of each thread: a job that needs more dies alone', async ({ defer }) => {
    const runtime = Runtime.multiThread({ workers: 1, maxHeapMb: 48 })
    defer(() => runtime.shutdown())
    const error = await rejection(runtime.spawnBlocking(() => {
      const kept: number[][] = []
      for (;;) kept.push(Array.from({ length: 10_000 }, Math.random))
    }).join())
    assert.is((error.cause as { code?: string }).code, 'ERR_MILLRACE_WORKER_DIED')
    assert.is(await runtime.spawnBlocking(() => 'still here'), 'still here')
  })

  it('keepAliveMs: threads end when there is nothing to do, and start again', async ({ defer }) => {
    const runtime = Runtime.multiThread({ workers: 1, keepAliveMs: 20 })
    defer(() => runtime.shutdown())
    const first = await runtime.spawnBlocking(idOfThread)
    while (runtime.metrics().threadsEnded === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(runtime.metrics().threads, [])
    const second = await runtime.spawnBlocking(idOfThread)
    assert.ok(first !== second && second !== threadId)
  })

  it('without keepAliveMs threads stay', async ({ defer }) => {
    const runtime = Runtime.multiThread({ workers: 1 })
    defer(() => runtime.shutdown())
    const first = await runtime.spawnBlocking(idOfThread)
    await new Promise((resolve) => setTimeout(resolve, 60))
    assert.is(await runtime.spawnBlocking(idOfThread), first)
  })

  it('a bad option of a spawn is refused by name before there is a task: nothing of it keeps a shutdown waiting', async () => {
    const runtime = Runtime.multiThread({ workers: 1 })
    const badSpawns: readonly [string, unknown][] = [
      ['signal', { signal: {} }], ['signal', { signal: 'stop' }], ['name', { name: 7 }], ['on', { on: 'nowhere' }], ['args', { on: 'async-worker', args: 7 }],
      ['options', null], ['options', 7]
    ]
    for (const [name, options] of badSpawns) {
      assert.ok(refused(() => runtime.spawn(() => 1, options as object)).includes(name))
      assert.ok(refused(() => spawn(() => 1, options as object)).includes(name))
    }
    for (const [name, options] of badSpawns.slice(0, 3)) assert.ok(refused(() => runtime.spawnBlocking({ fn: () => 1, ...(options as object) })).includes(name))
    assert.is(runtime.metrics().spawnedTasks, 0)
    assert.is(await runtime.spawn(async () => 1, { signal: undefined, name: undefined }), 1)
    for (const timeoutMs of [NaN, -1, 'soon' as never]) assert.is(((await rejection(runtime.shutdown({ timeoutMs }))) as { code?: string }).code, 'ERR_MILLRACE_ARGUMENT')
    await runtime.shutdown({ timeoutMs: Infinity })
  })

  it('options are checked by type, too', () => {
    const options: MultiThreadOptions = { workers: 1 }
    assert.is(Runtime.multiThread(options).workers, 1)
    assert.type(spawnBlocking, 'function')
  })
}, 20_000)
