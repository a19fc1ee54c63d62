/**
 * The time of the runtime that asks, and, for tests, the hand that moves it.
 */
import { notPausable } from '../../error/wording-time.ts'
import { clock } from '../../prelude/clock.ts'
import { VirtualClock } from './virtual-clock.ts'

const movable = (call: string): VirtualClock => {
  const now = clock()
  if (now instanceof VirtualClock && now.pausable) return now
  throw notPausable(call)
}

/**
 * The clock of the runtime in which it is called: outside of any, and on a multi-thread runtime, the machine's.
 *
 * On a current-thread runtime time can be paused. Then it stands still while anybody has something to do, and jumps to the next
 * timer when nobody has: a test of a day's timeouts takes milliseconds, and comes out the same each time. Blocking jobs, file and
 * DNS requests that are under way hold it; open sockets and timers that are not millrace's do not.
 *
 * **Errors**  ERR_MILLRACE_TIME where time cannot be paused, when it is paused twice, and when it is advanced or resumed but not paused
 * **Source**  tokio `time::{Instant, pause, advance, resume}`
 * @example
 * const before = time.now()
 * await sleep(5)
 * time.now() - before >= 5 // => true
 */
export const time = Object.freeze({
  /** Milliseconds since the clock's origin, which is its own: compare instants of one clock. Parts of a millisecond count. */
  now: (): number => clock().now(),

  /** Stops time. */
  pause: (): void => {
    movable('pause').pause()
  },

  /**
   * Moves paused time by exactly so many milliseconds, at once; what is due then rings, in order, and nothing else. Resolves when those who
   * were waiting have gone on as far as they can.
   */
  advance: async (ms: number): Promise<void> => movable('advance').advance(ms),

  /** Lets time go again, from where it is. */
  resume: (): void => {
    movable('resume').resume()
  }
})
