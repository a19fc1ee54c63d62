/**
 * Where an outlet gathers numbers as long as nothing else has left by it: in 64-bit memory, with no object for a number with a fraction.
 *
 *     1  2.5  -0  │  'a'  7           what is held: the column's numbers, then those of the list
 *     ── column ──┘  └─ list          a number behind something else goes to the list, so that the order is that of the loop
 *
 * Written by generated loops, which hold `numbers` and `count` in variables while they run; taken by the drivers between calls.
 */

/** Numbers that a column has room for at first, and at most: what comes then goes to the list. */
const FIRST = 256
const MOST = 1 << 17

export class NumberColumn {
  numbers = new Float64Array(0)
  count = 0
  #used = false

  /** Room for so many more, once it has been of use: where nothing but strings comes, it stays small. */
  room(more: number): void {
    const wanted = Math.min(MOST, this.count + more)
    if (wanted <= this.numbers.length || (!this.#used && this.numbers.length > 0)) return
    const wider = new Float64Array(Math.max(FIRST, wanted))
    wider.set(this.numbers.subarray(0, this.count))
    this.numbers = wider
  }

  /** The numbers, in memory that the column goes on to use: for who copies them before the loop runs again. */
  view(): Float64Array {
    const held = this.numbers.subarray(0, this.count)
    this.#used ||= this.count > 0
    this.count = 0
    return held
  }

  /** The numbers, in memory of their own. */
  take(): Float64Array {
    return this.view().slice()
  }
}
