/**
 * The set of slots with real threads that claim, use, give away and release; one of them is ended in the middle of it.
 *
 * What a slot holds is a plain count of its uses: two owners at a time, or a release that hands nothing over, lose some.
 * FORBIDDEN
 *   two threads that use a slot at the same time
 *   a use that the next owner does not see
 *   a slot that is owned by nobody and never found again, whoever died
 */
import * as assert from 'uvu/assert'
import { shared } from '../../src/atomic/memory.ts'
import { Empty } from '../../src/queue/outcome.ts'
import * as Slots from '../../src/queue/slots.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import * as Table from './tables.ts'
import { READY, STOP, WRONG, startCrowd, type Crowd } from './threads.ts'

const THREADS = 4
const roles = Array.from({ length: THREADS }, () => 'slots user')

const untilReady = async ({ controls, ended }: Crowd): Promise<void> => {
  while (shared.load(controls, READY) < THREADS) await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5))])
}

suite('slots, real threads', (it) => {
  for (const count of [3, 40]) {
    it(`${count} slots between ${THREADS} threads, one of which dies: no use is lost, and all slots are free at the end`, async (scope) => {
      const crowd = startCrowd(scope, { roles, words: Table.slotsWords(count, THREADS), counts: THREADS, capacity: count, values: 0, ms: 0, seed })
      const { memory, controls, counts } = crowd
      const { slots, contents, mail } = Table.slotsOf(memory, count, THREADS)
      await untilReady(crowd)
      await new Promise((resolve) => setTimeout(resolve, 700))
      await crowd.kill(0)
      Slots.reclaim(slots, 0)
      await new Promise((resolve) => setTimeout(resolve, 500))
      shared.store(controls, STOP, 1)
      await crowd.ended
      assert.is(controls[WRONG], 0)
      for (let thread = 1; thread < THREADS; thread++) {
        const given = shared.load(memory, mail(thread)) - 1
        if (given >= 0) Slots.release(slots, given)
      }
      // every free slot is found; at most one is not free: the dead may have given it away without telling of it
      const free = Slots.available(slots)
      assert.ok(free >= count - 1, `${free} of ${count} slots are free`)
      const claimed = Array.from({ length: count + 1 }, () => Slots.claim(slots, 9)).filter((slot) => slot !== Empty)
      assert.is(new Set(claimed).size, free)
      assert.is(claimed.length, free)
      const used = Array.from({ length: count }, (_, slot) => memory[contents(slot)]!).reduce((a, b) => a + b, 0)
      const counted = counts.reduce((a, b) => a + b, 0)
      assert.ok(counted > 1_000, `${counted} uses`)
      // the dead may have used a slot without counting it
      assert.ok(used === counted || used === counted + 1, `used ${used}, counted ${counted}`)
    })
  }
}, 30_000)
