/** The budget of a task, yielding, and task-locals. */
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/channel/mpsc.ts'
import { BUDGET, budgetForcedYields } from '../../src/sync/budget.ts'
import { blockInPlace } from '../../src/task/block-in-place.ts'
import { consumeBudget, hasBudgetRemaining, unconstrained, yieldNow } from '../../src/task/cooperate.ts'
import { JoinSet } from '../../src/task/join-set.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { taskLocal } from '../../src/task/task-local.ts'
import { timeout } from '../../src/task/time/timeout.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

/** Counts turns of the event loop until it is stopped. */
const turns = (): (() => number) => {
  let count = 0
  let on = true
  const next = (): void => {
    count++
    if (on) setImmediate(next)
  }
  setImmediate(next)
  return () => {
    on = false
    return count
  }
}

const sendAndReceive = async (times: number): Promise<void> => {
  const { sender, receiver } = mpsc<number>({ capacity: 1 })
  for (let n = 0; n < times; n++) {
    await sender.send(n)
    await receiver.recv()
  }
}

suite('budget of a task', (it) => {
  it('251: has 128 operations, and then the loop turns: 1 024 pairs of them are 16 turns', async () => {
    const before = budgetForcedYields()
    await spawnTask(() => sendAndReceive(1024))
    // the last of the 2 048 uses the budget up, without another that waits for it
    assert.is(budgetForcedYields() - before, (1024 * 2) / BUDGET - 1)
  })

  it('251: says whether any is left, and is full again after a turn', async () => {
    await spawnTask(async () => {
      for (let n = 0; n < BUDGET; n++) {
        assert.ok(hasBudgetRemaining())
        await consumeBudget()
      }
      assert.not(hasBudgetRemaining())
      await yieldNow()
      assert.ok(hasBudgetRemaining())
    })
  })

  it('251: is a task\'s own: one that has used it up does not delay another', async () => {
    const order: string[] = []
    const greedy = spawnTask(async () => {
      for (let n = 0; n < BUDGET + 1; n++) await consumeBudget()
      order.push('greedy')
    })
    const modest = spawnTask(async () => {
      for (let n = 0; n < BUDGET; n++) await consumeBudget()
      order.push('modest')
    })
    await Promise.all([greedy, modest])
    assert.equal(order, ['modest', 'greedy'])
  })

  it('252: unconstrained turns it off: 1 000 ready receives in one turn', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1000 })
    for (let n = 0; n < 1000; n++) sender.trySend(n)
    await spawnTask(async () => {
      const counted = turns()
      await unconstrained(async () => {
        for (let n = 0; n < 1000; n++) await receiver.recv()
      })
      assert.is(counted(), 0)
    })
    for (let n = 0; n < 1000; n++) sender.trySend(n)
    await spawnTask(async () => {
      const counted = turns()
      for (let n = 0; n < 1000; n++) await receiver.recv()
      assert.ok(counted() >= 7)
    })
  })

  it('253: consumeBudget makes a plain loop yield; a forced yield is counted once, though many calls wait for it', async () => {
    const before = budgetForcedYields()
    await spawnTask(async () => {
      const counted = turns()
      for (let n = 0; n < BUDGET * 4; n++) await consumeBudget()
      assert.ok(counted() >= 3)
    })
    assert.is(budgetForcedYields() - before, 3)
    await spawnTask(async () => {
      await Promise.all(Array.from({ length: BUDGET + 50 }, consumeBudget))
    })
    assert.is(budgetForcedYields() - before, 4)
  })

  it('255: a timeout fires around work that uses up the whole budget in every turn', async () => {
    let stop = false
    await spawnTask(async () => {
      const error = await rejection(timeout(10, async () => {
        while (!stop) await consumeBudget()
      }))
      stop = true
      assert.is(error.code, 'ERR_MILLRACE_TIMEOUT')
    })
  })

  it('lets timers and input in when it yields, in a task and outside', async () => {
    let ran = 0
    setImmediate(() => ran++)
    await yieldNow()
    assert.is(ran, 1)
    setImmediate(() => ran++)
    await spawnTask(yieldNow)
    assert.is(ran, 2)
  })

  it('a loop that only yields is ended by the abort of its task', async () => {
    const handle = spawnTask(async () => {
      for (;;) await yieldNow()
    })
    const counting = spawnTask(async () => {
      for (;;) await consumeBudget()
    })
    await turn()
    handle.abort()
    counting.abort()
    assert.equal((await Promise.all([handle.joined(), counting.joined()])).map((joined) => joined.status === 'rejected' && joined.reason.kind), ['cancelled', 'cancelled'])
  })

  it('blocks in place on a thread that may be blocked, and refuses to on one with an event loop', async (scope) => {
    let ran = false
    assert.is(thrown(() => blockInPlace(() => (ran = true))).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.not(ran)
    const thread = startThread(scope, new URL('../support/fixtures/task-handles.ts', import.meta.url))
    assert.is(await thread.call('blocksInPlace'), 'blocked')
  })
})

suite('task-local', (it) => {
  const request = taskLocal<string>('request')
  const depth = taskLocal<number>()

  it('236: is set for a function and kept over its awaits; reading it outside throws', async () => {
    assert.is(request.tryGet(), undefined)
    const error = thrown(() => request.get())
    assert.is(error.code, 'ERR_MILLRACE_NO_TASK')
    assert.match(error.message, "taskLocal 'request'")
    const seen = await request.scope('r1', async () => {
      await yieldNow()
      const inner = await request.scope('r2', async () => {
        await turn()
        return depth.scope(2, () => [request.get(), depth.get()])
      })
      return [request.get(), ...inner, depth.tryGet()]
    })
    assert.equal(seen, ['r1', 'r2', 2, undefined])
    assert.is(request.tryGet(), undefined)
  })

  it('236: is each task\'s own, and not that of the tasks that it spawns', async () => {
    const set = new JoinSet<string>()
    for (const name of ['a', 'b', 'c']) {
      set.spawn(() => request.scope(name, async () => {
        await yieldNow()
        const inner = await spawnTask(() => request.tryGet() ?? 'none')
        return `${request.get()} ${inner}`
      }))
    }
    assert.equal((await set.joinAll()).sort(), ['a none', 'b none', 'c none'])
  })

  it('236: is seen in clean-up, after an abort and after completion', async () => {
    const seen: unknown[] = []
    const clean = (turnsBefore: number) => () => request.scope(`after ${turnsBefore}`, async () => {
      try {
        for (let i = 0; i < turnsBefore; i++) await yieldNow()
      } finally {
        seen.push(request.get())
        await turn()
        seen.push(request.get())
      }
    })
    const aborted = spawnTask(clean(1_000))
    await turn()
    aborted.abort()
    await aborted.joined()
    await spawnTask(clean(1))
    assert.equal(seen, ['after 1000', 'after 1000', 'after 1', 'after 1'])
  })
})
