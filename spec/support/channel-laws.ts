/**
 * What holds for every channel, whatever its shape: said once, applied to all.
 *
 * A channel comes as its two ends in the least words that all channels have. `many` says that it holds more than one item.
 */
import { getEventListeners } from 'node:events'
import * as assert from 'uvu/assert'
import { Closed, ClosedError, type NotSent, type WaitOptions } from '../../src/sync.ts'
import { rejection } from './attempt.ts'
import { fateOf, observe, turn, waits } from './settling.ts'
import { suite } from './suite.ts'

/** Both ends of a channel, new and empty, with room for `capacity` items. */
export interface Ends {
  readonly trySend: (item: unknown) => NotSent<unknown> | undefined
  readonly recv: (options?: WaitOptions) => Promise<unknown>
  readonly closed: (options?: WaitOptions) => Promise<void>
  readonly senderIsClosed: () => boolean
  readonly closeSender: () => void
  /** Nobody reads any more. */
  readonly leave: () => void
  /** Every receive gives the same answer. */
  readonly remembers?: boolean
  readonly many?: Many
}

export interface Many {
  readonly tryRecv: () => unknown
  readonly send: (item: unknown, options?: WaitOptions) => Promise<unknown>
  /** One more sender. */
  readonly clone: () => { readonly trySend: Ends['trySend']; readonly close: () => void }
  readonly iterate: () => AsyncIterator<unknown>
  /** Whether a full channel refuses. */
  readonly bounded: boolean
  /** A send is no operation that is awaited, so that only receives can give way. */
  readonly sendsAtOnce?: boolean
}

/** Items that a channel could take for signs of its own. */
const odd: readonly unknown[] = [
  undefined, null, Number.NaN, -0, '', false, [], { _tag: 'Closed' }, { _tag: 'Full', value: 1 }, { _tag: 'Empty' }, Symbol('x'), () => 1,
  new Error('an item'), { then: 1 }
]

/** Counts the turns of the event loop until it is stopped. */
const countTurns = (): { readonly stop: () => number } => {
  let turns = 0
  let next = setImmediate(function beat() {
    turns++
    next = setImmediate(beat)
  })
  return {
    stop: () => {
      clearImmediate(next)
      return turns
    }
  }
}

const count = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

