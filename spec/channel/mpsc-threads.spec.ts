/** Channels whose ends are in several threads; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { pack, unpack } from '../../src/prelude/travel.ts'
import { Closed, ClosedError, Empty, Full, mpsc, type Mpsc, type Receiver } from '../../src/sync.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { fateOf, observe, turn, waits } from '../support/settling.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startThread, type Thread } from '../support/thread.ts'
import { travelled } from '../support/travelled.ts'

const module = new URL('../support/fixtures/mpsc-threads.ts', import.meta.url)

const start = (scope: Scope): Thread => startThread(scope, module)

/** The thread of the specs that need no more of one than that it is another. */
let common: Thread | undefined
const other = (): Thread => (common ??= startThread({ defer: () => undefined }, module))

/** A channel of shared memory of which this thread has both ends: as after a sender has gone and come back. */
const shared = <A>(capacity: number): Mpsc<A> => {
  const ends = mpsc<A>({ capacity })
  travelled(ends.sender).close()
  return ends
}

/** Resolves when a condition that another thread brings about holds. */
const eventually = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1))
}

suite('mpsc across threads', (it) => {
  it('2: items that a thread sends arrive here, in order, and the end with the last sender', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    const produced = other().call<number>('produce', sender, 0, 1000, 1)
    sender.close()
    const items: number[] = []
    for await (const item of receiver) items.push(item)
    assert.equal(items, Array.from({ length: 1000 }, (_, i) => i))
    assert.is(await produced, items.reduce((a, b) => a + b, 0))
    assert.is(await receiver.recv(), Closed)
  })

  it('2, 34: items that are sent here, awaiting, are received there, blocking', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    const consumed = other().call('consume', receiver, 7)
    let sum = 0
    for (let i = 0; i < 1000; i++) {
      await sender.send(i)
      sum += i
    }
    sender.close()
    assert.equal(await consumed, { count: 1000, sum, wrong: 0 })
  })

  it('34: both ends block, in two threads, over a channel of one place', async (scope) => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const consumed = start(scope).call('consume', receiver, 3)
    const sum = await start(scope).call<number>('produce', sender, 1, 2000, 5)
    sender.close()
    assert.equal(await consumed, { count: 2000, sum, wrong: 0 })
  })

  it('34: blocking receives of several items take what is there, up to the limit', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 10 })
    for (let i = 0; i < 5; i++) sender.trySend(i)
    const thread = other()
    await thread.call('keep', receiver)
    assert.equal(await thread.call('recvKept', 3), [0, 1, 2])
    assert.equal(await thread.call('recvKept', 3), [3, 4])
    const waiting = thread.call('recvKept', 3)
    await sender.send(5)
    assert.equal(await waiting, [5])
    sender.close()
    assert.equal(await thread.call('recvKept', 3), [])
  })

  it('35: blocking forms throw on a thread with an event loop, though another thread could end the wait', () => {
    const { sender, receiver } = shared<number>(1)
    sender.trySend(1)
    for (const call of [() => { sender.blockingSend(2) }, () => sender.blockingReserve(), () => receiver.blockingRecv(), () => receiver.blockingRecvMany(1)]) {
      assert.is(thrown(call).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    }
    assert.is(receiver.length, 1)
  })

  it('a receiver is moved with what is in it: it is none here any more, and comes back', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 10 })
    sender.trySend({ a: [1, new Date(0)] })
    sender.trySend('second')
    const thread = other()
    const got = thread.call('recvAndKeep', receiver)
    for (const use of [() => receiver.tryRecv(), () => receiver.recv(), () => receiver.length, () => { receiver.close() }, () => pack(receiver)]) {
      assert.instance(thrown(use), TypeError)
    }
    receiver[Symbol.dispose]()
    assert.equal(await got, { a: [1, new Date(0)] })
    const came = await thread.call<Receiver<unknown>>('makeChannel', [1, 'two', { three: 3 }])
    assert.equal(await came.recvMany(10), [1, 'two', { three: 3 }])
    assert.is(await came.recv(), Closed)
  })

  it('a receiver on which a receive waits stays, and so does one with items that cannot be cloned', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 2 })
    const waiting = receiver.recv()
    assert.instance(thrown(() => pack(receiver)), TypeError)
    sender.trySend(1)
    assert.is(await waiting, 1)
    sender.trySend(() => 1)
    assert.is(thrown(() => pack(receiver)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(typeof receiver.tryRecv(), 'function')
  })

  it('a receive that waited here before the channel was shared gets what another thread sends', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const waiting = [receiver.recv(), receiver.recv()]
    const thread = other()
    await thread.call('send', sender, 7)
    await thread.call('send', sender, 8)
    assert.equal(await Promise.all(waiting), [7, 8])
  })

  it('sends and reserves that waited here before the channel was shared keep their places', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    sender.trySend(0)
    const second = sender.send(1)
    const reserved = sender.reserve()
    const fourth = sender.send(3)
    const fifth = other().call('send', sender, 4)
    await eventually(() => sender.strongCount > 1)
    assert.is(await receiver.recv(), 0)
    await second
    assert.is(await receiver.recv(), 1)
    ;(await reserved).send(2)
    assert.equal([await receiver.recv(), await receiver.recv(), await receiver.recv()], [2, 3, 4])
    await Promise.all([fourth, fifth])
  })

  it('2: what a sender sends while one of its sends was served by another thread, but not seen to yet, comes after it', async () => {
    for (const form of ['trySend', 'send'] as const) {
      const { sender, receiver } = mpsc<unknown>({ capacity: 2 })
      const thread = other()
      sender.trySend('first')
      assert.is(await thread.call('recvAndKeep', receiver), 'first')
      for (const item of ['a', 'b']) sender.trySend(item)
      const waiting = sender.send('c')
      const got = thread.call('recvKept', 2)
      while (sender.capacity === 0); // c has its place by then; this thread has not turned since
      await sender[form]('d')
      assert.equal(await got, ['a', 'b'])
      await waiting
      assert.equal(await thread.call('recvKept', 2), ['c', 'd'])
    }
  })

  it('a send that waited here and cannot cross threads rejects, and its room is the next one\'s', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 1 })
    sender.trySend(0)
    const second = fateOf(sender.send(() => 1))
    const third = sender.send(2)
    pack(sender)
    assert.is(receiver.tryRecv(), 0)
    const fate = await second
    assert.ok(fate.is === 'reason' && (fate.reason as { code: string }).code === 'ERR_MILLRACE_NOT_CLONEABLE')
    await third
    assert.is(receiver.tryRecv(), 2)
  })

  it('what cannot be cloned is refused by the send, by path, and nothing is sent', async () => {
    const { sender, receiver } = shared<unknown>(4)
    const item = { list: [{ call: () => 1 }] }
    for (const send of [() => sender.trySend(item), () => sender.send(item)]) {
      const error = thrown(send)
      assert.instance(error, TypeError)
      assert.ok(error.message.includes('item.list[0].call'), error.message)
    }
    const permit = await sender.reserve()
    assert.instance(thrown(() => permit.send(item)), TypeError)
    assert.is(permit.send('instead'), undefined)
    assert.equal([receiver.length, sender.capacity], [1, 3])
  })

  it('items are copies: what is changed after the send is not seen', async () => {
    const { sender, receiver } = shared<{ n: number[] }>(1)
    const item = { n: [1] }
    sender.trySend(item)
    const waiting = sender.send(item)
    item.n.push(2)
    assert.equal(await receiver.recv(), { n: [1] })
    await waiting
    assert.equal(await receiver.recv(), { n: [1] })
  })

  it('items larger than the memory is at first arrive whole', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 3 })
    const thread = other()
    const large = { text: 'ä'.repeat(300_000), bytes: new Uint8Array(500_000).fill(7), list: Array.from({ length: 10_000 }, (_, i) => i) }
    await thread.call('send', sender, large)
    await thread.call('send', sender, 'x'.repeat(2_000_000))
    assert.equal(await receiver.recv(), large)
    assert.is(((await receiver.recv()) as string).length, 2_000_000)
  })

  it('49: an unbounded channel across threads grows with what is sent', async () => {
    const { sender, receiver } = mpsc.unbounded<unknown>()
    sender.send('before')
    const thread = other()
    for (let i = 0; i < 3; i++) assert.is(await thread.call('trySend', sender, `${i}`.repeat(100_000)), undefined)
    assert.is(receiver.length, 4)
    assert.equal(((await receiver.recvMany(10)) as string[]).map((item) => item[0]), ['b', '0', '1', '2'])
    receiver.close()
    assert.equal(await thread.call('trySend', sender, 1), { _tag: 'Closed', value: 1 })
  })

  it('10, 11, 12, 19: full and closed are seen by every thread', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 2 })
    const thread = other()
    assert.is(await thread.call('hold', sender, 1), 1)
    assert.is(sender.capacity, 1)
    assert.is(await thread.call('trySend', sender, 'there'), undefined)
    assert.equal(await thread.call('trySend', sender, 'more'), { _tag: 'Full', value: 'more' })
    assert.equal([sender.trySend('here'), sender.tryReserve(), sender.capacity, sender.maxCapacity], [{ _tag: 'Full', value: 'here' }, Full, 0, 2])
    receiver.close()
    assert.equal(await thread.call('trySend', sender, 'late'), { _tag: 'Closed', value: 'late' })
    assert.is(sender.tryReserve(), Closed)
  })

  it('21, 22, 23: permits of another thread keep a closed channel going, until they are used or released', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 3 })
    const thread = other()
    await thread.call('hold', sender, 2)
    receiver.close()
    const waiting = receiver.recv()
    assert.is(receiver.tryRecv(), Empty)
    assert.ok(await waits(waiting))
    await thread.call('use', ['last'])
    assert.is(await waiting, 'last')
    assert.is(await receiver.recv(), Closed)
  })

  it('20: sends that wait in another thread are refused by the receiver\'s close', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 1 })
    sender.trySend(1)
    const blocked = other().call('sendBlocked', sender, 2)
    const awaited = fateOf(sender.send(3))
    assert.is((await awaited).is, 'pending')
    await eventually(() => sender.strongCount > 1)
    receiver.close()
    assert.is(await blocked, 'ERR_MILLRACE_CLOSED')
    assert.is(await receiver.recv(), 1)
    assert.is(await receiver.recv(), Closed)
  })

  it('25, 41: closed() is told when the receiver of another thread closes', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 1 })
    const told = [sender.closed(), sender.clone().closed()]
    const thread = start(scope)
    sender.trySend(1)
    assert.is(await thread.call('recvAndKeep', receiver), 1)
    assert.ok(await waits(Promise.race(told)))
    assert.is(sender.isClosed, false)
    const other = mpsc<unknown>({ capacity: 1 })
    const closed = other.sender.closed()
    await thread.call('close', other.receiver)
    await closed
    assert.is(other.sender.isClosed, true)
    await thread.terminate()
    await Promise.all(told)
    assert.is(sender.isClosed, true)
    assert.equal(sender.trySend(2), { _tag: 'Closed', value: 2 })
  })

  it('42: an abandoned receive has taken nothing of what another thread sends', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 1 })
    const thread = other()
    const controller = new AbortController()
    const left = observe(receiver.recv({ signal: controller.signal }))
    await thread.call('counts', sender)
    controller.abort('left')
    await turn()
    assert.equal(left.fate(), { is: 'reason', reason: 'left' })
    await thread.call('send', sender, 1)
    assert.is(await receiver.recv(), 1)
  })

  it('7, 43: an abandoned send gives its place to the next, in another thread', async () => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 1 })
    const thread = other()
    await thread.call('send', sender, 1)
    const controller = new AbortController()
    const left = observe(sender.send(2, { signal: controller.signal }))
    const blocked = thread.call('sendBlocked', sender, 3)
    await turn()
    controller.abort('left')
    await turn()
    assert.equal(left.fate(), { is: 'reason', reason: 'left' })
    assert.is(await receiver.recv(), 1)
    assert.is(await blocked, 'sent')
    assert.is(await receiver.recv(), 3)
  })

  it('50, 52: handles are counted over threads, and weak ones make senders there', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 4 })
    const thread = start(scope)
    const weak = sender.downgrade()
    assert.equal(await thread.call('counts', sender), [2, 1])
    assert.is(await thread.call('upgrade', weak, 'by upgrade'), 'sent')
    assert.is(await receiver.recv(), 'by upgrade')
    await thread.call('close', sender)
    assert.is(sender.strongCount, 2)
    sender.close()
    await thread.terminate()
    assert.is(receiver.senderCount, 0)
    assert.is(await receiver.recv(), Closed)
    assert.is(weak.upgrade(), undefined)
  })

  it('a handle that comes twice, or comes back, leads to the same channel', () => {
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    const again = travelled(sender)
    assert.is(again.sameChannel(sender), true)
    assert.is(again.strongCount, 2)
    again.trySend(1)
    sender.trySend(2)
    const moved = travelled(receiver)
    assert.equal([moved.tryRecv(), moved.tryRecv()], [1, 2])
  })

  it('a sender counts from when it leaves, so the one that stays can be closed at once', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    const { value } = pack(sender)
    sender.close()
    assert.is(receiver.tryRecv(), Empty)
    const arrived = unpack(value) as typeof sender
    assert.is(receiver.senderCount, 1)
    await turn() // its passage is over, and it stays counted
    assert.is(receiver.senderCount, 1)
    arrived.close()
    assert.is(receiver.tryRecv(), Closed)
  })

  it('a sender of a channel that weighs stays; its receiver goes', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 10, weigh: (text) => text.length })
    assert.instance(thrown(() => pack(sender)), TypeError)
    sender.trySend('four')
    const thread = other()
    assert.is(await thread.call('recvAndKeep', receiver), 'four')
    sender.trySend('sevenths')
    assert.is(sender.capacity, 2)
    sender.close()
    assert.instance(thrown(() => pack(sender)), TypeError)
  })

  it('two threads that ask and answer pass every item', async () => {
    const questions = mpsc<number>({ capacity: 8 })
    const answers = mpsc<number>({ capacity: 8 })
    const served = other().call('serve', questions.receiver, answers.sender)
    answers.sender.close()
    for (let i = 0; i < 500; i++) {
      await questions.sender.send(i)
      assert.is(await answers.receiver.recv(), i * 2)
    }
    questions.sender.close()
    assert.is(await served, 500)
    assert.is(await answers.receiver.recv(), Closed)
  })

  it('the thread that these specs have used ends', async () => {
    await common?.terminate()
  })
}, 10_000)

