/**
 * Virtual time for a test: it stands still while anybody has something to do, jumps to the next timer when nobody has, and is moved
 * by hand. Called by tests, through the door `millrace/testing`, by marbles.ts and simulate.ts.
 */
import { callable } from '../operator/check.ts'
import { withClock } from '../prelude/clock.ts'
import { VirtualClock } from '../task/time/virtual-clock.ts'
import { settled } from './settled.ts'

/** The hand that moves the time of a test. Milliseconds. */
export interface VirtualTime {
  /** Milliseconds since the test began; 0 at first. */
  now(): number
  /** Moves time at once by so many milliseconds, rings what is due, and resolves when those who waited have gone on. */
  advance(ms: number): Promise<void>
  /** Resolves when everybody has gone on as far as they can without time moving. */
  settled(): Promise<void>
  /** Runs `body` while time does not jump by itself, only by `advance`. */
  held<R>(body: () => Promise<R>): Promise<R>
}

/**
 * Runs a test by a clock of its own: millrace's timers, intervals, timeouts and time windows go by it, in `body` and in every
 * run, task and job that it starts. Time begins at 0, stands still while anybody has something to do, file and DNS requests and
 * blocking jobs included, and jumps to the next timer when nobody has. Timers of Node (`setTimeout`) go by the machine's clock, and do
 * not hold it; nor do stages that have moved to worker threads, whose own clock is the machine's: run pipelines with `workers: 0`, or by
 * `simulate` with `workers`, whose virtual workers are on this loop and go by its time. Timers that `body` leaves behind are lost.
 *
 * **Errors**  rejects as `body` does
 * **Source**  tokio `#[tokio::test(start_paused = true)]`; RxJS `TestScheduler`
 * @example
 * const took = await withVirtualTime(async (time) => {
 *   await sleep(86_400_000)
 *   return time.now()
 * })
 * took // => 86400000
 */
export const withVirtualTime = async <R>(body: (time: VirtualTime) => Promise<R> | R): Promise<R> => {
  callable('withVirtualTime', 'body', body)
  const clock = new VirtualClock({ paused: true })
  try {
    return await withClock(clock, async () =>
      body({
        now: () => clock.now(),
        advance: (ms) => clock.advance(ms),
        settled,
        held: async (inside) => {
          clock.hold()
          try {
            return await inside()
          } finally {
            clock.letGo()
          }
        }
      })
    )
  } finally {
    clock.close(new Error('millrace: the test that this virtual time belongs to has ended'))
  }
}
