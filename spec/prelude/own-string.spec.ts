/** A kept key must not keep the text that it was cut from. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { own, ownString } from '../../src/prelude/own-string.ts'
import { suite } from '../support/suite.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

suite('own string', (it) => {
  it('is the same string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      assert.is(ownString(text), text)
    }))
    assert.is(own(5), 5)
    assert.is(ownString('\ud800 and more than thirteen'), '\ud800 and more than thirteen')
  })

  it('lets go of the text that it was cut from', () => {
    const heldBy = (keep: (cut: string) => string): number => {
      const kept: string[] = []
      collectGarbage()
      const before = getHeapStatistics().used_heap_size
      for (let i = 0; i < 400; i++) kept.push(keep(Buffer.alloc(100_000, 97 + (i % 20)).toString('latin1').slice(100, 120)))
      collectGarbage()
      assert.is(kept.length, 400)
      return getHeapStatistics().used_heap_size - before
    }
    assert.ok(heldBy((cut) => cut) > 20e6, 'a view holds what it was cut from')
    assert.ok(heldBy(ownString) < 2e6)
  })
})
