/** How long a thread looks before it sleeps: not at all where that does not pay. */
import { availableParallelism } from 'node:os'
import * as assert from 'uvu/assert'
import { Patience } from '../../src/atomic/patience.ts'
import { suite } from '../support/suite.ts'

const alone = availableParallelism() < 2

/** Counts the waits, of so many in vain, in which it has looked at all. */
const looksIn = (patience: Patience, waits: number): number => {
  let looked = 0
  for (let wait = 0; wait < waits; wait++) {
    let looks = 0
    patience.wait(() => { looks++; return false })
    if (looks > 0) looked++
  }
  return looked
}

suite('atomic/patience', (it) => {
  it('what is there already is found at the first look', () => {
    let looks = 0
    assert.is(new Patience().wait(() => { looks++; return true }), !alone)
    assert.is(looks, alone ? 0 : 1)
  })

  it('what comes while it looks is found', () => {
    let looks = 0
    assert.is(new Patience().wait(() => ++looks === 10), !alone)
  })

  it('after looks in vain it looks seldom: once in 64 waits at last', () => {
    const patience = new Patience()
    looksIn(patience, 127)
    assert.is(looksIn(patience, 640), alone ? 0 : 10)
  })

  it('looks every time again when it has found something', () => {
    const patience = new Patience()
    looksIn(patience, 127)
    let found = 0
    for (let wait = 0; wait < 200; wait++) if (patience.wait(() => true)) found++
    assert.ok(alone ? found === 0 : found > 100, String(found))
  })
})
