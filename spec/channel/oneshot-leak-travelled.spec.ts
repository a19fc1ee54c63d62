/** A hundred thousand oneshot channels that have travelled: made, used and dropped they leave the memory as it was. */
import * as assert from 'uvu/assert'
import { oneshot } from '../../src/sync.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import { travelled } from '../support/travelled.ts'

suite('oneshot, leaks, travelled', (it) => {
  it(`${CYCLES} oneshots`, () =>
    leavesNothing(async (i) => {
      const { sender, receiver } = oneshot<number>()
      const there = travelled(sender)
      const received = receiver.recv()
      there.send(i)
      assert.is(await received, i)
    }))
}, 120_000)
