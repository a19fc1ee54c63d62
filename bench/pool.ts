/**
 * Claim: a CPU stage of about 200 ns per item over numbers, on two workers, beats a plain loop on one thread, and
 * piscina by far. Answers are checked: the sum of all results.
 */
import { Piscina } from 'piscina'
import { map, pipeline, range, reduce } from 'millrace'
import { busier, busy } from './support/busy.ts'
import { compare, type Row } from './support/harness.ts'

const sumOf = (fn: (n: number) => number, items: number): number => {
  let sum = 0
  for (let i = 0; i < items; i++) sum += fn(i)
  return sum
}

const ours = async (fn: (n: number) => number, items: number, workers: number): Promise<number> => {
  const run = pipeline({ sum: range(0, items).pipe(map(fn), reduce((a, b) => a + b, 0, { lane: 'async' })).observe() }).run({ workers })
  let sum = 0
  run.outputs.sum.subscribe((total) => {
    sum = total
  })
  await run.done
  return sum
}

export const bench = async (quick: boolean): Promise<readonly Row[]> => {
  const pool = new Piscina({ filename: new URL('./support/piscina-busy.mjs', import.meta.url).href, minThreads: 2, maxThreads: 2 })
  const one = async (items: number): Promise<number> => {
    let sum = 0
    for (let i = 0; i < items; ) {
      const wave: Promise<number>[] = []
      for (; i < items && wave.length < 256; i++) wave.push(pool.run(i) as Promise<number>)
      for (const result of await Promise.all(wave)) sum += result
    }
    return sum
  }
  const batched = async (items: number): Promise<number> => {
    let sum = 0
    for (let i = 0; i < items; ) {
      const wave: Promise<number[]>[] = []
      for (; i < items && wave.length < 8; i += 128) {
        const from = i
        wave.push(pool.run(Array.from({ length: Math.min(128, items - from) }, (_, k) => from + k)) as Promise<number[]>)
      }
      for (const results of await Promise.all(wave)) for (const result of results) sum += result
    }
    return sum
  }
  try {
    const many = quick ? 1_000_000 : 3_000_000
    const few = 40_000
    const heavy = 60_000
    return [
      ...(await compare({
        bench: 'pool',
        work: `map of 200 ns over ${many} numbers, 2 workers`,
        units: many,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => ours(busy, many, 2) },
        others: [
          { name: 'plain for loop', run: () => sumOf(busy, many), target: 1.2 },
          { name: 'millrace, workers: 0', run: () => ours(busy, many, 0) },
          { name: 'piscina, batches of 128', run: () => batched(many), target: 3 }
        ],
        expected: sumOf(busy, many)
      }, quick)),
      ...(await compare({
        bench: 'pool',
        work: `map of 200 ns over ${few} numbers, 2 workers`,
        units: few,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => ours(busy, few, 2) },
        others: [{ name: 'piscina, one task per item', run: () => one(few), target: 10 }],
        expected: sumOf(busy, few)
      }, quick)),
      ...(await compare({
        bench: 'pool',
        work: `map of 10 us over ${heavy} numbers, 2 workers`,
        units: heavy,
        unit: 'items/s',
        ours: { name: 'millrace', run: () => ours(busier, heavy, 2) },
        others: [{ name: 'plain for loop', run: () => sumOf(busier, heavy), target: 1.6 }],
        expected: sumOf(busier, heavy)
      }, quick))
    ]
  } finally {
    await pool.destroy()
  }
}
