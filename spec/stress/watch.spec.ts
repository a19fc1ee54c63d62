/**
 * Watch channels with real threads that change and look as fast as they can, with random pauses, and are ended in the middle.
 *
 * FORBIDDEN
 *   the last value is not seen by everybody; a value is seen after a newer one; a change in place is lost
 *   a thread that sleeps on though there is a change for it: the spec would not end
 *   a dead thread that is waited for
 */
import * as assert from 'uvu/assert'
import { watch } from '../../src/channel/watch.ts'
import { Closed } from '../../src/sync/outcome.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'
import { stressReadAsync, type Seen } from '../support/fixtures/watch-threads.ts'

const MODULE = new URL('../support/fixtures/watch-threads.ts', import.meta.url)

suite('watch, real threads', (it) => {
  it('93: the last value is seen by everybody, none is seen after a newer one, and no change in place is lost', async (scope) => {
    const { sender, receiver } = watch({ n: 0 })
    const threads = Array.from({ length: 3 }, () => startThread(scope, MODULE))
    const reading = [
      threads[0]!.call<Seen>('stressRead', receiver.clone(), 0.001),
      threads[1]!.call<Seen>('stressReadAsync', receiver.clone()),
      stressReadAsync(receiver.clone()),
      stressReadAsync(receiver)
    ]
    const times = 4_000
    const adding = [threads[1]!, threads[2]!].map((thread) => thread.call('stressAdd', sender, times, 0.001))
    for (let i = 0; i < times; i++) {
      sender.sendModify((cell) => { cell.value.n++ })
      if (i % 100 === 0) await turn()
    }
    sender.close()
    await Promise.all(adding)
    for (const { last, disordered, changes } of await Promise.all(reading)) {
      assert.is(last, 3 * times)
      assert.is(disordered, 0)
      assert.ok(changes > 0)
    }
  })

  it('93, 106: two threads that wait for each other, 10,000 times: no wake-up is lost', async (scope) => {
    const [there, back] = [watch(0), watch(1)]
    const [a, b] = [startThread(scope, MODULE), startThread(scope, MODULE)]
    const end = 10_000
    const playing = [a.call('pingPong', there.receiver, back.sender, 0, end), b.call('pingPong', back.receiver, there.sender, 1, end)]
    there.sender.send(1)
    there.sender.close()
    const seen = back.sender.subscribe()
    back.sender.close()
    const last = await seen.waitFor((n) => n >= end - 1)
    assert.ok(last !== Closed)
    await Promise.all(playing)
  })

  it('104, 105: threads that are ended anywhere are not waited for, and what is sent afterwards is seen', async (scope) => {
    for (let round = 0; round < 3; round++) {
      const { sender, receiver } = watch({ n: 0 })
      const churners = [startThread(scope, MODULE), startThread(scope, MODULE)]
      for (const thread of churners) thread.call('churn', receiver.clone(), sender).catch(() => undefined)
      for (const thread of churners) {
        const { n } = receiver.borrow()
        await receiver.waitFor((value) => value.n > n + 200)
        await thread.terminate()
      }
      assert.is(sender.strongCount, 1)
      assert.is(sender.receiverCount, 1)
      sender.send({ n: -1 })
      assert.equal(await receiver.waitFor(({ n }) => n === -1), { n: -1 })
      const gone = sender.closed()
      receiver.close()
      await gone
      sender.close()
    }
  })
}, 30_000)
