/** Operators of several sources, of which the first is the one of the case; see entry.ts. */
import * as assert from 'uvu/assert'
import { combineLatest, concat, from, interleave, joinAsOf, joinTable, joinWithin, map, merge, race, range, zip, zipLatest, type Source } from '../../../src/index.ts'
import { BOTH, never, type Entries } from './entry.ts'

const others = [100, 101]

/** Rows end with the newest of each; what lies between depends on who was faster. */
const newestRows = (out: readonly unknown[], items: readonly number[]): void => {
  if (items.length === 0) assert.equal(out, [])
  else assert.equal(out.at(-1), [items.at(-1), 101])
}

const table = (): Source<{ readonly key: number; readonly name: string }> =>
  range(0, 10).pipe(map((key) => ({ key, name: `k${key}` })))

export const several: Entries = {
  merge: {
    make: (source, { name }) => merge(source, from(others), { name }),
    model: (items) => [...items, ...others],
    compare: 'bag'
  },
  concat: {
    make: (source) => concat(source, from(others)),
    model: (items) => [...items, ...others]
  },
  interleave: {
    make: (source, { name }) => interleave(source, from(others), { name }),
    model: (items) => [...items.slice(0, 1), 100, ...items.slice(1, 2), 101, ...items.slice(2)]
  },
  zip: {
    make: (source) => zip(source, range(0, 50)),
    model: (items) => items.slice(0, 50).map((n, i) => [n, i])
  },
  zipLatest: {
    make: (source, { name }) => zipLatest(source, concat(from(others), from(never)), { name }), // it ends with the first that has ended
    model: (items) => (items.length === 0 ? [] : [[items.at(-1), 101]]),
    compare: newestRows
  },
  combineLatest: {
    make: (source, { name }) => combineLatest(source, from(others), { name }),
    model: (items) => (items.length === 0 ? [] : [[items.at(-1), 101]]),
    compare: newestRows
  },
  race: {
    make: (source, { name }) => race(source, from([] as number[]), { name }),
    model: (items) => items
  },
  joinTable: {
    make: (source, { name, onError }) => joinTable(source, table(), { name, onError, keys: [(n) => { if (n === 13) throw new RangeError('thirteen'); return n }, (row) => row.key] }).pipe(map(([n, row]) => [n, row.name])),
    model: (items) => items.map((n) => [n, `k${n}`]),
    throws: BOTH
  },
  joinAsOf: {
    make: (source, { name, onError }) =>
      joinAsOf(source, table(), { name, onError, keys: [(n) => { if (n === 13) throw new RangeError('thirteen'); return n }, (row) => row.key], at: [() => 5, () => 1] }).pipe(map(([n, row]) => [n, row.name])),
    model: (items) => items.map((n) => [n, `k${n}`]),
    throws: BOTH
  },
  joinWithin: {
    make: (source, { name, onError }) =>
      joinWithin(source, table(), { name, onError, keys: [(n) => { if (n === 13) throw new RangeError('thirteen'); return n }, (row) => row.key], at: [() => 5, () => 5], withinMs: 1 }).pipe(map(([n, row]) => [n, row.name])),
    model: (items) => items.map((n) => [n, `k${n}`]),
    compare: 'bag',
    throws: BOTH
  }
}
