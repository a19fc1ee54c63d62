/** 10⁵ cycles of making, using and dropping watch channels, and ends of one, leave the heap as it was. */
import * as assert from 'uvu/assert'
import { watch } from '../../src/channel/watch.ts'
import { growth } from '../support/heap.ts'
import { share } from '../support/share.ts'
import { suite } from '../support/suite.ts'

suite('watch, leaks', (it) => {
  it('channels of one thread, with ends that wait and are given up', async () => {
    const grown = await growth(100_000, async () => {
      const { sender, receiver } = watch<object>({})
      const waiting = receiver.changed()
      sender.send({})
      await waiting
      const controller = new AbortController()
      const left = receiver.waitFor(() => false, { signal: controller.signal }).catch(() => undefined)
      controller.abort()
      await left
      receiver.close()
      sender.close()
    })
    assert.ok(grown.heap < 2e6, `${grown.heap} bytes`)
  })

  it('ends of one channel in shared memory, which come and go, and values', async () => {
    const { sender, receiver } = watch<object>({})
    const memory = share(sender)
    const grown = await growth(100_000, async () => {
      const [clone, other] = [sender.clone(), receiver.clone()]
      const waiting = other.changed()
      clone.send({ a: 'value' })
      await waiting
      other.close()
      clone.close()
    })
    assert.ok(grown.heap < 2e6, `${grown.heap} bytes`)
    assert.ok(memory.byteLength < 1e6, `${memory.byteLength} bytes of shared memory`)
    assert.equal([sender.strongCount, sender.receiverCount], [1, 1])
  })
}, 60_000)
