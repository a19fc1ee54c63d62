/** Channels of many senders and one receiver, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { Closed, ClosedError, Empty, Full, mpsc, type NotSent, type Permit } from '../../src/sync.ts'
import { withClock } from '../../src/prelude/clock.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { collected } from '../support/collected.ts'
import { fateOf, observe, turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

const held = <A>(got: Permit<A> | Full | Closed): Permit<A> => {
  if (typeof got === 'symbol') throw new Error(`no permit: ${String(got)}`)
  return got
}

const tag = (told: NotSent<unknown> | undefined): string | undefined => told?._tag

suite('mpsc', (it) => {
  it('1: a capacity that is not a whole number from 1 on is refused at creation', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 31]) assert.is(thrown(() => mpsc({ capacity })).code, 'ERR_MILLRACE_ARGUMENT')
    assert.instance(thrown(() => mpsc({ capacity: 0 })), RangeError)
    assert.instance(thrown(() => mpsc({ capacity: '8' as unknown as number })), TypeError)
    assert.is(mpsc({ capacity: 2 ** 31 - 1 }).sender.maxCapacity, 2 ** 31 - 1)
  })

  it('2: items arrive in the order of sending; after the last sender closes what is left is drained, then the end is reported for ever', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 16 })
    const other = sender.clone()
    for (let i = 0; i < 4; i++) await sender.send(i)
    sender.close()
    await other.send(4)
    other.close()
    assert.equal([await receiver.recv(), receiver.tryRecv(), await receiver.recv(), receiver.tryRecv(), await receiver.recv()], [0, 1, 2, 3, 4])
    for (let i = 0; i < 3; i++) assert.is(await receiver.recv(), Closed)
  })

  it('3: a permit sends without waiting and without failing', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    const permit = await sender.reserve()
    assert.is(permit.send('item'), undefined)
    assert.is(await receiver.recv(), 'item')
  })

  it('4: as many permits may be out as the channel holds; the next reserve waits', async () => {
    const { sender } = mpsc<string>({ capacity: 2 })
    const [first] = [await sender.reserve(), await sender.reserve()]
    const third = sender.reserve()
    assert.ok(await waits(third))
    first.release()
    await third
  })

  it('5: a slot is free again when its item is received, not when it is sent', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    const permit = await sender.reserve()
    assert.is(sender.capacity, 0)
    permit.send('item')
    assert.is(sender.capacity, 0)
    receiver.tryRecv()
    assert.is(sender.capacity, 1)
  })

  it('6: an unused permit that is disposed gives its slot back and wakes the next', async () => {
    const { sender } = mpsc<string>({ capacity: 1 })
    const permit = await sender.reserve()
    const next = sender.reserve()
    assert.ok(await waits(next))
    permit[Symbol.dispose]()
    const second = await next
    second.release()
    second.release()
    assert.is(sender.capacity, 1)
  })

  it('7: sends and reserves that wait are served in the order of the calls, and leaving loses the place', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    sender.trySend('0')
    const controller = new AbortController()
    const order: string[] = []
    const note = (name: string, promise: Promise<unknown>): Promise<unknown> => promise.then(() => order.push(name), () => order.push(`${name} left`))
    const all = [
      note('a', sender.send('a')),
      note('b', sender.send('b', { signal: controller.signal })),
      note('c', sender.reserve().then((permit) => permit.send('c'))),
      note('d', sender.send('d'))
    ]
    controller.abort()
    const again = note('b again', sender.send('b'))
    const received: unknown[] = []
    for (let i = 0; i < 5; i++) received.push(await receiver.recv())
    await Promise.all([...all, again])
    assert.equal(received, ['0', 'a', 'c', 'd', 'b'])
    assert.equal(order, ['b left', 'a', 'c', 'd', 'b again'])
  })

  it('8: a slot passes by who gave up, and who gave up is not woken', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    sender.trySend('0')
    const controller = new AbortController()
    const left = observe(sender.send('a', { signal: controller.signal }))
    const next = sender.send('b')
    controller.abort('left')
    receiver.tryRecv()
    await next
    assert.equal(left.fate(), { is: 'reason', reason: 'left' })
    assert.is(receiver.tryRecv(), 'b')
    assert.is(receiver.tryRecv(), Empty)
  })

  it('9: a slot that is promised to a waiting reserve cannot be taken by trySend', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    sender.trySend('0')
    const reserved = sender.reserve()
    receiver.tryRecv()
    assert.is(tag(sender.trySend('pushy')), 'Full')
    const permit = await reserved
    permit.release()
    assert.is(sender.trySend('now'), undefined)
  })

  it('10: trySend on a full channel says Full and hands the item back', () => {
    const { sender } = mpsc<{ readonly n: number }>({ capacity: 1 })
    const item = { n: 2 }
    sender.trySend({ n: 1 })
    const told = sender.trySend(item)
    assert.is(told?._tag, 'Full')
    assert.is(told?.value, item)
  })

  it('11: trySend, tryReserve and tryReserveMany after the receiver is gone say Closed, also when full', () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    sender.trySend('item')
    receiver.close()
    assert.is(tag(sender.trySend('item')), 'Closed')
    assert.is(sender.tryReserve(), Closed)
    assert.is(sender.tryReserveMany(1), Closed)
  })

  it('12: tryReserve without a free slot says Full and leaves the channel usable', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    const permit = held(sender.tryReserve())
    assert.is(sender.tryReserve(), Full)
    permit.send('item')
    assert.is(await receiver.recv(), 'item')
    held(sender.tryReserve()).release()
  })

  it('13: a permit outlives its sender', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 2 })
    const [sent, released] = [await sender.reserve(), await sender.reserve()]
    sender.close()
    sent.send('item')
    assert.is(await receiver.recv(), 'item')
    const end = receiver.recv()
    assert.ok(await waits(end))
    released.release()
    assert.is(await end, Closed)
  })

  it('14: reserveMany waits for its slots together and gives exactly so many permits', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    sender.trySend(0)
    const reserved = sender.reserveMany(4)
    assert.ok(await waits(reserved))
    assert.is(sender.capacity, 0)
    receiver.tryRecv()
    const permits = await reserved
    assert.is(permits.length, 4)
    for (const [i, permit] of permits.entries()) permit.send(i)
    assert.equal(await receiver.recvMany(10), [0, 1, 2, 3])
    assert.is((sender.tryReserveMany(3) as readonly Permit<number>[]).length, 3)
    assert.is(sender.capacity, 1)
    assert.is(sender.tryReserveMany(2), Full)
  })

  it('15: reserving none succeeds on a full channel, and fails on a closed one', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    sender.trySend(0)
    assert.equal(sender.tryReserveMany(0), [])
    assert.equal(await sender.reserveMany(0), [])
    receiver.close()
    assert.is(sender.tryReserveMany(0), Closed)
    assert.instance(await rejection(sender.reserveMany(0)), ClosedError)
  })

  it('16: reserving more than the channel can hold fails at once; the try form says Full', () => {
    const { sender } = mpsc<number>({ capacity: 2 })
    assert.instance(thrown(() => sender.reserveMany(3)), RangeError)
    assert.is(sender.tryReserveMany(3), Full)
    assert.is(sender.capacity, 2)
  })

  it('17: reserveMany on a closed channel fails', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const waiting = [sender.reserveMany(2), sender.reserveMany(1)]
    receiver.close()
    await waiting[0]
    assert.instance(await rejection(waiting[1]!), ClosedError)
    assert.is((await rejection(sender.reserveMany(1))).code, 'ERR_MILLRACE_CLOSED')
  })

  it('18: of a set of permits those that are unused give back exactly their slots', async () => {
    const { sender } = mpsc<number>({ capacity: 10 })
    const permits = await sender.reserveMany(6)
    for (const permit of permits.slice(0, 2)) permit.send(1)
    for (const permit of permits) permit.release()
    assert.is(sender.capacity, 8)
  })

  it('19: capacity is what is free and unreserved; maxCapacity never changes', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 3 })
    const seen = [sender.capacity]
    const permit = await sender.reserve()
    seen.push(sender.capacity)
    sender.trySend(1)
    seen.push(sender.capacity)
    permit.release()
    seen.push(sender.capacity)
    receiver.tryRecv()
    seen.push(sender.capacity)
    assert.equal(seen, [3, 2, 1, 2, 3])
    assert.is(sender.maxCapacity, 3)
  })

  it('20: after the receiver\'s close sends fail, and reserves that wait fail at once', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const permit = await sender.reserve()
    const waiting = fateOf(sender.reserve())
    receiver.close()
    assert.is((await waiting).is, 'reason')
    const error = await rejection(sender.send(7))
    assert.instance(error, ClosedError)
    assert.is((error as unknown as ClosedError).value, 7)
    permit.release()
  })

  it('21, 22: a permit from before the close still sends, and the end is reported only then', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const permit = await sender.reserve()
    sender.trySend(1)
    receiver.close()
    assert.is(await receiver.recv(), 1)
    const next = receiver.recv()
    assert.ok(await waits(next))
    assert.is(permit.send(2), undefined)
    assert.is(await next, 2)
    assert.is(await receiver.recv(), Closed)
  })

  it('23: the last permit wakes the receiver of a closed channel however it ends', async () => {
    const ways: readonly ((permit: Permit<number>) => unknown)[] = [
      (permit) => permit.send(1),
      (permit) => { permit.release() },
      (permit) => { permit[Symbol.dispose]() }
    ]
    for (const close of ['sender', 'receiver'] as const) {
      for (const [i, way] of ways.entries()) {
        const { sender, receiver } = mpsc<number>({ capacity: 3 })
        const [last] = await sender.reserveMany(1)
        const waiting = [receiver.recv(), receiver.recv()]
        if (close === 'sender') sender.close()
        else receiver.close()
        assert.ok(await waits(Promise.race(waiting)))
        way(last!)
        assert.equal(await Promise.all(waiting), i === 0 ? [1, Closed] : [Closed, Closed])
      }
    }
  })

  it('24: a reserve that had collected a part when the close came fails and gives it back; so does one that is abandoned', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 3 })
    const permit = await sender.reserve()
    const refused = fateOf(sender.reserveMany(3))
    assert.is(sender.capacity, 0)
    receiver.close()
    assert.is((await refused).is, 'reason')
    assert.is(sender.capacity, 2)
    permit.release()
    assert.is(await receiver.recv(), Closed)

    const other = mpsc<number>({ capacity: 3 })
    other.sender.trySend(1)
    const controller = new AbortController()
    const abandoned = fateOf(other.sender.reserveMany(3, { signal: controller.signal }))
    const next = other.sender.send(2)
    controller.abort('left')
    assert.equal(await abandoned, { is: 'reason', reason: 'left' })
    await next
    assert.is(other.sender.capacity, 1)
  })

  it('25: disposing the receiver closes the channel and lets go of every buffered item at once', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    sender.trySend(1)
    sender.trySend(2)
    const waiting = fateOf(sender.send(3))
    receiver[Symbol.dispose]()
    receiver[Symbol.dispose]()
    assert.is(receiver.length, 0)
    assert.is(sender.capacity, 2)
    assert.is((await waiting).is, 'reason')
    assert.is(receiver.tryRecv(), Closed)
    assert.is(await receiver.recv(), Closed)
  })

  it('26: what is sent after the receiver was disposed never enters the buffer, also by a permit from before', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const permit = await sender.reserve()
    const waiting = receiver.recv()
    receiver[Symbol.dispose]()
    assert.is(await waiting, Closed)
    assert.equal(permit.send(1), { _tag: 'Closed', value: 1 })
    assert.is(receiver.length, 0)
    assert.is(sender.capacity, 2)
  })

  it('27: tryRecv says Empty while a sender lives, Closed once the last is gone and the buffer is drained', () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    assert.is(receiver.tryRecv(), Empty)
    sender.trySend(1)
    sender.close()
    assert.is(receiver.tryRecv(), 1)
    assert.is(receiver.tryRecv(), Closed)
  })

  it('28: tryRecv after the receiver\'s own close says Closed when idle, Empty while a permit is out', async () => {
    const idle = mpsc<number>({ capacity: 2 })
    idle.receiver.close()
    assert.is(idle.receiver.tryRecv(), Closed)
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const permit = await sender.reserve()
    receiver.close()
    assert.is(receiver.tryRecv(), Empty)
    permit.release()
    assert.is(receiver.tryRecv(), Closed)
  })

  it('29: recvMany of none answers at once and takes nothing', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    assert.equal(await receiver.recvMany(0), [])
    sender.trySend(1)
    assert.equal(await receiver.recvMany(0), [])
    assert.is(receiver.length, 1)
  })

  it('30: recvMany waits for one item, then takes what is there up to the limit', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 8 })
    const waiting = receiver.recvMany(3)
    for (let i = 0; i < 5; i++) sender.trySend(i)
    assert.equal(await waiting, [0, 1, 2])
    assert.equal(await receiver.recvMany(10), [3, 4])
  })

  it('31: recvMany answers none only at the end', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 8 })
    const waiting = receiver.recvMany(3)
    assert.ok(await waits(waiting))
    sender.close()
    assert.equal(await waiting, [])
    assert.equal(await receiver.recvMany(3), [])
  })

  it('31: an array that was given is the answer, and is left as it was at the end', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 8 })
    const into = [-1]
    sender.trySend(1)
    assert.is(await receiver.recvMany(3, { into }), into)
    sender.close()
    assert.is(await receiver.recvMany(3, { into }), into)
    assert.is(await receiver.recvMany(0, { into }), into)
    assert.equal(into, [-1, 1])
  })

  it('32: sendTimeout sends, or says Timeout, or says Closed, and gives the item back', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    assert.is(await sender.sendTimeout(1, 1000), undefined)
    assert.equal(await sender.sendTimeout(2, 0), { _tag: 'Timeout', value: 2 })
    const started = performance.now()
    assert.equal(await sender.sendTimeout(3, 20), { _tag: 'Timeout', value: 3 })
    assert.ok(performance.now() - started >= 20)
    const waiting = sender.sendTimeout(4, 60_000)
    assert.is(receiver.tryRecv(), 1)
    assert.is(await waiting, undefined)
    assert.is(receiver.tryRecv(), 4)
    sender.trySend(5)
    const refused = sender.sendTimeout(6, Infinity)
    receiver.close()
    assert.equal(await refused, { _tag: 'Closed', value: 6 })
    assert.equal(await sender.sendTimeout(7, 10), { _tag: 'Closed', value: 7 })
  })

  it('32: a send that has run out of time has lost its place, and a signal ends it as it ends a send', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    sender.trySend(1)
    const late = sender.sendTimeout(2, 5)
    const next = sender.send(3)
    assert.is((await late)?._tag, 'Timeout')
    const controller = new AbortController()
    const left = fateOf(sender.sendTimeout(4, 60_000, { signal: controller.signal }))
    controller.abort('left')
    assert.equal(await left, { is: 'reason', reason: 'left' })
    assert.equal(await fateOf(sender.sendTimeout(4, 60_000, { signal: controller.signal })), { is: 'reason', reason: 'left' })
    assert.is(receiver.tryRecv(), 1)
    await next
    assert.equal([receiver.tryRecv(), receiver.tryRecv()], [3, Empty])
    assert.is(sender.capacity, 1)
  })

  it('33: sendTimeout needs nothing around it, and goes by the clock of its context', async () => {
    const { sender } = mpsc<number>({ capacity: 1 })
    sender.trySend(1)
    let ring = (): void => undefined
    const stopped = { now: () => 0, at: (_: number, call: () => void) => ((ring = call), { cancel: () => undefined, ref: () => undefined, unref: () => undefined }), hold: () => undefined, letGo: () => undefined }
    const waiting = withClock(stopped, () => sender.sendTimeout(2, 1))
    await new Promise((resolve) => setTimeout(resolve, 5))
    assert.ok(await waits(waiting))
    ring()
    assert.equal(await waiting, { _tag: 'Timeout', value: 2 })
    for (const bad of [-1, Number.NaN]) assert.is((await rejection(sender.sendTimeout(1, bad))).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('35: blocking forms throw on a thread with an event loop, whatever the channel holds', () => {
    for (const filled of [true, false]) {
      const { sender, receiver } = mpsc<number>({ capacity: 1 })
      if (filled) sender.trySend(1)
      const calls = [
        () => { sender.blockingSend(2) },
        () => sender.blockingReserve(),
        () => receiver.blockingRecv(),
        () => receiver.blockingRecvMany(1)
      ]
      for (const call of calls) assert.is(thrown(call).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
      assert.is(receiver.length, filled ? 1 : 0)
    }
    const unbounded = mpsc.unbounded<number>()
    unbounded.sender.send(1)
    assert.is(thrown(() => unbounded.receiver.blockingRecvMany(10)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(unbounded.receiver.length, 1)
  })

  it('36: isClosed of the receiver after close, or without a sender, with items buffered or not', () => {
    for (const buffered of [0, 1]) {
      for (const by of ['receiver', 'sender'] as const) {
        const ends = mpsc<number>({ capacity: 2 })
        for (let i = 0; i < buffered; i++) ends.sender.trySend(i)
        assert.is(ends.receiver.isClosed, false)
        ends[by].close()
        assert.is(ends.receiver.isClosed, true)
        assert.is(ends.receiver.length, buffered)
      }
    }
  })

  it('37: isClosed of the receiver is false while a permit is left, or a send that waits', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const permit = await sender.reserve()
    const last = sender.send(2)
    sender.close()
    assert.is(receiver.isClosed, false)
    permit.release()
    await last
    assert.is(receiver.isClosed, true)
    assert.is(await receiver.recv(), 2)
  })

  it('38: length counts items only, also after close and after the senders are gone', () => {
    const { sender, receiver } = mpsc<number>({ capacity: 4 })
    for (let i = 0; i < 3; i++) sender.trySend(i)
    receiver.close()
    sender.close()
    for (let left = 3; left > 0; left--) {
      assert.is(receiver.length, left)
      assert.is(receiver.isEmpty, false)
      receiver.tryRecv()
    }
    assert.is(receiver.length, 0)
    assert.is(receiver.isEmpty, true)
    receiver.tryRecv()
    assert.is(receiver.length, 0)
  })

  it('39: isEmpty is right through 256 pairs of sends and receives in a channel of 33', () => {
    const { sender, receiver } = mpsc<number>({ capacity: 33 })
    for (let i = 0; i < 256; i++) {
      for (let j = 0; j <= i % 33; j++) sender.trySend(j)
      assert.is(receiver.isEmpty, false)
      for (let j = 0; j <= i % 33; j++) assert.is(receiver.tryRecv(), j)
      assert.is(receiver.isEmpty, true)
    }
  })

  it('40: length counts what a send has brought, through the ends of the channel too', () => {
    for (const n of [0, 1, 33]) {
      const { sender, receiver } = mpsc<number>({ capacity: 64 })
      for (let i = 0; i < n; i++) {
        sender.trySend(i)
        assert.is(receiver.length, i + 1)
        assert.is(receiver.isEmpty, false)
      }
      receiver.close()
      assert.is(receiver.length, n)
      receiver[Symbol.dispose]()
      assert.is(receiver.length, 0)
    }
  })

  it('41: closed() resolves when the receiver closes, and stays resolved', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const told = [sender.closed(), sender.clone().closed()]
    assert.ok(await waits(Promise.race(told)))
    receiver.close()
    await Promise.all([...told, sender.closed()])
  })

  it('42: an abandoned recv or recvMany has taken nothing', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    const controller = new AbortController()
    const left = [fateOf(receiver.recv({ signal: controller.signal })), fateOf(receiver.recvMany(2, { signal: controller.signal }))]
    controller.abort('left')
    sender.trySend(1)
    sender.trySend(2)
    for (const fate of await Promise.all(left)) assert.equal(fate, { is: 'reason', reason: 'left' })
    assert.equal(await receiver.recvMany(2), [1, 2])
  })

  it('43: an abandoned send rejects with the signal\'s reason, and the caller still has the item', async () => {
    const { sender, receiver } = mpsc<string>({ capacity: 1 })
    sender.trySend('full')
    const controller = new AbortController()
    const sending = sender.send('kept', { signal: controller.signal })
    controller.abort()
    assert.is((await rejection(sending)).name, 'AbortError')
    assert.equal([receiver.tryRecv(), receiver.tryRecv()], ['full', Empty])
  })

  it('44, 90: a receiver that is gone keeps nothing of who waited on it alive', async () => {
    const waiters: WeakRef<object>[] = []
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const wait = (): Promise<unknown> => {
      const mine = { large: new Array<number>(1000).fill(1) }
      waiters.push(new WeakRef(mine))
      return receiver.recv().then(() => mine.large.length)
    }
    await (async () => {
      const waiting = [wait(), wait()]
      receiver[Symbol.dispose]()
      await Promise.all(waiting)
    })()
    await collected()
    assert.equal(waiters.map((one) => one.deref()), [undefined, undefined])
    sender.close()
  })

  it('45: items whose disposal would throw are let go like others, for the channel does not call them', () => {
    const { sender, receiver } = mpsc<Disposable>({ capacity: 3 })
    let disposed = 0
    const item = { [Symbol.dispose]: () => { disposed++; throw new Error('in the middle') } }
    for (let i = 0; i < 3; i++) sender.trySend(item)
    receiver[Symbol.dispose]()
    assert.equal([receiver.length, sender.capacity, disposed], [0, 3, 0])
  })

  it('46: 1,000 ready items cannot be taken by recv without one turn of the event loop', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1000 })
    for (let i = 0; i < 1000; i++) sender.trySend(i)
    let turned = 0
    let next = setImmediate(function again() {
      turned++
      next = setImmediate(again)
    })
    for (let i = 0; i < 1000; i++) await receiver.recv()
    clearImmediate(next)
    assert.ok(turned >= 1, `${turned} turns`)
  })

  it('47: 50 rings of forwarding tasks over channels of capacity 10 all finish', async () => {
    const rings = 50
    const hops = 200
    const ring = async (): Promise<number> => {
      const first = mpsc<number>({ capacity: 10 })
      let from = first.receiver
      for (let hop = 1; hop < hops; hop++) {
        const { sender, receiver } = mpsc<number>({ capacity: 10 })
        const source = from
        void (async () => {
          for await (const n of source) await sender.send(n + 1)
          sender.close()
        })()
        from = receiver
      }
      let sum = 0
      await first.sender.send(0)
      for (let lap = 0; lap < 5; lap++) {
        sum = (await from.recv()) as number
        if (lap < 4) await first.sender.send(sum + 1)
      }
      first.sender.close()
      assert.is(await from.recv(), Closed)
      return sum
    }
    const sums = await Promise.all(Array.from({ length: rings }, ring))
    assert.ok(sums.every((sum) => sum === hops * 5 - 1))
  })
})

suite('mpsc, weights', (it) => {
  const weighed = (capacity: number) => mpsc<number>({ capacity, weigh: (n) => n })

  it('an item takes as many permits as it weighs, until it is received', async () => {
    const { sender, receiver } = weighed(10)
    sender.trySend(6)
    assert.is(sender.capacity, 4)
    assert.is(tag(sender.trySend(5)), 'Full')
    assert.is(sender.trySend(4), undefined)
    assert.is(await receiver.recv(), 6)
    assert.is(sender.capacity, 6)
  })

  it('an item that weighs more than the channel goes through when it is empty, and never hangs', async () => {
    const { sender, receiver } = weighed(10)
    assert.is(sender.trySend(1000), undefined)
    assert.is(tag(sender.trySend(1)), 'Full')
    const next = sender.send(5000)
    const last = sender.send(1)
    assert.is(await receiver.recv(), 1000)
    await next
    assert.ok(await waits(last))
    assert.equal([await receiver.recv(), await receiver.recv()], [5000, 1])
    await last
    assert.is(sender.capacity, 10)
    const permit = await sender.reserve({ weight: 1e9 })
    assert.is(permit.weight, 10)
    assert.is(permit.send(1e12), undefined)
  })

  it('a heavy item that waits holds back the light ones behind it', async () => {
    const { sender, receiver } = weighed(4)
    sender.trySend(2)
    const heavy = sender.send(4)
    assert.is(tag(sender.trySend(1)), 'Full')
    assert.ok(await waits(heavy))
    receiver.tryRecv()
    await heavy
    assert.is(sender.capacity, 0)
  })

  it('a weight below 1, or between whole numbers, counts as the next whole number', () => {
    const { sender } = weighed(10)
    sender.trySend(0)
    assert.is(sender.capacity, 9)
    sender.trySend(1.5)
    assert.is(sender.capacity, 7)
  })

  it('a weight that is no weight is a RangeError, and nothing is sent', () => {
    const { sender, receiver } = weighed(10)
    for (const bad of [Number.NaN, -1, undefined as unknown as number]) assert.instance(thrown(() => sender.trySend(bad)), RangeError)
    assert.instance(thrown(() => sender.send(Number.NaN)), RangeError)
    assert.is(receiver.length, 0)
    assert.is(sender.capacity, 10)
  })

  it('what was taken is given back, though the item weighs something else by then', () => {
    const { sender, receiver } = mpsc<{ weight: number }>({ capacity: 10, weigh: (item) => item.weight })
    const item = { weight: 8 }
    sender.trySend(item)
    item.weight = 1
    receiver.tryRecv()
    assert.is(sender.capacity, 10)
  })

  it('a permit of more than the item weighs gives the rest back; of less it refuses, and can still be used', async () => {
    const { sender, receiver } = weighed(10)
    const permit = await sender.reserve({ weight: 6 })
    assert.instance(thrown(() => permit.send(7)), RangeError)
    assert.is(permit.send(2), undefined)
    assert.is(sender.capacity, 8)
    assert.is(permit.weight, 0)
    assert.instance(thrown(() => permit.send(1)), TypeError)
    assert.is(await receiver.recv(), 2)
    assert.instance(thrown(() => sender.tryReserve(-1)), RangeError)
  })

  it('a send that waits is buffered when its room comes, before a later send, whenever it is awaited', () => {
    const { sender, receiver } = mpsc<number>({ capacity: 2 })
    sender.trySend(1)
    sender.trySend(2)
    void sender.send(3)
    receiver.tryRecv()
    receiver.tryRecv()
    sender.trySend(4)
    assert.equal([receiver.tryRecv(), receiver.tryRecv()], [3, 4])
  })

  it('ten thousand waits on both sides are served by one permit without a deep stack', async () => {
    const n = 10_000
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const permit = await sender.reserve()
    const receiving = Array.from({ length: n + 1 }, () => receiver.recv())
    const sending = Array.from({ length: n }, (_, i) => sender.send(i))
    permit.send(-1)
    await Promise.all(sending)
    assert.equal(await Promise.all(receiving), Array.from({ length: n + 1 }, (_, i) => i - 1))
  })

  it('signals that end many waits at once give nothing to one of them', async () => {
    const { sender, receiver } = weighed(4)
    sender.trySend(2)
    const controller = new AbortController()
    const { signal } = controller
    const left = [4, 1, 2].map((weight) => fateOf(sender.send(weight, { signal })))
    controller.abort('left')
    for (const fate of await Promise.all(left)) assert.equal(fate, { is: 'reason', reason: 'left' })
    assert.is(sender.capacity, 2)
    assert.is(receiver.length, 1)
  })

  it('a closed sender cannot be cloned', () => {
    const { sender } = mpsc<number>({ capacity: 1 })
    sender.close()
    assert.is(thrown(() => sender.clone()).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('a send by a closed sender rejects with its item, though others are open', async () => {
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    const other = sender.clone()
    sender.close()
    const error = await rejection(sender.send(5))
    assert.is((error as unknown as ClosedError).value, 5)
    assert.instance(await rejection(sender.reserve()), ClosedError)
    assert.is(sender.tryReserve(), Closed)
    await other.send(6)
    assert.is(await receiver.recv(), 6)
  })

  it('an item that is a promise is given as it is by tryRecv, and awaited by recv', async () => {
    const { sender, receiver } = mpsc<Promise<number>>({ capacity: 1 })
    const item = Promise.resolve(1)
    sender.trySend(item)
    assert.is(receiver.tryRecv(), item)
    sender.trySend(item)
    assert.is(await receiver.recv(), 1)
  })

  it('nothing is answered by a rejection that nobody handles when a channel is closed in the middle of everything', async ({ defer }) => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    defer(() => process.off('unhandledRejection', note))
    const { sender, receiver } = mpsc<number>({ capacity: 1 })
    void receiver.recv()
    void sender.closed()
    receiver[Symbol.dispose]()
    sender.close()
    await turn()
    assert.equal(unhandled, [])
  })
})
