/** Rows of the benchmarks: what their figures mean, and that they have the fields that readers of `--json` count on. */
import * as assert from 'uvu/assert'
import { limitRow, median, rowOf, spreadOf } from '../../bench/support/row.ts'
import { suite } from '../support/suite.ts'

const figures = { bench: 'b', work: 'w', against: 'a', unit: 'items/s', ours: [30, 10, 20], theirs: [5, 10, 15] }

suite('rows of the benchmarks', (it) => {
  it('have exactly the fields that are promised', () => {
    const row = rowOf({ ...figures, better: 'more', target: 1.5 })
    assert.equal(row, {
      bench: 'b', work: 'w', against: 'a', ours: 20, theirs: 10, unit: 'items/s', ratio: 2, target: 1.5, met: true, rounds: 3, spread: 0.5
    })
  })

  it('have a ratio above 1 when ours is better, be it more or less', () => {
    assert.is(rowOf({ ...figures, better: 'more' }).ratio, 2)
    assert.is(rowOf({ ...figures, better: 'less' }).ratio, 0.5)
  })

  it('say neither yes nor no where nothing is to be reached', () => {
    const { target, met } = rowOf({ ...figures, better: 'more' })
    assert.equal([target, met], [null, null])
  })

  it('are missed when the ratio is below the target, and met when it is there', () => {
    assert.is(rowOf({ ...figures, better: 'more', target: 2.01 }).met, false)
    assert.is(rowOf({ ...figures, better: 'more', target: 2 }).met, true)
  })

  it('compare a figure with its limit', () => {
    const below = limitRow({ bench: 'b', work: 'w', unit: 'ms', ours: [1, 2, 3], limit: 4 })
    assert.equal([below.against, below.ratio, below.target, below.met], ['the limit of 4 ms', 2, 1, true])
    assert.is(limitRow({ bench: 'b', work: 'w', unit: 'ms', ours: [5], limit: 4 }).met, false)
  })

  it('take the middle of an even number of figures as between the two', () => {
    assert.is(median([4, 1, 3, 2]), 2.5)
    assert.is(spreadOf([1]), 0)
  })
})
