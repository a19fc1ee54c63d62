/**
 * Claim: a task costs less than a fiber of effect, and a blocking job less than a task of piscina. Many tasks at once cost more than
 * fibers, on Node 20 (decision 0013).
 *
 * `spawn` and join, one at a time and all at once; `spawnBlocking` and join of a job that does nothing, one at a time and 16 at
 * once, on two workers. Checked: the sum of what the tasks answered.
 */
import { Effect, Fiber } from 'effect'
import { spawn, spawnBlocking } from 'millrace/runtime'
import { Piscina } from 'piscina'
import { compare, sized, type Row, type Size } from '../support/harness.ts'
import { tokio } from '../support/tokio.ts'
import { same } from './jobs.ts'
import { sumTo } from './record.ts'

const oneByOne = async (tasks: number): Promise<number> => {
  let sum = 0
  for (let i = 0; i < tasks; i++) sum += await spawn(async () => i)
  return sum
}

const allAtOnce = async (tasks: number): Promise<number> => {
  const handles = Array.from({ length: tasks }, (_, i) => spawn(async () => i))
  let sum = 0
  for (const handle of handles) sum += await handle
  return sum
}

const fibersOneByOne = (tasks: number): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      let sum = 0
      for (let i = 0; i < tasks; i++) sum += yield* Fiber.join(yield* Effect.forkChild(Effect.sync(() => i)))
      return sum
    })
  )

const fibersAllAtOnce = (tasks: number): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const fibers: Fiber.Fiber<number>[] = []
      for (let i = 0; i < tasks; i++) fibers.push(yield* Effect.forkChild(Effect.sync(() => i)))
      let sum = 0
      for (const fiber of fibers) sum += yield* Fiber.join(fiber)
      return sum
    })
  )

/** `batch` jobs at a time, until there were `jobs`; answers the sum of their answers. */
const inBatches = async (jobs: number, batch: number, job: (n: number) => PromiseLike<number>): Promise<number> => {
  let sum = 0
  for (let from = 0; from < jobs; from += batch) {
    const going = Array.from({ length: Math.min(batch, jobs - from) }, (_, i) => job(from + i))
    for (const answer of going) sum += await answer
  }
  return sum
}

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const tasks = sized(size, 100_000, 20_000, 200)
  const jobs = sized(size, 8_000, 2_000, 120)
  const pool = new Piscina({ filename: new URL('../support/piscina-same.mjs', import.meta.url).href, minThreads: 2, maxThreads: 2 })
  const ask = (n: number): PromiseLike<number> => pool.run(n) as Promise<number>
  const block = (n: number): PromiseLike<number> => spawnBlocking(same, n)
  try {
    return [
      ...(await compare({
        bench: 'sync/tasks',
        work: `spawn and join, one by one, ${tasks} tasks`,
        units: tasks,
        unit: 'tasks/s',
        ours: { name: 'millrace', run: () => oneByOne(tasks) },
        others: [{ name: 'effect fibers', run: () => fibersOneByOne(tasks), target: 1 }, ...tokio('spawn-join', tasks)],
        expected: sumTo(tasks)
      }, size)),
      ...(await compare({
        bench: 'sync/tasks',
        work: `spawn ${tasks} tasks, then join them`,
        units: tasks,
        unit: 'tasks/s',
        ours: { name: 'millrace', run: () => allAtOnce(tasks) },
        others: [{ name: 'effect fibers', run: () => fibersAllAtOnce(tasks) }, ...tokio('spawn-many', tasks)],
        expected: sumTo(tasks)
      }, size)),
      ...(await compare({
        bench: 'sync/tasks',
        work: `spawnBlocking and join, one by one, ${jobs} jobs`,
        units: jobs,
        unit: 'jobs/s',
        ours: { name: 'millrace', run: () => inBatches(jobs, 1, block) },
        others: [{ name: 'piscina', run: () => inBatches(jobs, 1, ask), target: 1 }, ...tokio('spawn-blocking', jobs)],
        expected: sumTo(jobs)
      }, size)),
      ...(await compare({
        bench: 'sync/tasks',
        work: `spawnBlocking, 16 at once, ${jobs} jobs`,
        units: jobs,
        unit: 'jobs/s',
        ours: { name: 'millrace', run: () => inBatches(jobs, 16, block) },
        others: [{ name: 'piscina', run: () => inBatches(jobs, 16, ask), target: 1 }, ...tokio('spawn-blocking-batches', jobs)],
        expected: sumTo(jobs)
      }, size))
    ]
  } finally {
    await pool.destroy()
  }
}
