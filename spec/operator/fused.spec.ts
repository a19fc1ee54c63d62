/** A fused loop makes nothing per item of its own: not for stages that map and filter, end early, hold a state, or expand lists, nor of records that it makes itself. */
import * as assert from 'uvu/assert'
import { startNode } from '../support/child.ts'
import { suite } from '../support/suite.ts'

suite('a fused loop', (it) => {
  it('allocates nothing per item', async () => {
    // No collection may come in between: the nursery holds what 10^6 items could allocate.
    const { code, stdout, stderr } = await startNode(
      ['--expose-gc', '--min-semi-space-size=128', '--max-semi-space-size=128', 'spec/support/fixtures/heap-per-item.ts'], 60_000
    ).ended
    assert.is(code, 0, stderr)
    const chains = stdout.trim().split('\n').map((line) => JSON.parse(line) as { readonly name: string; readonly bytes: number })
    assert.equal(chains.map(({ name }) => name), ['map, filter, map', 'take', 'scan', 'flatMap', 'flatMap, twice', 'records of a frame'])
    // The smallest object has 16 bytes; what a batch needs comes to a little.
    for (const { name, bytes } of chains) assert.ok(bytes >= 0 && bytes < 4, `${name}: ${bytes} bytes an item`)
  })
}, 60_000)
