/** The budget of calls that need not wait: the loop turns, and answers keep their order; for tasks, each its own. */
import * as assert from 'uvu/assert'
import { BUDGET, Budget, budget, budgetForcedYields, done, ready } from '../../src/sync/budget.ts'
import { NOWHERE, inScope } from '../../src/sync/scope.ts'
import { suite } from '../support/suite.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('budget', (it) => {
  it('251: answers so many calls within one turn, then lets the event loop turn first', async () => {
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

  it('251: a scope with a budget of its own neither uses the thread\'s, nor is delayed by it', async () => {
    while (budget().left > 0) await done()
    const own = new Budget()
    let turned = false
    setImmediate(() => {
      turned = true
    })
    await inScope({ ...NOWHERE, budget: own }, async () => {
      for (let i = 0; i < BUDGET; i++) await ready(i)
    })
    assert.not(turned)
    assert.is(own.left, 0)
    await done() // the thread's
    assert.ok(turned)
  })

  it('252: a budget without end is never used up', async () => {
    const endless = new Budget(Infinity)
    for (let i = 0; i < BUDGET * 10; i++) assert.is(endless.spend(), undefined)
    assert.is(endless.left, Infinity)
    await endless.turn()
  })

  it('253: counts each time that it was used up once, however many calls wait', async () => {
    const before = budgetForcedYields()
    await inScope({ ...NOWHERE, budget: new Budget() }, () => Promise.all(Array.from({ length: BUDGET * 3 }, done)))
    assert.is(budgetForcedYields() - before, 1)
  })

  it('a turn that was not forced fills the budget, and is not counted', async () => {
    const before = budgetForcedYields()
    const own = new Budget()
    void own.spend()
    await own.turn()
    assert.is(own.left, BUDGET)
    assert.is(budgetForcedYields(), before)
  })
})
