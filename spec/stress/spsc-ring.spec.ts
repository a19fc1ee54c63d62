/**
 * The single-producer, single-consumer ring with two real threads.
 *
 * FORBIDDEN
 *   a record that is lost, doubled, or out of order
 *   a record of which a word is another's: written or read too early
 */
import * as assert from 'uvu/assert'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'
import * as Table from './tables.ts'
import { WRONG, startCrowd } from './threads.ts'

const roles = ['ring producer', 'ring consumer']
const RECORDS = 1_000_000

suite('spsc ring, real threads', (it) => {
  for (const capacity of [1, 8, 1024]) {
    it(`records of ${Table.WIDTH} words arrive whole and in order, capacity ${capacity}`, async (scope) => {
      const crowd = startCrowd(scope, { roles, words: Table.ringWords(capacity), counts: 2, capacity, values: RECORDS, ms: 1000, seed })
      await crowd.ended
      assert.is(crowd.controls[WRONG], 0)
      assert.is(crowd.counts[1], crowd.counts[0])
      assert.ok(crowd.counts[0]! > 100, `${crowd.counts[0]} records`)
    })
  }
}, 30_000)
