import { setImmediate as turn } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { Rounds } from '../../../src/operator/waiting/rounds.ts'
import { suite } from '../../support/suite.ts'

suite('operator/rounds', (it) => {
  it('what answers before the event loop has turned is of the same round', async () => {
    const rounds = new Rounds(() => undefined)
    const round = rounds.begin()
    await Promise.resolve()
    assert.is(rounds.lasts, true, 'it has not answered')
    assert.is(rounds.isSame(round), true)
    assert.is(rounds.lasts, false, 'nothing else has begun')
    rounds.close()
  })

  it('what answers after the event loop has turned is not', async () => {
    const rounds = new Rounds(() => undefined)
    const round = rounds.begin()
    await turn()
    assert.is(rounds.isSame(round), false)
    assert.is(rounds.lasts, false, 'nothing has begun in this round')
    rounds.close()
  })

  it('rings once for all that ask, at the end of the round', async () => {
    let rings = 0
    const rounds = new Rounds(() => rings++)
    rounds.ringAtEnd()
    rounds.ringAtEnd()
    await Promise.resolve()
    assert.is(rings, 0)
    await turn()
    assert.is(rings, 1)
    await turn()
    assert.is(rings, 1)
    rounds.close()
  })

  it('does not say that a round lasts whose end has been waited for', async () => {
    const rounds = new Rounds(() => undefined)
    rounds.wait()
    rounds.begin()
    await turn()
    rounds.begin()
    assert.is(rounds.lasts, false, 'a round has ended since')
    rounds.wait()
    assert.is(rounds.lasts, true)
    rounds.close()
  })

  it('rings no more when it is closed', async () => {
    let rings = 0
    const rounds = new Rounds(() => rings++)
    rounds.ringAtEnd()
    rounds.close()
    await turn()
    assert.is(rings, 0)
  })
})
