/**
 * What code over shared words knows of the world beside the words: who it is, who is alive, how to wake and how to wait a moment.
 *
 * Given as a value, like {@link Memory}, so that a spec can run the same code as several threads that die at any access
 * (spec/support/explore.ts). Called by sync/.
 */
import { shared, type Memory } from './memory.ts'
import { wait } from './park.ts'
import { bury, deaths, living, me, wakeMark } from './threads.ts'

export interface Shore extends Memory {
  /** The mark of the thread that asks. */
  me(): number
  living(mark: number): boolean
  /** How many threads have ended so far. */
  deaths(): number
  /** Wakes a thread, after what it waits for was changed. */
  wake(mark: number): void
  /** Lets a moment pass, since the word holds `held`: the `n`th time in a row. */
  pause(words: Int32Array, index: number, held: number, n: number): void
}

/** Looks before a thread sleeps for the others to go on. */
const SPINS = 60
/** Milliseconds of such a sleep: what holds the word has been switched away from in the middle of a few hundred nanoseconds. */
const NAP = 0.1
/** Naps after which it may be that the one who holds the word has ended, and that it is us who should have been told. */
const NAPS = 100

/** The real thing. */
export const shore: Shore = {
  ...shared,
  me,
  living,
  deaths,
  wake: wakeMark,
  pause: (words, index, held, n) => {
    if (n > SPINS) wait(words, index, held, NAP)
    if (n > SPINS && n % NAPS === 0) bury()
  }
}
