/**
 * How many calls may be in flight, found out by how long they take.
 *
 *     latency ≤ tolerance × own  ──▶ limit + 1, if it was reached          one look per round: as many answers of calls that began in it
 *     latency > tolerance × own  ──▶ limit × backoff                       as the limit, and no less than the latency itself
 *     a call said: overloaded    ──▶ limit × backoff
 *
 * `own` is the latency of what is called without load of ours. It is measured in rounds for which the limit is divided by twice the
 * tolerance: where the limit settles, that is half of what makes calls slower. Such rounds come soon after one another as long as they
 * say something new, after two rounds over the tolerance, and every {@link FAR} rounds otherwise: a service that changes for good is
 * found out.
 * Plain numbers, no clock of its own. Called by calls.ts and map-async.ts.
 * Source: AIMD, Chiu and Jain 1989; a reference that is probed for, as in BBR, Cardwell 2016; a look per round, as in Vector's adaptive
 * request concurrency.
 */
export interface LimitOptions {
  readonly min: number
  readonly max: number
  readonly initial: number
  readonly tolerance: number
  readonly backoff: number
  readonly overloaded: (error: unknown) => boolean
}

/** Answers of a round at least: fewer say little. */
const ROUND_LEAST = 8
/** Rounds between two that measure: at first, and at most. */
const NEAR = 2
const FAR = 32
/** Measured latencies that differ by less than this say nothing new. */
const ALIKE = 1.2

export class ConcurrencyLimit {
  /** Calls that may be in flight. */
  now: number
  inFlight = 0
  /** Mean latency of the last round, in milliseconds. */
  latencyMs = 0
  readonly #o: LimitOptions
  #own = Infinity
  /** The limit to go back to, while the round is one that measures. */
  #before: number | undefined
  /** Rounds since one that measured, and after how many the next one comes. */
  #rounds = 0
  #gap = NEAR
  /** The round before this one was over the tolerance: two in a row say that something else may have changed. */
  #over = false
  /** It has not: that was measured since. */
  #sure = false
  /** The round: when it began, what its calls took, whether the limit was reached. */
  #since = -Infinity
  #sum = 0
  #answers = 0
  #reached = false

  constructor(options: LimitOptions) {
    this.#o = options
    this.now = options.initial
  }

  get free(): boolean {
    return this.inFlight < this.now
  }

  began(): void {
    if (++this.inFlight >= this.now) this.#reached = true
  }

  /** A call that began at `began` has ended `at`, and failed, if there is a failure. */
  ended(at: number, began: number, failure?: { readonly error: unknown }): void {
    this.inFlight--
    if (began < this.#since) return // it says how things were under another limit
    if (failure !== undefined && this.#isOverloaded(failure.error)) {
      this.#shrink(at)
      return
    }
    if (this.#since === -Infinity) this.#since = began
    this.#sum += at - began
    this.#answers++
    const mean = this.#sum / this.#answers
    if (this.#answers < Math.max(ROUND_LEAST, this.now) || at - this.#since < mean) return
    this.latencyMs = mean
    if (this.#before === undefined) this.#look(at, mean)
    else this.#measured(at, mean, this.#before)
  }

  #look(at: number, mean: number): void {
    this.#own = Math.min(this.#own, mean)
    const over = mean > this.#o.tolerance * this.#own
    const changed = over && this.#over && !this.#sure
    if (!over) this.#sure = false
    this.#over = over
    if (over || this.#reached) this.#rounds++
    if (changed || this.#rounds >= this.#gap) this.#measure(at)
    else if (over) this.#shrink(at)
    else {
      if (this.#reached && this.now < this.#o.max) this.now++
      this.#next(at)
    }
  }

  /** The next round is one that measures. */
  #measure(at: number): void {
    this.#before = this.now
    this.now = Math.max(this.#o.min, Math.floor(this.now / (2 * this.#o.tolerance)))
    this.#next(at)
  }

  #measured(at: number, mean: number, before: number): void {
    const alike = mean < this.#own * ALIKE && this.#own < mean * ALIKE
    this.#gap = alike ? Math.min(FAR, this.#gap * 2) : NEAR
    this.#rounds = 0
    this.#sure = alike
    this.#own = mean
    this.now = before
    this.#before = undefined
    this.#next(at)
  }

  #shrink(at: number): void {
    this.now = Math.max(this.#o.min, Math.floor((this.#before ?? this.now) * this.#o.backoff))
    this.#before = undefined
    this.#next(at)
  }

  #next(at: number): void {
    this.#since = at
    this.#sum = this.#answers = 0
    this.#reached = this.inFlight >= this.now
  }

  #isOverloaded(error: unknown): boolean {
    try {
      return this.#o.overloaded(error)
    } catch {
      return true
    }
  }
}
