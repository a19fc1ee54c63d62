/** Tasks and their handles: detaching, failing, stopping, clean-up, and what handles say. */
import { setTimeout as delay } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/channel/mpsc.ts'
import { oneshot } from '../../src/channel/oneshot.ts'
import { JoinError } from '../../src/task/join-error.ts'
import { JoinHandle } from '../../src/task/join-handle.ts'
import { shield } from '../../src/task/shield.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { TaskCell } from '../../src/task/task-cell.ts'
import { Task } from '../../src/task/task.ts'
import { UNHEARD_MS } from '../../src/task/unheard.ts'
import { yieldNow } from '../../src/task/cooperate.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { fateOf, turn, waits } from '../support/settling.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

/** A promise that somebody else settles, and that no abort reaches. */
const foreign = <A>(): { readonly promise: Promise<A>; readonly resolve: (value: A) => void; readonly reject: (reason: unknown) => void } => {
  let resolve!: (value: A) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<A>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const never = (): Promise<unknown> => mpsc<unknown>({ capacity: 1 }).receiver.recv()

const joinError = async (promise: PromiseLike<unknown>): Promise<JoinError> => {
  const error: unknown = await rejection(Promise.resolve(promise))
  assert.instance(error, JoinError)
  return error as JoinError
}

/** Warnings of the process while a test runs. */
const warnings = ({ defer }: Scope): Error[] => {
  const seen: Error[] = []
  const note = (warning: Error): void => void seen.push(warning)
  process.on('warning', note)
  defer(() => process.off('warning', note))
  return seen
}

suite('join-handle', (it) => {
  it('223: a task starts without its handle being awaited, after the code that spawned it has come to its next await', async () => {
    const log: string[] = []
    spawnTask(() => void log.push('task'))
    log.push('spawner')
    await turn()
    assert.equal(log, ['spawner', 'task'])
  })

  it('223: detaching a handle, or disposing it, does not cancel', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 2 })
    const one = spawnTask(async () => sender.send('one'))
    one.detach()
    {
      using _two = spawnTask(async () => sender.send('two'))
    }
    assert.equal([await receiver.recv(), await receiver.recv()], ['one', 'two'])
    await turn()
    assert.ok(one.isFinished)
  })

  it('224: a throw is contained: others go on, clean-up has run, the handle fails with what was thrown as the cause', async () => {
    const boom = new Error('boom')
    let cleaned = false
    const failing = spawnTask(async () => {
      try {
        await yieldNow()
        throw boom
      } finally {
        cleaned = true
      }
    })
    const other = spawnTask(async () => {
      await yieldNow()
      await yieldNow()
      return 'fine'
    })
    const error = await joinError(failing)
    assert.is(error.kind, 'failed')
    assert.is(error.code, 'ERR_MILLRACE_TASK_FAILED')
    assert.is(error.cause, boom)
    assert.is(error.failure(), boom)
    assert.is(error.taskId, failing.id)
    assert.ok(cleaned)
    assert.is(await other, 'fine')
  })

  it('224: a synchronous throw fails the task, not the spawner', async () => {
    const handle = spawnTask(() => {
      throw new RangeError('at once')
    })
    assert.is((await joinError(handle)).kind, 'failed')
  })

  it('225: abort ends the waits of a task, runs its clean-up, and the handle fails as cancelled', async () => {
    let cleaned = false
    const handle = spawnTask(async () => {
      try {
        await never()
      } finally {
        cleaned = true
      }
    })
    await turn()
    handle.abort()
    const error = await joinError(handle)
    assert.is(error.kind, 'cancelled')
    assert.is(error.code, 'ERR_MILLRACE_TASK_CANCELLED')
    assert.is((error.cause as Error).name, 'AbortError')
    assert.ok(cleaned)
  })

  it('225: the waits end with the reason of the abort, the signal aborts with it, and later waits end at once', async () => {
    const reason = new Error('enough')
    const seen: unknown[] = []
    const handle = spawnTask(async ({ signal }) => {
      signal.addEventListener('abort', () => seen.push(signal.reason))
      await never().catch((error: unknown) => seen.push(error))
      await never().catch((error: unknown) => seen.push(error))
      await yieldNow()
    })
    await turn()
    handle.abort({ reason })
    assert.is((await joinError(handle)).cause, reason)
    assert.equal(seen.length, 3)
    assert.ok(seen.every((error) => error === reason))
  })

  it('225: a channel loses nothing to a task that was aborted while it waited', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const handle = spawnTask(() => receiver.recv())
    await turn()
    handle.abort()
    sender.trySend(1)
    assert.is((await joinError(handle)).kind, 'cancelled')
    assert.is(receiver.tryRecv(), 1)
  })

  it('225: a task that tries again for ever after its abort still lets the event loop turn', async () => {
    let tries = 0
    let stop = false
    const handle = spawnTask(async () => {
      while (!stop) {
        tries++
        await never().catch(() => undefined)
      }
    })
    await turn()
    handle.abort()
    await delay(5) // comes only if the loop turns
    assert.ok(tries > 1)
    stop = true
    await joinError(handle)
  })

  it('225: a signal that is given to spawn aborts the task; one that has aborted already lets it never begin', async () => {
    const controller = new AbortController()
    const handle = spawnTask(never, { signal: controller.signal })
    await turn()
    controller.abort('no more')
    assert.is((await joinError(handle)).cause, 'no more')
    let began = false
    const late = spawnTask(() => void (began = true), { signal: controller.signal })
    assert.is((await joinError(late)).kind, 'cancelled')
    assert.not(began)
  })

  it('226: abort works from another thread, and when the handle has been let go', async (scope) => {
    const thread = startThread(scope, new URL('../support/fixtures/task-handles.ts', import.meta.url))
    const { sender, receiver } = oneshot<string>()
    const handle = spawnTask(async () => {
      try {
        await never()
      } finally {
        sender.send('cleaned up')
      }
    })
    await turn()
    const stop = handle.abortHandle()
    handle.detach()
    assert.is(await thread.call('abortIt', stop), handle.id)
    assert.is(await receiver.recv(), 'cleaned up')
    assert.is((await joinError(handle)).kind, 'cancelled')
    assert.is(await thread.call('seesItFinished', stop), true)
  })

  it('227: abort after the end keeps the value', async () => {
    const handle = spawnTask(() => Promise.resolve(7))
    await handle
    handle.abort()
    handle.abort({ force: true })
    assert.is(await handle, 7)
  })

  it('227: abort twice is abort once, and it returns before the task has stopped', async () => {
    let cleanups = 0
    const handle = spawnTask(async () => {
      try {
        await never()
      } finally {
        cleanups++
      }
    })
    await turn()
    handle.abort({ reason: 'first' })
    handle.abort({ reason: 'second' })
    assert.not(handle.isFinished)
    assert.is((await joinError(handle)).cause, 'first')
    assert.is(cleanups, 1)
  })

  it('227: a task that was aborted before its function began never begins', async () => {
    let began = false
    const handle = spawnTask(() => void (began = true))
    handle.abort()
    assert.ok(handle.isFinished)
    assert.is((await joinError(handle)).kind, 'cancelled')
    await turn()
    assert.not(began)
  })

  it('227: a task that returns a value in spite of its abort is cancelled', async () => {
    const { promise, resolve } = foreign<number>()
    const handle = spawnTask(() => promise)
    await turn()
    handle.abort()
    resolve(1)
    assert.is((await joinError(handle)).kind, 'cancelled')
  })

  it('228: clean-up that throws during an abort is contained, and the handle reports failed', async () => {
    const handle = spawnTask(async () => {
      try {
        await never()
      } finally {
        // eslint-disable-next-line no-unsafe-finally
        throw new Error('in clean-up')
      }
    })
    await turn()
    handle.abort()
    const error = await joinError(handle)
    assert.is(error.kind, 'failed')
    assert.is((error.cause as Error).message, 'in clean-up')
  })

  it('228: an error that was made of the abort is the abort', async () => {
    const handle = spawnTask(async () => {
      try {
        await never()
      } catch (cause) {
        throw new Error('could not read', { cause })
      }
    })
    await turn()
    handle.abort()
    assert.is((await joinError(handle)).kind, 'cancelled')
    const byNode = spawnTask(({ signal }) => delay(60_000, undefined, { signal }))
    await turn()
    byNode.abort()
    assert.is((await joinError(byNode)).kind, 'cancelled')
  })

  it('229: abort asks whoever runs the work, once, and once more for force', () => {
    const asked: boolean[] = []
    const cell = new TaskCell<void>({ lane: 'blocking', abort: ({ force }) => void asked.push(force) })
    const handle = new JoinHandle(cell)
    handle.abort()
    handle.abort()
    assert.not(handle.isFinished)
    handle.abort({ force: true })
    handle.abort({ force: true })
    assert.equal(asked, [false, true])
    cell.succeed()
    assert.ok(handle.isFinished)
  })

  it('230: the text of a failure names the task, its name and the message; without a message it says just failed', async () => {
    const named = spawnTask(() => Promise.reject(new TypeError('no such host')), { name: 'resolver' })
    assert.is((await joinError(named)).message, `task ${named.id} 'resolver' failed: TypeError: no such host`)
    const text = spawnTask(() => {
      throw 'no such host'
    })
    assert.is((await joinError(text)).message, `task ${text.id} failed: no such host`)
    const other = spawnTask(() => {
      throw { odd: true }
    })
    assert.is((await joinError(other)).message, `task ${other.id} failed`)
    const stopped = spawnTask(never)
    stopped.abort()
    assert.is((await joinError(stopped)).message, `task ${stopped.id} was cancelled`)
  })

  it('231: asking a cancelled error for its failure throws', async () => {
    const handle = spawnTask(never)
    handle.abort()
    const error = await joinError(handle)
    assert.is(thrown(() => error.failure()).code, 'ERR_MILLRACE_TASK_CANCELLED')
  })

  it('232: a task is finished only when its clean-up is complete', async () => {
    const { promise, resolve } = foreign<undefined>()
    const handle = spawnTask(async () => {
      try {
        await never()
      } finally {
        await promise
      }
    })
    await turn()
    handle.abort()
    assert.ok(await waits(handle.join()))
    assert.not(handle.isFinished)
    resolve(undefined)
    await joinError(handle)
    assert.ok(handle.isFinished)
  })

  it('232: clean-up can wait behind a shield, and its waits are not ended by the abort', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    sender.trySend('in the way')
    const handle = spawnTask(async () => {
      try {
        await never()
      } finally {
        await shield(() => sender.send('last words'))
      }
    })
    await turn()
    handle.abort()
    assert.ok(await waits(handle.join()))
    assert.equal([await receiver.recv(), await receiver.recv()], ['in the way', 'last words'])
    assert.is((await joinError(handle)).kind, 'cancelled')
  })

  it('232: force does not wait for a function that cannot be ended', async () => {
    const { promise, reject } = foreign<undefined>()
    const handle = spawnTask(() => promise)
    await turn()
    handle.abort()
    assert.ok(await waits(handle.join()))
    handle.abort({ force: true })
    assert.is((await joinError(handle)).kind, 'cancelled')
    reject(new Error('nobody looks')) // no unhandled rejection
    await turn()
  })

  it('233: giving up a join loses nothing', async () => {
    const { promise, resolve } = foreign<number>()
    const handle = spawnTask(() => promise)
    const controller = new AbortController()
    const first = handle.join({ signal: controller.signal })
    const second = handle.joined({ signal: controller.signal })
    await turn()
    controller.abort('not now')
    assert.is(await rejection(first), 'not now')
    assert.is(await rejection(second), 'not now')
    resolve(3)
    assert.is(await handle.join(), 3)
    assert.equal(await handle.joined(), { status: 'fulfilled', id: handle.id, value: 3 })
    assert.is(await handle, 3)
  })

  it('233: a task that is aborted while it awaits another leaves that one as it was', async () => {
    const { promise, resolve } = foreign<number>()
    const inner = spawnTask(() => promise)
    const outer = spawnTask(async () => inner)
    await turn()
    outer.abort()
    assert.is((await joinError(outer)).kind, 'cancelled')
    assert.not(inner.isFinished)
    resolve(4)
    assert.is(await inner, 4)
  })

  it('234: the handle of a finished task can be dropped, whatever its result does when it is disposed', async () => {
    const result = {
      [Symbol.dispose]: () => {
        throw new Error('disposed')
      }
    }
    {
      using handle = spawnTask(() => Promise.resolve(result))
      await handle
    }
  })

  it('235: ids are unique, and the id inside is the handle\'s, in clean-up too', async () => {
    const inside: (number | undefined)[] = []
    const handles = Array.from({ length: 100 }, () => spawnTask(async () => {
      inside.push(Task.id())
      try {
        await never()
      } finally {
        inside.push(Task.tryId())
        await yieldNow().catch(() => inside.push(Task.tryId()))
      }
    }))
    await turn()
    for (const handle of handles) handle.abort()
    await Promise.allSettled(handles)
    const ids = handles.map(({ id }) => id)
    assert.is(new Set(ids).size, 100)
    assert.equal(inside.slice(0, 100), ids)
    for (const id of ids) assert.is(inside.filter((other) => other === id).length, 3)
  })

  it('235: outside of tasks there is no id', async (scope) => {
    assert.is(Task.tryId(), undefined)
    assert.is(Task.signal(), undefined)
    assert.is(thrown(() => Task.id()).code, 'ERR_MILLRACE_NO_TASK')
    const handle = spawnTask(() => [Task.name(), Task.tryId()], { name: 'named' })
    assert.equal(await handle, ['named', handle.id])
    assert.is(Task.tryId(), undefined)
    const thread = startThread(scope, new URL('../support/fixtures/task-handles.ts', import.meta.url))
    const elsewhere = await thread.call<number[]>('idsOf', 3)
    assert.is(new Set([...elsewhere, handle.id]).size, 4)
  })

  it('tells a failure that nobody waits for once, after a while, and still has it for who comes late', async (scope) => {
    const seen = warnings(scope)
    const handle = spawnTask(() => Promise.reject(new Error('lost')), { name: 'forgotten', site: 'here.ts:1' })
    await turn()
    assert.is(seen.length, 0)
    await delay(UNHEARD_MS + 50)
    await turn()
    assert.is(seen.length, 1)
    assert.is((seen[0] as Error & { code: string }).code, 'ERR_MILLRACE_TASK_FAILED')
    assert.match(seen[0]!.message, `task ${handle.id} 'forgotten' failed: Error: lost (spawned at here.ts:1)`)
    handle.detach()
    await turn()
    assert.is(seen.length, 1)
    assert.is((await joinError(handle)).kind, 'failed')
  })

  it('tells a failure of a detached task at once, to the hook if there is one', async (scope) => {
    const seen = warnings(scope)
    const told: JoinError[] = []
    const boom = new Error('boom')
    const before = spawnTask(() => Promise.reject(boom), { onUnhandled: (error) => void told.push(error) })
    before.detach()
    await turn()
    assert.equal(told.map(({ cause }) => cause), [boom])
    const after = spawnTask(() => Promise.reject(boom), { onUnhandled: (error) => void told.push(error) })
    await turn()
    assert.is(told.length, 1)
    after.detach()
    await turn()
    assert.is(told.length, 2)
    assert.is(seen.length, 0)
  })

  it('does not tell of failures that somebody awaits, of cancelled tasks, and of values', async () => {
    const told: unknown[] = []
    const onUnhandled = (error: unknown): void => void told.push(error)
    const awaited = spawnTask(() => Promise.reject(new Error('heard')), { onUnhandled })
    const fate = fateOf(awaited.join())
    awaited.detach()
    assert.is((await fate).is, 'reason')
    const cancelled = spawnTask(never, { onUnhandled })
    cancelled.detach()
    await turn()
    cancelled.abort()
    spawnTask(() => 1, { onUnhandled }).detach()
    await turn()
    assert.equal(told, [])
  })

  it('answers those who await it in the order of their calls', async () => {
    const handle = spawnTask(async () => {
      await yieldNow()
      return 1
    })
    const order: string[] = []
    await Promise.all([handle.join().then(() => order.push('a')), handle.then(() => order.push('b')), handle.joined().then(() => order.push('c')), handle.join().then(() => order.push('d'))])
    assert.equal(order.filter((name) => name !== 'c'), ['a', 'b', 'd'])
  })

  it('refuses to block a thread with an event loop; gives what is there already', async () => {
    const handle = spawnTask(() => Promise.resolve(5))
    assert.is(thrown(() => handle.blockingJoin()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    await handle
    assert.is(handle.blockingJoin(), 5)
  })

  it('blocks a thread that may be blocked until another has settled the task', async (scope) => {
    const thread = startThread(scope, new URL('../support/fixtures/task-handles.ts', import.meta.url))
    assert.equal(await thread.call('joinsBlocked'), ['done by another', 'ERR_MILLRACE_WOULD_BLOCK_LOOP'])
  })

  it('230: what cannot be looked at is a failure like others: a getter that throws, a revoked proxy, answered or thrown', async () => {
    const boom = new Error('boom')
    const revoked = (): object => {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      return proxy
    }
    const thief = (key: string): object => Object.defineProperty(new Error('kept'), key, { get: () => { throw boom } })
    const { promise, reject } = foreign<unknown>()
    const tasks: (() => unknown)[] = [
      () => Object.defineProperty({}, 'then', { get: () => { throw boom } }),
      async () => revoked(),
      () => revoked(),
      () => { throw revoked() as Error },
      () => { throw thief('message') as Error },
      () => promise
    ]
    const handles = tasks.map((fn) => spawnTask(fn))
    await turn()
    handles.at(-1)!.abort()
    reject(thief('name'))
    for (const handle of handles) assert.is((await joinError(handle)).kind, 'failed')
    assert.is((await joinError(handles[0]!)).cause, boom)
  })

  it('a thenable that calls back twice, or throws after it has, counts by its first answer', async () => {
    const twice = { then: (yes: (value: number) => void, no: (error: unknown) => void) => {
      yes(1)
      no(new Error('late'))
      throw new Error('later')
    } } as PromiseLike<number>
    assert.is(await spawnTask(() => twice), 1)
  })

  it('counts tasks with its watcher: each begins once and ends once', async () => {
    const log: string[] = []
    const watcher = {
      began: ({ name }: { readonly name?: string | undefined }) => void log.push(`${name} began`),
      ended: ({ name }: { readonly name?: string | undefined }, state: string) => void log.push(`${name} ${state}`)
    }
    const a = spawnTask(() => 1, { name: 'a', watcher })
    const b = spawnTask(never, { name: 'b', watcher })
    await a
    b.abort()
    await joinError(b)
    assert.equal(log, ['a began', 'b began', 'a done', 'b cancelled'])
  })
})
