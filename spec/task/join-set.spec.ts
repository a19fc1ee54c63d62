/** Sets of tasks: the order in which they are joined, and stopping them together. */
import { setTimeout as delay } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/channel/mpsc.ts'
import { Empty } from '../../src/sync/outcome.ts'
import { yieldNow } from '../../src/task/cooperate.ts'
import { JoinError } from '../../src/task/join-error.ts'
import { JoinHandle } from '../../src/task/join-handle.ts'
import { JoinSet } from '../../src/task/join-set.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { TaskCell, type Joined } from '../../src/task/task-cell.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const never = (): Promise<never> => mpsc<never>({ capacity: 1 }).receiver.recv() as Promise<never>

const after = <A>(turns: number, value: A) => async (): Promise<A> => {
  for (let i = 0; i < turns; i++) await yieldNow()
  return value
}

const valueOf = <T>(joined: Joined<T> | Empty): T => {
  if (joined === Empty || joined.status !== 'fulfilled') throw new Error(`no value: ${String(joined === Empty ? 'Empty' : joined.reason)}`)
  return joined.value
}

const failing = (message: string) => (): Promise<never> => Promise.reject(new Error(message))

/** A spawner whose blocking jobs the test ends by hand. */
const byHand = () => {
  const jobs: { readonly cell: TaskCell<unknown>; readonly run: () => void }[] = []
  return {
    jobs,
    spawn: spawnTask,
    spawnBlocking: <A extends readonly unknown[], T>(fn: (...args: A) => T, ...args: A): JoinHandle<Awaited<T>> => {
      const cell = new TaskCell<unknown>({ lane: 'blocking', abort: () => undefined })
      jobs.push({ cell, run: () => {
        cell.succeed(fn(...args))
      } })
      return new JoinHandle(cell) as JoinHandle<Awaited<T>>
    }
  }
}

