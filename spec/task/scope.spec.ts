/** The scope of a task: what sees it, what is outside of it, and that it costs nothing when there are no tasks. */
import { setTimeout as delay } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/channel/mpsc.ts'
import { oneshot } from '../../src/channel/oneshot.ts'
import { hold, outside, scope } from '../../src/sync/scope.ts'
import { enterTask } from '../../src/task/enter-task.ts'
import { shield } from '../../src/task/shield.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { taskLocal } from '../../src/task/task-local.ts'
import { Task } from '../../src/task/task.ts'
import { sleep } from '../../src/task/time/sleep.ts'
import { rejection } from '../support/attempt.ts'
import { turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

/** Longer than the scope's storage stays in use without a task. */
const IDLE = 300

const never = (): Promise<never> => mpsc<never>({ capacity: 1 }).receiver.recv() as Promise<never>

suite('scope', (it) => {
  it('225: abort on a sleeping task cancels it', async () => {
    const handle = spawnTask(() => sleep(60_000, { ref: false }))
    await turn()
    handle.abort()
    const joined = await handle.joined()
    assert.ok(joined.status === 'rejected' && joined.reason.kind === 'cancelled')
  })

  it('code that a task has left behind is in no task, some time after the last one has ended; not before', async () => {
    const seen: (number | undefined)[] = []
    const leave = (): void => {
      setTimeout(() => seen.push(Task.tryId()), IDLE)
    }
    const left = spawnTask(leave)
    const alive = spawnTask(never)
    await delay(IDLE + 50)
    assert.equal(seen, [left.id])
    alive.abort()
    await alive.joined()
    await spawnTask(leave)
    await delay(IDLE + 50)
    assert.equal(seen, [left.id, undefined])
    assert.is(scope(), undefined)
    // and tasks that come later have theirs
    const later = spawnTask(() => Task.tryId())
    assert.is(await later, later.id)
  })

  it('a second copy of this code in the thread, that has no tasks any more, leaves those of the first their scopes', async () => {
    const copy = (await import(`${import.meta.resolve('../../src/sync/scope.ts')}?copy`)) as typeof import('../../src/sync/scope.ts')
    assert.is.not(copy.hold, hold)
    const release = oneshot<undefined>()
    const handle = spawnTask(async () => {
      await release.receiver.recv()
      return Task.tryId()
    })
    copy.hold()
    copy.letGo()
    await delay(IDLE)
    release.sender.send(undefined)
    assert.is(await handle, handle.id)
  })

  it('236: task-locals are there for what was started in them, whenever it runs', async () => {
    const local = taskLocal<string>()
    let seen: string | undefined
    local.scope('kept', () => setTimeout(() => (seen = local.tryGet()), IDLE))
    await delay(IDLE + 50)
    assert.is(seen, 'kept')
  })

  it('outside: what a task starts first, but others use too, does not end with it', async () => {
    let wait: Promise<unknown> | undefined
    const handle = spawnTask(async () => {
      wait = outside(async () => {
        assert.is(Task.tryId(), undefined)
        return never()
      })
      await never()
    })
    await turn()
    handle.abort()
    await handle.joined()
    assert.ok(await waits(wait!))
  })

  it('shield: keeps the id, ends by no abort, and by its own signals all the same', async () => {
    const controller = new AbortController()
    let reason: unknown
    const handle = spawnTask(async () => {
      await shield(async () => {
        assert.is(Task.tryId(), handle.id)
        reason = await mpsc({ capacity: 1 }).receiver.recv({ signal: controller.signal }).catch((error: unknown) => error)
      })
    })
    await turn()
    handle.abort()
    assert.ok(await waits(handle.join()))
    controller.abort('mine')
    await handle.joined()
    assert.is(reason, 'mine')
    assert.is(shield(() => 1), 1)
  })

  it('enterTask: code elsewhere is the task of its handle, and its signal ends the waits', async () => {
    const controller = new AbortController()
    const waiting = enterTask({ id: 77, name: 'elsewhere', signal: controller.signal }, async () => {
      assert.equal([Task.id(), Task.name()], [77, 'elsewhere'])
      return never()
    })
    assert.is(Task.tryId(), undefined)
    assert.ok(await waits(waiting))
    controller.abort('stop')
    assert.is(await rejection(waiting), 'stop')
    assert.is(enterTask({ id: 78 }, () => Task.id()), 78)
  })
})
