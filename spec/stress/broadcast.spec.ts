/**
 * Broadcast channels with real threads that send and receive as fast as they can, with random pauses, and are ended in the middle.
 *
 * FORBIDDEN
 *   an item that a receiver gets twice, out of the order of its producer, or not at all without being told ('wait': not at all)
 *   a thread that sleeps on though there is something for it: the spec would not end
 *   a dead thread that holds anybody back
 */
import * as assert from 'uvu/assert'
import { broadcast, type BroadcastSender, type Lagged } from '../../src/channel/broadcast.ts'
import { turn } from '../support/settling.ts'
import { suite } from '../support/suite.ts'
import { startThread } from '../support/thread.ts'
import { STRIDE, stressReadAsync, stressSendAsync, type Seen } from '../support/fixtures/broadcast-threads.ts'

const MODULE = new URL('../support/fixtures/broadcast-threads.ts', import.meta.url)

const total = ({ counts }: Seen): number => counts.reduce((a, b) => a + b, 0)

suite('broadcast, real threads', (it) => {
  for (const whenFull of ['wait', 'lag'] as const) {
    for (const capacity of [1, 64]) {
      it(`57, 58, 80: that ${whenFull}s, capacity ${capacity}: blocked and awaiting senders and receivers in four threads`, async (scope) => {
        const items = whenFull === 'lag' ? 30_000 : capacity === 1 ? 1_500 : 12_000
        const sender: BroadcastSender<number, Lagged> = broadcast<number>({ capacity, whenFull })
        const threads = Array.from({ length: 3 }, () => startThread(scope, MODULE))
        const receivers = Array.from({ length: 4 }, () => sender.subscribe())
        const reading = [
          threads[0]!.call<Seen>('stressRead', receivers[0], 3, 0.001),
          threads[1]!.call<Seen>('stressReadAsync', receivers[1], 3), // beside a sender of its own thread
          stressReadAsync(receivers[2]!, 3),
          stressReadAsync(receivers[3]!, 3)
        ]
        const sending = [
          threads[2]!.call('stressSend', sender, 0, items, 0.001),
          threads[1]!.call<number>('stressSendAsync', sender, 1, items),
          stressSendAsync(sender, 2, items)
        ]
        const sent = (await Promise.all(sending)).map((n) => (typeof n === 'number' ? n : items))
        for (const seen of await Promise.all(reading)) {
          assert.is(seen.disordered, 0)
          if (whenFull === 'wait') assert.equal(seen.counts, sent)
          assert.is(total(seen) + seen.dropped, sent.reduce((a, b) => a + b, 0))
        }
      })
    }

    it(`80: that ${whenFull}s: threads that are ended anywhere hold nobody back, and what is sent afterwards arrives`, async (scope) => {
      for (let round = 0; round < 2; round++) {
        const sender: BroadcastSender<number, Lagged> = broadcast<number>({ capacity: 4, whenFull })
        const churners = [startThread(scope, MODULE), startThread(scope, MODULE)]
        for (const thread of churners) thread.call('churn', sender.subscribe(), sender).catch(() => undefined)
        const receiver = sender.subscribe()
        let taken = 0
        let seen = 0
        let ended = false
        const reading = (async () => {
          for await (const item of receiver) {
            if (typeof item === 'number' && item >= STRIDE) seen++
            if (++taken % 64 === 0) await turn()
          }
          ended = true
        })()
        while (taken < 400 * (round + 1)) await turn()
        await churners[0]!.terminate()
        const more = taken
        while (taken < more + 200) await turn()
        await churners[1]!.terminate()
        assert.is(sender.strongCount, 1)
        assert.is(sender.receiverCount, 1)
        for (let i = 0; i < 10; i++) await sender.send(STRIDE + i)
        sender.close()
        await reading
        assert.is(ended, true)
        assert.is(seen, whenFull === 'wait' ? 10 : seen)
      }
    })
  }
}, 60_000)
