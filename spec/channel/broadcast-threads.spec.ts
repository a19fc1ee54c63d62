/** Broadcast channels whose ends are in several threads; numbers as in the list of tokio's semantics. Real workers, that may be blocked. */
import { DefaultDeserializer } from 'node:v8'
import * as assert from 'uvu/assert'
import { broadcast, type BroadcastOptions } from '../../src/channel/broadcast.ts'
import { pack, unpack } from '../../src/prelude/travel.ts'
import { ClosedError } from '../../src/sync/closed-error.ts'
import { Closed, Empty } from '../../src/sync/outcome.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { fateOf, observe, turn, waits } from '../support/settling.ts'
import { share } from '../support/share.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

const MODULE = new URL('../support/fixtures/broadcast-threads.ts', import.meta.url)

/** An end, as it arrives in the thread that sends it. */
const arrived = <A>(end: A): A => unpack(pack(end).value) as A

suite('broadcast, across threads', (it) => {
  it('57: receivers in this thread and in others get every item, in order, each a copy of its own', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const [awaiting, blocking] = [startThread(scope, MODULE), startThread(scope, MODULE)]
    const here = sender.subscribe()
    const item = { id: 1, tags: ['a', 'ü', '😀'], at: new Date(5), bytes: new Uint8Array([1, 2, 3]), big: 2n ** 70n }
    const items: readonly unknown[] = [1, -0, Number.NaN, 'text', 'wide 😀', '', undefined, null, true, false, item, new Map([[1, { a: 1 }]]), new Uint8Array([9]), { x: 1 }]
    const there = [awaiting.call('readAll', sender.subscribe()), blocking.call('blockingReadAll', sender.subscribe())]
    const read: unknown[] = []
    const reading = (async () => {
      for await (const one of here) read.push(one)
    })()
    for (const one of items) assert.is(await sender.send(one), 3)
    sender.close()
    await reading
    assert.equal(read, items)
    assert.is.not(read[10], item)
    for (const seen of await Promise.all(there)) assert.equal(seen, items)
  })

  it('57: what a receiver has not taken moves with it, and the handle that it was cannot be used any more', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const thread = startThread(scope, MODULE)
    const receiver = sender.subscribe()
    const stays = sender.subscribe()
    for (const item of ['a', 'b']) sender.trySend(item)
    assert.is(receiver.tryRecv(), 'a')
    const reading = thread.call('readAll', receiver)
    assert.is(thrown(() => receiver.tryRecv()).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is((await rejection(receiver.recv())).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => receiver.resubscribe()).code, 'ERR_MILLRACE_ARGUMENT')
    receiver.close()
    sender.trySend('c')
    sender.close()
    assert.equal(await reading, ['b', 'c'])
    assert.equal([stays.tryRecv(), stays.tryRecv(), stays.tryRecv(), stays.tryRecv()], ['a', 'b', 'c', Closed])
  })

  it('58: one send wakes those who wait in all threads, awaiting and blocked', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 1 })
    const threads = [startThread(scope, MODULE), startThread(scope, MODULE)]
    const here = sender.subscribe().recv()
    const there = [threads[0]!.call('readAll', sender.subscribe()), threads[1]!.call('blockingReadAll', sender.subscribe())]
    await sender.send('x')
    assert.is(await here, 'x')
    sender.close()
    assert.equal(await Promise.all(there), [['x'], ['x']])
  })

  it('56, 75, 76: closed() is told of the last receiver in another thread, and a subscribe there makes the channel usable', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const thread = startThread(scope, MODULE)
    share(sender)
    assert.is(sender.isClosed, true)
    assert.equal(sender.trySend(0), { _tag: 'Closed', value: 0 })
    const receiver = await thread.call<ReturnType<typeof sender.subscribe>>('subscribe', sender.clone())
    assert.is(sender.isClosed, false)
    const told = sender.closed()
    assert.ok(await waits(told))
    await thread.call('close', receiver)
    await told
    assert.is(sender.isClosed, true)
  })

  it('60, 62: who lags in another thread is told how many it has missed, and nobody else is concerned', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 2, whenFull: 'lag' })
    const thread = startThread(scope, MODULE)
    const fast = sender.subscribe()
    const slow = sender.subscribe()
    share(sender)
    const seen: unknown[] = []
    for (let i = 0; i < 5; i++) {
      sender.trySend(i)
      seen.push(fast.tryRecv())
    }
    sender.close()
    assert.equal(seen, [0, 1, 2, 3, 4])
    assert.equal(await thread.call('blockingReadAll', slow), [{ lagged: 3 }, 3, 4])
  })

  it('69, 78: senders are counted over all threads, and the end comes when the last one closes', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const thread = startThread(scope, MODULE)
    const receiver = sender.subscribe()
    const weak = sender.downgrade()
    await thread.call('keep', sender)
    assert.equal([sender.strongCount, receiver.senderCount, weak.weakCount], [2, 2, 1])
    assert.equal(await thread.call('counts', weak.upgrade()!), [4, 1, 1, 0]) // the clone that upgrade made, here and there
    assert.is(await thread.call('sameAsKept', sender), true)
    sender.close()
    assert.is(receiver.isClosed, false)
    assert.is(weak.upgrade() === undefined, false)
  })

  it('74: an item that cannot be made from its bytes is passed over, and the next one is still received', async ({ defer }) => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const receiver = sender.subscribe()
    share(sender)
    // views of memory are made here; that fails for want of memory, say
    const maker = DefaultDeserializer.prototype as unknown as { _readHostObject: () => unknown }
    const original = maker._readHostObject
    defer(() => (maker._readHostObject = original))
    maker._readHostObject = () => {
      throw new RangeError('no memory for it')
    }
    const item = [new Float32Array(1)]
    for (const one of [item, 'next', item, 'last']) sender.trySend(one)
    assert.is((await rejection(receiver.recv())).message, 'no memory for it')
    assert.is(await receiver.recv(), 'next')
    assert.is(thrown(() => receiver.tryRecv()).message, 'no memory for it')
    assert.is(receiver.tryRecv(), 'last')
    const [waiting, behind] = [rejection(receiver.recv()), receiver.recv()]
    sender.trySend(item)
    sender.trySend('again')
    assert.is((await waiting).message, 'no memory for it')
    assert.is(await behind, 'again')
    assert.is(sender.length, 0)
  })

  it('77: an item whose making into bytes sends another one comes behind that one', () => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const receiver = sender.subscribe()
    share(sender)
    sender.trySend(
      Object.defineProperty({}, 'a', {
        enumerable: true,
        get: () => {
          if (sender.length === 0) sender.trySend('first')
          return [1]
        }
      })
    )
    assert.equal([receiver.tryRecv(), receiver.tryRecv()], ['first', { a: [1] }])
  })

  it('79: a recv that is given up has taken nothing', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const thread = startThread(scope, MODULE)
    const receiver = sender.subscribe()
    const clone = sender.clone()
    const controller = new AbortController()
    const left = fateOf(receiver.recv({ signal: controller.signal }))
    controller.abort('left')
    await thread.call('send', clone, 1)
    assert.equal(await left, { is: 'reason', reason: 'left' })
    assert.is(receiver.tryRecv(), 1)
  })

  it('what cannot be cloned is refused with the path in it, nothing is sent, and a channel that holds some cannot be shared', async () => {
    const sender = broadcast<unknown>({ capacity: 4 })
    const receiver = sender.subscribe()
    sender.trySend({ a: { f: () => 1 } })
    assert.is(thrown(() => { share(sender) }).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.ok(receiver.tryRecv() !== Empty)
    share(sender)
    const error = thrown(() => sender.trySend({ a: { f: () => 1 } }))
    assert.instance(error, TypeError)
    assert.match(error.message, 'item.a.f')
    assert.is((await rejection(sender.send({ a: () => 1 }))).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(receiver.tryRecv(), Empty)
  })

  it('a send waits for the slowest receiver, wherever it is; blocked sends and awaited ones are served in their order', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 2 })
    const [sends, reads] = [startThread(scope, MODULE), startThread(scope, MODULE)]
    const slow = sender.subscribe()
    const fast = reads.call('readAll', sender.subscribe())
    const sending = sends.call('blockingSendAll', sender, 0, 6)
    const clone = sender.clone()
    sender.close()
    const read: unknown[] = []
    for (let i = 0; i < 6; i++) read.push(await slow.recv())
    await sending
    assert.equal(read, [0, 1, 2, 3, 4, 5])
    assert.is(await clone.send('last'), 2)
    clone.close()
    assert.equal([await slow.recv(), await slow.recv()], ['last', Closed])
    assert.equal(await fast, [0, 1, 2, 3, 4, 5, 'last'])
  })

  it('sends that wait when the channel is shared are still sent, in order; more than can wait in shared memory wait in their thread', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    sender.trySend(-1)
    const before = [0, 1].map((i) => sender.send(i))
    share(sender)
    const after = Array.from({ length: 1500 }, (_, i) => sender.send(i + 2))
    assert.equal(sender.trySend(0), { _tag: 'Full', value: 0 })
    assert.is(await receiver.recv(), -1)
    for (let i = 0; i < 1502; i++) assert.is(await receiver.recv(), i)
    assert.ok((await Promise.all([...before, ...after])).every((count) => count === 1))
    assert.is(sender.trySend(7), undefined)
  })

  it('sends that wait are refused when the last receiver, of another thread, closes', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 1 })
    const thread = startThread(scope, MODULE)
    const receiver = sender.subscribe()
    await thread.call('keep', receiver)
    sender.trySend(1)
    const waiting = fateOf(sender.send(2))
    const fate = await waiting
    assert.is(fate.is, 'pending')
    const second = rejection(sender.send(3))
    await thread.terminate()
    const error: unknown = await second
    assert.ok(error instanceof ClosedError && error.value === 3)
    assert.is(sender.isClosed, true)
  })

  it('a thread that dies with a receiver holds nobody back; with the last sender, it ends the channel', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 2 })
    const [holder, last] = [startThread(scope, MODULE), startThread(scope, MODULE)]
    const receiver = sender.subscribe()
    await holder.call('keep', sender.subscribe())
    await last.call('keep', sender)
    for (const item of [1, 2]) sender.trySend(item)
    assert.equal([receiver.tryRecv(), receiver.tryRecv()], [1, 2])
    const third = sender.send(3)
    assert.ok(await waits(third))
    await holder.terminate()
    assert.is(await third, 1)
    assert.is(sender.receiverCount, 1)
    assert.is(await receiver.recv(), 3)
    sender.close()
    const end = receiver.recv()
    assert.ok(await waits(end))
    await last.terminate()
    assert.is(await end, Closed)
  })

  it('ends that were sent to a thread that ended before they arrived hold nobody back', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 1 })
    const busy = startThread(scope, MODULE)
    const receiver = sender.subscribe()
    const about = new Int32Array(new SharedArrayBuffer(4))
    assert.is(await busy.call('send', sender, 1), 1)
    assert.is(receiver.tryRecv(), 1)
    const stuck = rejection(busy.call('spin', about))
    while (about[0] === 0) await turn()
    const lost = rejection(busy.call('keep', [sender.subscribe(), sender]))
    assert.equal([sender.receiverCount, sender.strongCount], [2, 3])
    sender.trySend(2)
    assert.is(receiver.tryRecv(), 2)
    const third = sender.send(3)
    assert.ok(await waits(third))
    await busy.terminate()
    await Promise.all([stuck, lost])
    assert.is(await third, 1)
    assert.is(sender.receiverCount, 1)
    assert.is(await receiver.recv(), 3)
    sender.close()
    assert.is(await receiver.recv(), Closed)
  })

  it('a send that waits in a thread that dies is taken back, and those behind it go on', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 1 })
    const thread = startThread(scope, MODULE)
    const receiver = sender.subscribe()
    sender.trySend(1)
    const about = new Int32Array(new SharedArrayBuffer(4))
    const theirs = rejection(thread.call('sendSaying', sender, 100, about))
    while (about[0] === 0) await turn()
    await new Promise((resolve) => setTimeout(resolve, 50)) // it is about to wait; nothing says that it does
    const mine = sender.send(2)
    await thread.terminate()
    await theirs
    assert.is(receiver.tryRecv(), 1)
    assert.is(await mine, 1)
    assert.equal([receiver.tryRecv(), receiver.tryRecv()], [2, Empty])
    assert.is(sender.strongCount, 1)
  })

  it('blocking forms throw on a thread with an event loop, and where nobody else could end the wait', async (scope) => {
    const sender = broadcast<unknown>({ capacity: 1 })
    const receiver = sender.subscribe()
    assert.is(thrown(() => receiver.blockingRecv()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(thrown(() => sender.blockingSend(1)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    const thread = startThread(scope, MODULE, { mayBlock: false })
    assert.is((await rejection(thread.call('blockingReadAll', receiver))).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
  })

  it('a receiver cannot arrive twice, nor leave while a call waits at it; a closed end cannot leave at all', async () => {
    const sender = broadcast<number>({ capacity: 1, whenFull: 'lag' } as BroadcastOptions)
    const receiver = sender.subscribe()
    const { value } = pack([receiver])
    const twice = [...(value as readonly object[])]
    const [there] = unpack(value) as [typeof receiver]
    assert.is(thrown(() => unpack(twice)).code, 'ERR_MILLRACE_ARGUMENT')
    const waiting = observe(there.recv())
    assert.is(thrown(() => pack(there)).code, 'ERR_MILLRACE_ARGUMENT')
    sender.trySend(1)
    await turn()
    assert.equal(waiting.fate(), { is: 'value', value: 1 })
    there.close()
    assert.is(thrown(() => pack(there)).code, 'ERR_MILLRACE_ARGUMENT')
    sender.close()
    assert.is(thrown(() => pack(sender)).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('a handle that comes back is of the channel that it left', () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    const back = arrived(sender)
    assert.is(back.sameChannel(sender), true)
    assert.is(sender.strongCount, 2)
    assert.is(back.trySend(1), undefined)
    assert.is(receiver.tryRecv(), 1)
    const weak = arrived(sender.downgrade())
    assert.is(weak.upgrade()!.sameChannel(sender), true)
  })
}, 15_000)
