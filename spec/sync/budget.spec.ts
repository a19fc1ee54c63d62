/** The budget of calls that need not wait: the loop turns, and answers keep their order. */
import * as assert from 'uvu/assert'
import { BUDGET, done, ready } from '../../src/sync/budget.ts'
import { suite } from '../support/suite.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('budget', (it) => {
  it('answers so many calls within one turn, then lets the event loop turn first', async () => {
    await nextTurn()
    let turned = false
    setImmediate(() => {
      turned = true
    })
    let answered = 0
    while (!turned) {
      await ready(answered)
      answered++
    }
    assert.ok(answered <= BUDGET + 1, `${answered}`)
  })

  it('gives every answer, in the order of the calls, used up or not', async () => {
    const n = BUDGET * 3
    const order: number[] = []
    await Promise.all(Array.from({ length: n }, (_, i) => (i % 2 === 0 ? ready(i).then(() => order.push(i)) : done().then(() => order.push(i)))))
    assert.equal([...order].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i))
    assert.equal(order, Array.from({ length: n }, (_, i) => i))
  })
})
