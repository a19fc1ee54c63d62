/** About 200 ns of integer work, for benchmarks: `rounds` times 1 ns. Loaded by main and by workers. */
import { portable } from 'millrace/portable'

export const busy = portable(import.meta, 'busy', (n: number): number => {
  let x = n | 1
  for (let i = 0; i < 200; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
})

/** The same with 50 times the work: about 10 us. */
export const busier = portable(import.meta, 'busier', (n: number): number => {
  let x = n | 1
  for (let i = 0; i < 10_000; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0
  return x
})

