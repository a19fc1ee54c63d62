/** Cancellation tokens: who is told, and who is not; in one thread and in several. */
import * as assert from 'uvu/assert'
import { load } from '../../src/atomic/park.ts'
import { mpsc } from '../../src/channel/mpsc.ts'
import { CancellationToken } from '../../src/task/cancellation-token.ts'
import { Cancelled } from '../../src/task/outcome.ts'
import { spawnTask } from '../../src/task/spawn-task.ts'
import { yieldNow } from '../../src/task/cooperate.ts'
import { rejection } from '../support/attempt.ts'
import { turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

const HANDLES = new URL('../support/fixtures/task-handles.ts', import.meta.url)
const never = (): Promise<never> => mpsc<never>({ capacity: 1 }).receiver.recv() as Promise<never>

suite('cancellation-token', (it) => {
  it('282: cancel wakes every waiter once; waits begun later resolve at once', async () => {
    const token = new CancellationToken()
    let woken = 0
    const waiting = Array.from({ length: 20 }, () => token.cancelled().then(() => woken++))
    assert.ok(await waits(waiting[0]!))
    assert.not(token.isCancelled)
    token.cancel()
    token.cancel()
    assert.ok(token.isCancelled)
    await Promise.all(waiting)
    await token.cancelled()
    await turn()
    assert.is(woken, 20)
  })

  it('284: a wait on a token at the end of a long line of children is heard by the first, and leaves it again', async () => {
    const root = new CancellationToken()
    let last = root
    for (let i = 0; i < 20_000; i++) last = last.child()
    const controller = new AbortController()
    const waiting = last.cancelled({ signal: controller.signal })
    controller.abort('enough')
    assert.is(await rejection(waiting), 'enough')
    root.cancel()
    assert.ok(last.isCancelled)
  })

  it('282: a wait that is given up is woken by nothing, and the others still are', async () => {
    const token = new CancellationToken()
    const controller = new AbortController()
    const given = token.cancelled({ signal: controller.signal })
    const other = token.cancelled()
    controller.abort('enough')
    assert.is(await rejection(given), 'enough')
    token.cancel()
    await other
  })

  it('282: its signal aborts with it, with the reason that was given', () => {
    const token = new CancellationToken()
    const { signal } = token
    assert.is(token.signal, signal)
    assert.not(signal.aborted)
    assert.is(token.reason, undefined)
    token.throwIfCancelled()
    token.cancel('stop')
    assert.is(signal.reason, 'stop')
    assert.is(token.reason, 'stop')
    const late = new CancellationToken()
    late.cancel()
    assert.ok(late.signal.aborted)
    assert.is((late.reason as Error).name, 'AbortError')
    assert.throws(() => {
      late.throwIfCancelled()
    })
  })

  it('283: cancel flows to all descendants and nowhere else; each waiter is woken exactly once', async () => {
    const top = new CancellationToken()
    const middle = top.child()
    const sibling = top.child()
    const leaves = [middle.child(), middle.child()]
    const woken: string[] = []
    const watch = (name: string, token: CancellationToken): void => {
      void token.cancelled().then(() => woken.push(name))
      token.signal.addEventListener('abort', () => woken.push(`${name} signal`))
    }
    watch('top', top)
    watch('sibling', sibling)
    watch('leaf 0', leaves[0]!)
    watch('leaf 1', leaves[1]!)
    middle.cancel()
    await turn()
    assert.equal(woken.sort(), ['leaf 0', 'leaf 0 signal', 'leaf 1', 'leaf 1 signal'])
    assert.not(top.isCancelled)
    assert.not(sibling.isCancelled)
    top.cancel()
    await turn()
    assert.equal(woken.sort(), ['leaf 0', 'leaf 0 signal', 'leaf 1', 'leaf 1 signal', 'sibling', 'sibling signal', 'top', 'top signal'])
  })

  it('284: a child of a cancelled token is born cancelled', async () => {
    const token = new CancellationToken()
    token.cancel('early')
    const child = token.child()
    assert.ok(child.isCancelled)
    assert.is(child.signal.reason, 'early')
    await child.cancelled()
  })

  it('284: disposing a parent cancels nobody; a middle token that nobody holds does not cut the chain', async () => {
    const top = new CancellationToken()
    const leaf = top.child().child().child()
    const silent = top.child().child()
    const wait = leaf.cancelled()
    {
      using other = new CancellationToken()
      void other.child().cancelled()
    }
    assert.ok(await waits(wait))
    top.cancel()
    await wait
    assert.ok(silent.isCancelled)
    assert.ok(silent.signal.aborted)
  })

  it('285: runUntilCancelled answers empty when the token is cancelled first, else the value', async () => {
    const token = new CancellationToken()
    assert.is(await token.runUntilCancelled(async () => {
      await yieldNow()
      return 1
    }), 1)
    assert.is(await token.runUntilCancelled(Promise.resolve(2)), 2)
    let lost: AbortSignal | undefined
    let cleaned = false
    const running = token.runUntilCancelled(async (signal) => {
      lost = signal
      try {
        await never()
      } finally {
        cleaned = true
      }
    })
    assert.ok(await waits(running))
    token.cancel()
    assert.is(await running, Cancelled)
    assert.ok(lost!.aborted)
    assert.ok(cleaned)
    const boom = new Error('boom')
    assert.is(await rejection(new CancellationToken().runUntilCancelled(() => Promise.reject(boom))), boom)
  })

  it('285: with a cancelled token the work is never started, even if it is ready', async () => {
    const token = new CancellationToken()
    token.cancel()
    let started = false
    assert.is(await token.runUntilCancelled(() => {
      started = true
      return 1
    }), Cancelled)
    assert.not(started)
    assert.is(await token.runUntilCancelled(Promise.resolve(1)), Cancelled)
  })

  it('285: it ends with its task, too', async () => {
    const token = new CancellationToken()
    const handle = spawnTask(() => token.runUntilCancelled(() => new Promise(() => undefined)))
    await turn()
    handle.abort()
    const joined = await handle.joined()
    assert.ok(joined.status === 'rejected' && joined.reason.kind === 'cancelled')
    assert.not(token.isCancelled)
  })

  it('cancels at the end of a block by its guard, unless that is disarmed', () => {
    const token = new CancellationToken()
    {
      using guard = token.guard()
      assert.is(guard.disarm(), token)
    }
    assert.not(token.isCancelled)
    {
      using _guard = token.guard()
    }
    assert.ok(token.isCancelled)
  })

  it('282: is seen by another thread in a busy loop: by the token, its signal, and a child', async (scope) => {
    const thread = startThread(scope, HANDLES)
    await thread.call('keeps', new CancellationToken())
    for (const by of ['token', 'signal', 'child']) {
      const token = new CancellationToken()
      const spins = new Int32Array(new SharedArrayBuffer(4))
      const spinning = thread.call<number>('spinsUntilCancelled', token, by, spins)
      while (load(spins, 0) === 0) await turn()
      token.cancel()
      assert.type(await spinning, 'number')
    }
  })

  it('283: wakes waits of another thread and its children there, and is cancelled from there', async (scope) => {
    const thread = startThread(scope, HANDLES, { mayBlock: false })
    const parent = new CancellationToken()
    const token = parent.child()
    const waiting = thread.call<boolean>('waitsUntilCancelled', token)
    assert.not(await thread.call('keeps', token))
    parent.cancel() // flows into the child that is shared
    assert.ok(await waiting)
    const mine = new CancellationToken()
    const wait = Promise.all([mine.cancelled(), mine.child().cancelled()])
    // the loop of this thread is held by the call, which ends when the other has answered
    assert.ok(await thread.call('cancelIt', mine))
    assert.ok(mine.isCancelled)
    await wait
    assert.ok(await thread.call('keeps', mine))
  })
})
