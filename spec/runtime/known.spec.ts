/** A thread that only runs pipelines loads no locks and channels until code inside a stage sends it one. */
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { startNode } from '../support/child.ts'
import { suite } from '../support/suite.ts'

suite('late kinds', (it) => {
  it('a handle that a stage sends to a program without locks arrives there as one', async () => {
    const { code, stdout, stderr } = await startNode([fileURLToPath(new URL('../support/fixtures/late-kinds.ts', import.meta.url))]).ended
    assert.is(code, 0, stderr)
    assert.equal(JSON.parse(stdout), { before: false, after: true, items: [10, 11, 12] })
  })
}, 30_000)
