/**
 * Claim: `mapAsync` with 64 calls in flight costs a third of what the best of its peers costs per item, over promises that are resolved
 * already; over timers of 1 ms as well.
 *
 * Peers: node:stream `map`, effect (Stream.mapEffect, and Effect.forEach, which is no stream), rxjs mergeMap (which does not keep the order), p-map
 * (which holds everything). With timers everybody is bounded by 64 per tick of the clock, and nothing can be 3 times as fast as that
 * bound: a row says how near ours comes to it. Checked: the sum of the answers.
 */
import { Readable } from 'node:stream'
import { Effect, Stream } from 'effect'
import { mapAsync, pipeline, range, reduce } from 'millrace'
import pMap from 'p-map'
import * as rx from 'rxjs'
import { compare, sized, type Rival, type Row, type Size } from './support/harness.ts'
import { only } from './support/only.ts'

const CONCURRENCY = 64
const TARGET = 3

type Call = (n: number) => Promise<number>

const resolved: Call = (n) => Promise.resolve(n + 1)

const timed: Call = (n) =>
  new Promise((settle) => {
    setTimeout(() => {
      settle(n + 1)
    }, 1)
  })

const add = (a: number, b: number): number => a + b

const numbers = function* (items: number): Generator<number> {
  for (let i = 0; i < items; i++) yield i
}

const ours = (items: number, call: Call): Promise<number> =>
  only(pipeline({ total: range(0, items).pipe(mapAsync(call, { concurrency: CONCURRENCY }), reduce(add, 0, { lane: 'async' })).observe() }).run({ workers: 0 }))

const withStream = (items: number, call: Call): Promise<number> =>
  Readable.from(numbers(items)).map(call, { concurrency: CONCURRENCY }).reduce(add, 0)

const withEffectStream = (items: number, call: Call): Promise<number> =>
  Effect.runPromise(
    Stream.range(0, items - 1).pipe(
      Stream.mapEffect((n) => Effect.promise(() => call(n)), { concurrency: CONCURRENCY }),
      Stream.runFold(() => 0, add)
    )
  )

const withForEach = async (items: number, call: Call): Promise<number> => {
  let sum = 0
  await Effect.runPromise(
    Effect.forEach(
      numbers(items),
      (n) => Effect.map(Effect.promise(() => call(n)), (answer) => {
        sum += answer
      }),
      { concurrency: CONCURRENCY, discard: true }
    )
  )
  return sum
}

const withRx = (items: number, call: Call): Promise<number> =>
  rx.firstValueFrom(rx.range(0, items).pipe(rx.mergeMap(call, CONCURRENCY), rx.reduce(add, 0)))

const withPMap = async (items: number, call: Call): Promise<number> => (await pMap(numbers(items), call, { concurrency: CONCURRENCY })).reduce(add, 0)

/** The same number of calls, in waves of 64: what the timers alone take. */
const inWaves = async (items: number, call: Call): Promise<number> => {
  let sum = 0
  for (let from = 0; from < items; from += CONCURRENCY) {
    const wave = Array.from({ length: Math.min(CONCURRENCY, items - from) }, (_, i) => call(from + i))
    for (const answer of await Promise.all(wave)) sum += answer
  }
  return sum
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const rows: Row[] = []
  const works = [
    { name: 'promises that are resolved', call: resolved, items: sized(size, 200_000, 60_000, 600), bound: false },
    { name: 'timers of 1 ms', call: timed, items: sized(size, 30_000, 10_000, 600), bound: true }
  ]
  for (const { name, call, items, bound } of works) {
    const rivals: readonly Rival[] = [
      { name: 'node:stream map', run: () => withStream(items, call), target: TARGET },
      { name: 'effect Stream.mapEffect', run: () => withEffectStream(items, call), target: TARGET },
      { name: 'effect Effect.forEach', run: () => withForEach(items, call), target: TARGET },
      { name: 'rxjs mergeMap', run: () => withRx(items, call), target: TARGET },
      { name: 'p-map', run: () => withPMap(items, call), target: TARGET },
      ...(bound ? [{ name: 'bare timers, waves of 64', run: () => inWaves(items, call) }] : [])
    ]
    rows.push(
      ...(await compare({
        bench: 'io-map',
        work: `64 of ${items} ${name}`,
        units: items,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => ours(items, call) },
        others: rivals,
        expected: (items * (items - 1)) / 2 + items
      }, size))
    )
  }
  return rows
}