suite('mpsc, threads that die', (it) => {
  it('a sender of a thread that was killed counts as closed', async (scope) => {
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    const thread = start(scope)
    const started = new SharedArrayBuffer(4)
    thread.call('spin', sender, started).catch(() => undefined)
    sender.close()
    await eventually(() => new Int32Array(started)[0]! > 1000)
    const waiting = (async () => {
      let last = 0
      for await (const item of receiver) {
        assert.ok(item > last)
        last = item
      }
      return last
    })()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await thread.terminate()
    assert.ok((await waiting) > 0)
    assert.is(receiver.senderCount, 0)
  })

  it('permits of a thread that was killed are free again, for the next who waits', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 3 })
    const thread = start(scope)
    await thread.call('hold', sender, 3)
    const waiting = sender.reserveMany(2)
    assert.ok(await waits(waiting))
    await thread.terminate()
    assert.is((await waiting).length, 2)
    assert.is(sender.capacity, 1)
    for (const permit of await waiting) permit.release()
    sender.close()
    assert.is(await receiver.recv(), Closed)
  })

  it('a send that blocks in a thread that is killed was not sent, and its place is the next one\'s', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 1 })
    sender.trySend(1)
    const thread = start(scope)
    thread.call('sendBlocked', sender, 2).catch(() => undefined)
    await eventually(() => sender.strongCount > 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const third = sender.send(3)
    await thread.terminate()
    assert.is(await receiver.recv(), 1)
    await third
    assert.is(await receiver.recv(), 3)
  })

  it('a receiver of a thread that was killed counts as dropped: who waits is refused, and what is in it is let go', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 2 })
    const thread = start(scope)
    sender.trySend(0)
    await thread.call('recvAndKeep', receiver)
    sender.trySend(1)
    sender.trySend(2)
    const waiting = sender.send(3)
    const reserved = sender.reserve()
    const told = sender.closed()
    assert.ok(await waits(waiting))
    await thread.terminate()
    assert.instance(await rejection(waiting), ClosedError)
    assert.instance(await rejection(reserved), ClosedError)
    await told
    assert.equal([sender.isClosed, sender.capacity], [true, 2])
    assert.equal(sender.trySend(4), { _tag: 'Closed', value: 4 })
  })

  it('40: the length stays between none and the capacity while another thread sends, and while it is killed', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 3 })
    const thread = start(scope)
    const started = new SharedArrayBuffer(4)
    thread.call('spin', sender, started).catch(() => undefined)
    await eventually(() => new Int32Array(started)[0]! > 10)
    const killed = thread.terminate()
    const seen = new Set<number>()
    for (let over = false; !over; ) {
      for (let i = 0; i < 1000; i++) {
        const { length } = receiver
        seen.add(length)
        if (receiver.tryRecv() !== Empty) assert.ok(length >= 0 && length <= 3, `${length}`)
      }
      over = await Promise.race([killed.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => { resolve(false) }))])
    }
    assert.ok([...seen].every((length) => length >= 0 && length <= 3), [...seen].join())
    sender.trySend('after')
    assert.is(receiver.isEmpty, false)
  })

  it('10 threads killed in the middle of sending leave every item of the others, and the channel usable', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 8 })
    let received = 0
    const reading = (async () => {
      for await (const item of receiver) if (typeof item === 'string') received++
    })()
    for (let round = 0; round < 5; round++) {
      const threads = Array.from({ length: 2 }, () => start(scope))
      const started = threads.map(() => new SharedArrayBuffer(4))
      threads.forEach((thread, i) => { thread.call('spin', sender, started[i]).catch(() => undefined) })
      await eventually(() => started.every((word) => new Int32Array(word)[0]! > 200))
      for (const thread of threads) await thread.terminate()
      for (let i = 0; i < 20; i++) await sender.send(`ours ${i}`)
      assert.is(sender.strongCount, 1)
    }
    await eventually(() => received === 100)
    assert.is(sender.capacity, 8)
    sender.close()
    await reading
  })
}, 20_000)
