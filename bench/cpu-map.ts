/**
 * Claim: `map` of a CPU function over two workers beats a plain loop on one thread: 1.6 times at 0.2 us an item over numbers, 1.9
 * times from 10 us; and piscina 50 times with a task per item, 3 times in batches of 128, at 0.2 us.
 *
 * 0.2, 1, 10 and 100 us an item, over numbers and over records of seven fields (in and out). Checked: the sum over all results, in
 * which for records every field counts.
 */
import { map, pipeline, range, reduce } from 'millrace'
import { burnPool, type BurnPool } from './support/burn-pool.ts'
import { prices, type Price } from './support/burn.ts'
import { compare, sized, type Row, type Size } from './support/harness.ts'
import { only } from './support/only.ts'
import { visitOf, weightOf, type Visit } from './support/visit.ts'

const MANY = 1024
const visits = Array.from({ length: MANY }, (_, i) => visitOf(i))
const visitAt = (i: number): Visit => visits[i % MANY]!

/** One kind of item: how it is made, worked and counted, by everybody. */
interface Kind<A> {
  readonly name: string
  readonly make: (i: number) => A
  readonly work: (price: Price) => (item: A) => A
  readonly weigh: (item: A) => number
}

const numbers: Kind<number> = { name: 'numbers', make: (i) => i, work: (price) => price.number, weigh: (n) => n }
const records: Kind<Visit> = { name: 'records', make: visitAt, work: (price) => price.record, weigh: weightOf }

const byLoop = <A>({ make, work, weigh }: Kind<A>, price: Price, items: number): number => {
  const fn = work(price)
  let sum = 0
  for (let i = 0; i < items; i++) sum += weigh(fn(make(i)))
  return sum
}

const ours = <A>({ make, work, weigh }: Kind<A>, price: Price, items: number): Promise<number> => {
  const source = range(0, items).pipe(map((i) => make(i), { lane: 'async' }), map(work(price)))
  return only(pipeline({ total: source.pipe(reduce((sum, item) => sum + weigh(item), 0, { lane: 'async' })).observe() }).run({ workers: 2 }))
}

const benchOne = <A>(kind: Kind<A>, price: Price, pool: BurnPool, size: Size): Promise<readonly Row[]> => {
  // as long as about so many seconds of one thread
  const items = Math.round((sized(size, 1, 0.3, 0.002) * 1e6) / price.us / (kind.name === 'records' && price.us < 1 ? 3 : 1))
  const few = Math.min(items, sized(size, 30_000, 10_000, 300))
  const fewer = { units: few, expected: byLoop(kind, price, few) }
  const withPool = (way: 'oneByOne' | 'batched', count: number) => async (): Promise<number> => {
    let sum = 0
    await pool[way](count, price.rounds, kind.make, (answer) => (sum += kind.weigh(answer)))
    return sum
  }
  const loopTarget = price.us >= 10 ? 1.9 : price.us === 0.2 && kind === (numbers as unknown) ? 1.6 : undefined
  const cheap = price.us === 0.2
  return compare({
    bench: 'cpu-map',
    work: `${price.us} us, ${items} ${kind.name}, 2 workers`,
    units: items,
    unit: 'items/s',
    ours: { name: 'millrace', run: () => ours(kind, price, items) },
    others: [
      { name: 'plain for loop', run: () => byLoop(kind, price, items), target: loopTarget },
      { name: 'piscina, a task per item', run: withPool('oneByOne', few), ...fewer, target: cheap ? 50 : undefined },
      { name: 'piscina, batches of 128', run: withPool('batched', items), target: cheap ? 3 : undefined }
    ],
    expected: byLoop(kind, price, items)
  }, size)
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const pool = burnPool()
  const rows: Row[] = []
  try {
    for (const price of prices) rows.push(...(await benchOne(numbers, price, pool, size)), ...(await benchOne(records, price, pool, size)))
    return rows
  } finally {
    await pool.close()
  }
}
