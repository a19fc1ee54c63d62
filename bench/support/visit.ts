/**
 * A record of three strings and four numbers, made by who sends and weighed by who receives; bench/tokio/src/main.rs has the same.
 * Loaded by main and by workers.
 */
import { portable } from 'millrace/portable'

export interface Visit {
  readonly ts: number
  readonly method: string
  readonly path: string
  readonly status: number
  readonly bytes: number
  readonly ua: string
  readonly dur: number
}

export const visitOf = portable(import.meta, 'visitOf', (i: number): Visit => ({
  ts: 1_700_000_000_000 + i,
  method: i % 3 === 0 ? 'POST' : 'GET',
  path: `/api/v1/items/${i % 977}`,
  status: 200 + (i % 5) * 100,
  bytes: (i * 17) % 50_000,
  ua: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36',
  dur: i * 0.5
}))

/** Every field counts, so that all of them have to arrive. */
export const weightOf = (v: Visit): number =>
  v.ts - 1_700_000_000_000 + v.method.length + v.path.length + v.status + v.bytes + v.ua.length + v.dur * 2

export const addWeight = portable(import.meta, 'addWeight', (sum: number, v: Visit): number => sum + weightOf(v))

/** What `count` of them weigh together. */
export const weightOfAll = (count: number): number => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += weightOf(visitOf(i))
  return sum
}
