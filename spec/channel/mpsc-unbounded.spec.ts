/** Unbounded channels, and handles that do not keep a channel going; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { Closed, Empty, Full, mpsc, type Receiver, type Sender, type UnboundedSender, type WeakSender } from '../../src/sync.ts'
import { thrown } from '../support/attempt.ts'
import { turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

suite('mpsc, unbounded', (it) => {
  it('48: a send is no promise, never waits, and gives the item back when the receiver is gone', async () => {
    const { sender, receiver } = mpsc.unbounded<number>()
    for (let i = 0; i < 10_000; i++) assert.is(sender.send(i), undefined)
    assert.is(receiver.length, 10_000)
    for (let i = 0; i < 10_000; i++) assert.is(receiver.tryRecv(), i)
    const waiting = receiver.recv()
    sender.send(7)
    assert.is(await waiting, 7)
    receiver.close()
    assert.equal(sender.send(8), { _tag: 'Closed', value: 8 })
    const dropped = mpsc.unbounded<number>()
    dropped.receiver[Symbol.dispose]()
    assert.equal(dropped.sender.send(9), { _tag: 'Closed', value: 9 })
  })

  it('49: tryRecv says Empty while a sender lives, then the rest, then Closed', () => {
    const { sender, receiver } = mpsc.unbounded<number>()
    assert.is(receiver.tryRecv(), Empty)
    sender.send(1)
    sender.send(2)
    sender.close()
    assert.equal([receiver.tryRecv(), receiver.tryRecv(), receiver.tryRecv()], [1, 2, Closed])
  })

  it('49: isClosed, length and isEmpty follow the rules of bounded channels', () => {
    for (const by of ['receiver', 'sender'] as const) {
      const ends = mpsc.unbounded<number>()
      ends.sender.send(1)
      assert.equal([ends.receiver.isClosed, ends.receiver.length, ends.receiver.isEmpty], [false, 1, false])
      ends[by].close()
      assert.equal([ends.receiver.isClosed, ends.receiver.length, ends.receiver.isEmpty], [true, 1, false])
      assert.is(ends.receiver.tryRecv(), 1)
      assert.equal([ends.receiver.length, ends.receiver.isEmpty, ends.receiver.tryRecv()], [0, true, Closed])
    }
  })

  it('49: receives a run of items, as many as asked, into an array of the caller\'s', async () => {
    const { sender, receiver } = mpsc.unbounded<number>()
    for (let i = 0; i < 5; i++) sender.send(i)
    const into = [-1]
    assert.is(await receiver.recvMany(3, { into }), into)
    assert.equal(into, [-1, 0, 1, 2])
    assert.equal(await receiver.recvMany(3), [3, 4])
  })
})

suite('mpsc, weak senders', (it) => {
  it('50: upgrades while a sender or a permit is there, and to nothing otherwise', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const weak = sender.downgrade()
    const upgraded = weak.upgrade()!
    assert.is(upgraded.trySend(1), undefined)
    assert.is(receiver.tryRecv(), 1)
    upgraded.close()
    const permit = await sender.reserve()
    sender.close()
    const byPermit = weak.upgrade()!
    assert.is(byPermit.trySend(2), undefined)
    byPermit.close()
    permit.release()
    assert.is(weak.upgrade(), undefined)
    assert.equal([receiver.tryRecv(), receiver.tryRecv()], [2, Closed])
    assert.is(weak.upgrade(), undefined)
  })

  it('50: upgrades while a send of a sender that is closed waits', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const weak = sender.downgrade()
    sender.trySend(1)
    const second = sender.send(2)
    sender.close()
    const again = weak.upgrade()!
    assert.is(receiver.tryRecv(), 1)
    await second
    assert.is(receiver.tryRecv(), 2)
    assert.is(receiver.tryRecv(), Empty)
    again.close()
    assert.is(receiver.tryRecv(), Closed)
  })

  it('51: does not keep the channel open', async () => {
    const bounded = mpsc<number>({ capacity: 1 })
    const unbounded = mpsc.unbounded<number>()
    for (const { sender, receiver } of [bounded, unbounded] as readonly { sender: Sender<number> | UnboundedSender<number>; receiver: Receiver<number> }[]) {
      const weak = sender.downgrade()
      const waiting = receiver.recv()
      assert.ok(await waits(waiting))
      sender.close()
      assert.is(await waiting, Closed)
      assert.is(receiver.isClosed, true)
      assert.is(weak.upgrade(), undefined)
    }
  })

  it('52: counts of handles agree from all sides, through clone, downgrade, upgrade and close', () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const counts = (handle: { readonly strongCount: number; readonly weakCount: number }): readonly number[] => [handle.strongCount, handle.weakCount]
    const weak = sender.downgrade()
    const check = (strong: number, weakly: number): void => {
      assert.equal([counts(sender), counts(weak), [receiver.senderCount, receiver.weakSenderCount]], [[strong, weakly], [strong, weakly], [strong, weakly]])
    }
    check(1, 1)
    const clone = sender.clone()
    check(2, 1)
    const weaker = weak.clone()
    check(2, 2)
    const upgraded = weaker.upgrade()!
    check(3, 2)
    upgraded.close()
    upgraded.close()
    weaker[Symbol.dispose]()
    weaker.close()
    check(2, 1)
    assert.is(weaker.upgrade(), undefined)
    assert.is(weaker.clone().upgrade(), undefined)
    check(2, 1)
    clone.close()
    sender.close()
    check(0, 1)
    weak.close()
    check(0, 0)
  })

  it('52: a closed sender cannot be downgraded', () => {
    const { sender } = mpsc.unbounded<number>()
    sender.close()
    assert.is(thrown(() => sender.downgrade()).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('53: an actor that has only a weak sender to itself ends when its last outside handle goes', async () => {
    interface Message { readonly left: number }
    const actor = (): { readonly handle: Sender<Message>; readonly done: Promise<number> } => {
      const { sender, receiver } = mpsc<Message>({ capacity: 4 })
      const itself: WeakSender<Message> = sender.downgrade()
      const done = (async () => {
        let handled = 0
        for await (const { left } of receiver) {
          handled++
          if (left > 0) {
            using again = itself.upgrade()
            again?.trySend({ left: left - 1 })
          }
        }
        return handled
      })()
      return { handle: sender, done }
    }
    const { handle, done } = actor()
    await handle.send({ left: 3 })
    await turn()
    assert.ok(await waits(done))
    const second = handle.clone()
    handle.close()
    await second.send({ left: 0 })
    await turn()
    assert.ok(await waits(done))
    second.close()
    assert.is(await done, 5)
  })

  it('26: an item that is sent after the receiver was dropped is not kept, though a weak sender keeps the channel in memory', () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const weak = sender.downgrade()
    receiver[Symbol.dispose]()
    assert.equal(weak.upgrade()!.trySend(1), { _tag: 'Closed', value: 1 })
    assert.is(receiver.length, 0)
    assert.is(sender.tryReserve(), Closed)
    const unbounded = mpsc.unbounded<number>()
    const weakly = unbounded.sender.downgrade()
    unbounded.receiver[Symbol.dispose]()
    assert.equal(weakly.upgrade()!.send(1), { _tag: 'Closed', value: 1 })
    assert.is(unbounded.receiver.length, 0)
  })

  it('sameChannel tells handles of one channel from those of another', () => {
    const one = mpsc<number>({ capacity: 2 })
    const other = mpsc<number>({ capacity: 2 })
    assert.is(one.sender.sameChannel(one.sender.clone()), true)
    assert.is(one.sender.sameChannel(one.sender.downgrade().upgrade()!), true)
    assert.is(one.sender.sameChannel(other.sender), false)
    const free = mpsc.unbounded<number>()
    assert.is(free.sender.sameChannel(free.sender.clone()), true)
    assert.is(free.sender.sameChannel(mpsc.unbounded<number>().sender), false)
    assert.is(one.sender.tryReserveMany(3), Full)
  })
})
