/**
 * Claim: a free lock or permit costs less than in async-mutex and effect, and so does one that tasks queue for.
 *
 * Uncontended: one task takes and releases. Contended: 4 tasks take one lock, 6 tasks 5 permits, and each holds what it took over
 * one turn of the microtask queue (effect and Tokio: over one yield). Checked: how often something was held.
 */
import { Mutex as AsyncMutex, Semaphore as AsyncSemaphore } from 'async-mutex'
import { Effect, Semaphore as EffectSemaphore } from 'effect'
import { Mutex, Semaphore } from 'millrace/sync'
import pLimit from 'p-limit'
import { compare, sized, type Rival, type Row, type Size } from '../support/harness.ts'
import { tokio } from '../support/tokio.ts'

/** Runs `task` so many times at once, each for its share of the rounds; answers the sum of what they say. */
const together = async (tasks: number, rounds: number, task: (rounds: number) => Promise<number>): Promise<number> => {
  const counts = await Promise.all(Array.from({ length: tasks }, () => task(rounds / tasks)))
  return counts.reduce((a, b) => a + b, 0)
}

const turn = (): Promise<void> => Promise.resolve()

const withMutex = (tasks: number, rounds: number): Promise<number> => {
  const mutex = new Mutex(0)
  return together(tasks, rounds, async (times) => {
    for (let i = 0; i < times; i++) {
      const guard = await mutex.lock()
      guard.value++
      if (tasks > 1) await turn()
      guard.release()
    }
    return times
  })
}

const withAsyncMutex = (tasks: number, rounds: number): Promise<number> => {
  const mutex = new AsyncMutex()
  let value = 0
  return together(tasks, rounds, async (times) => {
    for (let i = 0; i < times; i++) {
      const release = await mutex.acquire()
      value++
      if (tasks > 1) await turn()
      release()
    }
    return times
  }).then((sum) => (sum === value ? sum : value))
}

const withSemaphore = (tasks: number, permits: number, rounds: number): Promise<number> => {
  const semaphore = new Semaphore(permits)
  return together(tasks, rounds, async (times) => {
    for (let i = 0; i < times; i++) {
      const permit = await semaphore.acquire()
      if (tasks > 1) await turn()
      permit.release()
    }
    return times
  })
}

const withAsyncSemaphore = (tasks: number, permits: number, rounds: number): Promise<number> => {
  const semaphore = new AsyncSemaphore(permits)
  return together(tasks, rounds, async (times) => {
    for (let i = 0; i < times; i++) {
      const [, release] = await semaphore.acquire()
      if (tasks > 1) await turn()
      release()
    }
    return times
  })
}

const withEffect = (tasks: number, permits: number, rounds: number): Promise<number> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const semaphore = yield* EffectSemaphore.make(permits)
      const held = tasks > 1 ? Effect.yieldNow : Effect.void
      const task = Effect.gen(function* () {
        for (let i = 0; i < rounds / tasks; i++) yield* semaphore.withPermits(1)(held)
        return rounds / tasks
      })
      const counts = yield* Effect.all(Array.from({ length: tasks }, () => task), { concurrency: 'unbounded' })
      return counts.reduce((a, b) => a + b, 0)
    })
  )

const withLimit = (tasks: number, permits: number, rounds: number): Promise<number> => {
  const limit = pLimit(permits)
  const held = tasks > 1 ? turn : (): void => undefined
  return together(tasks, rounds, async (times) => {
    for (let i = 0; i < times; i++) await limit(held)
    return times
  })
}

interface Case {
  readonly work: string
  readonly ours: (rounds: number) => Promise<number>
  readonly others: readonly { readonly name: string; readonly run: (rounds: number) => Promise<number> }[]
  readonly tokio: string
}

const CASES: readonly Case[] = [
  {
    work: 'mutex, uncontended',
    ours: (rounds) => withMutex(1, rounds),
    others: [
      { name: 'async-mutex', run: (rounds) => withAsyncMutex(1, rounds) },
      { name: 'effect Semaphore of 1', run: (rounds) => withEffect(1, 1, rounds) },
      { name: 'p-limit of 1', run: (rounds) => withLimit(1, 1, rounds) }
    ],
    tokio: 'mutex-uncontended'
  },
  {
    work: 'mutex, 4 tasks',
    ours: (rounds) => withMutex(4, rounds),
    others: [
      { name: 'async-mutex', run: (rounds) => withAsyncMutex(4, rounds) },
      { name: 'effect Semaphore of 1', run: (rounds) => withEffect(4, 1, rounds) },
      { name: 'p-limit of 1', run: (rounds) => withLimit(4, 1, rounds) }
    ],
    tokio: 'mutex-contended'
  },
  {
    work: 'semaphore of 5, uncontended',
    ours: (rounds) => withSemaphore(1, 5, rounds),
    others: [
      { name: 'async-mutex Semaphore', run: (rounds) => withAsyncSemaphore(1, 5, rounds) },
      { name: 'effect Semaphore', run: (rounds) => withEffect(1, 5, rounds) },
      { name: 'p-limit', run: (rounds) => withLimit(1, 5, rounds) }
    ],
    tokio: 'semaphore-uncontended'
  },
  {
    work: 'semaphore of 5, 6 tasks',
    ours: (rounds) => withSemaphore(6, 5, rounds),
    others: [
      { name: 'async-mutex Semaphore', run: (rounds) => withAsyncSemaphore(6, 5, rounds) },
      { name: 'effect Semaphore', run: (rounds) => withEffect(6, 5, rounds) },
      { name: 'p-limit', run: (rounds) => withLimit(6, 5, rounds) }
    ],
    tokio: 'semaphore-contended'
  }
]

export const bench = async (size: Size): Promise<readonly Row[]> => {
  const rounds = sized(size, 240_000, 60_000, 600)
  const rows: Row[] = []
  for (const { work, ours, others, tokio: name } of CASES) {
    const peers: readonly Rival[] = others.map((other) => ({
      name: other.name,
      run: () => other.run(rounds),
      target: 1
    }))
    rows.push(
      ...(await compare({
        bench: 'sync/locks',
        work: `${work}, ${rounds} times`,
        units: rounds,
        unit: 'locks/s',
        ours: { name: 'millrace', run: () => ours(rounds) },
        others: [...peers, ...tokio(name, rounds)],
        expected: rounds
      }, size))
    )
  }
  return rows
}
