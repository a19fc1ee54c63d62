/** Channels for one value, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { Closed, Empty, oneshot } from '../../src/sync.ts'
import { waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

suite('oneshot', (it) => {
  it('81: delivers once, sent before or after the receive', async () => {
    for (const sendFirst of [true, false]) {
      const { sender, receiver } = oneshot<number>()
      const early = sendFirst ? undefined : receiver.recv()
      assert.is(sender.send(1), undefined)
      assert.is(await (early ?? receiver.recv()), 1)
      assert.equal(sender.send(2), { _tag: 'Closed', value: 2 })
      assert.is(await receiver.recv(), 1)
    }
  })

  it('82: a sender that goes away unused makes the receive end', async () => {
    const { sender, receiver } = oneshot<number>()
    const waiting = receiver.recv()
    sender[Symbol.dispose]()
    assert.is(await waiting, Closed)
    assert.is(receiver.tryRecv(), Closed)
  })

  it('83: a receiver that goes away makes the send fail with the value, closed() resolve and isClosed true', async () => {
    const { sender, receiver } = oneshot<number>()
    const told = sender.closed()
    assert.is(sender.isClosed, false)
    assert.ok(await waits(told))
    receiver[Symbol.dispose]()
    await told
    await sender.closed()
    assert.is(sender.isClosed, true)
    assert.equal(sender.send(1), { _tag: 'Closed', value: 1 })
  })

  it('84: close of the receiver leaves a value that was sent; without one, send and receive both fail', async () => {
    const sent = oneshot<number>()
    sent.sender.send(1)
    sent.receiver.close()
    assert.is(await sent.receiver.recv(), 1)
    const { sender, receiver } = oneshot<number>()
    receiver.close()
    assert.equal(sender.send(1), { _tag: 'Closed', value: 1 })
    assert.is(receiver.tryRecv(), Closed)
    assert.is(await receiver.recv(), Closed)
  })

  it('85: tryRecv says Empty, then the value, then Closed', async () => {
    const { sender, receiver } = oneshot<undefined>()
    assert.is(receiver.tryRecv(), Empty)
    sender.send(undefined)
    assert.is(receiver.tryRecv(), undefined)
    assert.is(receiver.tryRecv(), Closed)
    const other = oneshot<number>()
    other.sender.send(1)
    await other.receiver.recv()
    assert.is(other.receiver.tryRecv(), Closed)
  })

  it('86: a receive of what was received gives the same answer again', async () => {
    const { sender, receiver } = oneshot<number>()
    const both = [receiver.recv(), receiver.recv()]
    sender.send(1)
    assert.equal(await Promise.all([...both, receiver.recv(), receiver.recv()]), [1, 1, 1, 1])
  })

  it('87: close after the value was received does nothing', async () => {
    const { sender, receiver } = oneshot<number>()
    sender.send(1)
    await receiver.recv()
    receiver.close()
    sender.close()
    assert.is(await receiver.recv(), 1)
    assert.ok(await waits(sender.closed()))
  })

  it('88: isTerminated turns true once the result, or that there is none, was received', async () => {
    const ways = [
      (ends: ReturnType<typeof oneshot<number>>) => void ends.sender.send(1),
      (ends: ReturnType<typeof oneshot<number>>) => { ends.sender.close() },
      (ends: ReturnType<typeof oneshot<number>>) => { ends.receiver.close() }
    ]
    for (const way of ways) {
      for (const receive of ['recv', 'tryRecv'] as const) {
        const ends = oneshot<number>()
        assert.is(ends.receiver.isTerminated, false)
        way(ends)
        assert.is(ends.receiver.isTerminated, false)
        await ends.receiver[receive]()
        assert.is(ends.receiver.isTerminated, true)
      }
    }
    const { sender, receiver } = oneshot<number>()
    const waiting = receiver.recv()
    sender.send(1)
    await waiting
    assert.is(receiver.isTerminated, true)
  })

  it('89: isEmpty is false only between send and receive', async () => {
    const { sender, receiver } = oneshot<number>()
    const seen = [receiver.isEmpty]
    sender.send(1)
    seen.push(receiver.isEmpty)
    await receiver.recv()
    seen.push(receiver.isEmpty)
    assert.equal(seen, [true, false, true])
    const closed = oneshot<number>()
    closed.sender.close()
    assert.is(closed.receiver.isEmpty, true)
  })
})
