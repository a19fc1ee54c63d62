/**
 * A list that is added to at its end, and left from anywhere in constant time, by links in what it holds. A `Set` in its place looks
 * past every place that was left at its front, each time that its first is asked for. Called by jobs.ts and tasks.ts.
 */

/** What can be in one line at a time; the line sets these. */
export interface Linked<A> {
  ahead: A | undefined
  behind: A | undefined
}

export class Line<A extends Linked<A>> {
  #first: A | undefined
  #last: A | undefined
  #size = 0

  get first(): A | undefined {
    return this.#first
  }

  get size(): number {
    return this.#size
  }

  /** Adds one that is in no line. */
  push(one: A): void {
    one.ahead = this.#last
    if (this.#last === undefined) this.#first = one
    else this.#last.behind = one
    this.#last = one
    this.#size++
  }

  /** Takes out one that is in this line. */
  remove(one: A): void {
    const { ahead, behind } = one
    if (ahead === undefined) this.#first = behind
    else ahead.behind = behind
    if (behind === undefined) this.#last = ahead
    else behind.ahead = ahead
    one.ahead = one.behind = undefined
    this.#size--
  }

  /** In order; a list of its own, so that they may leave meanwhile. */
  all(): readonly A[] {
    const all: A[] = []
    for (let one = this.#first; one !== undefined; one = one.behind) all.push(one)
    return all
  }
}
