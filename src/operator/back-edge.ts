/**
 * The edge of a loop that leads back, in one run: items that wait to go round again, bounded; and the count of those that go round.
 *
 *     exit ── put ──▶ waiting (at most `capacity`) ── take ──▶ entry      sent ──▶ inside ──▶ came
 *
 * How many items are in the loop is known where the body answers one item for one. One that drops items seems to hold them until it is
 * still; one that makes several of one seems to hold none. So the count decides only when new input may come: what never grows
 * beyond its bound is the edge itself. Called by feedback.ts, at both ends. Plain data.
 */
export class BackEdge {
  /** Items that have been sent back, in all. */
  again = 0
  /** What the body is told, or has said. `flushing`: its input has ended; `left`: it wants no more. */
  body: 'open' | 'flushing' | 'left' = 'open'
  /** Called when something has come out of the body. */
  moved: () => void = () => undefined
  readonly #capacity: number
  #waiting: unknown[] = []
  #head = 0
  #inside = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Items that wait to go round again. */
  get waiting(): number {
    return this.#waiting.length - this.#head
  }

  /** Items in the loop: those that wait, and those that the body seems to hold. */
  get inLoop(): number {
    return this.waiting + this.#inside
  }

  /** New items that may come in: no more than half of what the edge holds are in the loop at a time, the other half is for what they become. */
  get room(): number {
    return this.waiting > 0 ? 0 : Math.max(0, Math.ceil(this.#capacity / 2) - this.#inside)
  }

  /** So many items go into the body. */
  sent(count: number): void {
    this.#inside += count
  }

  /** So many have come out of it. */
  came(count: number): void {
    this.#inside = Math.max(0, this.#inside - count)
  }

  /** Nothing moves in the body: what it seemed to hold it has dropped, or holds until more comes. */
  emptied(): void {
    this.#inside = 0
  }

  /** False when it is full. */
  put(item: unknown): boolean {
    if (this.waiting >= this.#capacity) return false
    this.#waiting.push(item)
    this.again++
    return true
  }

  take(most: number): readonly unknown[] {
    const items = this.#waiting.slice(this.#head, this.#head + most)
    this.#head += items.length
    if (this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head)
      this.#head = 0
    }
    return items
  }
}
