/**
 * One timer of a stage that waits: it only rings the stage's bell, and the stage looks for itself what is due.
 *
 * At most one alarm of the clock is set, for the earliest instant that was asked for; one that has become too early rings for
 * nothing and is set again. Called by the operators that look at the clock.
 */
import type { Alarm, Clock } from '../../prelude/clock.ts'
import type { Bell } from './bell.ts'

export class Wake {
  readonly #clock: Clock
  readonly #bell: Bell
  #due = Infinity
  #alarm: Alarm | undefined

  constructor(clock: Clock, bell: Bell) {
    this.#clock = clock
    this.#bell = bell
  }

  /** Rings at `instant`, or before. */
  at(instant: number): void {
    if (instant >= this.#due) return
    this.#alarm?.cancel()
    this.#due = instant
    this.#alarm = this.#clock.at(instant, () => {
      this.#due = Infinity
      this.#bell.ring()
    })
  }

  cancel(): void {
    this.#alarm?.cancel()
    this.#due = Infinity
  }
}
