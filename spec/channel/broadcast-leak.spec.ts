/** 10⁵ cycles of making, using and dropping broadcast channels, and ends of one, leave the heap as it was. */
import * as assert from 'uvu/assert'
import { broadcast } from '../../src/channel/broadcast.ts'
import { growth } from '../support/heap.ts'
import { share } from '../support/share.ts'
import { suite } from '../support/suite.ts'

suite('broadcast, leaks', (it) => {
  it('channels of one thread, with ends that wait and are given up', async () => {
    const grown = await growth(100_000, async () => {
      const sender = broadcast<object>({ capacity: 1 })
      const [receiver, other] = [sender.subscribe(), sender.subscribe()]
      const waiting = receiver.recv()
      sender.trySend({})
      await waiting
      const controller = new AbortController()
      const left = sender.send({}, { signal: controller.signal }).catch(() => undefined)
      controller.abort()
      await left
      other.close()
      receiver.close()
      sender.downgrade().close()
      sender.close()
    })
    assert.ok(grown.heap < 2e6, `${grown.heap} bytes`)
  })

  it('ends of one channel in shared memory, which come and go', async () => {
    const sender = broadcast<object>({ capacity: 2 })
    const stays = sender.subscribe()
    const memory = share(sender)
    const grown = await growth(100_000, async () => {
      const [clone, receiver] = [sender.clone(), sender.subscribe()]
      const waiting = receiver.recv()
      clone.trySend({ a: 1 })
      await waiting
      stays.tryRecv()
      receiver.close()
      clone.close()
    })
    assert.ok(grown.heap < 2e6, `${grown.heap} bytes`)
    assert.ok(memory.byteLength < 1e6, `${memory.byteLength} bytes of shared memory`)
    assert.equal([sender.strongCount, sender.receiverCount, sender.length], [1, 1, 0])
  })

  it('sends that are given up while others are stuck leave nothing in shared memory', async () => {
    const sender = broadcast<Uint8Array>({ capacity: 1 })
    const receiver = sender.subscribe()
    const memory = share(sender)
    sender.trySend(new Uint8Array(1000))
    await growth(3_000, async () => {
      const controller = new AbortController()
      const left = sender.send(new Uint8Array(50_000), { signal: controller.signal }).catch(() => undefined)
      controller.abort()
      await left
    })
    assert.ok(memory.byteLength < 1e6, `${memory.byteLength} bytes of shared memory`)
    receiver.close()
  })
}, 60_000)
