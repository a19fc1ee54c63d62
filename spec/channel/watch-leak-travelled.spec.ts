/** A hundred thousand watch channels that have travelled: made, used and dropped they leave the memory as it was. */
import * as assert from 'uvu/assert'
import { watch } from '../../src/sync.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import { travelled } from '../support/travelled.ts'

suite('watch, leaks, travelled', (it) => {
  it(`${CYCLES} watches`, () =>
    leavesNothing(async (i) => {
      const { sender, receiver } = watch<number>(0)
      const there = travelled(receiver)
      const waiting = there.changed()
      sender.send(i)
      assert.is(await waiting, i)
      there.close()
      sender.close()
    }))
}, 120_000)
