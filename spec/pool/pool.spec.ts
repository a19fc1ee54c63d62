/**
 * Runs alone: it measures CPU time.
 * The pool with real threads: every submitted morsel is run once, whatever dies; an idle pool uses no CPU.
 */
import * as assert from 'uvu/assert'
import { deaths, parked, sleepHere } from '../../src/atomic/threads.ts'
import type { Death } from '../../src/pool/bury.ts'
import { createPool, type Pool } from '../../src/pool/pool.ts'
import * as Order from '../support/fixtures/pool-orders.ts'
import { suite, type Scope } from '../support/suite.ts'

const SLOTS = 64

const workerUrl = new URL('../support/fixtures/pool-worker.ts', import.meta.url)

interface Bench {
  readonly pool: Pool
  readonly orders: Int32Array
  /** Notices, as [worker, kind, slot, a, b]. */
  readonly notices: number[][]
  readonly messages: unknown[]
  readonly deaths: Death[]
  /** Resolves when the predicate holds; looked at after every notice, message and death. */
  until(holds: () => boolean): Promise<void>
}

const bench = async ({ defer }: Scope, workers: number, url = workerUrl): Promise<Bench> => {
  const notices: number[][] = []
  const messages: unknown[] = []
  const deaths: Death[] = []
  let watchers: (() => void)[] = []
  const look = (): void => {
    for (const watch of watchers) watch()
  }
  const buffer = new SharedArrayBuffer(SLOTS * 4)
  const pool = createPool({
    workers,
    slots: SLOTS,
    workerText: undefined,
    workerUrl: url,
    shared: { orders: buffer },
    onNotice: (worker, n) => {
      notices.push([worker, n[0]!, n[1]!, n[2]!, n[3]!])
      look()
    },
    onMessage: (_, message) => {
      messages.push(message)
      look()
    },
    onDeath: (death) => {
      deaths.push(death)
      look()
    }
  })
  pool.ref()
  defer(() => pool.close())
  await pool.start()
  return {
    pool, notices, messages, deaths,
    orders: new Int32Array(buffer),
    until: (holds) =>
      new Promise((resolve) => {
        const watch = (): void => {
          if (!holds()) return
          watchers = watchers.filter((w) => w !== watch)
          resolve()
        }
        watchers.push(watch)
        watch()
      })
  }
}

