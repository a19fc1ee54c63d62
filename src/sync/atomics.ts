/**
 * Numbers and a flag that tasks and threads change without a lock: in shared memory from the beginning, so their handles can be sent to
 * other threads at any time. Every call is one atomic step, and all of them are in one order for all threads.
 */
import { fixed } from '../atomic/shared-memory.ts'
import { bitsOf, numberOf, wideAdd, wideCas, wideExchange, wideLoad, wideStore } from '../atomic/wide.ts'
import { argumentError } from '../error/pipeline-error.ts'
import { arrives, travel, type Luggage } from '../prelude/travel.ts'

const bytes = 8

const whole = (call: string, name: string, value: unknown): bigint => {
  if (typeof value !== 'number') throw argumentError('type', `${call}: ${name} must be a number`, `got ${typeof value}`, 'give a safe integer')
  if (!Number.isSafeInteger(value)) throw argumentError('range', `${call}: ${name} must be a safe integer`, `got ${value}`, 'count in whole numbers')
  return BigInt(value)
}

/**
 * A count that many threads add to.
 *
 * **When to use**  for totals: rows seen, bytes read. It says nothing about anything else that a thread has done; use a lock for that
 * **Cost**         about 100 ns; whole numbers within ±2⁵³ are exact
 * **Errors**       for anything but safe integers; a count that leaves their range is a RangeError when it is read
 * **Source**       Rust's `AtomicI64`
 * @example
 * const rows = new AtomicCounter()
 * rows.add() // => 1
 * rows.add(41) // => 42
 * rows.value // => 42
 */
export class AtomicCounter {
  #words: BigInt64Array = new BigInt64Array(fixed(bytes))

  constructor(value = 0) {
    wideStore(this.#words, 0, whole('AtomicCounter', 'value', value))
  }

  get value(): number {
    return safe(wideLoad(this.#words, 0))
  }

  /** Adds, or takes away; answers the count after it. */
  add(n = 1): number {
    const by = whole('AtomicCounter.add', 'n', n)
    return safe(wideAdd(this.#words, 0, by) + by)
  }

  /** Sets the count; answers the one before. */
  exchange(value: number): number {
    return safe(wideExchange(this.#words, 0, whole('AtomicCounter.exchange', 'value', value)))
  }

  /** Sets the count if it is `expected`; answers whether it was. */
  compareAndSet(expected: number, value: number): boolean {
    const call = 'AtomicCounter.compareAndSet'
    return wideCas(this.#words, 0, whole(call, 'expected', expected), whole(call, 'value', value))
  }

  toString(): string {
    return `AtomicCounter { ${this.value} }`
  }

  /** A handle of the same counter for another thread. */
  [travel](): Luggage {
    return { kind: 'AtomicCounter', parts: this.#words }
  }

  static {
    arrives('AtomicCounter', (words: BigInt64Array) => {
      const counter = new AtomicCounter()
      counter.#words = words
      return counter
    })
  }
}

const safe = (value: bigint): number => {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw argumentError('range', 'AtomicCounter: the count has left the range of safe integers', `it is ${value}`, 'exchange(0) begins anew')
}

/**
 * A flag that many threads see.
 *
 * **When to use**  to say once that something is so, or to elect one of many by {@link AtomicFlag.testAndSet}; to wait for it use a `Notify`
 * **Source**       Rust's `AtomicBool`
 * @example
 * const begun = new AtomicFlag()
 * begun.testAndSet() // => false
 * begun.testAndSet() // => true
 */
export class AtomicFlag {
  #words: BigInt64Array = new BigInt64Array(fixed(bytes))

  constructor(value = false) {
    wideStore(this.#words, 0, value ? 1n : 0n)
  }

  get value(): boolean {
    return wideLoad(this.#words, 0) === 1n
  }

  set(): void {
    wideStore(this.#words, 0, 1n)
  }

  clear(): void {
    wideStore(this.#words, 0, 0n)
  }

  /** Sets it; answers whether it was set before. Of many that call it, one gets `false`. */
  testAndSet(): boolean {
    return wideExchange(this.#words, 0, 1n) === 1n
  }

  toString(): string {
    return `AtomicFlag { ${this.value} }`
  }

  /** A handle of the same flag for another thread. */
  [travel](): Luggage {
    return { kind: 'AtomicFlag', parts: this.#words }
  }

  static {
    arrives('AtomicFlag', (words: BigInt64Array) => {
      const flag = new AtomicFlag()
      flag.#words = words
      return flag
    })
  }
}

/**
 * The largest number that any of many threads has told.
 *
 * **When to use**  for high-water marks: the longest line, the slowest request. Any number, fractions too
 * **Errors**       for NaN, and what is not a number
 * **Source**       Rust's `fetch_max`
 * @example
 * const slowest = new AtomicMax()
 * slowest.tell(3.5) // => 3.5
 * slowest.tell(2) // => 3.5
 * slowest.value // => 3.5
 */
export class AtomicMax {
  #words: BigInt64Array = new BigInt64Array(fixed(bytes))

  /** Without a value it is `-Infinity`, which every number is above. */
  constructor(value = -Infinity) {
    wideStore(this.#words, 0, bitsOf(ordered('AtomicMax', value)))
  }

  get value(): number {
    return numberOf(wideLoad(this.#words, 0))
  }

  /** Takes a number into account; answers the largest so far. */
  tell(value: number): number {
    ordered('AtomicMax.tell', value)
    for (;;) {
      const bits = wideLoad(this.#words, 0)
      const most = numberOf(bits)
      if (most >= value) return most
      if (wideCas(this.#words, 0, bits, bitsOf(value))) return value
    }
  }

  toString(): string {
    return `AtomicMax { ${this.value} }`
  }

  /** A handle of the same maximum for another thread. */
  [travel](): Luggage {
    return { kind: 'AtomicMax', parts: this.#words }
  }

  static {
    arrives('AtomicMax', (words: BigInt64Array) => {
      const max = new AtomicMax()
      max.#words = words
      return max
    })
  }
}

const ordered = (call: string, value: unknown): number => {
  if (typeof value !== 'number') throw argumentError('type', `${call}: value must be a number`, `got ${typeof value}`, 'give a number')
  if (Number.isNaN(value)) throw argumentError('range', `${call}: value must be a number that has an order`, 'got NaN', 'correct the argument')
  return value
}
