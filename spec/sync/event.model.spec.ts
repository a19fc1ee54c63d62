/**
 * No change is missed (E2 of src/sync/event.ts), under every interleaving of two who wait and one who tells.
 *
 * FORBIDDEN   the end: the change was made and told, and somebody sleeps who waits for it
 */
import * as assert from 'uvu/assert'
import type { Shore } from '../../src/atomic/shore.ts'
import { EVENT_WORDS, arm, ring } from '../../src/sync/event.ts'
import { AGAIN, explore, howItFails, type Actor, type Scene, type Stepping } from '../support/explore.ts'
import { suite } from '../support/suite.ts'

interface State extends Record<string, number | readonly number[]> {
  saw: number
}

const VALUE = EVENT_WORDS
const bell = (i: number): number => EVENT_WORDS + 1 + i

const shoreOf = (words: Int32Array, i: number, m: Stepping): Shore => ({
  ...m,
  me: () => ((i + 1) << 8) | i,
  living: () => true,
  deaths: () => 0,
  wake: (mark) => { m.add(words, bell(mark & 0xff), 1) },
  pause: () => undefined
})

/** Waits until the value is `goal`. */
const waiter = (words: Int32Array, i: number, goal: number, lateArm = false): Actor<State> => ({
  name: `waiter ${i}`,
  state: { saw: 0 },
  turns: [
    (s, m) => {
      const seen = m.load(words, bell(i))
      if (!lateArm) arm(words, 0, shoreOf(words, i, m))
      s.saw = m.load(words, VALUE)
      if (s.saw === goal) return undefined
      if (lateArm) arm(words, 0, shoreOf(words, i, m))
      m.until(words, bell(i), (rung) => rung !== seen)
      return AGAIN
    }
  ]
})

const teller = (words: Int32Array, values: readonly number[], ringsFirst = false): Actor<State> => ({
  name: 'teller',
  state: { saw: 0 },
  turns: values.flatMap((value) => {
    const change = (_: State, m: Stepping): undefined => { m.store(words, VALUE, value) }
    const tell = (_: State, m: Stepping): undefined => { ring(words, 0, shoreOf(words, 2, m)) }
    return ringsFirst ? [tell, change] : [change, tell]
  })
})

const scene = (lateArm: boolean, ringsFirst: boolean) => (): Scene<State> => {
  const words = new Int32Array(EVENT_WORDS + 4)
  return {
    words,
    actors: [waiter(words, 0, 2, lateArm), waiter(words, 1, 2, lateArm), teller(words, [1, 2], ringsFirst)],
    end: (states, { waits }) => {
      assert.equal([states[0]!.saw, states[1]!.saw], [2, 2])
      assert.equal(waits, [false, false, false])
    }
  }
}

suite('event, every interleaving', (it) => {
  it('two who wait see what is told after it was changed', () => {
    assert.ok(explore(scene(false, false)).states > 100)
  })

  it('the explorer sees: who looks before it is armed, and who tells before the change', () => {
    assert.ok(howItFails(scene(true, false)).length > 0)
    assert.ok(howItFails(scene(false, true)).length > 0)
  })
}, 30_000)
