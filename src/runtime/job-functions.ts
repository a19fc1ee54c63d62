/**
 * Functions of blocking jobs by number, so that a job names its function in one word: every worker is told of a function before a
 * morsel that names it is submitted, and is told anew when it replaces a dead one.
 * Called by crew.ts and, through it, jobs.ts.
 */
import type { Pool } from '../pool/pool.ts'
import type { FnRef } from '../ship/address.ts'

export interface JobFunctions {
  /** The number of a function, which every worker of the pool has been told of. */
  number(ref: FnRef, pool: Pool): number
  /** A worker is another thread now, and knows none. */
  forget(worker: number, pool: Pool): void
}

export const createJobFunctions = (workers: number): JobFunctions => {
  /** By what they are called. */
  const numbers = new Map<string, number>()
  /** Workers that have been told, by pool and function. */
  const toldTo = new WeakMap<Pool, Map<number, Set<number>>>()

  const numberOf = (ref: FnRef): number => {
    const key = ref.type === 'source' ? ref.text : `${ref.how} ${ref.name} ${ref.url}`
    let known = numbers.get(key)
    if (known === undefined) numbers.set(key, (known = numbers.size))
    return known
  }

  return {
    number: (ref, pool) => {
      const fn = numberOf(ref)
      let told = toldTo.get(pool)
      if (told === undefined) toldTo.set(pool, (told = new Map<number, Set<number>>()))
      let who = told.get(fn)
      if (who === undefined) told.set(fn, (who = new Set()))
      for (let worker = 0; worker < workers && who.size < workers; worker++) {
        if (who.has(worker)) continue
        who.add(worker)
        pool.post(worker, { type: 'fn', fn, ref })
      }
      return fn
    },
    forget: (worker, pool) => {
      for (const who of toldTo.get(pool)?.values() ?? []) who.delete(worker)
    }
  }
}
