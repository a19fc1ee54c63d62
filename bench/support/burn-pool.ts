/** piscina with two threads that do what burn.ts does: a task per item, or a task per 128, some tasks at a time. */
import { Piscina } from 'piscina'

const BATCH = 128
/** Tasks that are out at a time: enough that no thread waits, not so many that they pile up. */
const ITEMS_OUT = 256
const BATCHES_OUT = 8

export interface BurnPool {
  /** Applies the work to `make(0)` … `make(items − 1)`; `take` gets the answers, in order. */
  readonly oneByOne: <A>(items: number, rounds: number, make: (i: number) => A, take: (answer: A) => void) => Promise<void>
  readonly batched: <A>(items: number, rounds: number, make: (i: number) => A, take: (answer: A) => void) => Promise<void>
  readonly close: () => Promise<void>
}

/** Calls `start` for 0, 1, … and `take` with the answers in order; at most `out` of them are awaited at a time. */
const windowed = async <R>(count: number, out: number, start: (at: number) => Promise<R>, take: (answer: R) => void): Promise<void> => {
  const going: Promise<R>[] = []
  for (let at = 0; at < count; at++) {
    if (going.length >= out) take(await going.shift()!)
    going.push(start(at))
  }
  for (const one of going) take(await one)
}

export const burnPool = (): BurnPool => {
  const pool = new Piscina({ filename: new URL('./piscina-burn.mjs', import.meta.url).href, minThreads: 2, maxThreads: 2 })
  return {
    oneByOne: <A>(items: number, rounds: number, make: (i: number) => A, take: (answer: A) => void) =>
      windowed(items, ITEMS_OUT, (at) => pool.run({ rounds, item: make(at) }) as Promise<A>, take),
    batched: <A>(items: number, rounds: number, make: (i: number) => A, take: (answer: A) => void) =>
      windowed(
        Math.ceil(items / BATCH),
        BATCHES_OUT,
        (at) => {
          const from = at * BATCH
          const batch = Array.from({ length: Math.min(BATCH, items - from) }, (_, k) => make(from + k))
          return pool.run({ rounds, items: batch }) as Promise<A[]>
        },
        (answers) => {
          for (const answer of answers) take(answer)
        }
      ),
    close: () => pool.destroy()
  }
}