export const channelLaws = (name: string, make: (capacity: number) => Ends): void => {
  suite(`${name}: laws of every channel`, (it) => {
    it('what is sent before the receive is received, whatever it is', async () => {
      for (const item of odd) {
        const { trySend, recv } = make(1)
        assert.is(trySend(item), undefined)
        assert.ok(Object.is(await recv(), item))
      }
    })

    it('what is sent after the receive is received, whatever it is', async () => {
      for (const item of odd) {
        const { trySend, recv } = make(1)
        const received = recv()
        assert.ok(await waits(received))
        assert.is(trySend(item), undefined)
        assert.ok(Object.is(await received, item))
      }
    })

    it('what was sent before the sender closed is received; then the channel has ended, and stays so', async () => {
      const { trySend, recv, closeSender, remembers } = make(1)
      trySend('last')
      closeSender()
      closeSender()
      assert.is(await recv(), 'last')
      if (remembers === true) return
      assert.is(await recv(), Closed)
      assert.is(await recv(), Closed)
    })

    it('a receive that waits is told that the sender has closed, and so is a later one', async () => {
      const { recv, closeSender } = make(1)
      const waiting = [recv(), recv()]
      closeSender()
      assert.equal(await Promise.all([...waiting, recv()]), [Closed, Closed, Closed])
    })

    it('a closed sender sends nothing, and gives the item back', () => {
      const { trySend, closeSender, senderIsClosed } = make(1)
      assert.is(senderIsClosed(), false)
      closeSender()
      assert.is(senderIsClosed(), true)
      assert.equal(trySend('late'), { _tag: 'Closed', value: 'late' })
    })

    it('a sender is told when nobody reads any more, and a send gives the item back', async () => {
      const { trySend, closed, leave, senderIsClosed } = make(1)
      const told = closed()
      assert.ok(await waits(told))
      leave()
      leave()
      await told
      await closed()
      assert.is(senderIsClosed(), true)
      assert.equal(trySend('late'), { _tag: 'Closed', value: 'late' })
    })

    it('a receive that waits when its receiver is closed is told so', async () => {
      const { recv, leave } = make(1)
      const waiting = recv()
      leave()
      assert.is(await waiting, Closed)
      assert.is(await recv(), Closed)
    })

    it('an abandoned receive rejects with the reason and has taken nothing', async () => {
      const { trySend, recv } = make(1)
      const controller = new AbortController()
      const waiting = observe(recv({ signal: controller.signal }))
      controller.abort('enough')
      trySend('item')
      await turn()
      assert.equal(waiting.fate(), { is: 'reason', reason: 'enough' })
      assert.is(await recv(), 'item')
    })

    it('a call whose signal has aborted before rejects at once and has taken nothing', async () => {
      const { trySend, recv, closed } = make(1)
      const signal = AbortSignal.abort(new Error('before'))
      trySend('item')
      assert.is((await rejection(recv({ signal }))).message, 'before')
      assert.is((await rejection(closed({ signal }))).message, 'before')
      assert.is(await recv(), 'item')
    })

    it('an abort that comes after the item changes nothing', async () => {
      const { trySend, recv } = make(1)
      const controller = new AbortController()
      const waiting = recv({ signal: controller.signal })
      trySend('item')
      controller.abort()
      assert.is(await waiting, 'item')
    })

    it('no call listens to its signal once it has ended, and many on one signal are no reason to warn', async ({ defer }) => {
      const warnings: Error[] = []
      const note = (warning: Error): void => void warnings.push(warning)
      process.on('warning', note)
      defer(() => process.off('warning', note))
      const listening = async (act: (ends: Ends) => unknown): Promise<number> => {
        const { signal } = new AbortController()
        const ends = make(1)
        const waiting = Array.from({ length: 20 }, () => ends.recv({ signal }))
        assert.is(count(signal), 1)
        act(ends)
        await waiting[0]
        return count(signal)
      }
      assert.is(await listening((ends) => { ends.leave() }), 0)
      assert.is(await listening((ends) => { ends.closeSender() }), 0)
      const { signal } = new AbortController()
      const ends = make(1)
      const received = ends.recv({ signal })
      ends.trySend('item')
      assert.is(await received, 'item')
      assert.is(count(signal), 0)
      const told = ends.closed({ signal })
      assert.is(count(signal), 1)
      ends.leave()
      if (ends.remembers !== true) {
        await told
        assert.is(count(signal), 0)
      }
      await turn()
      assert.equal(warnings, [])
    })

    it('an abandoned wait for the end rejects with the reason', async () => {
      const { closed } = make(1)
      const controller = new AbortController()
      const waiting = observe(closed({ signal: controller.signal }))
      controller.abort('enough')
      await turn()
      assert.equal(waiting.fate(), { is: 'reason', reason: 'enough' })
      assert.is(count(controller.signal), 0)
    })
  })

  if (make(1).many !== undefined) manyLaws(name, (capacity) => make(capacity) as Ends & { readonly many: Many })
}

