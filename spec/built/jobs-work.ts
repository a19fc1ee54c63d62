/** What the jobs of jobs.spec.ts do in their workers: they use the doors there, which are other copies than the worker's own program. */
import { portable } from 'millrace/portable'
import { blockOn, blockingSignal, spawnBlocking, Task } from 'millrace/runtime'
import { Closed, Semaphore, type AtomicFlag, type Receiver } from 'millrace/sync'

export const nested = portable(import.meta, 'nested', (depth: number): number => (depth === 0 ? 0 : 1 + spawnBlocking(nested, depth - 1).blockingJoin()))

export const waiting = portable(import.meta, 'waiting', () => blockOn(async () => await Promise.resolve(5)))

export const taskId = portable(import.meta, 'taskId', () => Task.tryId())

export const isSemaphore = portable(import.meta, 'isSemaphore', (semaphore: Semaphore) => {
  semaphore.blockingAcquire().release()
  return semaphore instanceof Semaphore
})

export const own = portable(import.meta, 'own', () => {
  const semaphore = new Semaphore(2)
  spawnBlocking({
    fn: ({ env }: { readonly env: { readonly semaphore: Semaphore } }) => {
      env.semaphore.blockingAcquire().forget()
    },
    env: { semaphore }
  }).blockingJoin()
  return semaphore.availablePermits
})

export const spin = portable(import.meta, 'spin', (begun: AtomicFlag) => {
  begun.set()
  const signal = blockingSignal()
  while (!signal.aborted) {
    // busy
  }
  return 'stopped'
})

export const drain = portable(import.meta, 'drain', (receiver: Receiver<number>) => {
  let sum = 0
  for (let item = receiver.blockingRecv(); item !== Closed; item = receiver.blockingRecv()) sum += item
  return sum
})
