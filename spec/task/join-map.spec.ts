/** Tasks by key, tasks in a queue, and handles that abort when they are disposed. */
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/channel/mpsc.ts'
import { Empty } from '../../src/sync/outcome.ts'
import { abortOnDispose } from '../../src/task/abort-on-dispose.ts'
import { yieldNow } from '../../src/task/cooperate.ts'
import type { JoinError } from '../../src/task/join-error.ts'
import { JoinMap, type JoinedKey } from '../../src/task/join-map.ts'
import { JoinQueue } from '../../src/task/join-queue.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { rejection } from '../support/attempt.ts'
import { turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const never = (): Promise<never> => mpsc<never>({ capacity: 1 }).receiver.recv() as Promise<never>

const after = <A>(turns: number, value: A) => async (): Promise<A> => {
  for (let i = 0; i < turns; i++) await yieldNow()
  return value
}

const shown = <K, T>(joined: JoinedKey<K, T>): readonly [K, unknown] => [joined.key, joined.status === 'fulfilled' ? joined.value : joined.reason.kind]

const all = async <K, T>(map: JoinMap<K, T>): Promise<readonly (readonly [K, unknown])[]> => {
  const seen: (readonly [K, unknown])[] = []
  for await (const joined of map) seen.push(shown(joined))
  return seen
}

suite('join-map', (it) => {
  it('248: spawning a key again replaces its task: the first is aborted, and never reported', async () => {
    const map = new JoinMap<string, number>()
    const first = map.spawn('a', never)
    map.spawn('b', after(1, 2))
    await turn()
    map.spawn('a', after(2, 3))
    assert.is(map.len, 2)
    assert.equal([...map.keys()], ['a', 'b'])
    await turn()
    assert.ok(first.isFinished)
    assert.equal(await all(map), [['b', 2], ['a', 3]])
    assert.is(await map.joinNext(), Empty)
  })

  it('248: a task that has ended and is replaced before it was joined is not reported either', async () => {
    const map = new JoinMap<string, number>()
    map.spawn('a', after(0, 1))
    await turn()
    map.spawn('a', after(50, 2))
    assert.is(map.len, 1)
    assert.is(map.tryJoinNext(), Empty)
    map.spawn('a', after(0, 3))
    await turn()
    const joined = map.tryJoinNext()
    assert.ok(joined !== Empty && joined.status === 'fulfilled' && joined.value === 3)
    assert.not(map.has('a'))
    assert.is(map.len, 0)
  })

  it('248: tasks are aborted by key, or those whose keys match, and joined as cancelled', async () => {
    const map = new JoinMap<number, number>()
    for (let key = 0; key < 6; key++) map.spawn(key, never)
    await turn()
    assert.ok(map.abort(1))
    assert.not(map.abort(77))
    map.abortMatching((key) => key >= 4)
    assert.equal((await Promise.all([map.joinNext(), map.joinNext(), map.joinNext()])).map((joined) => (joined === Empty ? joined : shown(joined))), [
      [1, 'cancelled'],
      [4, 'cancelled'],
      [5, 'cancelled']
    ])
    assert.equal([...map.keys()], [0, 2, 3])
    await map.shutdown()
    assert.is(map.len, 0)
    assert.equal([...map.keys()], [])
  })

  it('248: joinAll and detachAll leave no key behind', async () => {
    const map = new JoinMap<string, number>()
    map.spawn('a', after(1, 1))
    map.spawn('b', after(0, 2))
    assert.equal(await map.joinAll(), [2, 1])
    assert.not(map.has('a'))
    const handle = map.spawn('a', never)
    await turn()
    map.detachAll()
    assert.not(map.has('a'))
    assert.not(handle.isFinished)
    handle.abort()
    map.spawn('a', () => Promise.reject(new Error('boom')))
    assert.is(((await rejection(map.joinAll())) as unknown as JoinError).kind, 'failed')
    assert.not(map.has('a'))
  })
})

suite('join-queue', (it) => {
  it('249: results come in the order of spawn, whatever ends first', async () => {
    const queue = new JoinQueue<number>()
    for (const n of [5, 1, 3, 0]) queue.spawn(after(n, n))
    assert.is(queue.len, 4)
    assert.equal(await queue.joinAll(), [5, 1, 3, 0])
  })

  it('249: spawning and joining may alternate; tryJoinNext waits for the oldest too', async () => {
    const queue = new JoinQueue<string>()
    const oldest = queue.spawn(never)
    queue.spawn(after(0, 'second'))
    await turn()
    assert.is(queue.tryJoinNext(), Empty)
    const controller = new AbortController()
    const given = queue.joinNext({ signal: controller.signal })
    assert.ok(await waits(given))
    controller.abort('not now')
    assert.is(await given.catch((reason: unknown) => reason), 'not now')
    const next = [queue.joinNext(), queue.joinNext(), queue.joinNext()]
    oldest.abort()
    queue.spawn(after(0, 'third'))
    const seen = (await Promise.all(next)).map((joined) => (joined === Empty ? joined : joined.status === 'fulfilled' ? joined.value : joined.reason.kind))
    assert.equal(seen, ['cancelled', 'second', 'third'])
    queue.spawn(after(1, 'fourth'))
    const order: unknown[] = []
    for await (const joined of queue) order.push(joined.status === 'fulfilled' ? joined.value : joined.reason)
    assert.equal(order, ['fourth'])
  })

  it('249: the first failure in time rejects joinAll, though an older task still runs', async () => {
    const queue = new JoinQueue<number>()
    const older = queue.spawn(never)
    queue.spawn(() => Promise.reject(new Error('second')))
    assert.is(((await rejection(queue.joinAll())) as unknown as JoinError).kind, 'failed')
    assert.is(queue.len, 0)
    await turn()
    assert.ok(older.isFinished)
  })
})

suite('abort-on-dispose', (it) => {
  it('250: aborts its task when it is disposed', async () => {
    const handle = spawnTask(never)
    await turn()
    {
      using owned = abortOnDispose(handle)
      assert.is(owned.id, handle.id)
    }
    assert.is(((await rejection(handle.join())) as unknown as JoinError).kind, 'cancelled')
  })

  it('250: does not after detach; and can be awaited like the handle', async () => {
    const handle = spawnTask(after(3, 'value'))
    {
      using owned = abortOnDispose(handle)
      assert.is(owned.detach(), handle)
    }
    assert.is(await handle, 'value')
    using awaited = abortOnDispose(spawnTask(after(1, 'awaited')))
    assert.is(await awaited, 'awaited')
    assert.ok(awaited.isFinished)
  })
})
