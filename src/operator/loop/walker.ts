/**
 * Walks one iterable after the other for a stage that expands items, as `for of` does, and lists without an iterator of their own.
 *
 *   begin ── advance* ──▶ false: ended by itself          left early: leave (a break) or abandon (a throw) calls `return`, once
 *
 * `for of` makes an iterator and a result per list, and what it needs to close them: 64 bytes an item of a cheap `flatMap`.
 * Called by generated loops (flat-map.ts).
 */
const values = Array.prototype[Symbol.iterator]

const EMPTY: readonly unknown[] = []

const isIterable = (many: unknown): many is Iterable<unknown> => typeof (many as Partial<Iterable<unknown>> | null | undefined)?.[Symbol.iterator] === 'function'

export class Walker {
  /** The member that the last `advance` came to. */
  value: unknown
  #list: readonly unknown[] = EMPTY
  #at = 0
  /** Of an iterable that is no plain list, while it may have to be closed. */
  #iterator: Iterator<unknown> | undefined

  begin(many: unknown): void {
    this.#at = 0
    if (Array.isArray(many) && many[Symbol.iterator] === values) this.#list = many as readonly unknown[]
    else if (isIterable(many)) this.#iterator = many[Symbol.iterator]()
    else throw new TypeError(`flatMap: its function has answered ${many === null ? 'null' : `a value of type ${typeof many}`}, which is not iterable; answer a list`)
  }

  /** Goes on to the next member; false when there is none. */
  advance(): boolean {
    if (this.#iterator !== undefined) return this.#pull(this.#iterator)
    if (this.#at >= this.#list.length) return false
    this.value = this.#list[this.#at++]
    return true
  }

  #pull(iterator: Iterator<unknown>): boolean {
    this.#iterator = undefined // should it throw: an iterator that has thrown is not closed
    const next = iterator.next()
    if (next.done === true) return false
    this.value = next.value
    this.#iterator = iterator
    return true
  }

  /** The walk is over, wherever it is. What closing fails with is thrown. */
  leave(): void {
    const iterator = this.#iterator
    this.#list = EMPTY
    this.#iterator = undefined
    iterator?.return?.()
  }

  /** The walk is over by an error, which is the one to tell. */
  abandon(): void {
    try {
      this.leave()
    } catch {
      // as `for of` does
    }
  }
}
