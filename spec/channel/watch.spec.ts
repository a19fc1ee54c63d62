/** Channels of one value that changes, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { watch } from '../../src/channel/watch.ts'
import { Closed } from '../../src/sync/outcome.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { fateOf, observe, turn, waits } from '../support/settling.ts'
import { suite } from '../support/suite.ts'

suite('watch', (it) => {
  it('92: the initial value counts as seen: changed() waits for the next send', async () => {
    const { sender, receiver } = watch(0)
    assert.is(receiver.hasChanged(), false)
    const change = receiver.changed()
    assert.ok(await waits(change))
    sender.send(1)
    assert.is(await change, 1)
  })

  it('93: several sends in between are one change, to the last value, which is seen then', async () => {
    const { sender, receiver } = watch(0)
    for (let i = 1; i <= 5; i++) sender.send(i)
    assert.is(await receiver.changed(), 5)
    assert.is(receiver.hasChanged(), false)
    assert.ok(await waits(receiver.changed()))
  })

  it('94: each receiver has its own mark, and a clone begins with a copy of it', async () => {
    const { sender, receiver } = watch(0)
    sender.send(1)
    const other = receiver.clone()
    assert.is(await receiver.changed(), 1)
    assert.is(receiver.hasChanged(), false)
    assert.is(other.hasChanged(), true)
    assert.is(receiver.clone().hasChanged(), false)
    assert.is(await other.changed(), 1)
  })

  it('95: borrow marks nothing, borrowAndUpdate does', () => {
    const { sender, receiver } = watch(0)
    sender.send(1)
    assert.is(receiver.borrow(), 1)
    assert.is(receiver.hasChanged(), true)
    assert.is(receiver.borrowAndUpdate(), 1)
    assert.is(receiver.hasChanged(), false)
  })

  it('96: changed() of a closed channel gives an unseen value once, then Closed', async () => {
    const { sender, receiver } = watch(0)
    const seen = receiver.clone()
    sender.send(1)
    seen.borrowAndUpdate()
    sender.close()
    assert.equal([await receiver.changed(), await receiver.changed()], [1, Closed])
    assert.is(await seen.changed(), Closed)
  })

  it('97: hasChanged says Closed exactly when the channel is closed, and marks nothing', async () => {
    const { sender, receiver } = watch(0)
    sender.send(1)
    assert.is(receiver.hasChanged(), true)
    sender.close()
    assert.is(receiver.hasChanged(), Closed)
    assert.is(await receiver.changed(), 1)
    assert.is(receiver.hasChanged(), Closed)
  })

  it('98: the mark can be set by hand, as often as one likes', async () => {
    const { sender, receiver } = watch(0)
    receiver.markChanged()
    receiver.markChanged()
    assert.is(receiver.hasChanged(), true)
    assert.is(await receiver.changed(), 0)
    sender.send(1)
    receiver.markUnchanged()
    assert.is(receiver.hasChanged(), false)
    assert.ok(await waits(receiver.changed()))
  })

  it('99: the last value stays readable when all senders are gone', () => {
    const { sender, receiver } = watch('first')
    sender.send('last')
    sender.close()
    assert.is(receiver.borrow(), 'last')
  })

  it('100: a send without receivers stores nothing; sendReplace, sendModify and sendIfModified do', () => {
    const { sender, receiver } = watch(0)
    receiver.close()
    assert.equal(sender.send(1), { _tag: 'Closed', value: 1 })
    assert.is(sender.borrow(), 0)
    assert.is(sender.sendReplace(2), 0)
    assert.is(sender.borrow(), 2)
    sender.sendModify((cell) => { cell.value++ })
    assert.is(sender.borrow(), 3)
    assert.is(sender.sendIfModified((cell) => (cell.value++, true)), true)
    assert.is(sender.borrow(), 4)
  })

  it('101: subscribe makes a channel without receivers usable, and the value as it is counts as seen', async () => {
    const { sender, receiver } = watch(0)
    receiver.close()
    sender.sendReplace(1)
    const again = sender.subscribe()
    assert.is(sender.isClosed, false)
    assert.is(again.hasChanged(), false)
    assert.is(sender.send(2), undefined)
    assert.is(await again.changed(), 2)
  })

  it('102: sendIfModified that answers false tells nobody, though the change can be seen', async () => {
    const { sender, receiver } = watch(0)
    const change = observe(receiver.changed())
    assert.is(sender.sendIfModified((cell) => { cell.value = 9; return false }), false)
    await turn()
    assert.is(change.fate().is, 'pending')
    assert.is(receiver.borrow(), 9)
  })

  it('103: a throw inside sendModify leaves what it did, tells nobody, and later sends work', async () => {
    const { sender, receiver } = watch({ n: 0 })
    const change = observe(receiver.changed())
    const error = thrown(() => { sender.sendModify((cell) => { cell.value = { n: 1 }; throw new Error('no further') }) })
    assert.is(error.message, 'no further')
    await turn()
    assert.is(change.fate().is, 'pending')
    assert.equal(receiver.borrow(), { n: 1 })
    sender.send({ n: 2 })
    await turn()
    assert.equal(change.fate(), { is: 'value', value: { n: 2 } })
  })

  it('104: receivers are told of the end when the last of several senders closes', async () => {
    const { sender, receiver } = watch(0)
    const clone = sender.clone()
    const end = receiver.changed()
    sender.close()
    assert.is(receiver.isClosed, false)
    assert.ok(await waits(end))
    clone.close()
    assert.is(await end, Closed)
    assert.is(receiver.isClosed, true)
    assert.is(thrown(() => sender.clone()).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(thrown(() => sender.sendReplace(1)).code, 'ERR_MILLRACE_ARGUMENT')
  })

  it('105: closed() of the sender resolves when all receivers are gone', async () => {
    const { sender, receiver } = watch(0)
    const other = receiver.clone()
    const told = sender.closed()
    receiver.close()
    assert.ok(await waits(told))
    assert.is(sender.receiverCount, 1)
    other.close()
    await told
    await sender.closed()
  })

  it('106: waitFor looks at the current value first, also of a closed channel, else waits for one that holds or the end', async () => {
    const { sender, receiver } = watch(5)
    assert.is(await receiver.waitFor((n) => n === 5), 5)
    const large = receiver.waitFor((n) => n > 10)
    const never = receiver.clone().waitFor((n) => n < 0)
    sender.send(7)
    assert.ok(await waits(large))
    sender.send(11)
    assert.is(await large, 11)
    assert.is(receiver.hasChanged(), false)
    sender.close()
    assert.is(await never, Closed)
    assert.is(await receiver.waitFor((n) => n === 11), 11)
    assert.is(await receiver.waitFor((n) => n === 12), Closed)
  })

  it('106: waitFor rejects with what its test throws, and with the reason of its signal', async () => {
    const { sender, receiver } = watch(0)
    assert.is((await rejection(receiver.waitFor(() => { throw new Error('bad test') }))).message, 'bad test')
    const controller = new AbortController()
    const waiting = observe(receiver.waitFor((n) => n === 1, { signal: controller.signal }))
    await turn()
    controller.abort('left')
    sender.send(1)
    await turn()
    assert.equal(waiting.fate(), { is: 'reason', reason: 'left' })
    assert.is(receiver.hasChanged(), true)
    assert.equal(await fateOf(receiver.waitFor(() => true, { signal: controller.signal })), { is: 'reason', reason: 'left' })
  })

  it('107: waitFor and closed() that are answered at once leave the event loop its turn as well', async () => {
    const { sender, receiver } = watch(0)
    const turnsDuring = async (call: () => Promise<unknown>): Promise<boolean> => {
      let turned = false
      setImmediate(() => {
        turned = true
      })
      for (let i = 0; i < 200; i++) await call()
      return turned
    }
    assert.is(await turnsDuring(() => receiver.waitFor((n) => n === 0)), true)
    receiver.close()
    assert.is(await turnsDuring(() => receiver.waitFor((n) => n === 0)), true)
    assert.is(await turnsDuring(() => sender.closed()), true)
  })

  it('107: a loop over changes that are always there leaves the event loop its turn', async () => {
    const { sender, receiver } = watch(0)
    let turned = false
    setImmediate(() => {
      turned = true
    })
    for (let i = 1; i <= 200; i++) {
      sender.send(i)
      assert.is(await receiver.changed(), i)
    }
    assert.is(turned, true)
    receiver.close()
    turned = false
    setImmediate(() => {
      turned = true
    })
    for (let i = 0; i < 200; i++) assert.is(await receiver.changed(), Closed)
    assert.is(turned, true)
  })

  it('closing one receiver ends its waits and nobody else\'s', async () => {
    const { sender, receiver } = watch(0)
    const other = receiver.clone()
    const [mine, looking, theirs] = [receiver.changed(), receiver.waitFor((n) => n === 1), other.changed()]
    receiver.close()
    assert.is(await mine, Closed)
    assert.is(await looking, Closed)
    assert.is(receiver.isClosed, true)
    sender.send(1)
    assert.is(await theirs, 1)
    assert.is(await receiver.changed(), Closed)
    assert.is(receiver.borrow(), 1)
  })

  it('the loop over a receiver sees a change it waits for, then the latest each time it looks, and ends with the channel', async () => {
    const { sender, receiver } = watch(0)
    const seen: number[] = []
    const reading = (async () => {
      for await (const n of receiver) seen.push(n)
    })()
    for (const n of [1, 2, 3]) {
      sender.send(n)
      await turn()
    }
    for (const n of [4, 5, 6]) sender.send(n)
    sender.close()
    await reading
    assert.equal(seen, [1, 2, 3, 4, 6])
  })

  it('weak senders make senders while one is open; all ends agree on the counts', async () => {
    const { sender, receiver } = watch(0)
    const weak = sender.downgrade()
    const clone = weak.upgrade()!
    assert.equal([sender.strongCount, sender.weakCount, weak.clone().weakCount], [2, 1, 2])
    sender.close()
    assert.is(clone.send(1), undefined)
    assert.is(await receiver.changed(), 1)
    const end = receiver.changed()
    clone.close()
    assert.is(await end, Closed)
    assert.is(weak.upgrade(), undefined)
    assert.is(sender.sameChannel(clone), true)
    assert.is(receiver.sameChannel(receiver.clone()), true)
    assert.is(receiver.sameChannel(watch(0).receiver), false)
  })
})
