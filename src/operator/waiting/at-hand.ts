/**
 * What a stage that waits for several things has at hand, and that it lets go of all of it at its end.
 *
 * Called by the operators that wait on the event loop for more than one thing at a time.
 */
import type { ProcessContext } from '../../graph/spec.ts'
import { clock, type Clock } from '../../prelude/clock.ts'
import { bellOf, type Bell } from './bell.ts'
import { Wake } from './wake.ts'

export interface AtHand {
  readonly context: ProcessContext
  readonly bell: Bell
  /** The clock of the runtime that the stage runs in. */
  readonly time: Clock
  readonly wake: Wake
}

/** The `run` of a process. */
export const atHand =
  (body: (hand: AtHand) => Promise<void>) =>
  async (context: ProcessContext): Promise<void> => {
    const bell = bellOf(context.signal)
    const time = clock()
    const wake = new Wake(time, bell)
    try {
      await body({ context, bell, time, wake })
    } finally {
      wake.cancel()
      bell.close()
    }
  }
