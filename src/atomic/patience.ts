/**
 * Whether a thread that has run out of work looks a little longer before it sleeps: falling asleep and being woken cost the sleeper some
 * 30 us and the waker a call of the system, more than a short wait does.
 *
 *     look … look … look ── SPIN_MS ──▶ sleep        found in time: next time too        in vain: not the next 1, 3, 7 … 63 times
 *
 * Bounded, so that what is idle uses no CPU: one look per spell of work at most, and after six in vain one in 64. Not on a machine with
 * one core, where who is waited for could not run meanwhile.
 * Source: the adaptive mutexes of Solaris and glibc (spin as long as it has paid). Called by threads.ts.
 */
import { availableParallelism } from 'node:os'

/** How long a look lasts, in milliseconds. */
const SPIN_MS = 0.05
/** Looks between two at the clock. */
const LOOKS = 16
/** Doublings of the times that are left out. */
const MOST_DOUBLINGS = 6

const cores = availableParallelism()

export class Patience {
  #inVain = 0
  #leaveOut = 0

  /** Looks until `came`, for a moment, if it is worth it; false: sleep. */
  wait(came: () => boolean): boolean {
    if (cores < 2) return false
    if (this.#leaveOut > 0) {
      this.#leaveOut--
      return false
    }
    const until = performance.now() + SPIN_MS
    do {
      for (let look = 0; look < LOOKS; look++) {
        if (!came()) continue
        this.#inVain = 0
        return true
      }
    } while (performance.now() < until)
    this.#leaveOut = 2 ** this.#inVain - 1
    this.#inVain = Math.min(this.#inVain + 1, MOST_DOUBLINGS)
    return false
  }
}
