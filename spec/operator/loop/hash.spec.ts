/** The hash of keys: equal where a Map holds keys to be equal, spread evenly, and the same for ever. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { hashKey } from '../../../src/operator/loop/hash.ts'
import type { Key } from '../../../src/operator/keyed/keys.ts'
import { seed } from '../../support/seed.ts'
import { suite } from '../../support/suite.ts'

const share = (keys: readonly Key[], partitions: number): readonly number[] => {
  const counts = new Array<number>(partitions).fill(0)
  for (const key of keys) counts[hashKey(key) % partitions]!++
  return counts
}

suite('the hash of a key', (it) => {
  it('is a whole number of 32 bits, and equal for keys that are equal in a Map', () => {
    const key = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constantFrom(null, undefined, -0, 0, NaN))
    fc.assert(fc.property(key, key, (a, b) => {
      const [x, y] = [hashKey(a), hashKey(b)]
      assert.ok(Number.isInteger(x) && x >= 0 && x < 2 ** 32)
      if (new Map([[a, 1]]).has(b)) assert.is(x, y)
    }), { seed })
    assert.is(hashKey(0), hashKey(-0))
    assert.is(hashKey(NaN), hashKey(-NaN))
  })

  it('does not change from one version to the next: what is kept by it would be somewhere else', () => {
    assert.equal(['', 'a', 'host.example', 'é😀', 1, -1, 0.5, 10n, true, null, undefined].map(hashKey), [
      2872998923, 444641715, 3887494977, 4159213040, 1364076727, 2180083513, 2673920907, 3040389434, 2399565977, 2016343541, 3107675150
    ])
  })

  it('spreads what differs little evenly: each partition has within 15 % of its share', () => {
    const n = 20_000
    for (const keys of [
      Array.from({ length: n }, (_, i) => i),
      Array.from({ length: n }, (_, i) => i * 64),
      Array.from({ length: n }, (_, i) => i / 8),
      Array.from({ length: n }, (_, i) => `10.0.${i >> 8}.${i & 255}`),
      Array.from({ length: n }, (_, i) => BigInt(i))
    ]) {
      for (const partitions of [2, 3, 8]) {
        for (const count of share(keys, partitions)) assert.ok(Math.abs(count - n / partitions) < (0.15 * n) / partitions, `${typeof keys[0]}: ${count} of ${n} in one of ${partitions}`)
      }
    }
  })
})
