/**
 * A source that ticks, by the clock of the runtime that it runs in.
 *
 *     interval(100)    out  ---0---1---2---
 */
import type { StageOptions } from '../../graph/options.ts'
import { sourceOf, type Source } from '../../graph/source.ts'
import type { ItemBatch, SourceCursor } from '../../graph/spec.ts'
import { milliseconds, stageOptions } from '../../operator/check.ts'
import { clock, type Alarm, type Clock } from '../../prelude/clock.ts'
import { STAGE } from '../option-names.ts'

class Ticks implements SourceCursor {
  readonly #ms: number
  readonly #clock: Clock = clock()
  #due: number
  #count = 0
  #alarm: Alarm | undefined
  #wake: () => void = () => undefined
  #closed = false

  constructor(ms: number) {
    this.#ms = ms
    this.#due = this.#clock.now() + ms
  }

  async pull(): Promise<ItemBatch | undefined> {
    if (this.#due > this.#clock.now() && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#alarm = this.#clock.at(this.#due, resolve)
      })
    }
    if (this.#closed) return undefined
    // On time: the next tick keeps the beat. Ticks were missed: it is delayed, so that they do not come in a burst.
    const now = this.#clock.now()
    this.#due = (now - this.#due > this.#ms ? now : this.#due) + this.#ms
    return { items: [this.#count++] }
  }

  close(): void {
    this.#closed = true
    this.#alarm?.cancel()
    this.#wake()
  }
}

/**
 * Emits 0, 1, 2 … every `ms` milliseconds, the first one after `ms`, until the run ends. Ticks that nobody was ready to
 * take are not made up for: the next one comes `ms` later.
 *
 * **Errors**  RangeError at declaration when `ms` is not a number from 0 to 2 147 483 647
 * @example
 * await interval(10).pipe(take(3)).toArray() // => [0, 1, 2]
 */
export const interval = (ms: number, options: StageOptions = {}): Source<number> => {
  milliseconds('interval', 'ms', ms, 0)
  stageOptions('interval', options, STAGE)
  return sourceOf<number>({ role: 'source', kind: 'interval', args: { ms }, open: () => new Ticks(ms) }, options.name)
}
