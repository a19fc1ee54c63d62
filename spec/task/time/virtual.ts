/** Runs something by a clock of its own, whose time is paused from the beginning: what Runtime.currentThread({ time: 'paused' }) does. */
import { withClock } from '../../../src/prelude/clock.ts'
import { VirtualClock } from '../../../src/task/time/virtual-clock.ts'

export const paused = <A>(body: (clock: VirtualClock) => A): A => {
  const clock = new VirtualClock({ paused: true })
  return withClock(clock, () => body(clock))
}
