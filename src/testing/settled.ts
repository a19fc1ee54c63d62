/**
 * Waiting in a test: for something that is to come, within a bound of real time; and for everybody to have gone on as far as they can.
 *
 * Called by the probes. Time that is paused stands still meanwhile in `settled`, and jumps in `within`, as it does whenever
 * everybody waits.
 */
import { clearTimeout, setTimeout as afterMs } from 'node:timers'
import { clock } from '../prelude/clock.ts'
import { atTheEndOfTheTurn, underWay } from '../task/time/turns.ts'

/** Turns without anything to do before all is quiet. */
const QUIET = 3
/** Turns after which it is taken that who goes on will go on for ever. */
const MOST_TURNS = 256

/** Milliseconds of real time that an expectation waits, where the test does not say. */
export const WITHIN_MS = 1000

/** Resolves when nobody has anything to do any more that does not wait for a timer or for the world outside. */
export const settled = async (): Promise<void> => {
  const time = clock()
  time.hold()
  try {
    for (let turns = 0, quiet = 0; quiet < QUIET && turns < MOST_TURNS; turns++) {
      await new Promise<void>(atTheEndOfTheTurn)
      quiet = underWay() === undefined ? quiet + 1 : 0
    }
  } finally {
    time.letGo()
  }
}

/** Something to wait for that happens again and again. */
export class Signal {
  #wake: (() => void)[] = []

  ring(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Resolves at the next ring. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  /** Waits until `ready`, for at most so many milliseconds of real time; answers whether it is. */
  async until(ready: () => boolean, ms: number): Promise<boolean> {
    if (ready()) return true
    let over = false
    const timer = afterMs(() => {
      over = true
      this.ring()
    }, ms)
    try {
      while (!ready() && !over) await this.next()
    } finally {
      clearTimeout(timer)
    }
    return ready()
  }
}
