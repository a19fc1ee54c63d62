/** A hundred thousand broadcast channels that have travelled: made, used and dropped they leave the memory as it was. */
import * as assert from 'uvu/assert'
import { broadcast } from '../../src/sync.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import { travelled } from '../support/travelled.ts'

suite('broadcast, leaks, travelled', (it) => {
  it(`${CYCLES} broadcasts`, () =>
    leavesNothing(async (i) => {
      const sender = broadcast<number>({ capacity: 2 })
      const receiver = travelled(sender.subscribe())
      const waiting = receiver.recv()
      sender.trySend(i)
      assert.is(await waiting, i)
      sender.trySend(0)
      receiver.close()
      sender.close()
    }))
}, 120_000)
