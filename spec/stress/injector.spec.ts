/**
 * The injector with real threads: a producer, a consumer that takes one, and two that take shares into deques of their own.
 *
 * FORBIDDEN
 *   a value that is taken twice, or by two
 *   a value that is lost
 *   a value that was never pushed
 *   a consumer getting a newer value before an older one
 */
import * as assert from 'uvu/assert'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import * as Table from './tables.ts'
import { WRONG, startCrowd } from './threads.ts'

const roles = ['injector producer', 'injector consumer of one', 'injector consumer of shares', 'injector consumer of shares']
const VALUES = 1 << 20

suite('injector, real threads', (it) => {
  for (const capacity of [2, 1024]) {
    it(`187: a push races with takes of one and of shares, capacity ${capacity}: every value is taken once, in order`, async (scope) => {
      const crowd = startCrowd(scope, { roles, words: Table.injectorWords(capacity, roles.length), counts: VALUES + 1, capacity, values: VALUES, ms: 1500, seed })
      await crowd.ended
      const pushed = crowd.counts[VALUES]!
      assert.is(crowd.controls[WRONG], 0)
      assert.ok(pushed > 100, `${pushed} values`) // on a machine that is kept busy by others few get through at a capacity of 2
      assert.is(crowd.counts.subarray(0, pushed).findIndex((count) => count !== 1), -1)
      assert.ok(crowd.counts.subarray(pushed, VALUES).every((count) => count === 0))
    })
  }
}, 30_000)
