/** The barrier in one thread, behaviour by behaviour; numbers as in the list of tokio's semantics. */
import * as assert from 'uvu/assert'
import { Barrier } from '../../src/sync.ts'
import { thrown } from '../support/attempt.ts'
import { bothForms } from '../support/forms.ts'
import { fateOf, waits } from '../support/settling.ts'

bothForms('Barrier', (it, form) => {
  it('148: for none, as for one, it never waits and always leads', async () => {
    for (const size of [0, 1]) {
      const barrier = form(new Barrier(size))
      for (let i = 0; i < 3; i++) assert.equal(await barrier.wait(), { isLeader: true })
    }
    for (const size of [-1, 0.5, 2 ** 31]) assert.instance(thrown(() => new Barrier(size)), RangeError)
  })

  it('149: all arrivals are through together, and the last one leads', async () => {
    const barrier = form(new Barrier(3))
    const early = [barrier.wait(), barrier.wait()]
    assert.ok(await waits(Promise.race(early)))
    const last = barrier.wait()
    assert.equal(await Promise.all([...early, last]), [{ isLeader: false }, { isLeader: false }, { isLeader: true }])
    assert.is(barrier.size, 3)
  })

  it('150: ten rounds of a hundred, each with 99 that wait and one leader', async () => {
    const barrier = form(new Barrier(100))
    for (let round = 0; round < 10; round++) {
      const early = Array.from({ length: 99 }, () => barrier.wait())
      assert.ok(await waits(Promise.race(early)))
      const leaders = (await Promise.all([...early, barrier.wait()])).filter(({ isLeader }) => isLeader)
      assert.is(leaders.length, 1)
    }
  })

  it('151: a wait that is given up takes its arrival back', async () => {
    const barrier = form(new Barrier(2))
    const controller = new AbortController()
    const leaves = barrier.wait({ signal: controller.signal })
    assert.ok(await waits(leaves))
    controller.abort('left')
    assert.equal(await fateOf(leaves), { is: 'reason', reason: 'left' })
    const first = barrier.wait()
    assert.ok(await waits(first))
    await barrier.wait()
    await first
    assert.equal(await fateOf(barrier.wait({ signal: controller.signal })), { is: 'reason', reason: 'left' })
    assert.ok(await waits(barrier.wait()))
  })

  it('151: a wait that is given up after its round has ended is through', async () => {
    const barrier = form(new Barrier(2))
    const controller = new AbortController()
    const first = barrier.wait({ signal: controller.signal })
    const second = barrier.wait()
    controller.abort('late')
    assert.equal(await Promise.all([first, second]), [{ isLeader: false }, { isLeader: true }])
  })

  it('122: the blocking form throws on a thread with an event loop, and has not arrived', async () => {
    const barrier = form(new Barrier(2))
    assert.is(thrown(() => barrier.blockingWait()).code, 'ERR_MILLRACE_WOULD_BLOCK_LOOP')
    assert.ok(await waits(barrier.wait()))
  })
})
