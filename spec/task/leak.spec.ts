/** What tasks, tokens, sets and trackers leave behind when they are done: nothing. */
import * as assert from 'uvu/assert'
import { oneshot } from '../../src/channel/oneshot.ts'
import { CancellationToken } from '../../src/task/cancellation-token.ts'
import { JoinMap } from '../../src/task/join-map.ts'
import { JoinSet } from '../../src/task/join-set.ts'
import type { JoinHandle } from '../../src/task/join-handle.ts'
import { race, select } from '../../src/task/select.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { TaskTracker } from '../../src/task/task-tracker.ts'
import { pack, unpack } from '../../src/prelude/travel.ts'
import { collected, collectNow, heapInUse } from '../support/collected.ts'
import { suite } from '../support/suite.ts'

const MANY = 100_000
/** For what is done so often; a leak of the smallest object a round is more, and measuring coverage takes some itself. */
const SLACK = 3_000_000

const grows = async (round: (i: number) => unknown, rounds: number): Promise<number> => {
  for (let i = 0; i < 2_000; i++) await round(i) // compiled, and what is made once is there
  const before = await heapInUse()
  for (let i = 0; i < rounds; i++) await round(i)
  return (await heapInUse()) - before
}

const flat = async (round: (i: number) => unknown, rounds = MANY): Promise<void> => {
  const growth = await grows(round, rounds)
  assert.ok(growth < SLACK, `${Math.round(growth / 1024)} KiB more after ${rounds} rounds`)
}

suite('leak', (it) => {
  it('284: children of a token that lives on, used and dropped, leave the heap flat', async () => {
    const parent = new CancellationToken()
    await flat(async (i) => {
      const child = parent.child()
      const grandchild = child.child()
      if (grandchild.isCancelled) throw new Error('not yet')
      if (i % 4 === 0) {
        const controller = new AbortController()
        const wait = grandchild.cancelled({ signal: controller.signal })
        controller.abort()
        await wait.catch(() => undefined)
      }
      if (i % 4 === 1) await child.runUntilCancelled(() => i)
      if (i % 4 === 2) {
        using owned = parent.child()
        owned.signal.throwIfAborted()
      }
      if (i % 4 === 3) grandchild.cancel()
    })
  })

  it('282: tokens with children, cancelled or not, leave the heap flat', async () => {
    await flat((i) => {
      const token = new CancellationToken()
      const children = [token.child(), token.child()]
      void children[0]!.cancelled()
      children[1]!.signal.throwIfAborted()
      if (i % 2 === 0) token.cancel()
    })
  })

  it('284: tokens that have travelled and are dropped are collected, though their words were watched', async () => {
    let left = 0
    const registry = new FinalizationRegistry(() => left--)
    const make = (): void => {
      for (let i = 0; i < 2_000; i++) {
        const token = new CancellationToken()
        const again = unpack(structuredClone(pack(token).value)) as CancellationToken
        const controller = new AbortController()
        again.cancelled({ signal: controller.signal }).catch(() => undefined)
        controller.abort()
        left++
        registry.register(token, undefined)
      }
    }
    make()
    for (let i = 0; i < 20 && left > 0; i++) await collected()
    assert.ok(left < 20, `${left} tokens are still there`)
  })

  it('288: tasks that have ended leave no memory in their tracker', async () => {
    const tracker = new TaskTracker()
    await flat(() => tracker.spawn(() => undefined))
    assert.is(tracker.len, 0)
  })

  it('223: tasks that were spawned and forgotten, failed and heard, or aborted, leave the heap flat', async () => {
    await flat(async (i) => {
      const handle = spawnTask(() => {
        if (i % 3 === 0) throw new Error('as told')
        return i % 3 === 1 ? oneshot().receiver.recv() : i
      })
      if (i % 3 === 0) await handle.joined()
      if (i % 3 === 1) {
        handle.abort()
        await handle.joined()
      }
    }, 30_000)
  })

  it('223: a task that waits for its turn weighs less than 700 bytes, its handle and its function included', async () => {
    await spawnTask(() => undefined)
    const handles: JoinHandle<number>[] = []
    collectNow() // what follows is one turn: no task begins
    const empty = process.memoryUsage().heapUsed
    for (let i = 0; i < MANY; i++) handles.push(spawnTask(async () => i))
    collectNow()
    const each = (process.memoryUsage().heapUsed - empty) / MANY
    for (const handle of handles) await handle
    assert.ok(each < 700, `${Math.round(each)} bytes each`)
  })

  it('237, 248: tasks that were joined, or replaced, leave nothing in their set or map', async () => {
    const set = new JoinSet<number>()
    const map = new JoinMap<number, number>()
    await flat(async (i) => {
      set.spawn(() => i)
      map.spawn(i % 10, () => oneshot<never>().receiver.recv() as Promise<never>)
      await set.joinNext()
    }, 30_000)
    await map.shutdown()
  })

  it('260: a promise that loses many selects does not gather them, beyond what JavaScript keeps of each', async () => {
    const token = new CancellationToken()
    await flat(async () => {
      await select({ stop: () => token.cancelled(), ready: () => 1 })
      await race(() => oneshot<number>().receiver.recv() as Promise<number>, () => Promise.resolve(1))
    }, 20_000)
  })
}, 60_000)
