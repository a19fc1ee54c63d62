/** Waiting for several things: the first, with the others stopped; or all of them. */
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/channel/mpsc.ts'
import { Closed } from '../../src/sync/outcome.ts'
import { consumeBudget, yieldNow } from '../../src/task/cooperate.ts'
import { NoMatch } from '../../src/task/first-of.ts'
import type { JoinError } from '../../src/task/join-error.ts'
import { join, tryJoin } from '../../src/task/join.ts'
import { race, select } from '../../src/task/select.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { Task } from '../../src/task/task.ts'
import { sleep } from '../../src/task/time/sleep.ts'
import { rejection } from '../support/attempt.ts'
import { turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const never = (): Promise<never> => mpsc<never>({ capacity: 1 }).receiver.recv() as Promise<never>

const after = <A>(turns: number, value: A) => async (): Promise<A> => {
  for (let i = 0; i < turns; i++) await yieldNow()
  return value
}

suite('select', (it) => {
  it('254: gives no way around the budget: a loop over it lets the event loop turn', async () => {
    await spawnTask(async () => {
      let turned = false
      setImmediate(() => {
        turned = true
      })
      let rounds = 0
      while (!turned && rounds < 10_000) {
        await select({ a: consumeBudget, b: consumeBudget })
        rounds++
      }
      assert.ok(rounds <= 130, `${rounds} rounds`)
    })
  })

  it('254: a branch that is always ready does not starve another', async () => {
    const busy = mpsc<number>({ capacity: 2_000 })
    const quiet = mpsc<string>({ capacity: 1 })
    for (let n = 0; n < 2_000; n++) busy.sender.trySend(n)
    quiet.sender.trySend('me too')
    let rounds = 0
    for (let key = ''; key !== 'quiet'; rounds++) {
      key = (await select({ busy: (signal) => busy.receiver.recv({ signal }), quiet: (signal) => quiet.receiver.recv({ signal }) })).key
    }
    assert.ok(rounds < 200, `${rounds} rounds`)
  })

  it('256: the first branch to finish wins; the others are cancelled before the answer is seen', async () => {
    let lost: AbortSignal | undefined
    let cleaned = false
    const won = await select({
      slow: async (signal) => {
        lost = signal
        try {
          return await never()
        } finally {
          cleaned = true
        }
      },
      fast: after(2, 'value')
    })
    assert.equal(won, { key: 'fast', value: 'value' })
    assert.ok(lost?.aborted)
    assert.ok(cleaned)
  })

  it('256: the winner\'s signal does not abort, and the task goes on', async () => {
    let won: AbortSignal | undefined
    const handle = spawnTask(async () => {
      await select({ slow: never, fast: async (signal) => {
        won = signal
        await yieldNow()
      } })
      await yieldNow()
      return Task.id()
    })
    assert.is(await handle, handle.id)
    assert.not(won!.aborted)
  })

  it('256: a loser that waits for an item leaves it to others', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    await select({ item: () => receiver.recv(), tick: after(2, undefined) })
    sender.trySend(1)
    assert.is(receiver.tryRecv(), 1)
  })

  it('256: a branch that rejects first rejects the select, and cancels the others', async () => {
    let lost: AbortSignal | undefined
    const boom = new Error('boom')
    assert.is(await rejection(select({ a: (signal) => ((lost = signal), never()), b: async () => {
      await yieldNow()
      throw boom
    } }, { biased: true })), boom)
    assert.ok(lost!.aborted)
    assert.is(await rejection(select({ a: () => {
      throw boom
    } })), boom)
  })

  it('257: ready at once: from top to bottom when biased, else each wins at times', async () => {
    const branches = { a: () => Promise.resolve(1), b: async () => 2, c: () => 3 }
    const wins = new Set<string>()
    for (let n = 0; n < 200; n++) {
      assert.is((await select(branches, { biased: true })).key, 'a')
      wins.add((await select(branches)).key)
    }
    assert.equal([...wins].sort(), ['a', 'b', 'c'])
  })

  it('257: biased, a branch that is not ready gives way to one that is', async () => {
    assert.is((await select({ a: never, b: after(1, 1), c: after(3, 2) }, { biased: true })).key, 'b')
  })

  it('257: a branch that is ready at once wins before those behind it are started: they take nothing', async () => {
    const one = mpsc<number>({ capacity: 1 })
    const two = mpsc<number>({ capacity: 1 })
    one.sender.trySend(1)
    two.sender.trySend(2)
    const won = await select({ one: async (signal) => one.receiver.recv({ signal }), two: async (signal) => two.receiver.recv({ signal }) }, { biased: true })
    assert.equal(won, { key: 'one', value: 1 })
    assert.is(two.receiver.tryRecv(), 2)
  })

  it('257: that holds where the budget is used up, too', async () => {
    const one = mpsc<number>({ capacity: 1 })
    const two = mpsc<number>({ capacity: 1 })
    await spawnTask(async () => {
      one.sender.trySend(1)
      two.sender.trySend(2)
      for (let n = 0; n < 127; n++) await consumeBudget()
      await select({ one: () => one.receiver.recv(), two: () => two.receiver.recv() }, { biased: true })
    })
    assert.is(two.receiver.tryRecv(), 2)
  })

  it('256: tells what a loser had taken in the moment in which another won', async () => {
    const one = mpsc<number>({ capacity: 1 })
    const two = mpsc<number>({ capacity: 1 })
    const late: unknown[] = []
    const selecting = select({ one: () => one.receiver.recv(), two: () => two.receiver.recv() }, { late: (loser) => void late.push(loser) })
    await turn()
    one.sender.trySend(1)
    two.sender.trySend(2)
    const won = await selecting
    await turn()
    assert.equal([won, ...late].sort((a, b) => (a as { value: number }).value - (b as { value: number }).value), [
      { key: 'one', value: 1 },
      { key: 'two', value: 2 }
    ])
  })

  it('258: a branch with a false precondition is never started', async () => {
    let started = false
    const enabled = Number('0') === 1
    const won = await select({ a: enabled && (() => (started = true)), b: undefined, c: null, d: after(1, 'd') })
    assert.equal(won, { key: 'd', value: 'd' })
    assert.not(started)
  })

  it('259: a result that does not match disables its branch only; when none is left else runs, or it rejects', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    sender.close()
    const item = async (signal: AbortSignal): Promise<number | typeof NoMatch> => {
      const got = await receiver.recv({ signal })
      return got === Closed ? NoMatch : got
    }
    assert.equal(await select({ item, tick: after(2, 'tick') }, { biased: true }), { key: 'tick', value: 'tick' })
    assert.equal(await select({ item, other: item }, { else: () => 'none' }), { key: 'else', value: 'none' })
    assert.equal(await select({}, { else: async () => 1 }), { key: 'else', value: 1 })
    assert.is((await rejection(select({ item }))).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is((await rejection(select({ a: false }))).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('260: losers that are given as promises or handles keep their progress, and can be awaited later', async () => {
    const handle = spawnTask(after(4, 'slow'))
    let next: typeof handle | Promise<string> = handle
    const seen: string[] = []
    for (let n = 0; n < 3; n++) {
      const won = await select({ task: next, tick: after(1, 'tick') })
      seen.push(won.value)
      if (won.key === 'task') next = never()
    }
    assert.ok(seen.includes('tick'))
    assert.not(handle.isFinished && seen.every((value) => value === 'slow'))
    assert.is(await handle, 'slow')
  })

  it('is given up with its task, and by a signal: all branches stop', async () => {
    const signals: AbortSignal[] = []
    const note = (signal: AbortSignal): Promise<never> => {
      signals.push(signal)
      return never()
    }
    const task = spawnTask(() => select({ a: note, b: note }))
    await turn()
    task.abort()
    assert.is(((await rejection(task.join())) as unknown as JoinError).kind, 'cancelled')
    const controller = new AbortController()
    const selecting = select({ a: note, b: () => new Promise<never>(() => undefined) }, { signal: controller.signal })
    await turn()
    controller.abort('enough')
    assert.is(await rejection(selecting), 'enough')
    assert.is(signals.length, 3)
    assert.ok(signals.every(({ aborted }) => aborted))
  })

  it('race: the value of the first, the others stopped', async () => {
    let lost: AbortSignal | undefined
    assert.is(await race<string>((signal) => ((lost = signal), never()), after(1, 'b'), sleep(60_000, { ref: false }).then(() => 'c')), 'b')
    assert.ok(lost!.aborted)
    assert.is(await rejection(race(never, () => {
      throw 'no'
    })), 'no')
  })
})

suite('join', (it) => {
  it('254: no part starves another', async () => {
    const counts = [0, 0]
    let stop = false
    const part = (i: number) => async (): Promise<void> => {
      while (!stop) {
        counts[i]!++
        await consumeBudget()
      }
    }
    await spawnTask(() => join(part(0), part(1), async () => {
      await sleep(5)
      stop = true
    }))
    assert.ok(Math.min(...counts) > 100 && Math.max(...counts) < Math.min(...counts) * 2, String(counts))
  })

  it('261: join waits for all, and gives results by position; none at all resolves', async () => {
    assert.equal(await join(after(3, 1), after(1, 'two'), Promise.resolve(true), () => null), [1, 'two', true, null])
    assert.equal(await join(), [])
    assert.equal(await tryJoin(), [])
    assert.equal(await tryJoin(after(2, 1), after(1, 2)), [1, 2])
  })

  it('261: join with a failure still waits for the others', async () => {
    let ended = false
    const joining = join(async () => {
      await yieldNow()
      throw new Error('first')
    }, async () => {
      await sleep(5)
      ended = true
      throw new Error('second')
    })
    assert.ok(await waits(joining))
    assert.is((await rejection(joining)).message, 'first')
    assert.ok(ended)
  })

  it('261: tryJoin fails at the first failure without waiting for the rest, which stops', async () => {
    let rest: AbortSignal | undefined
    let cleaned = false
    let done: AbortSignal | undefined
    const error = await rejection(tryJoin(async (signal) => {
      rest = signal
      try {
        await never()
      } finally {
        cleaned = true
      }
    }, (signal) => void (done = signal), async () => {
      await yieldNow()
      throw new Error('first')
    }, () => new Promise(() => undefined)))
    assert.is(error.message, 'first')
    assert.ok(rest!.aborted)
    assert.ok(cleaned)
    assert.not(done!.aborted)
  })

  it('is given up with its task', async () => {
    for (const wait of [join, tryJoin]) {
      const task = spawnTask(() => wait(() => new Promise(() => undefined), never))
      await turn()
      task.abort()
      assert.is(((await rejection(task.join())) as unknown as JoinError).kind, 'cancelled')
    }
  })
})
