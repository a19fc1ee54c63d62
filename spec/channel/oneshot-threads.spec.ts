/** A oneshot channel whose ends are in two threads; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { pack } from '../../src/prelude/travel.ts'
import { Closed, Empty, mpsc, oneshot } from '../../src/sync.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { collected } from '../support/collected.ts'
import { waits } from '../support/settling.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startThread, type Thread } from '../support/thread.ts'
import { travelled } from '../support/travelled.ts'

const start = (scope: Scope): Thread => startThread(scope, new URL('../support/fixtures/mpsc-threads.ts', import.meta.url))

suite('oneshot across threads', (it) => {
  it('81: a value that was sent there is received here, and the other way, whichever comes first', async (scope) => {
    const thread = start(scope)
    const first = oneshot<unknown>()
    const waiting = first.receiver.recv()
    assert.is(await thread.call('answer', first.sender, { a: [1, 2] }), undefined)
    assert.equal(await waiting, { a: [1, 2] })
    assert.equal(await first.receiver.recv(), { a: [1, 2] })
    const second = oneshot<unknown>()
    second.sender.send('before')
    assert.is(await thread.call('awaitOneshot', second.receiver), 'before')
    const third = oneshot<unknown>()
    const blocked = thread.call('awaitOneshot', third.receiver)
    assert.is(third.sender.send(3), undefined)
    assert.is(await blocked, 3)
    const fourth = oneshot<unknown>()
    await thread.call('answer', fourth.sender, 4)
    assert.equal([fourth.receiver.tryRecv(), fourth.receiver.tryRecv()], [4, Closed])
  })

  it('82, 83: either end that is closed tells the other, in the other thread', async (scope) => {
    const thread = start(scope)
    const one = oneshot<unknown>()
    const waiting = one.receiver.recv()
    await thread.call('close', one.sender)
    assert.is(await waiting, Closed)
    const two = oneshot<unknown>()
    const told = two.sender.closed()
    assert.ok(await waits(told))
    await thread.call('close', two.receiver)
    await told
    assert.equal(two.sender.send(1), { _tag: 'Closed', value: 1 })
    assert.is(two.sender.isClosed, true)
  })

  it('a thread that is killed closes the ends that it had', async (scope) => {
    const thread = start(scope)
    const one = oneshot<unknown>()
    const two = oneshot<unknown>()
    const three = oneshot<unknown>()
    const waiting = one.receiver.recv()
    const told = two.sender.closed()
    await thread.call('keepOneshot', one.sender)
    await thread.call('keepOneshot', two.receiver)
    await thread.call('answer', three.sender, 'in time')
    assert.is(one.receiver.tryRecv(), Empty)
    await thread.terminate()
    assert.is(await waiting, Closed)
    await told
    assert.is(await three.receiver.recv(), 'in time')
  })

  it('an end that has travelled is none here; what waits, or cannot be cloned, keeps it here', async () => {
    const one = oneshot<unknown>()
    pack(one.sender)
    assert.instance(thrown(() => one.sender.send(1)), TypeError)
    one.sender[Symbol.dispose]()
    const two = oneshot<unknown>()
    void two.receiver.recv()
    assert.instance(thrown(() => pack(two.receiver)), TypeError)
    const three = oneshot<unknown>()
    three.sender.send(() => 1)
    assert.is(thrown(() => pack(three.receiver)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(typeof three.receiver.tryRecv(), 'function')
    const four = oneshot<unknown>()
    const arrived = travelled(four.receiver)
    assert.is(thrown(() => four.sender.send(() => 1)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    four.sender.send('then this')
    assert.is(await arrived.recv(), 'then this')
  })

  it('86, 88, 89: what was received is known to the receiver wherever it goes', async () => {
    const { sender, receiver } = oneshot<number>()
    const arrived = travelled(receiver)
    assert.equal([arrived.isEmpty, arrived.isTerminated], [true, false])
    sender.send(1)
    assert.equal([arrived.isEmpty, arrived.isTerminated], [false, false])
    assert.is(await arrived.recv(), 1)
    const back = travelled(arrived)
    assert.equal([back.isEmpty, back.isTerminated, back.tryRecv(), await back.recv()], [true, true, Closed, 1])
  })

  it('91: blockingRecv throws on a thread with an event loop, whether the value is there or not', () => {
    for (const sent of [true, false]) {
      const { sender, receiver } = oneshot<number>()
      if (sent) sender.send(1)
      assert.is(thrown(() => receiver.blockingRecv()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
      assert.is(receiver.tryRecv(), sent ? 1 : Empty)
    }
  })

  it('42: an abandoned receive leaves the value for the next', async (scope) => {
    const thread = start(scope)
    const { sender, receiver } = oneshot<unknown>()
    const controller = new AbortController()
    const left = rejection(receiver.recv({ signal: controller.signal }))
    const sent = thread.call('answer', sender, 'value')
    controller.abort(new Error('left'))
    assert.is((await left).message, 'left')
    await sent
    assert.is(await receiver.recv(), 'value')
  })

  it('90: neither end keeps what waited on it alive once both are gone', async () => {
    let waiter: WeakRef<object> | undefined
    await (async () => {
      const mine = { large: new Array<number>(1000).fill(1) }
      waiter = new WeakRef(mine)
      const { sender, receiver } = oneshot<number>()
      const waiting = receiver.recv().then(() => mine.large.length)
      sender.close()
      await waiting
    })()
    await collected()
    assert.is(waiter!.deref(), undefined)
  })

  it('an mpsc channel brings no handles across threads: the item names the path', () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 1 })
    pack(sender)
    const { sender: reply } = oneshot<number>()
    const error = thrown(() => sender.trySend({ question: 1, reply }))
    assert.is(error.code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.ok(error.message.includes('item.reply'), error.message)
    assert.is(receiver.length, 0)
  })
}, 10_000)