suite('join-set', (it) => {
  it('237: len counts tasks that were not joined, ended or not; joinNext of an empty set gives nothing', async () => {
    const set = new JoinSet<number>()
    assert.ok(set.isEmpty)
    assert.is(await set.joinNext(), Empty)
    assert.is(set.tryJoinNext(), Empty)
    for (let n = 0; n < 5; n++) {
      set.spawn(after(n, n))
      assert.is(set.len, n + 1)
    }
    await delay(5)
    assert.is(set.len, 5)
    for (let n = 4; n >= 0; n--) {
      await set.joinNext()
      assert.is(set.len, n)
    }
    assert.is(await set.joinNext(), Empty)
  })

  it('237: spawning and joining may alternate', async () => {
    const set = new JoinSet<number>()
    for (let n = 0; n < 20; n++) {
      set.spawn(after(0, n))
      if (n % 2 === 1) await set.joinNext()
    }
    assert.is(set.len, 10)
    assert.is((await set.joinAll()).length, 10)
  })

  it('237: who waits when the last is taken by another gets nothing', async () => {
    const set = new JoinSet<number>()
    set.spawn(after(2, 1))
    const both = [set.joinNext(), set.joinNext()]
    assert.is(valueOf(await both[0]!), 1)
    assert.is(await both[1], Empty)
  })

  it('238: results come in the order of completion', async () => {
    const set = new JoinSet<number>()
    for (const n of [3, 1, 4, 2, 0]) set.spawn(after(n * 2, n))
    const order: number[] = []
    for await (const joined of set) order.push(valueOf(joined))
    assert.equal(order, [0, 1, 2, 3, 4])
  })

  it('239: disposing the set aborts every task in it; detachAll empties it and aborts none', async () => {
    const ended: string[] = []
    const until = (name: string) => async (): Promise<void> => {
      try {
        await never()
      } finally {
        ended.push(name)
      }
    }
    {
      using set = new JoinSet<void>()
      set.spawn(until('a'))
      set.spawn(until('b'))
      await turn()
    }
    await turn()
    assert.equal(ended, ['a', 'b'])
    const set = new JoinSet<void>()
    const handle = set.spawn(until('c'))
    await turn()
    set.detachAll()
    assert.is(set.len, 0)
    assert.is(await set.joinNext(), Empty)
    await turn()
    assert.equal(ended, ['a', 'b'])
    assert.not(handle.isFinished)
    handle.abort()
    await turn()
    assert.equal(ended, ['a', 'b', 'c'])
  })

  it('240: each spawn gives the handle that aborts that task; it comes out as cancelled', async () => {
    const set = new JoinSet<number>()
    const handles = Array.from({ length: 6 }, (_, n) => set.spawn(n % 2 === 0 ? never : after(1, n)))
    await turn()
    for (const [n, handle] of handles.entries()) if (n % 2 === 0) handle.abort()
    const outcomes = new Map<number, string>()
    for await (const joined of set) outcomes.set(joined.id, joined.status === 'fulfilled' ? 'value' : joined.reason.kind)
    assert.equal(handles.map(({ id }) => outcomes.get(id)), ['cancelled', 'value', 'cancelled', 'value', 'cancelled', 'value'])
  })

  it('241: abortAll leaves the tasks in the set to be joined; finished ones still give their value', async () => {
    const set = new JoinSet<number>()
    for (let n = 0; n < 3; n++) set.spawn(after(0, n))
    for (let n = 0; n < 3; n++) set.spawn(never)
    await turn()
    set.abortAll()
    assert.is(set.len, 6)
    const kinds: string[] = []
    for await (const joined of set) kinds.push(joined.status === 'fulfilled' ? 'value' : joined.reason.kind)
    assert.equal(kinds, ['value', 'value', 'value', 'cancelled', 'cancelled', 'cancelled'])
  })

  it('242: shutdown aborts, waits for every clean-up, ignores failures and leaves the set empty', async () => {
    const set = new JoinSet<void>()
    let cleaned = 0
    for (let n = 0; n < 10; n++) {
      set.spawn(async () => {
        try {
          await never()
        } catch {
          await new Promise((resolve) => setImmediate(resolve))
          cleaned++
          if (n === 3) throw new Error('in clean-up')
        }
      })
    }
    set.spawn(failing('before'))
    await turn()
    await set.shutdown()
    assert.is(cleaned, 10)
    assert.is(set.len, 0)
    await new JoinSet().shutdown()
  })

  it('242: shutdown does not hang on a task that never looks: it is left behind after the grace, and named', async ({ defer }) => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    const set = new JoinSet<unknown>()
    set.spawn(() => new Promise(() => undefined), { name: 'deaf' })
    set.spawn(never)
    await turn()
    await set.shutdown({ graceMs: 20 })
    assert.is(set.len, 0)
    const warning = (await warned) as Error & { readonly code?: string }
    assert.is(warning.code, 'ERR_MILLRACE_TASK_LEFT_BEHIND')
    assert.match(warning.message, /JoinSet\.shutdown: deaf did not stop within 20 ms/)
    defer(() => undefined)
  })

  it('242: shutdown of a set works in a task that is aborted itself', async () => {
    let cleaned = false
    const outer = spawnTask(async () => {
      const set = new JoinSet<void>()
      set.spawn(async () => {
        try {
          await never()
        } finally {
          await new Promise((resolve) => setImmediate(resolve))
          cleaned = true
        }
      })
      try {
        await never()
      } finally {
        await set.shutdown()
      }
    })
    await turn()
    outer.abort()
    await outer.join().catch(() => undefined)
    assert.ok(cleaned)
  })

  it('243: joinAll gives all values', async () => {
    const set = new JoinSet<number>()
    for (const n of [2, 0, 1]) set.spawn(after(n * 2, n))
    assert.equal(await set.joinAll(), [0, 1, 2])
    assert.equal(await set.joinAll(), [])
  })

  it('243: the first failure of joinAll rejects at once, and aborts the rest', async () => {
    const set = new JoinSet<number>()
    const slow = set.spawn(never)
    set.spawn(after(1, 1))
    set.spawn(async () => {
      await yieldNow()
      await yieldNow()
      throw new Error('first')
    })
    const error = (await rejection(set.joinAll())) as unknown as JoinError
    assert.instance(error, JoinError)
    assert.is((error.cause as Error).message, 'first')
    assert.is(set.len, 0)
    await turn()
    assert.ok(slow.isFinished)
  })

  it('243, 246: giving up joinAll takes nothing', async () => {
    const set = new JoinSet<number>()
    set.spawn(after(0, 1))
    set.spawn(after(20, 2))
    const controller = new AbortController()
    const all = set.joinAll({ signal: controller.signal })
    await turn()
    controller.abort('not now')
    assert.is(await rejection(all), 'not now')
    assert.is(set.len, 2)
    assert.equal(await set.joinAll(), [1, 2])
  })

  it('244: tasks whose runtime goes away are joined as cancelled', async () => {
    const runtime = byHand()
    const set = new JoinSet<number>({ spawner: runtime })
    for (let n = 0; n < 3; n++) set.spawnBlocking((m: number) => m, n)
    runtime.jobs[1]!.run()
    const gone = new Error('the runtime was shut down')
    for (const { cell } of runtime.jobs) cell.cancel(gone)
    assert.is(valueOf(await set.joinNext()), 1)
    for (let n = 0; n < 2; n++) {
      const joined = await set.joinNext()
      assert.ok(joined !== Empty && joined.status === 'rejected' && joined.reason.kind === 'cancelled' && joined.reason.cause === gone)
    }
  })

  it('245: tryJoinNext takes what has ended, budget or not', async () => {
    const set = new JoinSet<number>()
    for (let n = 0; n < 1000; n++) set.spawn(after(0, n))
    assert.is(set.tryJoinNext(), Empty)
    await turn()
    let turned = false
    setImmediate(() => {
      turned = true
    })
    for (let n = 0; n < 1000; n++) assert.is(valueOf(set.tryJoinNext()), n)
    assert.is(set.tryJoinNext(), Empty)
    assert.not(turned)
  })

  it('245: joinNext lets the event loop turn now and then among 1 000 that have ended', async () => {
    const set = new JoinSet<number>()
    for (let n = 0; n < 1000; n++) set.spawn(after(0, n))
    await turn()
    let turns = 0
    let on = true
    const count = (): void => {
      turns++
      if (on) setImmediate(count)
    }
    setImmediate(count)
    for (let n = 0; n < 1000; n++) assert.is(valueOf(await set.joinNext()), n)
    on = false
    assert.ok(turns >= 6 && turns <= 30, `${turns} turns`)
  })

  it('246: giving up joinNext takes nothing, also when a task ends in the same moment', async () => {
    const set = new JoinSet<number>()
    set.spawn(after(3, 1))
    const controller = new AbortController()
    const next = set.joinNext({ signal: controller.signal })
    assert.ok(await waits(next))
    controller.abort('not now')
    assert.is(await rejection(next), 'not now')
    assert.is(set.len, 1)
    assert.is(valueOf(await set.joinNext()), 1)
  })

  it('247: a set is made of an iterable of functions, and extended by one', async () => {
    const set = JoinSet.from([after(0, 1), after(0, 2)])
    set.extend(new Set([after(0, 3)]))
    assert.is(set.len, 3)
    assert.equal((await set.joinAll()).sort(), [1, 2, 3])
  })

  it('247: takes in tasks that were spawned elsewhere', async () => {
    const set = new JoinSet<string>()
    const handle = spawnTask(after(1, 'elsewhere'))
    assert.is(set.add(handle).id, handle.id)
    const done = spawnTask(after(0, 'done'))
    await done
    set.add(done)
    assert.equal(await set.joinAll(), ['done', 'elsewhere'])
  })

  it('runs no more than its limit at the same time, in the order of spawn; the others wait, and can be aborted before they begin', async () => {
    const set = new JoinSet<number>({ limit: 2 })
    const begun: number[] = []
    let running = 0
    let most = 0
    const handles = Array.from({ length: 6 }, (_, n) => set.spawn(async () => {
      begun.push(n)
      most = Math.max(most, ++running)
      await yieldNow()
      await yieldNow()
      running--
      return n
    }))
    await new Promise((resolve) => { process.nextTick(resolve); })
    handles[3]!.abort()
    const outcomes: unknown[] = []
    for await (const joined of set) outcomes.push(joined.status === 'fulfilled' ? joined.value : joined.reason.kind)
    assert.is(most, 2)
    assert.equal(begun, [0, 1, 2, 4, 5])
    assert.equal(outcomes, ['cancelled', 0, 1, 2, 4, 5])
    assert.is(thrown(() => new JoinSet({ limit: 0 })).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => new JoinSet({ spawner: {} as never })).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => new JoinSet().add(Promise.resolve() as never)).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('runs no more blocking tasks than its limit', async () => {
    const runtime = byHand()
    const set = new JoinSet<number>({ limit: 1, spawner: runtime })
    const handles = [1, 2, 3].map((n) => set.spawnBlocking((m: number) => m * 10, n))
    await turn()
    assert.is(runtime.jobs.length, 1)
    handles[1]!.abort()
    runtime.jobs[0]!.run()
    await turn()
    assert.is(runtime.jobs.length, 2)
    runtime.jobs[1]!.run()
    const outcomes: unknown[] = []
    for await (const joined of set) outcomes.push(joined.status === 'fulfilled' ? joined.value : joined.reason.kind)
    assert.equal(outcomes, ['cancelled', 10, 30])
  })

  it('says that there is nobody for blocking work, where there is not', () => {
    const set = new JoinSet<number>({ spawner: { spawn: spawnTask } })
    assert.is(thrown(() => set.spawnBlocking(() => 1)).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(set.len, 0)
  })

  it('leaving a loop over the set leaves the other tasks in it', async () => {
    const set = new JoinSet<number>()
    for (let n = 0; n < 3; n++) set.spawn(after(0, n))
    for await (const joined of set) {
      assert.is(valueOf(joined), 0)
      break
    }
    assert.is(set.len, 2)
    assert.equal(await set.joinAll(), [1, 2])
  })
})
