/** Operators that wait, on the caller's loop, with one source; see entry.ts. Times are short: on workers they are the machine's. */
import * as t from 'io-ts'
import { filter as rxFilter, map as rxMap } from 'rxjs'
import * as assert from 'uvu/assert'
import {
  balance, buffer, conflate, debounce, delay, encode, enrich, expand, feedback, from, idleTimeout, map, mapAsync, merge, mergeMap, recurse, rx, sample, sort, startWith, switchMap, takeUntil,
  throttle
} from '../../../src/index.ts'
import { BOTH, never, NONE, sumOf, type Entries } from './entry.ts'

/** What came is a part of the items, in their order, and the last of them is there. */
const someOf = (out: readonly unknown[], items: readonly number[]): void => {
  let from = 0
  for (const n of out) {
    const at = items.indexOf(n as number, from)
    assert.ok(at >= 0, `${String(n)} has come once too often, or too late, in ${String(out)}`)
    from = at + 1
  }
  assert.is(out.at(-1), items.at(-1))
}

const Doubled = new t.Type<number, number>('Doubled', t.number.is, (u, c) => t.number.validate(u, c), (n) => { if (n === 13) throw new RangeError('thirteen'); return n * 2 })

export const waiting: Entries = {
  mapAsync: {
    make: (source, { name, onError }) => source.pipe(mapAsync(async (n) => { await Promise.resolve(); if (n === 13) throw new RangeError('thirteen'); return n * 2 }, { name, onError })),
    model: (items) => items.map((n) => n * 2),
    throws: BOTH
  },
  mergeMap: {
    make: (source, { name, onError }) => source.pipe(mergeMap((n) => { if (n === 13) throw new RangeError('thirteen'); return [n, -n] }, { name, onError, concurrency: 2 })),
    model: (items) => items.flatMap((n) => [n, -n]),
    compare: 'bag',
    throws: BOTH
  },
  recurse: {
    make: (source, { name, onError }) => source.pipe(recurse((n) => { if (n === 13) throw new RangeError('thirteen'); return { emit: [n], again: n > 5 ? [n - 5] : [] } }, { name, onError })),
    model: (items) => items.flatMap((n) => (n > 5 ? [n, n - 5] : [n])),
    compare: 'bag',
    throws: BOTH
  },
  feedback: {
    make: (source, { name, lane }) => source.pipe(feedback(map((n: number) => (n > 5 ? { _tag: 'Left' as const, left: n - 5 } : { _tag: 'Right' as const, right: n }), { lane }), { name, capacity: 100 })),
    model: (items) => items.map((n) => (n > 5 ? n - 5 : n)),
    compare: 'bag'
  },
  switchMap: {
    make: (source, { name, onError }) => source.pipe(switchMap((n) => { if (n === 13) throw new RangeError('thirteen'); return [n] }, { name, onError })),
    model: (items) => items,
    compare: someOf,
    newest: true,
    nowhere: true,
    throws: NONE
  },
  rx: {
    make: (source, { name }) => source.pipe(rx((in$) => in$.pipe(rxMap((n) => { if (n === 13) throw new RangeError('thirteen'); return n + 1 }), rxFilter((n) => n !== 4)), { name })),
    model: (items) => items.map((n) => n + 1).filter((n) => n !== 4),
    throws: NONE,
    nowhere: true
  },
  encode: {
    make: (source, { name, onError }) => source.pipe(encode(Doubled, { name, onError })),
    model: (items) => items.map((n) => n * 2),
    throws: BOTH
  },
  takeUntil: {
    make: (source, { name }) => source.pipe(takeUntil(from(never), { name })),
    model: (items) => items
  },
  startWith: {
    make: (source) => source.pipe(startWith(-1, -2)),
    model: (items) => [-1, -2, ...items]
  },
  balance: {
    make: (source, { name }) => merge(...balance(source, 3, { name })),
    model: (items) => items,
    compare: 'bag'
  },
  sort: {
    make: (source, { name }) => source.pipe(sort({ name })),
    model: (items) => [...items].sort((a, b) => a - b),
    atEnd: true
  },
  enrich: {
    make: (source, { name, onError }) => source.pipe(enrich({
      name,
      onError,
      key: (n: number) => n,
      lookup: async (keys: readonly number[]) => { await Promise.resolve(); if (keys.includes(13)) throw new RangeError('thirteen'); return keys.map((key) => key * 2) },
      batch: 1
    })),
    model: (items) => items.map((n) => [n, n * 2]),
    throws: BOTH
  },
  throttle: {
    make: (source, { name, onError }) => source.pipe(throttle({ name, onError, units: 1000, perMs: 1, burst: 1000, cost: (n: number) => { if (n === 13) throw new RangeError('thirteen'); return 1 } })),
    model: (items) => items,
    throws: BOTH
  },
  debounce: {
    make: (source, { name }) => source.pipe(debounce({ name, ms: 2, maxMs: 4 })),
    model: (items) => items.slice(-1),
    compare: (out, items) => {
      if (items.length === 0) assert.equal(out, [])
      else someOf(out, items)
    }
  },
  sample: {
    make: (source, { name }) => source.pipe(sample({ name, ms: 2 })),
    model: (items) => items.slice(-1),
    compare: (out, items) => {
      if (items.length === 0) assert.equal(out, [])
      else someOf(out, items)
    }
  },
  delay: {
    make: (source, { name }) => source.pipe(delay({ name, ms: 2 })),
    model: (items) => items
  },
  idleTimeout: {
    make: (source, { name }) => source.pipe(idleTimeout({ name, ms: 60_000 })),
    model: (items) => items
  },
  buffer: {
    make: (source, { name }) => source.pipe(buffer({ name, capacity: 3 })),
    model: (items) => items
  },
  conflate: {
    make: (source, { name, onError }) => source.pipe(conflate((n: number) => { if (n === 13) throw new RangeError('thirteen'); return n }, (a, n) => { if (n === 13) throw new RangeError('thirteen'); return a + n }, { name, onError })),
    model: (items) => [sumOf(items)],
    compare: (out, items) => { assert.is(sumOf(out as readonly number[]), sumOf(items)) },
    throws: BOTH
  },
  expand: {
    make: (source, { name, onError }) => source.pipe(expand((n) => { if (n === 13) throw new RangeError('thirteen'); return [n] }, { name, onError })),
    model: (items) => items,
    throws: BOTH
  }
}
