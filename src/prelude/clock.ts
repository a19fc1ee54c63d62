/**
 * The clock that code of this library reads: the machine's, or a virtual one that a test moves.
 *
 * Which one is current is a property of the asynchronous context (AsyncLocalStorage), so that a runtime with paused time
 * changes the time of what runs in it and of nothing else. Instants are milliseconds, from an origin of the clock's own;
 * parts of a millisecond count. Called by whoever waits for time (task/time/, operator/, connector/, channel/), and by whoever
 * has work under way elsewhere, for which a clock that jumps should wait.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { perThread } from './per-thread.ts'

/** A timer that has been set. */
export interface Alarm {
  /** Does nothing when it has gone off. */
  cancel(): void
  /** While set, holds the process; the default. */
  ref(): void
  unref(): void
}

export interface Clock {
  /** Milliseconds since the clock's origin. Never goes back. */
  now(): number
  /**
   * Calls back at an instant, never before it, also one that is years away, or `Infinity`; once, and not within this call.
   * A clock may be closed, with the runtime that it belongs to: then `lost` is called instead, and `at` throws the reason.
   */
  at(instant: number, ring: () => void, lost?: (reason: Error) => void): Alarm
  /** Work is under way where this thread does not see it: time that is paused does not jump by itself until it has ended. Counted. */
  hold(): void
  /** That work has ended; once for each `hold`. */
  letGo(): void
}

/** The longest delay that a timer of Node takes, in milliseconds. */
const LONGEST = 0x7fffffff

class RealAlarm implements Alarm {
  readonly #instant: number
  readonly #ring: () => void
  #timer: NodeJS.Timeout | undefined
  #held = true

  constructor(instant: number, ring: () => void) {
    this.#instant = instant
    this.#ring = ring
    this.#set()
  }

  /** Timers of Node go off up to a millisecond early and reach 24 days: what is left is set anew. */
  #set(): void {
    const left = this.#instant - performance.now()
    this.#timer = setTimeout(() => {
      if (performance.now() < this.#instant) this.#set()
      else {
        this.#timer = undefined
        this.#ring()
      }
    }, Math.min(Math.max(Math.ceil(left), 0), LONGEST))
    if (!this.#held) this.#timer.unref()
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  ref(): void {
    this.#held = true
    this.#timer?.ref()
  }

  unref(): void {
    this.#held = false
    this.#timer?.unref()
  }
}

/** The machine's monotonic clock. */
export const realClock: Clock = {
  now: () => performance.now(),
  at: (instant, ring) => new RealAlarm(instant, ring),
  hold: () => undefined,
  letGo: () => undefined
}

const current = perThread('clock.1', () => new AsyncLocalStorage<Clock>())

/** The clock of the code that asks. */
export const clock = (): Clock => current.getStore() ?? realClock

/** Runs `body`, and whatever it starts, by another clock. */
export const withClock = <A>(by: Clock, body: () => A): A => current.run(by, body)
