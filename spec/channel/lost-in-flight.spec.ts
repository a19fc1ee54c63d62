/** Handles on their way to a thread that is killed before it unpacks them: nobody waits for what cannot arrive any more. */
import * as assert from 'uvu/assert'
import { pack } from '../../src/prelude/travel.ts'
import { Closed, ClosedError, Empty, broadcast, mpsc, oneshot, watch, type Mpsc } from '../../src/sync.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { turn, waits } from '../support/settling.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startThread, type Thread } from '../support/thread.ts'
import { travelled } from '../support/travelled.ts'

/** A thread that unpacks nothing any more. */
const busy = async (scope: Scope): Promise<Thread> => {
  const thread = startThread(scope, new URL('../support/fixtures/mpsc-threads.ts', import.meta.url))
  const started = new SharedArrayBuffer(4)
  const { sender } = mpsc<unknown>({ capacity: 1 })
  thread.call('spin', sender, started).catch(() => undefined)
  while (new Int32Array(started)[0]! < 100) await new Promise((resolve) => setTimeout(resolve, 1))
  return thread
}

/** Sends handles there, where they do not arrive. */
const lose = async (thread: Thread, ...handles: readonly unknown[]): Promise<void> => {
  thread.call('keep', ...handles).catch(() => undefined)
  await turn()
}

suite('handles that are lost on their way', (it) => {
  for (const [kind, make] of [
    ['bounded', () => mpsc<number>({ capacity: 2 })],
    ['unbounded', () => mpsc.unbounded<number>()]
  ] as readonly (readonly [string, () => Pick<Mpsc<number>, 'receiver'> & { readonly sender: Disposable & { readonly strongCount: number } }])[]) {
    it(`mpsc, ${kind}: a sender counts as closed, and who waits hears that it was the last`, async (scope) => {
      const { sender, receiver } = make()
      const thread = await busy(scope)
      await lose(thread, sender, sender)
      assert.is(sender.strongCount, 3)
      sender[Symbol.dispose]()
      const waiting = receiver.recv()
      assert.ok(await waits(waiting))
      assert.is(receiver.senderCount, 2)
      await thread.terminate()
      assert.is(await waiting, Closed)
      assert.is(receiver.senderCount, 0)
    })
  }

  it('mpsc: a receiver counts as dropped: who waits is refused, and its items are let go', async (scope) => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const thread = await busy(scope)
    sender.trySend(1)
    await lose(thread, receiver)
    assert.is(sender.trySend(2), undefined)
    const [sending, told] = [sender.send(3), sender.closed()]
    assert.ok(await waits(sending))
    await thread.terminate()
    assert.instance(await rejection(sending), ClosedError)
    await told
    assert.equal([sender.isClosed, sender.capacity], [true, 2])
  })

  it('oneshot: either end counts as closed', async (scope) => {
    const thread = await busy(scope)
    const [one, two, sent] = [oneshot<number>(), oneshot<number>(), oneshot<number>()]
    sent.sender.send(7)
    await lose(thread, one.sender, two.receiver, sent.sender.isClosed)
    const [waiting, told] = [one.receiver.recv(), two.sender.closed()]
    assert.ok(await waits(waiting))
    assert.is(one.receiver.tryRecv(), Empty)
    await thread.terminate()
    assert.is(await waiting, Closed)
    await told
    assert.equal(two.sender.send(1), { _tag: 'Closed', value: 1 })
    assert.is(await sent.receiver.recv(), 7)
  })

  it('broadcast and watch: senders count as closed, receivers as gone', async (scope) => {
    const thread = await busy(scope)
    const items = broadcast<number>({ capacity: 2 })
    const reader = items.subscribe()
    const value = watch(0)
    await lose(thread, items, items.subscribe(), value.sender, value.receiver)
    assert.equal([items.strongCount, items.receiverCount, value.sender.strongCount, value.sender.receiverCount], [2, 2, 2, 1])
    const told = value.sender.closed()
    items.close()
    const waiting = reader.recv()
    await thread.terminate()
    assert.is(await waiting, Closed)
    await told
    assert.equal([reader.senderCount, value.sender.strongCount, value.sender.receiverCount], [0, 1, 0])
  })

  it('handles beside one that cannot travel do not leave: senders count as before, a receiver is dropped', async () => {
    const [one, two] = [mpsc<number>({ capacity: 2 }), mpsc<number>({ capacity: 2 })]
    const closed = mpsc<number>({ capacity: 1 }).sender
    closed.close()
    assert.instance(thrown(() => pack([one.sender, two.receiver, closed])), TypeError)
    while (one.sender.strongCount !== 1 || !two.sender.isClosed) await turn()
  })

  it('ends that have arrived, and left again, are where they are: the end of an earlier passage says nothing', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const here = travelled(travelled(travelled(receiver)))
    const one = oneshot<number>()
    const answer = travelled(travelled(one.receiver))
    const question = travelled(travelled(one.sender))
    await turn()
    assert.is(sender.trySend(1), undefined)
    assert.is(await here.recv(), 1)
    assert.is(question.send(2), undefined)
    assert.is(await answer.recv(), 2)
  })
}, 20_000)
