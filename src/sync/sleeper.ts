/**
 * The one sleep of this thread's event loop, for all that waits in it for other threads.
 *
 *     lock, event, semaphore … with waits ──attend──▶ set ──▶ one sleep on this thread's word (atomic/threads.ts)
 *                                   ▲                                        │ woken: by whoever changed something, and by every death
 *                                   └───────────── woken() of each ──────────┘
 *
 * Each looks at its own words and finds what concerns it. The word is read before they look and slept on after, so that a change in
 * between is seen by the next look (T3 there). A sleep that is under way when another one joins is as good: it ends with the
 * next wake-up. Does not hold the process: whoever is to wake it does. Called by far-permits.ts and event.ts.
 */
import { parked, sleepHereAsync } from '../atomic/threads.ts'

/** Something with waits in this thread. */
export interface Sleeping {
  /** This thread was woken: look. Must not throw. */
  woken(): void
}

const attending = new Set<Sleeping>()
let asleep = false

const sleep = (): void => {
  asleep = true // also while they look: who joins meanwhile is looked at, or has looked after the word was read
  for (;;) {
    const seen = parked()
    for (const each of [...attending]) each.woken()
    if (attending.size === 0) break
    const sleeping = sleepHereAsync(seen)
    if (sleeping === undefined) continue
    void sleeping.then(sleep)
    return
  }
  asleep = false
}

/** From now on it is told when this thread is woken. It looks once more after this. */
export const attend = (sleeping: Sleeping): void => {
  attending.add(sleeping)
  if (!asleep) sleep()
}

export const ignore = (sleeping: Sleeping): void => {
  attending.delete(sleeping)
}
