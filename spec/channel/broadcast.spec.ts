/** Channels where every receiver gets every item, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { Lagged, LaggedError, broadcast, type BroadcastReceiver } from '../../src/channel/broadcast.ts'
import { pack } from '../../src/prelude/travel.ts'
import { ClosedError } from '../../src/sync/closed-error.ts'
import { Closed, Empty } from '../../src/sync/outcome.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { fateOf, observe, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

/** Everything that can be taken now. */
const drain = <A, L>(receiver: BroadcastReceiver<A, L>): (A | L)[] => {
  const items: (A | L)[] = []
  for (let got = receiver.tryRecv(); got !== Empty && got !== Closed; got = receiver.tryRecv()) items.push(got)
  return items
}

const lagging = <A>(capacity: number) => broadcast<A>({ capacity, whenFull: 'lag' })

suite('broadcast', (it) => {
  it('54: a capacity that is not a whole number from 1 on, or an unknown whenFull, is refused', () => {
    for (const capacity of [0, -1, 2.5, 2 ** 31]) assert.instance(thrown(() => broadcast({ capacity })), RangeError)
    assert.is(thrown(() => broadcast({ capacity: 1, whenFull: 'drop' as 'lag' })).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('55: a send says how many receivers the item is for', async () => {
    const sender = broadcast<number>({ capacity: 4 })
    const receivers = [sender.subscribe(), sender.subscribe(), sender.subscribe()]
    assert.is(await sender.send(1), 3)
    assert.is(sender.receiverCount, 3)
    receivers[0]!.close()
    assert.is(await sender.send(2), 2)
  })

  it('56: a send without receivers fails with its item; who subscribes later makes the channel usable, and sees later items only', async () => {
    const sender = broadcast<string>({ capacity: 4 })
    sender.subscribe().close()
    assert.equal(sender.trySend('lost'), { _tag: 'Closed', value: 'lost' })
    const error = await rejection(sender.send('lost'))
    assert.ok(error instanceof ClosedError && error.value === 'lost')
    const receiver = sender.subscribe()
    assert.is(sender.trySend('seen'), undefined)
    assert.equal(drain(receiver), ['seen'])
  })

  it('57: every receiver gets every item from its subscription on, in order, at its own pace', () => {
    const sender = broadcast<number>({ capacity: 8 })
    const first = sender.subscribe()
    sender.trySend(1)
    const second = sender.subscribe()
    sender.trySend(2)
    assert.is(first.tryRecv(), 1)
    sender.trySend(3)
    assert.equal(drain(second), [2, 3])
    assert.equal(drain(first), [2, 3])
  })

  it('58: one send wakes all who wait', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const waiting = Array.from({ length: 5 }, () => sender.subscribe().recv())
    sender.trySend(7)
    assert.equal(await Promise.all(waiting), [7, 7, 7, 7, 7])
    assert.is(sender.length, 0)
  })

  it('59: a receiver that stays within the capacity never lags', () => {
    const sender = lagging<number>(3)
    const receiver = sender.subscribe()
    for (let i = 0; i < 100; i += 3) {
      for (let j = 0; j < 3; j++) sender.trySend(i + j)
      assert.equal(drain(receiver), [i, i + 1, i + 2])
    }
  })

  it('60: who lags is told how many it has missed, then gets the oldest retained item and the rest in order', () => {
    const sender = lagging<number>(2)
    const receiver = sender.subscribe()
    for (let i = 0; i < 5; i++) sender.trySend(i)
    assert.equal(drain(receiver), [new Lagged(3), 3, 4])
  })

  it('61: the capacity is exact: it is not rounded up to a power of two', () => {
    const sender = lagging<number>(3)
    const receiver = sender.subscribe()
    for (let i = 0; i < 4; i++) sender.trySend(i)
    assert.equal(drain(receiver), [new Lagged(1), 1, 2, 3])
  })

  it('62: lag is per receiver', () => {
    const sender = lagging<number>(2)
    const [slow, fast] = [sender.subscribe(), sender.subscribe()]
    const seen: unknown[] = []
    for (let i = 0; i < 5; i++) {
      sender.trySend(i)
      seen.push(fast.tryRecv())
    }
    assert.equal(seen, [0, 1, 2, 3, 4])
    assert.equal(drain(slow), [new Lagged(3), 3, 4])
  })

  it('63, 64: a new lag counts from where the last one was told, and only its own gap', () => {
    const sender = lagging<number>(2)
    const receiver = sender.subscribe()
    for (let i = 0; i < 4; i++) sender.trySend(i)
    assert.equal(receiver.tryRecv(), new Lagged(2))
    sender.trySend(4)
    assert.equal(receiver.tryRecv(), new Lagged(1))
    assert.equal(drain(receiver), [3, 4])
    for (let i = 5; i < 10; i++) sender.trySend(i)
    assert.equal(drain(receiver), [new Lagged(3), 8, 9])
  })

  it('65: with a capacity of 1, one dropped item is Lagged(1), then the newest', () => {
    const sender = lagging<number>(1)
    const receiver = sender.subscribe()
    sender.trySend(1)
    sender.trySend(2)
    assert.equal(drain(receiver), [new Lagged(1), 2])
  })

  it('66: recv tells of a lag as tryRecv does', async () => {
    const sender = lagging<number>(1)
    const receiver = sender.subscribe()
    sender.trySend(1)
    sender.trySend(2)
    assert.equal(await receiver.recv(), new Lagged(1))
    assert.is(await receiver.recv(), 2)
  })

  it('67, 68: closing drops nothing: first the lag, then what is retained, then Closed', async () => {
    const sender = lagging<number>(2)
    const receiver = sender.subscribe()
    for (let i = 0; i < 3; i++) sender.trySend(i)
    sender.close()
    assert.equal([await receiver.recv(), await receiver.recv(), await receiver.recv(), await receiver.recv()], [new Lagged(1), 1, 2, Closed])
  })

  it('69: the end comes when the last clone of the sender closes, and wakes everybody', async () => {
    const sender = broadcast<number>({ capacity: 2 })
    const waiting = [sender.subscribe().recv(), sender.subscribe().recv()]
    const clone = sender.clone()
    sender.close()
    assert.ok(await waits(Promise.race(waiting)))
    clone.close()
    assert.equal(await Promise.all(waiting), [Closed, Closed])
  })

  it('70: length of a receiver counts dropped items until their lag was told', () => {
    const sender = lagging<number>(2)
    const receiver = sender.subscribe()
    for (let i = 0; i < 5; i++) sender.trySend(i)
    assert.is(receiver.length, 5)
    receiver.tryRecv()
    assert.is(receiver.length, 2)
    receiver.tryRecv()
    assert.is(receiver.length, 1)
    assert.is(receiver.isEmpty, false)
  })

  it('71: length of a sender is what the slowest receiver has not taken, at most the capacity', () => {
    const sender = lagging<number>(3)
    const [a, b] = [sender.subscribe(), sender.subscribe()]
    const seen = [sender.length]
    for (let i = 0; i < 5; i++) {
      sender.trySend(i)
      seen.push(sender.length)
    }
    drain(a)
    seen.push(sender.length)
    b.tryRecv()
    b.tryRecv()
    seen.push(sender.length)
    b.close()
    seen.push(sender.length)
    assert.equal(seen, [0, 1, 2, 3, 3, 3, 3, 2, 0])
  })

  it('72: resubscribe begins at the end, clean, and leaves the original where it is', () => {
    const sender = lagging<number>(2)
    const receiver = sender.subscribe()
    for (let i = 0; i < 4; i++) sender.trySend(i)
    const other = receiver.resubscribe()
    assert.is(other.tryRecv(), Empty)
    sender.trySend(4)
    assert.equal(drain(other), [4])
    assert.equal(drain(receiver), [new Lagged(3), 3, 4])
    sender.close()
    assert.is(receiver.resubscribe().tryRecv(), Closed)
  })

  it('73: closing a receiver lets go of what only it had not taken', async () => {
    const sender = broadcast<number>({ capacity: 2 })
    const [slow, fast] = [sender.subscribe(), sender.subscribe()]
    sender.trySend(1)
    sender.trySend(2)
    drain(fast)
    const third = sender.send(3)
    assert.ok(await waits(third))
    slow.close()
    assert.is(await third, 1)
    assert.is(sender.length, 1)
    assert.is(slow.tryRecv(), Closed)
    assert.is(slow.length, 0)
  })

  it('75, 76: closed() resolves when there is no receiver, waits again after a subscribe, and a new sender is closed', async () => {
    const sender = broadcast<number>({ capacity: 2 })
    assert.is(sender.isClosed, true)
    await sender.closed()
    const [a, b] = [sender.subscribe(), sender.subscribe()]
    const told = sender.closed()
    a.close()
    assert.ok(await waits(told))
    b.close()
    await told
    const again = sender.subscribe()
    assert.ok(await waits(sender.closed()))
    again.close()
  })

  it('79: an abandoned recv has taken nothing, and the other receivers are not affected', async () => {
    const sender = broadcast<number>({ capacity: 2 })
    const [a, b] = [sender.subscribe(), sender.subscribe()]
    const controller = new AbortController()
    const left = fateOf(a.recv({ signal: controller.signal }))
    const other = b.recv()
    controller.abort('left')
    sender.trySend(1)
    assert.equal(await left, { is: 'reason', reason: 'left' })
    assert.is(await other, 1)
    assert.is(await a.recv(), 1)
  })

  it('77: what runs in the middle of the channel\'s own work may send on it', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    sender.trySend(1)
    const controller = new AbortController()
    const given = observe(sender.send(2, { signal: controller.signal }))
    controller.signal.addEventListener('abort', () => {
      receiver.tryRecv()
      sender.trySend(3)
    })
    controller.abort('left')
    assert.equal(drain(receiver), [3])
    const got = receiver.recv().then((item) => {
      sender.trySend(5)
      return item
    })
    sender.trySend(4)
    assert.is(await got, 4)
    assert.is(receiver.tryRecv(), 5)
    assert.equal(given.fate(), { is: 'reason', reason: 'left' })
  })

  it('78 (50, 51): a weak sender makes senders while one is open, and does not keep the channel open', async () => {
    const sender = broadcast<number>({ capacity: 2 })
    const receiver = sender.subscribe()
    const weak = sender.downgrade()
    const second = weak.upgrade()!
    sender.close()
    assert.is(second.trySend(1), undefined)
    assert.is(receiver.isClosed, false)
    const end = [receiver.recv(), receiver.recv()]
    second.close()
    assert.equal(await Promise.all(end), [1, Closed])
    assert.is(weak.upgrade(), undefined)
    assert.is(receiver.isClosed, true)
    assert.is(thrown(() => sender.downgrade()).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('78 (50): a send that waits keeps the channel going, so that a weak sender can still make a sender', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    const weak = sender.downgrade()
    sender.trySend(1)
    const last = sender.send(2)
    sender.close()
    const again = weak.upgrade()
    assert.ok(again !== undefined)
    assert.is(receiver.tryRecv(), 1)
    assert.is(await last, 1)
    assert.is(receiver.tryRecv(), 2)
    assert.is(receiver.tryRecv(), Empty)
    again.close()
    assert.is(receiver.tryRecv(), Closed)
  })

  it('78 (52): open and weak senders are counted alike from every end, through clone, downgrade, upgrade and close', () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    const weak = sender.downgrade()
    const all = (): unknown[] => [...[sender, weak].map(({ strongCount, weakCount }) => `${strongCount} ${weakCount}`), `${receiver.senderCount} ${receiver.weakSenderCount}`]
    assert.equal(all(), ['1 1', '1 1', '1 1'])
    const [clone, upgraded, other] = [sender.clone(), weak.upgrade()!, weak.clone()]
    assert.equal(all(), ['3 2', '3 2', '3 2'])
    other.close()
    other.close()
    clone.close()
    assert.equal(all(), ['2 1', '2 1', '2 1'])
    weak[Symbol.dispose]()
    assert.is(weak.upgrade(), undefined)
    upgraded.close()
    sender.close()
    assert.equal(all(), ['0 0', '0 0', '0 0'])
    assert.is(sender.sameChannel(clone), true)
    assert.is(sender.sameChannel(broadcast<number>({ capacity: 1 })), false)
  })

  it('79: 1,000 items that are there cannot be received without a turn of the event loop', async () => {
    const sender = broadcast<number>({ capacity: 1000 })
    const receiver = sender.subscribe()
    for (let i = 0; i < 1000; i++) sender.trySend(i)
    let turned = 0
    let beat = setImmediate(function again() {
      turned++
      beat = setImmediate(again)
    })
    for (let i = 0; i < 1000; i++) assert.is(await receiver.recv(), i)
    clearImmediate(beat)
    assert.ok(turned >= 6)
  })

  it('80: receivers that are closed while others lag, in any order, lose nothing of the others and release every item once', () => {
    for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
      const sender = lagging<number>(2)
      const receivers = [sender.subscribe(), sender.subscribe(), sender.subscribe()]
      const stays = sender.subscribe()
      for (let i = 0; i < 3; i++) sender.trySend(i)
      receivers[1]!.tryRecv()
      receivers[1]!.tryRecv()
      for (const [step, i] of order.entries()) {
        receivers[i]!.close()
        sender.trySend(3 + step)
        assert.is(sender.length, 2)
        assert.is(sender.receiverCount, 3 - step)
      }
      assert.equal(drain(stays), [new Lagged(4), 4, 5])
      assert.is(sender.length, 0)
      stays.close()
      assert.is(sender.length, 0)
    }
  })

  it('that waits: nothing is lost, and a send waits for the slowest receiver', async () => {
    const sender = broadcast<number>({ capacity: 2 })
    const [slow, fast] = [sender.subscribe(), sender.subscribe()]
    const seen: number[] = []
    const reading = (async () => {
      for await (const n of fast) seen.push(n)
    })()
    const sending = (async () => {
      for (let i = 0; i < 10; i++) await sender.send(i)
      sender.close()
    })()
    assert.ok(await waits(sending))
    assert.equal(seen, [0, 1])
    const late: number[] = []
    for await (const n of slow) late.push(n)
    await Promise.all([sending, reading])
    assert.equal(seen, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.equal(late, seen)
  })

  it('that waits: a waiting send is for those who are there when it gets its room', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const first = sender.subscribe()
    sender.trySend(1)
    const second = sender.send(2)
    const late = sender.subscribe()
    assert.is(first.tryRecv(), 1)
    assert.is(await second, 2)
    assert.equal([drain(first), drain(late)], [[2], [2]])
  })

  it('that waits: when the last receiver leaves, the sends that wait are refused, also if somebody subscribes at once', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    sender.trySend(1)
    const waiting = fateOf(sender.send(2))
    receiver.close()
    const next = sender.subscribe()
    const fate = await waiting
    assert.ok(fate.is === 'reason' && fate.reason instanceof ClosedError)
    assert.is(next.tryRecv(), Empty)
    assert.is(sender.trySend(3), undefined)
  })

  it('that waits: a waiting send of a closed sender is the last item, and who waits behind it is told the end', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const [slow, fast] = [sender.subscribe(), sender.subscribe()]
    sender.trySend(1)
    assert.is(fast.tryRecv(), 1)
    const last = sender.send(2)
    sender.close()
    const waiting = [fast.recv(), fast.recv()]
    assert.ok(await waits(Promise.race(waiting)))
    assert.is(slow.tryRecv(), 1)
    assert.is(await last, 2)
    assert.equal(await Promise.all(waiting), [2, Closed])
    assert.equal([await slow.recv(), await slow.recv()], [2, Closed])
  })

  it('that waits: when a waiting send is given up after the last sender has closed, who waits for items is told the end', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const [slow, fast] = [sender.subscribe(), sender.subscribe()]
    sender.trySend(1)
    assert.is(fast.tryRecv(), 1)
    const controller = new AbortController()
    const last = observe(sender.send(2, { signal: controller.signal }))
    sender.close()
    const end = fast.recv()
    assert.ok(await waits(end))
    controller.abort('left')
    assert.is(await end, Closed)
    assert.equal(last.fate(), { is: 'reason', reason: 'left' })
    assert.equal([slow.tryRecv(), slow.tryRecv()], [1, Closed])
  })

  it('that lags: a send never waits, whatever the receivers do', async () => {
    const sender = lagging<number>(2)
    const receiver = sender.subscribe()
    for (let i = 0; i < 100; i++) assert.is(await sender.send(i), 1)
    assert.is(sender.length, 2)
    assert.equal(drain(receiver), [new Lagged(98), 98, 99])
  })

  it('that lags: the loop over a receiver tells of the lag where it happened', async () => {
    const sender = lagging<number>(1)
    const receiver = sender.subscribe()
    sender.trySend(1)
    sender.trySend(2)
    sender.close()
    const seen: (number | Lagged)[] = []
    for await (const got of receiver) seen.push(got)
    assert.equal(seen, [new Lagged(1), 2])
  })

  it('that lags: a loop that asks for it throws for the lag, and another goes on behind it', async () => {
    const sender = lagging<number>(1)
    const receiver = sender.subscribe()
    sender.trySend(1)
    sender.trySend(2)
    sender.close()
    const seen: number[] = []
    const loop = async (): Promise<void> => {
      for await (const item of receiver.items({ onLag: 'throw' })) seen.push(item)
    }
    const error: unknown = await rejection(loop())
    assert.ok(error instanceof LaggedError && error.skipped === 1 && error.code === 'ERR_MILLRACE_LAGGED')
    await loop()
    assert.equal(seen, [2])
    assert.is(thrown(() => receiver.items({ onLag: 'drop' as 'throw' })).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('a loop that its signal ends has taken nothing, and the receiver is still open', async () => {
    const sender = broadcast<number>({ capacity: 2 })
    const receiver = sender.subscribe()
    const controller = new AbortController()
    const loop = fateOf((async () => {
      for await (const item of receiver.items({ signal: controller.signal })) assert.unreachable(String(item))
    })())
    controller.abort('left')
    sender.trySend(1)
    assert.equal(await loop, { is: 'reason', reason: 'left' })
    assert.is(receiver.tryRecv(), 1)
  })

  it('a closed sender can neither send nor be cloned, while its clones can', async () => {
    const sender = broadcast<number>({ capacity: 1 })
    const receiver = sender.subscribe()
    const clone = sender.clone()
    sender.close()
    assert.instance(await rejection(sender.send(1)), ClosedError)
    assert.is(thrown(() => sender.clone()).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(receiver.isClosed, false)
    assert.is(clone.trySend(2), undefined)
    assert.is(receiver.tryRecv(), 2)
    clone[Symbol.dispose]()
    assert.is(receiver.isClosed, true)
  })

  it('that weighs: holds what weighs the capacity together, or one item that is heavier alone, and nothing passes a send that waits', async () => {
    const sender = broadcast<number>({ capacity: 10, weigh: (item) => item })
    const [fast, slow] = [sender.subscribe(), sender.subscribe()]
    assert.is(sender.trySend(7), undefined)
    assert.is(sender.trySend(3), undefined)
    assert.equal(sender.trySend(1), { _tag: 'Full', value: 1 })
    const heavy = sender.send(99)
    const light = sender.send(1)
    assert.equal(drain(fast), [7, 3])
    assert.is(slow.tryRecv(), 7)
    assert.equal(sender.trySend(1), { _tag: 'Full', value: 1 }) // there is room, and it is the heavy one's turn
    assert.is(slow.tryRecv(), 3)
    assert.is(await heavy, 2)
    assert.ok(await waits(light))
    assert.equal([drain(fast), slow.tryRecv()], [[99], 99])
    assert.is(await light, 2)
    assert.equal([drain(fast), drain(slow)], [[1], [1]])
  })

  it('that weighs and lags: drops as many as the new one needs', () => {
    const sender = broadcast<number>({ capacity: 10, weigh: (item) => item, whenFull: 'lag' })
    const receiver = sender.subscribe()
    for (const item of [4, 4, 2, 5]) sender.trySend(item)
    assert.equal(drain(receiver), [new Lagged(2), 2, 5])
    for (const item of [1, 1, 50]) sender.trySend(item)
    assert.equal(drain(receiver), [new Lagged(2), 50])
  })

  it('that weighs: a weight that is none is refused before anything is sent, and its ends stay in their thread', async () => {
    const sender = broadcast<number>({ capacity: 10, weigh: (item) => item })
    const receiver = sender.subscribe()
    for (const weight of [-1, Number.NaN]) assert.instance(thrown(() => sender.trySend(weight)), RangeError)
    assert.instance(await rejection(Promise.resolve().then(() => sender.send(-1))), RangeError)
    assert.equal([sender.length, drain(receiver)], [0, []])
    assert.instance(thrown(() => pack(sender)), TypeError)
    assert.instance(thrown(() => pack(receiver)), TypeError)
    assert.is(sender.trySend(1), undefined)
    assert.is(receiver.tryRecv(), 1)
  })
})
