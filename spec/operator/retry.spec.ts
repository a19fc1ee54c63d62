import * as assert from 'uvu/assert'
import { retry } from '../../src/operator/retry.ts'
import { suite } from '../support/suite.ts'
import { verifyRefusals } from '../support/verify-operator.ts'

suite('retry', (it) => {
  it('is plain data with defaults', () => {
    assert.equal(retry({ times: 3 }), { policy: 'retry', times: 3, initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.5, then: 'fail' })
    assert.equal(structuredClone(retry({ times: 1, jitter: 0, then: 'skip' })), retry({ times: 1, jitter: 0, then: 'skip' }))
  })

  it('refuses what makes no sense', () => {
    verifyRefusals('retry', [
      () => retry({} as never),
      () => retry({ times: 0 }),
      () => retry({ times: 1.5 }),
      () => retry({ times: 1, initialMs: -1 }),
      () => retry({ times: 1, factor: 0.5 }),
      () => retry({ times: 1, maxMs: Infinity }),
      () => retry({ times: 1, jitter: 2 }),
      () => retry({ times: 1, jitter: '1' as never }),
      () => retry({ times: 1, then: 'retry' as never })
    ])
  })
})
