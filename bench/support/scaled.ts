/** The pipeline of bench/scale.ts, by its size: items through stages on workers, to so many readers that each sum up. */
import { map, pipeline, range, reduce, type Closed, type Source } from 'millrace'

export interface Scale {
  readonly items: number
  readonly stages: number
  readonly readers: number
  readonly workers: number
  /** Work in the first stage, about 1 ns each. */
  readonly rounds: number
}

export const SCALE_DEFAULTS: Scale = { items: 1_000_000, stages: 4, readers: 1, workers: 2, rounds: 50 }

const first = (n: number, rounds: number): number => {
  let x = n | 1
  for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return n + (x & 1)
}

/** The sum over all readers. */
export const scaled = async ({ items, stages, readers, workers, rounds }: Scale): Promise<number> => {
  let source: Source<number> = range(0, items).pipe(
    map((n, { rounds }) => {
      let x = n | 1
      for (let i = 0; i < rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
      return n + (x & 1)
    }, { env: { rounds } })
  )
  for (let stage = 1; stage < stages; stage++) source = source.pipe(map((n) => n + 1))
  const ports: Record<string, Closed<number>> = {}
  for (let reader = 0; reader < readers; reader++) {
    ports[`total${reader}`] = source.pipe(reduce((sum, n) => sum + n, 0, { lane: 'async' })).observe()
  }
  const run = pipeline(ports).run({ workers })
  let sum = 0
  for (const output of Object.values(run.outputs)) output.subscribe((total) => (sum += total))
  await run.done
  return sum
}

/** What `scaled` has to answer. */
export const sumOfScaled = ({ items, stages, readers, rounds }: Scale): number => {
  let sum = 0
  for (let i = 0; i < items; i++) sum += first(i, rounds) + stages - 1
  return sum * readers
}
