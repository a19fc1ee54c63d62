/** Functions for worker threads. `base` shows that the module's own values are there. */
import { threadId } from 'node:worker_threads'
import { portable } from 'millrace/portable'

const base = 1000

export const above = portable(import.meta, 'above', (n: number): number => base + n)

/** Whether it runs in a worker. */
export const inWorker = portable(import.meta, 'inWorker', (_: number): boolean => threadId !== 0)

export const explode = portable(import.meta, 'explode', (n: number): number => {
  if (n === 3) throw new RangeError(`no ${n}`)
  return n
})