suite('pool', (it) => {
  it('runs every submitted morsel once, on all workers', async (scope) => {
    const { pool, notices, until } = await bench(scope, 2)
    for (let round = 0; round < 50; round++) {
      notices.length = 0
      for (let slot = 0; slot < SLOTS; slot++) assert.ok(pool.submit(slot))
      await until(() => notices.length === SLOTS)
      assert.equal(notices.map((n) => n[2]!).sort((a, b) => a - b), Array.from({ length: SLOTS }, (_, i) => i))
    }
    const { morsels } = pool.metrics().reduce((sum, m) => ({ morsels: sum.morsels + m.morsels }), { morsels: 0 })
    // A worker counts a morsel after it has told of it, so each may be one behind.
    assert.ok(morsels <= 50 * SLOTS && morsels >= 50 * SLOTS - 2, `${morsels} morsels`)
  })

  it('a pinned morsel runs on its worker, with its argument', async (scope) => {
    const { pool, notices, until } = await bench(scope, 2)
    for (let slot = 0; slot < 20; slot++) assert.ok(pool.submitTo(slot % 2, slot, slot * 3))
    await until(() => notices.length === 20)
    for (const [worker, , slot, a, arg] of notices) {
      assert.is(worker, slot! % 2)
      assert.is(a, worker)
      assert.is(arg, slot! * 3)
    }
  })

  it('a message is taken before a morsel that was submitted after it', async (scope) => {
    const { pool, orders, messages, until } = await bench(scope, 1)
    for (let slot = 0; slot < 20; slot++) {
      orders[slot] = Order.TELL
      pool.post(0, { number: slot })
      pool.submit(slot)
    }
    await until(() => messages.length === 20)
    for (const message of messages as { slot: number; heard: { number: number }[] }[]) {
      assert.ok(message.heard.some(({ number }) => number === message.slot))
    }
  })

  it('a ring that is full makes its worker wait, and loses nothing', async (scope) => {
    const { pool, orders, notices, until } = await bench(scope, 2)
    orders[0] = orders[1] = Order.BURST
    pool.submit(0)
    pool.submit(1)
    await until(() => notices.length === 10_002)
    const burst = notices.filter(([, kind, slot]) => kind === 2 && slot === 0).map((n) => n[3]!)
    assert.equal(burst, Array.from({ length: 5000 }, (_, i) => i))
  })

  it('what is whispered wakes nobody, and is heard when the main thread looks, or with what is told next', async (scope) => {
    const { pool, orders, notices, until } = await bench(scope, 1)
    orders[0] = orders[1] = Order.WHISPER
    pool.submit(0)
    while (Atomics.load(orders, 0) !== -1) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(notices, [])
    assert.is(pool.hear(), true)
    assert.equal(notices, [[0, 3, 0, 0, 0]])
    assert.is(pool.hear(), false)
    pool.submit(1)
    pool.submit(2)
    await until(() => notices.length === 3)
    assert.equal(notices.slice(1).map((n) => n[2]), [1, 2])
  })

  it('morsels that wait let others run meanwhile', async (scope) => {
    const { pool, orders, notices, until } = await bench(scope, 1)
    for (let slot = 0; slot < 10; slot++) orders[slot] = Order.WAIT
    const began = performance.now()
    for (let slot = 0; slot < 11; slot++) pool.submit(slot)
    await until(() => notices.length === 11)
    assert.is(notices[0]![2], 10, 'the one that does not wait is first')
    assert.ok(performance.now() - began < 10 * 20, 'the others waited together')
  })

  for (const [how, order, code] of [['exits', Order.EXIT, 7], ['throws', Order.THROW, 1]] as const) {
    it(`a worker that ${how} is told with what it had, and replaced; nothing else is lost`, async (scope) => {
      const { pool, orders, notices, deaths, until } = await bench(scope, 2)
      orders[5] = order
      for (let slot = 0; slot < SLOTS; slot++) pool.submit(slot)
      await until(() => notices.length === SLOTS - 1 && deaths.length === 1)
      const [death] = deaths
      assert.is(death!.code, code)
      assert.is(death!.current, 5)
      assert.equal(death!.running, [5])
      assert.is(death!.replaced, true)
      assert.is((death!.error as Error | undefined)?.name, order === Order.THROW ? 'RangeError' : undefined)
      assert.is(new Set(notices.map((n) => n[2])).size, SLOTS - 1)
      notices.length = 0
      orders[5] = Order.ECHO
      for (let slot = 0; slot < SLOTS; slot++) pool.submit(slot)
      await until(() => notices.length === SLOTS)
    })
  }

  it('a worker that spins is ended by terminate, and what was pinned to it is told', async (scope) => {
    const { pool, orders, deaths, until } = await bench(scope, 2)
    orders[3] = Order.SPIN
    pool.submitTo(1, 3, 0)
    while (pool.metrics()[1]!.running !== 3) await new Promise((resolve) => setImmediate(resolve))
    pool.submitTo(1, 4, 0)
    pool.terminate(1)
    await until(() => deaths.length === 1)
    assert.equal([deaths[0]!.worker, deaths[0]!.current, deaths[0]!.pinned], [1, 3, [4]])
  })

  it('194: what a busy worker has taken along is stolen by the other one, and counted', async (scope) => {
    const { pool, orders, notices, deaths, until } = await bench(scope, 2)
    orders[0] = Order.SPIN
    for (let slot = 0; slot < SLOTS; slot++) pool.submit(slot)
    await until(() => notices.length === SLOTS - 1)
    const busy = pool.metrics().find((m) => m.running === 0)!
    const other = pool.metrics().find((m) => m.worker !== busy.worker)!
    assert.ok(notices.every(([worker]) => worker === other.worker))
    assert.ok(other.steals <= SLOTS && busy.steals === 0)
    assert.equal([busy.queued, other.queued, pool.totals().queued], [0, 0, 0])
    pool.terminate(busy.worker)
    await until(() => deaths.length === 1)
    assert.equal([pool.totals().started, pool.totals().ended], [3, 1])
  })

  it('a main thread that is blocked at its seat is woken by notices and messages, and finds the dead by their seats', async (scope) => {
    const { pool, orders, notices, messages, deaths } = await bench(scope, 1)
    const attended = (done: () => boolean): void => {
      for (;;) {
        const seen = parked()
        pool.attend()
        pool.findDead()
        if (done()) return
        sleepHere(seen)
      }
    }
    orders[1] = Order.TELL
    pool.submit(0)
    pool.submit(1)
    attended(() => notices.length === 2 && messages.length === 1)
    orders[2] = Order.EXIT
    pool.submit(2)
    attended(() => deaths.length === 1)
    assert.equal([deaths[0]!.current, deaths[0]!.replaced], [2, true])
    pool.submit(3)
    attended(() => notices.length === 3)
    pool.dismiss()
  })

  it('a worker has a seat while it lives: one that died is counted, and its replacement has another number', async (scope) => {
    const { pool, orders, notices, deaths: died, until } = await bench(scope, 1)
    const before = deaths()
    orders[0] = Order.THROW
    pool.submit(0)
    pool.submit(1)
    await until(() => died.length === 1 && notices.length === 1)
    assert.is(deaths(), before + 1)
  })

  it('a worker that cannot start is an error, not a hang', async ({ defer }) => {
    const pool = createPool({
      workers: 1, slots: 1, workerText: undefined, workerUrl: new URL('./no-such-worker.ts', import.meta.url), shared: {},
      onNotice: () => undefined, onMessage: () => undefined, onDeath: () => undefined
    })
    pool.ref()
    defer(() => pool.close())
    const error: unknown = await pool.start().then(() => undefined, (e: unknown) => e)
    assert.is((error as { code?: string } | undefined)?.code, 'ERR_MILLRACE_WORKER_NOT_STARTED')
  })

  it('an idle pool uses no CPU', async (scope) => {
    const { pool, notices, until } = await bench(scope, 2)
    for (let slot = 0; slot < SLOTS; slot++) pool.submit(slot)
    await until(() => notices.length === SLOTS)
    await new Promise((resolve) => setTimeout(resolve, 400)) // the short parks of the idle spell are over
    const before = process.cpuUsage()
    const parks = pool.metrics().map((m) => m.parks)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 50_000, `${user + system} us of CPU in a second of idling`)
    assert.equal(pool.metrics().map((m) => m.parks), parks)
    assert.ok(pool.metrics().every((m) => m.state === 'parked'))
  })
}, 15_000)
