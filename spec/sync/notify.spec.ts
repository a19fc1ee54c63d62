/** Notify in one thread, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { Notify } from '../../src/sync.ts'
import { thrown } from '../support/attempt.ts'
import { bothForms } from '../support/forms.ts'
import { fateOf, turn, waits } from '../support/settling.ts'

/** Who is told, in the order in which they are. */
const listeners = (notify: Notify, count: number) => {
  const told: number[] = []
  const controllers = Array.from({ length: count }, () => new AbortController())
  const waiting = controllers.map(({ signal }, i) => notify.notified({ signal }).then(() => void told.push(i), () => undefined))
  return { told, controllers, all: Promise.all(waiting) }
}

bothForms('Notify', (it, form) => {
  it('152: notifications without a waiter are one; the next one takes it', async () => {
    const notify = form(new Notify())
    for (let i = 0; i < 3; i++) notify.notifyOne()
    await notify.notified()
    assert.ok(await waits(notify.notified()))
  })

  it('152: notifyLast without a waiter is kept as well', async () => {
    const notify = form(new Notify())
    notify.notifyLast()
    notify.notifyOne()
    await notify.notified()
    assert.ok(await waits(notify.notified()))
  })

  it('153: notifyOne tells the first, notifyLast the newest', async () => {
    const notify = form(new Notify())
    const { told } = listeners(notify, 4)
    notify.notifyOne()
    notify.notifyLast()
    notify.notifyOne()
    await turn()
    assert.equal([...told].sort(), [0, 1, 3])
    notify.notifyOne()
    await turn()
    assert.is(told.at(-1), 2)
  })

  it('154: who is notified is told, though it is abandoned right after: nothing is lost', async () => {
    const notify = form(new Notify())
    const { told, controllers } = listeners(notify, 2)
    notify.notifyOne()
    controllers[0]!.abort()
    await turn()
    assert.equal(told, [0])
    notify.notifyLast()
    controllers[1]!.abort()
    await turn()
    assert.equal(told, [0, 1])
  })

  it('155: who is abandoned without having been notified leaves no gap', async () => {
    const notify = form(new Notify())
    const { told, controllers } = listeners(notify, 3)
    controllers[0]!.abort()
    controllers[1]!.abort()
    notify.notifyOne()
    await turn()
    assert.equal(told, [2])
    assert.ok(await waits(notify.notified()))
  })

  it('156: notifyWaiters tells all who wait, and keeps nothing', async () => {
    const notify = form(new Notify())
    const { told, all } = listeners(notify, 40)
    notify.notifyWaiters()
    await all
    assert.is(told.length, 40)
    assert.equal(told.slice(0, 3), [0, 1, 2])
    const later = notify.notified()
    assert.ok(await waits(later))
    notify.notifyWaiters()
    await later
  })

  it('157: a notified made before notifyWaiters is released by it unawaited, and leaves a kept notification alone', async () => {
    const notify = form(new Notify())
    const early = notify.notified()
    notify.notifyWaiters()
    notify.notifyOne()
    await early
    assert.is((await fateOf(notify.notified())).is, 'value')
    assert.ok(await waits(notify.notified()))
  })

  it('158: once one of those who waited is released, all are, whatever notifyOne does meanwhile', async () => {
    const notify = form(new Notify())
    const before = [notify.notified(), notify.notified(), notify.notified()]
    notify.notifyOne()
    notify.notifyWaiters()
    notify.notifyOne()
    await Promise.all(before)
    await notify.notified() // the second one is kept
    assert.ok(await waits(notify.notified()))
  })

  it('159: one notifyWaiters does not pass two that are awaited one after the other', async () => {
    const notify = form(new Notify())
    const both = (async () => {
      await notify.notified()
      await notify.notified()
    })()
    notify.notifyWaiters()
    assert.ok(await waits(both))
    notify.notifyOne()
    await both
  })

  it('160: a notified waits from the call on, awaited or not', async () => {
    const notify = form(new Notify())
    const first = notify.notified()
    const second = notify.notified()
    notify.notifyOne()
    assert.ok(await waits(second))
    await first
    notify.notifyOne()
    await second
  })

  it('161: notifying from what a notification has woken neither blocks nor skips anybody', async () => {
    const notify = form(new Notify())
    const order: number[] = []
    const waiting = [0, 1, 2, 3].map((i) =>
      notify.notified().then(() => {
        order.push(i)
        notify.notifyOne()
        if (i === 1) throw new Error('on purpose')
      })
    )
    notify.notifyOne()
    const fates = await Promise.all(waiting.map(fateOf))
    assert.equal(fates.map(({ is }) => is), ['value', 'reason', 'value', 'value'])
    assert.equal(order, [0, 1, 2, 3])
    await notify.notified() // the last one's is kept
  })

  it('162: a chain of hand-overs leaves one notification at the end', async () => {
    const notify = form(new Notify())
    notify.notifyOne()
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        await notify.notified()
        notify.notifyOne()
      })
    )
    await notify.notified()
    assert.ok(await waits(notify.notified()))
  })

  it('a signal that ends several waits, and has aborted before one', async () => {
    const notify = form(new Notify())
    const controller = new AbortController()
    const { signal } = controller
    const waiting = [notify.notified({ signal }), notify.notified({ signal })].map(fateOf)
    controller.abort('left')
    for (const fate of await Promise.all(waiting)) assert.equal(fate, { is: 'reason', reason: 'left' })
    notify.notifyOne()
    assert.equal(await fateOf(notify.notified({ signal })), { is: 'reason', reason: 'left' })
    await notify.notified()
  })

  it('122: the blocking form throws on a thread with an event loop', () => {
    const notify = form(new Notify())
    notify.notifyOne()
    assert.is(thrown(() => { notify.blockingNotified() }).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
  })
})