const manyLaws = (name: string, make: (capacity: number) => Ends & { readonly many: Many }): void => {
  suite(`${name}: laws of every channel of many items`, (it) => {
    it('items are received in the order in which they were sent', async () => {
      const { trySend, recv } = make(100)
      for (let i = 0; i < 100; i++) trySend(i)
      for (let i = 0; i < 100; i++) assert.is(await recv(), i)
    })

    it('receives that wait are served in the order of the calls; one that leaves is skipped', async () => {
      const { trySend, recv } = make(3)
      const controller = new AbortController()
      const first = recv()
      const second = observe(recv({ signal: controller.signal }))
      const third = recv()
      controller.abort('enough')
      trySend(1)
      trySend(2)
      assert.equal(await Promise.all([first, third]), [1, 2])
      assert.equal(second.fate(), { is: 'reason', reason: 'enough' })
    })

    it('the channel goes on as long as one sender is open', async () => {
      const { recv, closeSender, many } = make(3)
      const clone = many.clone()
      closeSender()
      assert.is(clone.trySend('by the clone'), undefined)
      assert.is(await recv(), 'by the clone')
      const waiting = recv()
      assert.ok(await waits(waiting))
      clone.close()
      clone.close()
      assert.is(await waiting, Closed)
    })

    it('a full channel refuses a send, or lets it wait, until an item is received', async () => {
      const { trySend, recv, many } = make(2)
      if (!many.bounded) return
      trySend(1)
      trySend(2)
      assert.equal(trySend(3), { _tag: 'Full', value: 3 })
      const third = many.send(3)
      assert.ok(await waits(third))
      assert.is(await recv(), 1)
      await third
      assert.equal([await recv(), await recv()], [2, 3])
    })

    it('a send passes nobody who waits to send', async () => {
      const { trySend, recv, many } = make(1)
      if (!many.bounded) return
      trySend(1)
      void many.send(2)
      const received = [await recv(), trySend(3), await recv()]
      assert.equal(received, [1, { _tag: 'Full', value: 3 }, 2])
    })

    it('an abandoned send rejects with the reason, has sent nothing, and its place is the next one\'s', async () => {
      const { trySend, recv, many } = make(1)
      if (!many.bounded) return
      trySend(1)
      const controller = new AbortController()
      const second = observe(many.send(2, { signal: controller.signal }))
      const third = many.send(3)
      controller.abort('enough')
      assert.is(await recv(), 1)
      await third
      assert.is(await recv(), 3)
      assert.equal(second.fate(), { is: 'reason', reason: 'enough' })
      assert.is(count(controller.signal), 0)
    })

    it('a send that waits is refused, with its item, when nobody reads any more', async () => {
      const { trySend, leave, many } = make(1)
      if (!many.bounded) return
      trySend(1)
      const waiting = [2, 3].map((item) => fateOf(many.send(item)))
      leave()
      for (const [i, fate] of (await Promise.all(waiting)).entries()) {
        assert.ok(fate.is === 'reason' && fate.reason instanceof ClosedError && fate.reason.value === i + 2)
      }
      assert.is((await rejection(many.send(4))).code, 'ERR_MILLRACE_CLOSED')
    })

    it('a send that waits when its sender closes is still received, and then the channel ends', async () => {
      const { trySend, recv, closeSender, many } = make(1)
      if (!many.bounded) return
      trySend(1)
      const second = many.send(2)
      closeSender()
      assert.is(await recv(), 1)
      await second
      const third = [recv(), recv()]
      assert.equal(await Promise.all(third), [2, Closed])
    })

    it('the loop over a receiver ends with the channel', async () => {
      const { trySend, closeSender, many } = make(5)
      for (let i = 0; i < 5; i++) trySend(i)
      closeSender()
      const iterator = many.iterate()
      const seen: unknown[] = []
      for await (const item of { [Symbol.asyncIterator]: () => iterator }) seen.push(item)
      assert.equal(seen, [0, 1, 2, 3, 4])
    })

    it('leaving the loop closes the receiver, so that no sender waits for it', async () => {
      const { trySend, closed, many, senderIsClosed } = make(2)
      trySend('item')
      trySend('never read')
      const iterator = many.iterate()
      for await (const item of { [Symbol.asyncIterator]: () => iterator }) {
        assert.is(item, 'item')
        break
      }
      await closed()
      assert.is(senderIsClosed(), true)
    })

    it('1,000 ready items cannot be taken without letting the event loop turn (46, 79)', async () => {
      const { trySend, recv } = make(1000)
      for (let i = 0; i < 1000; i++) trySend(i)
      const turns = countTurns()
      for (let i = 0; i < 1000; i++) assert.is(await recv(), i)
      assert.ok(turns.stop() >= 6)
    })

    it('a sender and a receiver that feed each other leave the event loop its turn', async () => {
      const { recv, many } = make(1)
      const turns = countTurns()
      const sending = (async () => {
        for (let i = 0; i < 1000; i++) await many.send(i)
      })()
      for (let i = 0; i < 1000 && (many.bounded || many.sendsAtOnce === true); i++) assert.is(await recv(), i)
      await sending
      assert.ok(turns.stop() >= 6)
    })
  })
}
