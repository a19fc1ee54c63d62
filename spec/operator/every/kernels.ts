/** Operators that are synchronous, fuse and travel; see entry.ts. */
import * as t from 'io-ts'
import {
  aggregate, aggregateBy, batch, changes, count, countBy, counted, decode, dedupe, distinct, drop, dropWhile, endWith, filter, flatMap, intersperse, keyedProcess, map,
  mapEither, mapState, pairwise, parseJson, partition, pick, reduce, replay, route, scan, scanBy, slidingCount, splitLines, sum, take, takeBytes, takeWhile, tap, toJson,
  tumbling, window, windowWithLate, zipWithIndex
} from '../../../src/index.ts'
import { BOTH, groupsOf, runsOf, scanned, sumOf, type Entries } from './entry.ts'

const windowsOf = (items: readonly number[], sizeMs: number): readonly unknown[] =>
  [...groupsOf(items, (n) => Math.floor(n / sizeMs) * sizeMs)]
    .sort(([a], [b]) => a - b)
    .map(([start, all]) => [start, sumOf(all)])

export const kernels: Entries = {
  map: {
    make: (source, given) => source.pipe(map((n) => { if (n === 13) throw new RangeError('thirteen'); return n * 2 }, given)),
    model: (items) => items.map((n) => n * 2),
    throws: BOTH
  },
  filter: {
    make: (source, given) => source.pipe(filter((n) => { if (n === 13) throw new RangeError('thirteen'); return n % 2 === 1 }, given)),
    model: (items) => items.filter((n) => n % 2 === 1),
    throws: BOTH
  },
  flatMap: {
    make: (source, given) => source.pipe(flatMap((n) => { if (n === 13) throw new RangeError('thirteen'); return [n, -n] }, given)),
    model: (items) => items.flatMap((n) => [n, -n]),
    throws: BOTH
  },
  pick: {
    make: (source, given) => source.pipe(map((n) => ({ n, twice: n * 2, rest: 'x' }), { lane: given.lane }), pick('twice', 'n')),
    model: (items) => items.map((n) => ({ twice: n * 2, n }))
  },
  pairwise: {
    make: (source, { name, lane }) => source.pipe(pairwise({ name, lane })),
    model: (items) => items.slice(1).map((n, i) => [items[i], n])
  },
  zipWithIndex: {
    make: (source, { name, lane }) => source.pipe(zipWithIndex({ name, lane })),
    model: (items) => items.map((n, i) => [n, i])
  },
  scan: {
    make: (source, given) => source.pipe(scan((a, n) => { if (n === 13) throw new RangeError('thirteen'); return a + n }, 0, given)),
    model: (items) => scanned(items, (a, n) => a + n, 0),
    throws: BOTH
  },
  tap: {
    make: (source, given) => source.pipe(tap((n) => { if (n === 13) throw new RangeError('thirteen') }, given)),
    model: (items) => items,
    throws: BOTH
  },
  mapEither: {
    make: (source, given) => source.pipe(mapEither((n) => {
      if (n === 13) throw new RangeError('thirteen')
      return n === 7 ? { _tag: 'Left' as const, left: 'seven' } : { _tag: 'Right' as const, right: n + 1 }
    }, given)),
    model: (items) => items.filter((n) => n !== 7).map((n) => n + 1),
    throws: BOTH
  },
  decode: {
    make: (source, { name, lane }) => source.pipe(map((n) => (n === 7 ? 'seven' : n), { lane }), decode(t.number, { name, lane })),
    model: (items) => items.filter((n) => n !== 7)
  },
  splitLines: {
    make: (source, { name, lane }) => source.pipe(map((n) => new TextEncoder().encode(`${n}\n${n + 1}\n`), { lane }), splitLines({ name, lane })),
    model: (items) => items.flatMap((n) => [`${n}`, `${n + 1}`])
  },
  parseJson: {
    make: (source, given) => source.pipe(map((n) => (n === 13 ? '{' : `{"n":${n}}`), { lane: given.lane }), parseJson(given)),
    model: (items) => items.map((n) => ({ n })),
    throws: BOTH
  },
  toJson: {
    make: (source, given) => source.pipe(map((n) => (n === 13 ? { n, toJSON: 1, big: 13n } : { n }), { lane: given.lane }), toJson(given)),
    model: (items) => items.map((n) => `{"n":${n}}`),
    throws: BOTH
  },
  take: {
    make: (source, { name, lane }) => source.pipe(take(4, { name, lane })),
    model: (items) => items.slice(0, 4)
  },
  takeWhile: {
    make: (source, given) => source.pipe(takeWhile((n) => { if (n === 13) throw new RangeError('thirteen'); return n !== 9 }, given)),
    model: (items) => (items.includes(9) ? items.slice(0, items.indexOf(9)) : items),
    throws: BOTH
  },
  drop: {
    make: (source, { name, lane }) => source.pipe(drop(3, { name, lane })),
    model: (items) => items.slice(3)
  },
  dropWhile: {
    make: (source, given) => source.pipe(dropWhile((n) => { if (n === 13) throw new RangeError('thirteen'); return n !== 8 }, given)),
    model: (items) => (items.includes(8) ? items.slice(items.indexOf(8)) : []),
    throws: BOTH
  },
  takeBytes: {
    make: (source, given) => source.pipe(takeBytes(20, { ...given, weigh: (n) => { if (n === 13) throw new RangeError('thirteen'); return n } })),
    model: (items) => items.filter((_, i) => sumOf(items.slice(0, i + 1)) <= 20),
    throws: BOTH
  },
  distinct: {
    make: (source, given) => source.pipe(distinct((n) => { if (n === 13) throw new RangeError('thirteen'); return n % 5 }, given)),
    model: (items) => [...groupsOf(items, (n) => n % 5).values()].map(([first]) => first),
    throws: BOTH
  },
  dedupe: {
    make: (source, given) => source.pipe(dedupe({ ...given, maxKeys: 100, key: (n: number) => { if (n === 13) throw new RangeError('thirteen'); return n % 5 } })),
    model: (items) => [...groupsOf(items, (n) => n % 5).values()].map(([first]) => first),
    throws: BOTH
  },
  changes: {
    make: (source, given) => source.pipe(changes((n) => { if (n === 13) throw new RangeError('thirteen'); return n >> 2 }, given)),
    model: (items) => items.filter((n, i) => i === 0 || n >> 2 !== items[i - 1]! >> 2),
    throws: BOTH
  },
  endWith: {
    make: (source, { lane }) => source.pipe(map((n) => n, { lane }), endWith(-1, -2)),
    model: (items) => [...items, -1, -2]
  },
  intersperse: {
    make: (source, { name, lane }) => source.pipe(intersperse(0, { name, lane, start: -1, end: -2 })),
    model: (items) => [-1, ...items.flatMap((n, i) => (i === 0 ? [n] : [0, n])), -2]
  },
  partition: {
    make: (source, given) => partition(source, (n) => { if (n === 13) throw new RangeError('thirteen'); return n % 2 === 0 }, given)[1],
    model: (items) => items.filter((n) => n % 2 !== 0),
    throws: BOTH
  },
  route: {
    make: (source, given) => route(source, { even: (n) => { if (n === 13) throw new RangeError('thirteen'); return n % 2 === 0 }, three: (n) => n === 3 }, given).otherwise,
    model: (items) => items.filter((n) => n % 2 !== 0 && n !== 3),
    throws: BOTH
  },
  reduce: {
    make: (source, given) => source.pipe(reduce((a, n) => { if (n === 13) throw new RangeError('thirteen'); return a + n }, 0, given)),
    model: (items) => [sumOf(items)],
    throws: BOTH,
    atEnd: true
  },
  aggregate: {
    make: (source, given) => source.pipe(aggregate({
      create: () => ({ sum: 0, n: 0 }),
      add: (s, n: number) => { if (n === 13) throw new RangeError('thirteen'); return { sum: s.sum + n, n: s.n + 1 } },
      combine: (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n }),
      finish: ({ sum: total, n }) => [total, n]
    }, given)),
    model: (items) => [[sumOf(items), items.length]],
    throws: BOTH,
    atEnd: true
  },
  aggregateBy: {
    make: (source, given) => source.pipe(aggregateBy((n) => { if (n === 13) throw new RangeError('thirteen'); return n % 3 }, sum(), given)),
    model: (items) => [new Map([...groupsOf(items, (n) => n % 3)].map(([key, all]) => [key, sumOf(all)]))],
    throws: BOTH,
    atEnd: true
  },
  countBy: {
    make: (source, given) => source.pipe(countBy((n) => { if (n === 13) throw new RangeError('thirteen'); return n % 3 }, given)),
    model: (items) => [new Map([...groupsOf(items, (n) => n % 3)].map(([key, all]) => [key, all.length]))],
    throws: BOTH,
    atEnd: true
  },
  batch: {
    make: (source, given) => source.pipe(batch({ ...given, count: 5, maxWeight: 1000, weigh: (n: number) => { if (n === 13) throw new RangeError('thirteen'); return n } })),
    model: (items) => runsOf(items, 5),
    throws: BOTH
  },
  slidingCount: {
    make: (source, { name, lane }) => source.pipe(slidingCount({ name, lane, size: 3, every: 2 })),
    model: (items) => runsOf(items, 3, 2).filter((run) => run.length === 3)
  },
  mapState: {
    make: (source, given) => source.pipe(mapState({
      ...given,
      key: (n: number) => n % 3,
      create: () => ({ seen: 0 }),
      map: (state, n) => { if (n === 13) throw new RangeError('thirteen'); return [n, ++state.seen] },
      maxKeys: 10
    })),
    model: (items) => items.map((n, i) => [n, items.slice(0, i + 1).filter((m) => m % 3 === n % 3).length]),
    compare: 'bag',
    partitioned: true,
    throws: BOTH
  },
  keyedProcess: {
    make: (source, given) => source.pipe(keyedProcess({
      ...given,
      key: (n: number) => n % 3,
      at: (n: number) => n,
      create: () => ({ seen: 0 }),
      process: (state, n, on) => { if (n === 13) throw new RangeError('thirteen'); on.setTimer(1000); return [n, ++state.seen] },
      onTimer: (state, _timer, on) => [on.key, state.seen, 'over'],
      outOfOrderMs: 20,
      maxKeys: 10
    })),
    model: (items) => [
      ...items.map((n, i) => [n, items.slice(0, i + 1).filter((m) => m % 3 === n % 3).length]),
      ...[...groupsOf(items, (n) => n % 3)].map(([key, all]) => [key, all.length, 'over'])
    ],
    compare: 'bag',
    partitioned: true,
    throws: BOTH
  },
  scanBy: {
    make: (source, given) => source.pipe(scanBy((n) => n % 3, (a, n) => { if (n === 13) throw new RangeError('thirteen'); return a + n }, 0, { ...given, maxKeys: 10 })),
    model: (items) => items.map((n, i) => [n % 3, sumOf(items.slice(0, i + 1).filter((m) => m % 3 === n % 3))]),
    compare: 'bag',
    partitioned: true,
    throws: BOTH
  },
  window: {
    make: (source, given) => source.pipe(
      window(tumbling({ sizeMs: 4 }), { ...given, at: (n: number) => { if (n === 13) throw new RangeError('thirteen'); return n }, outOfOrderMs: 20, aggregate: sum() }),
      map(({ start, value }) => [start, value])
    ),
    model: (items) => windowsOf(items, 4),
    throws: BOTH,
    atEnd: true
  },
  windowWithLate: {
    make: (source, given) => windowWithLate(source, counted({ count: 4 }), { ...given, aggregate: count() }).windows.pipe(map(({ value }) => value)),
    model: (items) => runsOf(items, 4).map((run) => run.length)
  },
  replay: {
    make: (source, given) => source.pipe(map((n) => ({ stage: n === 7 ? 'other' : 'ask', item: n, whole: n !== 13 }), { lane: given.lane }), replay<number>('ask', given)),
    model: (items) => items.filter((n) => n !== 7),
    throws: BOTH
  }
}
