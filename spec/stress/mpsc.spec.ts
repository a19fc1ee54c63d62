/**
 * Channels between real threads, with random delays, at both forms of waiting on both ends.
 *
 * FORBIDDEN
 *   an item that is lost or doubled: counts and sums of what was sent and received differ
 *   items of one sender that arrive out of order
 *   a wait that nobody ends: the spec would run out of time
 *   permits that are missing or too many in the end
 * MILLRACE_STRESS=10 makes ten times as many items of it: 4 × 250,000.
 */
import * as assert from 'uvu/assert'
import { Closed, mpsc } from '../../src/sync.ts'
import { seed } from '../support/seed.ts'
import { suite, type Scope } from '../support/suite.ts'
import { startThread, type Thread } from '../support/thread.ts'
import type { Taken } from '../support/fixtures/mpsc-threads.ts'

const module = new URL('../support/fixtures/mpsc-threads.ts', import.meta.url)
const PRODUCERS = 4
const ITEMS = 25_000 * Number(process.env['MILLRACE_STRESS'] ?? 1)

const threads = (scope: Scope, n: number, mayBlock = true): Thread[] => Array.from({ length: n }, () => startThread(scope, module, { mayBlock }))

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

suite(`mpsc, real threads, seed ${seed}`, (it) => {
  for (const capacity of [1, 7, 1024]) {
    const each = capacity === 1 ? ITEMS / 25 : ITEMS

    it(`34: ${PRODUCERS} threads that block send to a receiver that awaits, capacity ${capacity}`, async (scope) => {
      const { sender, receiver } = mpsc<number>({ capacity })
      const produced = threads(scope, PRODUCERS).map((thread, i) => thread.call<number>(i === 3 ? 'produceByPermits' : 'produce', sender, i, each, seed))
      const weak = sender.downgrade()
      sender.close()
      const last = new Map<number, number>()
      let [count, total] = [0, 0]
      const see = (item: number): void => {
        const from = Math.floor(item / 1e7)
        assert.ok((last.get(from) ?? -1) < item, 'the order of a sender')
        last.set(from, item)
        count++
        total += item
      }
      for (let more = true; more; ) {
        if (count % 3 === 0) {
          const item = await receiver.recv()
          if (item === Closed) more = false
          else see(item)
        } else {
          const items = await receiver.recvMany(20)
          if (items.length === 0) more = false
          items.forEach(see)
        }
      }
      assert.is(count, PRODUCERS * each)
      assert.is(total, sum(await Promise.all(produced)))
      assert.is(weak.strongCount, 0)
    })

    it(`34: senders that await, in two threads, send to a thread that blocks, capacity ${capacity}`, async (scope) => {
      const { sender, receiver } = mpsc<number>({ capacity })
      const consumed = threads(scope, 1)[0]!.call<Taken>('consume', receiver, seed)
      const produced = threads(scope, 2, false).map((thread, i) => thread.call<number>('produceAwaiting', sender, i, each / 2, seed))
      sender.close()
      const total = sum(await Promise.all(produced))
      assert.equal(await consumed, { count: each / 2 * 2, sum: total, wrong: 0 })
    })
  }

  it('a thread that is killed at random while it sends, again and again, takes nothing of the others away', async (scope) => {
    const { sender, receiver } = mpsc<unknown>({ capacity: 4 })
    let ours = 0
    let before = -1
    const reading = (async () => {
      for await (const item of receiver) {
        if (typeof item !== 'string') continue
        assert.is(Number(item), before + 1)
        before = Number(item)
        ours++
      }
    })()
    let sent = 0
    for (let round = 0; round < 12; round++) {
      const started = new SharedArrayBuffer(4)
      const [thread] = threads(scope, 1)
      thread!.call('spin', sender, started).catch(() => undefined)
      while (new Int32Array(started)[0]! < 50) await sender.send(`${sent++}`)
      await thread!.terminate()
      for (let i = 0; i < 10; i++) await sender.send(`${sent++}`)
    }
    sender.close()
    await reading
    assert.is(ours, sent)
    assert.is(sender.capacity, 4)
  })
}, 120_000)
