/** Watch channels whose ends are in several threads; numbers as in the list of tokio's semantics. Real workers, that may be blocked. */
import * as assert from 'uvu/assert'
import { watch, type WatchReceiver } from '../../src/channel/watch.ts'
import { pack, unpack } from '../../src/prelude/travel.ts'
import { Closed } from '../../src/sync/outcome.ts'
import { rejection, thrown } from '../support/attempt.ts'
import { observe, turn, waits } from '../support/settling.ts'
import { share } from '../support/share.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'

const MODULE = new URL('../support/fixtures/watch-threads.ts', import.meta.url)

suite('watch, across threads', (it) => {
  it('92, 93, 95: another thread sees the value at once, a change when it waits for one, and of several the last', async (scope) => {
    const { sender, receiver } = watch<unknown>({ n: 0 })
    const thread = startThread(scope, MODULE)
    const there = receiver.clone()
    assert.equal(await thread.call('borrow', receiver.clone()), { n: 0 })
    const change = thread.call('blockingChanged', there)
    assert.is(thrown(() => there.borrow()).code, 'ERR_MILLRACE_ARGUMENT')
    sender.send(new Map([['a', 1]]))
    assert.equal(await change, new Map([['a', 1]]))
    for (const value of [1, 2, 3]) sender.send(value)
    assert.is(await thread.call('changed', receiver), 3)
  })

  it('94: a receiver moves with its mark, and a clone of it keeps it', async (scope) => {
    const { sender, receiver } = watch<unknown>(0)
    const thread = startThread(scope, MODULE)
    sender.send(1)
    const [seen, unseen] = [receiver.clone(), receiver.clone()]
    seen.markUnchanged()
    assert.is(await thread.call('hasChanged', seen), false)
    assert.is(await thread.call('hasChanged', unseen), true)
    assert.is(receiver.hasChanged(), true)
  })

  it('96, 97, 99, 104: the end is told when the last sender of any thread closes; an unseen value comes first; the last stays', async (scope) => {
    const { sender, receiver } = watch<unknown>(0)
    const thread = startThread(scope, MODULE)
    const [waiting, late] = [receiver.clone(), receiver.clone()]
    const clone = sender.clone()
    const end = thread.call('blockingChanged', waiting)
    sender.close()
    clone.send('last')
    assert.is(await end, 'last')
    const told = late.changed()
    assert.is(await told, 'last')
    const closing = late.changed()
    assert.ok(await waits(closing))
    await thread.call('close', clone)
    assert.ok(await waits(closing))
    clone.close()
    assert.is(await closing, Closed)
    assert.is(receiver.hasChanged(), Closed)
    assert.is(await receiver.changed(), 'last')
    assert.is(receiver.borrow(), 'last')
  })

  it('100, 101, 105: receivers are counted over all threads: closed() is told of the last, and send stores nothing without one', async (scope) => {
    const { sender, receiver } = watch<unknown>(0)
    const thread = startThread(scope, MODULE)
    await thread.call('keep', receiver)
    assert.is(sender.receiverCount, 1)
    const told = sender.closed()
    assert.ok(await waits(told))
    await thread.terminate()
    await told
    assert.equal(sender.send(1), { _tag: 'Closed', value: 1 })
    assert.is(sender.borrow(), 0)
    const again = await startThread(scope, MODULE).call<WatchReceiver<unknown>>('subscribe', sender)
    assert.is(sender.send(2), undefined)
    assert.is(again.borrowAndUpdate(), 2)
  })

  it('102, 103: a change that nobody is told of is seen by other threads all the same', async (scope) => {
    const { sender, receiver } = watch<{ n: number }>({ n: 0 })
    const thread = startThread(scope, MODULE)
    const there = receiver.clone()
    const change = observe(receiver.changed())
    share(sender)
    assert.is(sender.sendIfModified((cell) => { cell.value.n = 1; return false }), false)
    assert.equal(await thread.call('borrow', there), { n: 1 })
    assert.is(thrown(() => { sender.sendModify((cell) => { cell.value.n = 2; throw new Error('no further') }) }).message, 'no further')
    assert.equal(sender.borrow(), { n: 2 })
    await turn()
    assert.is(change.fate().is, 'pending')
    sender.send({ n: 3 })
    await turn()
    assert.equal(change.fate(), { is: 'value', value: { n: 3 } })
  })

  it('104: changes in place by several threads at once are all there', async (scope) => {
    const { sender, receiver } = watch(0)
    const threads = [startThread(scope, MODULE), startThread(scope, MODULE)]
    const adding = threads.map((thread) => thread.call('increment', sender, 2_000))
    for (let i = 0; i < 500; i++) {
      sender.sendModify((cell) => { cell.value++ })
      if (i % 50 === 0) await turn()
    }
    sender.close()
    await Promise.all(adding)
    assert.is(receiver.borrow(), 4_500)
    assert.is(receiver.isClosed, true)
  })

  it('106: a thread that is blocked until a value fits is woken for each, and told the end', async (scope) => {
    const { sender, receiver } = watch(0)
    const thread = startThread(scope, MODULE)
    const [fits, never] = [receiver.clone(), receiver.clone()]
    const waiting = thread.call('blockingWaitFor', fits, 5)
    for (let n = 1; n <= 5; n++) {
      sender.send(n)
      await turn()
    }
    assert.is(await waiting, 5)
    const end = thread.call('blockingWaitFor', never, 100)
    sender.close()
    assert.is(await end, 'closed')
  })

  it('a thread that dies with the last sender ends the channel, wherever somebody waits', async (scope) => {
    const { sender, receiver } = watch<unknown>(0)
    const [holder, blocked] = [startThread(scope, MODULE), startThread(scope, MODULE)]
    await holder.call('keep', sender)
    sender.close()
    const [here, there] = [receiver.changed(), blocked.call('blockingChanged', receiver.clone())]
    assert.ok(await waits(here))
    await holder.terminate()
    assert.is(await here, Closed)
    assert.is(await there, 'closed')
  })

  it('what cannot be cloned is refused where it is sent, and the value stays', () => {
    const { sender, receiver } = watch<unknown>(0)
    const made = { f: () => 1 }
    sender.send(made)
    assert.is(thrown(() => pack(receiver)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(receiver.borrow(), made)
    sender.send(1)
    share(sender)
    assert.is(thrown(() => sender.send(made)).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(thrown(() => { sender.sendModify((cell) => { cell.value = made }) }).code, 'ERR_MILLRACE_NOT_CLONEABLE')
    assert.is(receiver.borrowAndUpdate(), 1)
    assert.is(receiver.hasChanged(), false)
  })

  it('looking again at an unchanged value gives the same object, and what was seen is not changed by sendModify', () => {
    const { sender, receiver } = watch({ n: 0 })
    share(sender)
    const before = receiver.borrow()
    assert.is(receiver.borrow(), before)
    sender.sendModify((cell) => {
      cell.value.n++
      assert.is(sender.send({ n: 5 }), undefined) // by the change itself: it does not begin again
    })
    assert.equal(before, { n: 0 })
    assert.equal(receiver.borrow(), { n: 1 })
  })

  it('blocking forms throw on a thread with an event loop; a receiver cannot leave while a call waits at it', async () => {
    const { sender, receiver } = watch(0)
    assert.is(thrown(() => receiver.blockingChanged()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.is(thrown(() => receiver.blockingWaitFor(() => true)).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    const waiting = receiver.changed()
    assert.is(thrown(() => pack(receiver)).code, 'ERR_MILLRACE_ARGUMENT')
    sender.send(1)
    assert.is(await waiting, 1)
    const [there] = unpack(pack([receiver]).value) as [typeof receiver]
    assert.is((await rejection(receiver.changed())).code, 'ERR_MILLRACE_ARGUMENT')
    assert.is(there.borrow(), 1)
    assert.is(sender.receiverCount, 1)
  })

  it('a receiver that was sent to a thread that ended before it arrived is not counted', async (scope) => {
    const { sender, receiver } = watch<unknown>(0)
    const thread = startThread(scope, MODULE)
    const never = rejection(thread.call('blockingChanged', receiver.clone()))
    const lost = rejection(thread.call('keep', receiver)) // behind the call that blocks
    const told = sender.closed()
    assert.ok(await waits(told))
    await thread.terminate()
    await Promise.all([never, lost, told])
    assert.is(sender.receiverCount, 0)
  })
}, 15_000)
