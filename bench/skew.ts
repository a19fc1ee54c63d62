/**
 * Claim: when one item in a hundred costs 100 times as much as the others, two workers are idle for less than 5 % of the run, although
 * results leave in order; a static split of the items, and batches of 128 in piscina, do worse when the heavy items stand together.
 *
 * 1 us an item, 100 us for the heavy ones; these at random places, or all at the beginning. Idle share: what the workers' own counters do
 * not account for, of the run's wall time. Checked: a sum of all results that depends on their order.
 */
import { from, map, pipeline, reduce } from 'millrace'
import { Runtime } from 'millrace/runtime'
import { burnPool, type BurnPool } from './support/burn-pool.ts'
import { skewed } from './support/burn.ts'
import { hands, partsOf, type Hands } from './support/hands.ts'
import { check, interleave, sized, type Size } from './support/harness.ts'
import { only } from './support/only.ts'
import { limitRow, rowOf, type Row } from './support/row.ts'

const WORKERS = 2
const IDLE_LIMIT = 5
const SEED = 11

const inOrder = (sum: number, n: number): number => (Math.imul(sum, 31) + n) | 0

/** 1, 2, 3 …; the heavy hundredth of them is negative. */
const itemsOf = (count: number, together: boolean): readonly number[] => {
  let seed = SEED
  const isHeavy = (i: number): boolean => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return together ? i < count / 100 : seed / 2 ** 32 < 0.01
  }
  return Array.from({ length: count }, (_, i) => (isHeavy(i) ? -1 : 1) * (i + 1))
}

/** What a run came to: items per second, and for ours the share of the workers' time that was idle, in percent. */
interface Outcome {
  readonly rate: number
  readonly idle: number
}

const benchOne = async (together: boolean, size: Size, runtime: Runtime, halves: Hands, pool: BurnPool): Promise<readonly Row[]> => {
  const count = sized(size, 400_000, 150_000, 1500)
  const items = itemsOf(count, together)
  const expected = items.reduce((sum, n) => inOrder(sum, skewed(n)), 0)
  const busy = (): number => runtime.metrics().threads.reduce((sum, worker) => sum + worker.busyMs, 0)

  const ours = (): Promise<number> =>
    only(
      runtime.run(
        pipeline({ total: from(items).pipe(map(skewed, { lane: 'blocking' }), reduce(inOrder, 0, { lane: 'async' })).observe() })
      )
    )
  const split = async (): Promise<number> => {
    const args = partsOf(count, WORKERS).map(([start, end]) => [Int32Array.from(items.slice(start, end))])
    const parts = await halves.each<Int32Array>(new URL('./support/burn.ts', import.meta.url), 'skewedAll', args)
    let sum = 0
    for (const part of parts) for (const n of part) sum = inOrder(sum, n)
    return sum
  }
  const batched = async (): Promise<number> => {
    let sum = 0
    await pool.batched(count, 0, (i) => items[i]!, (n) => (sum = inOrder(sum, n)))
    return sum
  }
  const measure = (name: string, run: () => Promise<number>) => async (): Promise<Outcome> => {
    const before = busy()
    const began = performance.now()
    check(name, await run(), expected)
    const ms = performance.now() - began
    return { rate: count / (ms / 1000), idle: 100 * Math.max(0, 1 - (busy() - before) / (ms * WORKERS)) }
  }
  const [mine, byHand, byPool] = await interleave(
    [measure('millrace', ours), measure('static split', split), measure('piscina, batches of 128', batched)], size
  )
  const work = `${count} items, the heavy ones ${together ? 'at the beginning' : 'at random'}`
  const rates = (found: readonly Outcome[] | undefined): number[] => found!.map(({ rate }) => rate)
  const common = { bench: 'skew', work, unit: 'items/s', ours: rates(mine), better: 'more' } as const
  return [
    limitRow({ bench: 'skew', work: `${work}: idle share`, unit: '% idle', ours: mine!.map(({ idle }) => Math.max(idle, 0.01)), limit: IDLE_LIMIT }),
    rowOf({ ...common, against: 'a static split by hand', theirs: rates(byHand) }),
    rowOf({ ...common, against: 'piscina, batches of 128', theirs: rates(byPool) })
  ]
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const runtime = Runtime.multiThread({ workers: WORKERS })
  const halves = await hands(WORKERS)
  const pool = burnPool()
  try {
    return [
      ...(await benchOne(false, size, runtime, halves, pool)),
      ...(await benchOne(true, size, runtime, halves, pool))
    ]
  } finally {
    await Promise.all([pool.close(), halves.close()])
    await runtime.shutdown()
  }
}
