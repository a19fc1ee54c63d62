/** Records that the loop of a task makes: the text makes what decoding makes, wherever a loop begins; where there is none, there is a list. */
import fc from 'fast-check'
import * as assert from 'uvu/assert'
import { createColumnsReader } from '../../src/frame/columns-in.ts'
import { createColumnsWriter } from '../../src/frame/families.ts'
import { evaluate } from '../../src/prelude/evaluate.ts'
import type { Rows } from '../../src/prelude/items.ts'
import { suite } from '../support/suite.ts'
import { tidyRuns } from './item-arbitrary.ts'
import { difference } from './same-graph.ts'

const target = Buffer.from(new SharedArrayBuffer(65_536))
const written = { bytes: 0 }

/** The items as one frame: its bytes, and how many it holds. */
const frameOf = (items: readonly unknown[]): { readonly bytes: Buffer; readonly taken: number } => {
  const taken = createColumnsWriter().write(items, 0, items.length, target, written)
  return { bytes: target.subarray(0, written.bytes), taken }
}

/** What a loop over the items from `from` to `to` makes. */
const madeBy = (rows: Rows, from: number, to: number): unknown[] => {
  const { before, item } = rows.making
  const loop = evaluate(['items', 'from', 'to'], `'use strict'\n${before}\nconst out = []\nfor (let i = from; i < to; i++) out.push(${item})\nreturn out`, 'spec')
  return loop(rows, from, to) as unknown[]
}

const same = (got: readonly unknown[], want: readonly unknown[]): void => {
  assert.is(got.length, want.length)
  got.forEach((item, i) => {
    assert.is(difference(item, want[i]), undefined)
  })
}

suite('records that a loop makes', (it) => {
  it('are those that decoding makes, wherever the loop begins and ends', () => {
    let made = 0
    fc.assert(fc.property(tidyRuns, fc.array(fc.integer({ min: 0, max: 80 }), { maxLength: 4 }), (items, cuts) => {
      const { bytes, taken } = frameOf(items)
      if (taken === 0) return
      const rows = createColumnsReader(false, 0).rows(bytes, taken)
      if (rows === undefined) return
      const want = createColumnsReader(true).read(bytes, taken)
      const ends = [...cuts.filter((cut) => cut < taken).sort((a, b) => a - b), taken]
      same(ends.flatMap((to, k) => madeBy(rows, ends[k - 1] ?? 0, to)), want)
      same(rows.list(), want)
      assert.is(rows.list(), rows.list())
      same(rows.slice(1, 3), want.slice(1, 3))
      made += taken
    }), { numRuns: 300 })
    assert.ok(made > 500, `${made} were made`)
  })

  it('with null and undefined, dates, bytes and strange keys', () => {
    const items = Array.from({ length: 60 }, (_, i) => ({
      'a"\n\u2028`${x}': `text ${i}`, n: i % 3 === 0 ? null : i / 2, s: i % 4 === 0 ? undefined : `${'long string '.repeat(3)}${i}`, flag: i % 2 === 0, on: new Date(i),
      big: BigInt(i), inside: { at: i % 5 === 0 ? null : { x: `x${i}`, pair: [i, `${i}`] as const } }, raw: Uint8Array.of(i, 1), maybe: i % 2 === 0 ? null : true
    }))
    const { bytes, taken } = frameOf(items)
    assert.is(taken, 60)
    const rows = createColumnsReader(false, 0).rows(bytes, taken)
    assert.ok(rows)
    same([...madeBy(rows, 0, 7), ...madeBy(rows, 7, 60)], items)
  })

  it('are a list while their text has not settled, in several shapes, with optional fields, with lists, and without code', () => {
    const rowsOf = (items: readonly unknown[], plain = false, settled = 0): Rows | undefined => {
      const { bytes, taken } = frameOf(items)
      assert.ok(taken > 0)
      return createColumnsReader(plain, settled).rows(bytes, taken)
    }
    const plain = Array.from({ length: 64 }, (_, i) => ({ a: i, b: `b${i}` }))
    assert.ok(rowsOf(plain))
    assert.is(rowsOf(plain, true), undefined)
    assert.is(rowsOf(plain, false, 1), undefined)
    assert.is(rowsOf(plain.map((item, i) => (i % 2 === 0 ? item : { other: i }))), undefined)
    assert.is(rowsOf(plain.map(({ a }, i) => (i % 2 === 0 ? { a } : { a, b: i }))), undefined)
    assert.is(rowsOf(plain.map(({ a }) => ({ a, list: [a, a] }))), undefined)
    assert.is(rowsOf(plain.map(({ a }) => [a, a])), undefined)
  })

  it('are made after enough of their text have come', () => {
    const { bytes, taken } = frameOf(Array.from({ length: 50 }, (_, i) => ({ a: i, b: `b${i}` })))
    const reader = createColumnsReader(false, 120)
    for (const settled of [false, false, false, true]) {
      assert.is(reader.rows(bytes, taken) !== undefined, settled)
      reader.read(bytes, taken)
    }
  })
}, 20_000)
