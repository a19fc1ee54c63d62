/** DelayQueue; numbers as in the list of tokio's semantics. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { DelayQueue, type DelayKey } from '../../../src/task/time/delay-queue.ts'
import { time } from '../../../src/task/time/time.ts'
import { rejection, thrown } from '../../support/attempt.ts'
import { seed } from '../../support/seed.ts'
import { observe, waits } from '../../support/settling.ts'
import { suite } from '../../support/suite.ts'
import { paused } from './virtual.ts'

suite('DelayQueue', (it) => {
  it('281: a deadline that is past comes out at once', async () => {
    await paused(async () => {
      await time.advance(100)
      const queue = new DelayQueue<string>()
      queue.insertAt('past', 50)
      queue.insert('now', 0)
      queue.insert('later', 10)
      assert.equal([(await queue.next())?.value, (await queue.next())?.value, time.now()], ['past', 'now', 100])
      const later = await queue.next()
      assert.equal([later?.value, later?.deadline, time.now()], ['later', 110, 110])
    })
  })

  it('281: comes out in the order of the deadlines, whatever the order of the inserts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 40 }), (delays) =>
        paused(async () => {
          const queue = new DelayQueue<number>()
          delays.forEach((ms, i) => queue.insert(i, ms))
          assert.is(queue.size, delays.length)
          const out: number[] = []
          for await (const { value, deadline } of queue) {
            assert.equal([time.now(), delays[value]], [deadline, deadline])
            out.push(value)
          }
          assert.equal(out, delays.map((_, i) => i).sort((a, b) => delays[a]! - delays[b]! || a - b))
        })
      ),
      { numRuns: 60, seed }
    )
  })

  it('281: a reset to earlier, later and the past reorders, and wakes who waits', async () => {
    await paused(async () => {
      const queue = new DelayQueue<string>()
      const [a, b, c] = [queue.insert('a', 100), queue.insert('b', 200), queue.insert('c', 300)]
      const first = queue.next()
      assert.ok(queue.reset(c, 50))
      assert.equal([(await first)?.value, time.now()], ['c', 50])
      queue.reset(a, 1000)
      assert.is(queue.deadline(a), 1050)
      assert.equal([(await queue.next())?.value, time.now()], ['b', 200])
      const past = queue.next()
      queue.resetAt(a, 10)
      assert.equal([(await past)?.value, time.now()], ['a', 200])
      assert.equal([queue.reset(a, 1), queue.reset(b, 1), queue.deadline(a), queue.isEmpty], [false, false, undefined, true])
    })
  })

  it('281: removing or clearing the last one wakes who waits: there is nothing to come', async () => {
    await paused(async (virtual) => {
      virtual.hold()
      const queue = new DelayQueue<string>()
      const only = queue.insert('only', 1000)
      const waiting = queue.next()
      assert.ok(await waits(waiting))
      assert.is(queue.remove(only)?.value, 'only')
      assert.is(await waiting, undefined)
      assert.is(queue.remove(only), undefined)
      queue.insert('a', 10)
      queue.insert('b', 20)
      const two = [queue.next(), queue.next()]
      queue.clear()
      assert.equal(await Promise.all(two), [undefined, undefined])
      assert.is(await queue.next(), undefined)
      virtual.letGo()
    })
  })

  it('281: peek shows the next one and leaves it', async () => {
    await paused(async () => {
      const queue = new DelayQueue<string>()
      assert.is(queue.peek(), undefined)
      const late = queue.insert('late', 20)
      assert.is(queue.peek(), late)
      const soon = queue.insert('soon', 10)
      assert.equal([queue.peek() === soon, queue.size], [true, 2])
      assert.is((await queue.next())?.key, soon)
      assert.is(queue.peek(), late)
    })
  })

  it('several who wait get one each, in order; one that is abandoned takes nothing; keys of another queue do nothing', async () => {
    await paused(async () => {
      const queue = new DelayQueue<number>()
      const keys: DelayKey[] = [1, 2, 3].map((n) => queue.insert(n, n * 10))
      const stop = new AbortController()
      const gone = rejection(queue.next({ signal: stop.signal }))
      const [first, second] = [observe(queue.next()), observe(queue.next())]
      stop.abort('enough')
      assert.is(await gone, 'enough')
      await time.advance(25)
      assert.equal([first.fate(), second.fate()].map((fate) => fate.is === 'value' && fate.value?.value), [1, 2])
      const other = new DelayQueue<number>()
      other.insert(1, 5)
      assert.is(other.remove(keys[2]!), undefined)
      assert.is(other.size, 1)
      assert.instance(thrown(() => queue.insert(1, -1)), RangeError)
    })
  })
})
