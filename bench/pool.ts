/**
 * Claim: a stage of about 200 ns an item over numbers is worth two threads: 1.2 times a plain loop on one, where what it makes is gathered on
 * the workers; and a stage of 10 us, 1.6 times.
 *
 * The same work as cpu-map, with the sum where the numbers are made, so that only parts of it come back. Checked: the sum.
 */
import { map, pipeline, range, sum, aggregate } from 'millrace'
import { burnPool } from './support/burn-pool.ts'
import { prices, type Price } from './support/burn.ts'
import { compare, sized, type Row, type Size } from './support/harness.ts'
import { only } from './support/only.ts'

const byLoop = ({ number }: Price, items: number): number => {
  let total = 0
  for (let i = 0; i < items; i++) total += number(i)
  return total
}

const ours = ({ number }: Price, items: number, workers: number): Promise<number> =>
  only(pipeline({ total: range(0, items).pipe(map(number), aggregate(sum())).observe() }).run({ workers }))

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const pool = burnPool()
  const rows: Row[] = []
  try {
    for (const [price, target] of [[prices[0]!, 1.2], [prices[2]!, 1.6]] as const) {
      const items = Math.round((sized(size, 1, 0.3, 0.002) * 1e6) / price.us)
      const batched = async (): Promise<number> => {
        let total = 0
        await pool.batched(items, price.rounds, (i) => i, (answer) => (total += answer))
        return total
      }
      rows.push(...(await compare({
        bench: 'pool',
        work: `${price.us} us, ${items} numbers, summed by 2 workers`,
        units: items,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => ours(price, items, 2) },
        others: [
          { name: 'plain for loop', run: () => byLoop(price, items), target },
          { name: 'millrace, workers: 0', run: () => ours(price, items, 0) },
          { name: 'piscina, batches of 128', run: batched }
        ],
        expected: byLoop(price, items)
      }, size)))
    }
    return rows
  } finally {
    await pool.close()
  }
}
