/**
 * The worker's deque with real threads: an owner, a thief that takes one, one that takes half, and one that steals from both.
 *
 * FORBIDDEN
 *   a value that is taken twice, or by two
 *   a value that is lost
 *   a value that was never pushed: an old one, or half of one
 *   the owner, or a thief that takes from the owner only, getting a newer value before an older one
 */
import * as assert from 'uvu/assert'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import * as Table from './tables.ts'
import { WRONG, startCrowd } from './threads.ts'

const roles = ['deque owner', 'deque thief of one', 'deque thief of half', 'deque thief of thieves']
const VALUES = 1 << 20

suite('deque, real threads', (it) => {
  for (const capacity of [4, 256]) {
    it(`186: push, pop, steals of one and of half at once, capacity ${capacity}: every value is taken once`, async (scope) => {
      const crowd = startCrowd(scope, { roles, words: Table.dequeWords(capacity, roles.length), counts: VALUES + 1, capacity, values: VALUES, ms: 1500, seed })
      await crowd.ended
      const pushed = crowd.counts[VALUES]!
      assert.is(crowd.controls[WRONG], 0)
      assert.ok(pushed > 1_000, `${pushed} values`)
      assert.is(crowd.counts.subarray(0, pushed).findIndex((count) => count !== 1), -1)
      assert.ok(crowd.counts.subarray(pushed, VALUES).every((count) => count === 0))
    })
  }
}, 30_000)
