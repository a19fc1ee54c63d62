/**
 * Records on their way through loops and threads, more of them than it takes until a loop makes them itself: on no, one and two workers what
 * comes out, fails or is set aside is what a list of them would give.
 */
import * as assert from 'uvu/assert'
import { filter, forEach, map, pipeline, range, reduce, type Source } from '../../src/index.ts'
import { frameBatch } from '../../src/exec/edges/batch.ts'
import { createArena } from '../../src/frame/arena.ts'
import { readFrame, rowsOfFrame, writeFrame } from '../../src/frame/frame.ts'
import { Rows } from '../../src/prelude/items.ts'
import { rejection } from '../support/attempt.ts'
import { suite } from '../support/suite.ts'

const WORKERS = [0, 1, 2]
const blocking = { lane: 'blocking' } as const
const async = { lane: 'async' } as const
const N = 60_000

interface Visit {
  readonly at: number
  readonly path: string
  readonly half: number
}

const visitOf = (i: number): Visit => ({ at: i, path: `/items/number/${i % 1000}`, half: i / 2 })
const weigh = ({ at, path, half }: Visit): number => at + path.length + half

/** Made on one lane, for the other. */
const crossing = (lane: 'blocking' | 'async'): Source<Visit> => range(0, N).pipe(map((i) => ({ at: i, path: `/items/number/${i % 1000}`, half: i / 2 }), { lane, name: 'make' }))

suite('records that cross', (it) => {
  it('arrive whole, in order, in both directions', async () => {
    const want = Array.from({ length: N }, (_, i) => weigh(visitOf(i)))
    for (const workers of WORKERS) {
      const there = crossing('async').pipe(map(({ at, path, half }) => at + path.length + half, blocking))
      const back = crossing('blocking').pipe(map(({ at, path, half }) => at + path.length + half, async))
      for (const source of [there, back]) assert.equal(await source.toArray({ workers }), want, `${workers} workers`)
    }
  })

  it('are kept by functions as records of their own', async () => {
    for (const lanes of [['async', 'blocking'], ['blocking', 'async']] as const) {
      const kept = crossing(lanes[0]).pipe(filter((v) => v.at % 10_000 === 7, { lane: lanes[1] }), reduce((all: readonly Visit[], v) => [...all, v], [], { lane: lanes[1] }))
      assert.equal(await kept.toArray({ workers: 2 }), [[7, 10_007, 20_007, 30_007, 40_007, 50_007].map(visitOf)])
    }
  })

  it('one that fails is told by its place; those that are set aside are the records that came', async () => {
    for (const workers of WORKERS) {
      for (const [made, used] of [['async', 'blocking'], ['blocking', 'async']] as const) {
        const failing = crossing(made).pipe(map((v) => {
          if (v.at === 50_001) throw new Error('bad')
          return v.half
        }, { lane: used, name: 'use' }))
        const error = await rejection(failing.toArray({ workers }))
        assert.equal([error.code, error.stage, error.position], ['ERR_MILLRACE_STAGE_FAILED', 'use', { index: 50_001 }], `${made} to ${used}, ${workers} workers`)
        const letters: unknown[] = []
        const aside = crossing(made).pipe(map((v) => {
          if (v.at % 20_000 === 5000) throw new Error('aside')
          return v.half
        }, { lane: used, onError: 'deadLetter' }))
        const run = pipeline({ out: aside.to(forEach(() => undefined)) }).run({ workers })
        run.deadLetters.subscribe(({ item, position }) => letters.push([item, position?.index]))
        await run.done
        assert.equal(letters, [5000, 25_000, 45_000].map((i) => [visitOf(i), i]))
      }
    }
  })

  it('several readers share records that are made once; a sole one makes its own', () => {
    const arena = createArena({ slots: 8, slotBytes: 131_072 })
    const items = Array.from({ length: 2000 }, (_, i) => ({ ...visitOf(i), seldom: i }))
    const slot = arena.claim(0)
    assert.is(writeFrame(arena, slot, items, 0, items.length), items.length)
    let decoded = 0
    const batch = () => frameBatch({
      slot, byteLength: 1, items: () => readFrame(arena, slot), column: () => undefined, rows: () => rowsOfFrame(arena, slot), bytes: () => new Uint8Array(0), release: () => undefined
    }, items.length, false, () => { decoded++ })
    assert.ok(Array.isArray(batch().input()), 'as long as few have come')
    for (let i = 0; i < 10; i++) readFrame(arena, slot)
    decoded = 0
    const shared = batch()
    shared.retain()
    assert.is(shared.input(), shared.input())
    assert.is(shared.input(), shared.items())
    const sole = batch()
    assert.instance(sole.input(), Rows)
    assert.is(sole.input(), sole.input())
    assert.equal(sole.owned(), items)
    assert.is(sole.items(), sole.owned())
    assert.is(sole.input(), sole.items(), 'made once')
    assert.is(sole.takeSlot(), -1)
    assert.is(decoded, 2, 'each is counted once')
  })
}, 60_000)
