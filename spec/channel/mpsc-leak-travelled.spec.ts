/** A hundred thousand mpsc channels that have travelled: made, used and dropped they leave the memory as it was. */
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/sync.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import { travelled } from '../support/travelled.ts'

suite('mpsc, leaks, travelled', (it) => {
  it(`${CYCLES} bounded`, () =>
    leavesNothing(async (i) => {
      const { sender, receiver } = mpsc<unknown>({ capacity: 4 })
      const there = travelled(sender)
      const waiting = receiver.recv()
      there.trySend({ i })
      assert.equal(await waiting, { i })
      sender.trySend('left in it')
      sender.close()
      there.close()
      receiver[Symbol.dispose]()
    }))
}, 120_000)
