/** blockOn: synchronous code waits for asynchronous functions, on the main thread and in jobs; and where it must refuse. */
import * as assert from 'uvu/assert'
import { Runtime, blockOn, spawn, type AsyncContext } from '../../src/runtime.ts'
import { rejection, thrown } from '../support/attempt.ts'
import * as work from '../support/fixtures/runtime-work.ts'
import { suite } from '../support/suite.ts'

const runtime = Runtime.multiThread({ workers: 1 })

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('blockOn', (it) => {
  it('171: answers the value of what is ready and of what waits; a throw reaches the caller as it is', () => {
    assert.is(runtime.blockOn(async (n: number) => n + 1, 1), 2)
    assert.is(runtime.blockOn((n: number) => n * 2, 4), 8)
    assert.is(runtime.blockOn(async (ms: number) => { await new Promise((resolve) => setTimeout(resolve, ms)); return 'late' }, 10), 'late')
    const error = thrown(() => runtime.blockOn(async () => { await Promise.resolve(); throw new RangeError('far') }))
    assert.instance(error, RangeError)
    assert.is(error.message, 'far')
  })

  it('171: imports, env, large values and shared memory', () => {
    const words: Int32Array = new Int32Array(new SharedArrayBuffer(4))
    const text = 'y'.repeat(2_000_000)
    const size = runtime.blockOn({
      fn: async (s: string, { env, signal }: AsyncContext<{ words: Int32Array }>) => {
        env.words[0] = s.length
        return s + String(signal.aborted)
      },
      env: { words },
      name: 'count'
    }, text)
    assert.is(size.length, text.length + 5)
    assert.is(words[0], text.length)
  })

  it('172: on a thread that drives asynchronous work it throws at once, and says why', async () => {
    for (const inside of [() => spawn(async () => blockOn(async () => 1)), () => runtime.spawn(async () => runtime.blockOn(async () => 1))]) {
      const error = await rejection(inside().join())
      assert.is(codeOf(error.cause), 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
      assert.match((error.cause as Error).message, 'Await the function instead')
    }
    assert.is(thrown(() => runtime.blockOn(work.blocksItsLoop)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(thrown(() => Runtime.currentThread().blockOn(async () => 1)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
  })

  it('173: a runtime may be made inside the asynchronous code of another, and be used outside', async ({ defer }) => {
    const made = await runtime.spawn(async () => { await turn(); return Runtime.multiThread({ workers: 1 }) })
    defer(() => made.shutdown())
    assert.is(await made.spawnBlocking(() => 3), 3)
  })

  it('174: blockOn and spawned tasks end while another task yields without end', async () => {
    let over = false
    const endless = runtime.spawn(async () => { while (!over) await turn() })
    assert.is(await runtime.spawn(async () => { await turn(); return 'done' }), 'done')
    assert.is(runtime.blockOn(async () => { await new Promise((resolve) => setImmediate(resolve)); return 'done, too' }), 'done, too')
    over = true
    await endless
  })

  it('177: calls of blockOn at the same time are all driven', async () => {
    const jobs = Array.from({ length: 6 }, (_, i) => Runtime.shared().spawnBlocking(work.waits, 5 + i))
    assert.is(Runtime.shared().blockOn(work.ownIdAsync), undefined)
    assert.equal(await Promise.all(jobs), [5, 6, 7, 8, 9, 10].map((ms) => `after ${ms}`))
  })

  it('235: the function of blockOn is in no task', () => {
    assert.is(runtime.blockOn(work.ownIdAsync), undefined)
  })

  it('a function that asks for blocking jobs gets them although the main thread is blocked', () => {
    assert.is(runtime.blockOn(work.jobFromLoop, 4), 50)
  })

  it('a thread that ends while the main thread is blocked is an error, not a hang', () => {
    const error = thrown(() => runtime.blockOn(work.dies))
    assert.is(error.code, 'ERR_MILLRACE_WORKER_DIED')
    assert.is(runtime.blockOn(async () => 'again'), 'again')
  })

  it('what cannot travel is refused: functions and arguments at the call, results by an error', () => {
    const outer = 1
    assert.is(thrown(() => runtime.blockOn(async () => outer)).code, 'ERR_MILLRACE_NOT_PORTABLE')
    assert.is(thrown(() => runtime.blockOn(async (f: () => void) => typeof f, () => undefined)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(thrown(() => runtime.blockOn(async () => () => 1)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
  })

  it('spawn on an async worker ships the function, with its arguments and a signal', async () => {
    const handle = runtime.spawn(async (a: number, b: number, { signal }: AsyncContext<undefined>) => a + b + (signal.aborted ? 1 : 0), { on: 'async-worker', args: [1, 2], name: 'sum' })
    assert.is(handle.name, 'sum')
    assert.is(await handle, 3)
    const own = runtime.spawn(work.ownIdAsync, { on: 'async-worker' })
    assert.is(await own, own.id)
    const waits = runtime.spawn(({ signal }: AsyncContext<undefined>) => new Promise((_, reject) => {
      signal.addEventListener('abort', () => { reject(signal.reason as Error) })
    }), { on: 'async-worker' })
    waits.abort()
    assert.is((await rejection(waits.join()) as unknown as { kind: string }).kind, 'cancelled')
  })
}, 30_000)
