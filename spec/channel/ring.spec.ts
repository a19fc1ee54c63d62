/** The ring under the channels is a queue: it agrees with an array. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { Ring } from '../../src/channel/ring.ts'
import { seed } from '../support/seed.ts'
import { suite } from '../support/suite.ts'

/** Puts objects in and takes them out again; what is left of them. */
const passThrough = (ring: Ring<object>): readonly WeakRef<object>[] => {
  const refs = Array.from({ length: 20 }, (_, i) => {
    const item = { i }
    ring.push(item)
    return new WeakRef<object>(item)
  })
  while (ring.size > 0) ring.shift()
  return refs
}

suite('ring', (it) => {
  it('agrees with an array through random pushes and shifts, over every growth', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('push') }, { weight: 2, arbitrary: fc.constant('shift') }, { weight: 1, arbitrary: fc.constant('at') }), { maxLength: 200 }), (ops) => {
        const ring = new Ring<number | undefined>()
        const model: (number | undefined)[] = []
        for (const [i, op] of ops.entries()) {
          const item = i % 7 === 0 ? undefined : i
          if (op === 'push') {
            ring.push(item)
            model.push(item)
          } else if (op === 'shift' && model.length > 0) assert.is(ring.shift(), model.shift())
          else if (model.length > 0) assert.is(ring.at(i % model.length), model[i % model.length])
          assert.is(ring.size, model.length)
        }
        ring.clear()
        assert.is(ring.size, 0)
      }),
      { seed, numRuns: 500 }
    )
  })

  it('keeps nothing alive that was taken', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const ring = new Ring<object>()
    const refs = passThrough(ring)
    for (let i = 0; i < 10 && refs.some((ref) => ref.deref() !== undefined); i++) {
      await new Promise((resolve) => setImmediate(resolve))
      gc()
    }
    assert.is(refs.filter((ref) => ref.deref() !== undefined).length, 0)
    assert.is(ring.size, 0)
  })
})
