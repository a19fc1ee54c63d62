/** A hundred thousand unbounded mpsc channels that have travelled: made, used and dropped they leave the memory as it was. */
import * as assert from 'uvu/assert'
import { mpsc } from '../../src/sync.ts'
import { CYCLES, leavesNothing } from '../support/rounds.ts'
import { suite } from '../support/suite.ts'
import { travelled } from '../support/travelled.ts'

suite('unbounded mpsc, leaks, travelled', (it) => {
  it(`${CYCLES} unbounded, whose receivers travel too`, () =>
    leavesNothing(async (i) => {
      const { sender, receiver } = mpsc.unbounded<number>()
      const here = travelled(receiver)
      sender.send(i)
      assert.is(await here.recv(), i)
      sender.close()
      here[Symbol.dispose]()
    }))
}, 120_000)
