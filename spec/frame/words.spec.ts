import * as assert from 'uvu/assert'
import { layOut, type Layout } from '../../src/frame/layout.ts'
import { PACKED, PLAIN } from '../../src/frame/shape.ts'
import { createPacking, textOf, type Packing } from '../../src/frame/words.ts'
import { suite } from '../support/suite.ts'

const layout: Layout = layOut([{ kind: 'string', masked: false }])
const COUNT = 512

const frame = (packing: Packing, word: (i: number) => string): { readonly words: number; readonly text: string } => {
  const { codes, ends, text } = textOf(packing, 0, Array.from({ length: COUNT }, (_, i) => word(i)), COUNT)
  return { words: codes === undefined ? 0 : ends.length, text }
}

const short = (different: number) => (i: number): string => `w${i % different}`
const long = (different: number) => (i: number): string => `a word of more than twelve characters ${i % different}`

suite('dictionaries of strings', (it) => {
  it('hold short words from the first frame on, as long as they are a quarter of the strings at most', () => {
    assert.is(frame(createPacking(layout), short(3)).words, 3)
    assert.is(frame(createPacking(layout), short(100)).words, 100)
    assert.is(frame(createPacking(layout), short(COUNT)).words, 0)
  })

  it('hold long words from the first frame on, when they are few', () => {
    // Whether they are cheap to compare the clock says, which errs on a busy machine and before V8 has compiled: not for ever.
    let tries = 0
    while (frame(createPacking(layout), long(3)).words !== 3) assert.ok(++tries < 10_000, 'one is packed')
  })

  it('are not tried for long words that are many: nothing has failed then', () => {
    const packing = createPacking(layout)
    assert.is(frame(packing, long(COUNT)).words, 0)
    assert.is(packing.of[0], PLAIN)
    assert.is(packing.failures[0], 0)
  })

  it('are given up for good by a column that soon has too many words, again and again', () => {
    const packing = createPacking(layout)
    for (let again = 0; again < 20; again++) {
      for (let i = 0; i < 20; i++) frame(packing, short(3))
      frame(packing, short(COUNT))
    }
    for (let i = 0; i < 100; i++) frame(packing, short(3))
    assert.is(packing.of[0], PLAIN)
  })

  it('come back, however often, where they have lasted', () => {
    const packing = createPacking(layout)
    for (let again = 0; again < 20; again++) {
      for (let i = 0; i < 300; i++) frame(packing, short(3))
      assert.is(packing.of[0], PACKED, `after ${again} frames of other words`)
      frame(packing, short(COUNT))
      assert.is(packing.of[0], PLAIN)
    }
  })

  it('leave the strings as they were, whatever they are laid out as', () => {
    const packing = createPacking(layout)
    for (const word of [short(3), long(2), short(COUNT), long(COUNT)]) {
      for (let i = 0; i < 40; i++) {
        const { words, text } = frame(packing, word)
        const all = Array.from({ length: COUNT }, (_, k) => word(k))
        assert.is(text, (words === 0 ? all : [...new Set(all)]).join(''))
      }
    }
  })
})
