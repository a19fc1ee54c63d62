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
/** Buffers that wait to be used again. */
const SPARE = 4

export class NumberColumn {
  numbers: Float64Array = new Float64Array(0)
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

  /**
   * The numbers, for as long as it takes: `free` gives their memory back. A few buffers go round, since each is outside of V8's heap, and
   * new ones for every slice cost more in collections than all that is done with the numbers.
   */
  take(): { readonly numbers: Float64Array; readonly free: () => void } {
    const { numbers: buffer, count } = this
    const held = this.view()
    if (count < buffer.length / 4) return { numbers: held.slice(), free: () => undefined }
    const spare = this.#spare.pop()
    this.numbers = spare !== undefined && spare.length >= buffer.length ? spare : new Float64Array(buffer.length)
    return { numbers: held, free: () => { if (this.#spare.length < SPARE) this.#spare.push(buffer) } }
  }
  readonly #spare: Float64Array[] = []
}
