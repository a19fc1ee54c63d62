/**
 * Rounds of the event loop, as a stage sees them whose calls are in flight: which calls have answered in the round that they began in, and
 * when a round is over.
 *
 *     timers │ sockets │ setImmediate: the round is over      promises that need neither settle in between, all of the same round
 *
 * A round is counted while something has begun in it or somebody waits for its end; an idle stage turns no loop.
 * Called by map-async.ts.
 */
export class Rounds {
  /** The number of this round. */
  now = 0
  readonly #ring: () => void
  /** What has begun in this round and not answered. */
  #fresh = 0
  /** One has ended since {@link wait}. */
  #over = false
  #rings = false
  #end: NodeJS.Immediate | undefined

  /** `ring` is called at the end of a round for which `ringAtEnd` was called. */
  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** Something begins: in which round. */
  begin(): number {
    this.#fresh++
    this.#arm()
    return this.now
  }

  /** What began in that round has answered: whether in the same one. */
  isSame(round: number): boolean {
    if (round !== this.now) return false
    this.#fresh--
    return true
  }

  /** Whether more answers may come before the round is over that was waited for. */
  get lasts(): boolean {
    return this.#fresh > 0 && !this.#over
  }

  ringAtEnd(): void {
    this.#rings = true
    this.#arm()
  }

  /** Somebody begins to wait. */
  wait(): void {
    this.#over = false
  }

  close(): void {
    clearImmediate(this.#end)
  }

  #arm(): void {
    this.#end ??= setImmediate(this.#ended)
  }

  readonly #ended = (): void => {
    this.#end = undefined
    this.now++
    this.#fresh = 0
    this.#over = true
    if (!this.#rings) return
    this.#rings = false
    this.#ring()
  }
}
