/** A program for twins.spec.ts: frames of records where code must not be generated. Says whether code is refused, the kind of frame, and how it went. */
import { isDeepStrictEqual } from 'node:util'
import { createArena, WORD_KIND } from '../../src/frame/arena.ts'
import { readFrame, writeFrame } from '../../src/frame/frame.ts'

let refused = 'allowed'
try {
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- that it is refused is the point
  new Function('')()
} catch (error) {
  refused = (error as Error).name
}
const arena = createArena({ slots: 1, slotBytes: 65_536 })
const slot = arena.claim(0)
const items = Array.from({ length: 300 }, (_, i) => i % 2 === 0 ? { id: i, name: `n${i}`, tags: ['a', 'b'] } : { id: i, at: new Date(i), inner: { x: i / 2, y: null } })
let outcome = 'same'
for (let round = 0; round < 5; round++) {
  const taken = writeFrame(arena, slot, items, 0, items.length)
  if (taken !== items.length || !isDeepStrictEqual(readFrame(arena, slot), items)) outcome = 'different'
}
console.log(refused, arena.words(slot)[WORD_KIND], outcome)
