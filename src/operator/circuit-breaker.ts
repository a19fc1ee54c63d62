/**
 * A guard around an asynchronous function: after so many failures in a row it calls it no more for a while, and then feels its way.
 *
 *              failures in a row                    resetMs later, at the next call
 *     closed ───────────────────▶ open ─────────────────────────────────────────▶ half-open ──▶ `halfOpen` calls succeed: closed
 *                                   ▲                                                 └───────▶ one fails: open again
 *
 *     open, or half-open with its calls under way:   whenOpen  wait (in order) | fail | skip | deadLetter | stop
 *
 * A call counts under the state that it began in: what comes back after the circuit has changed is not heard. A call whose signal is
 * aborted is over for the circuit, whether the function listens or not: a failure if it took too long, and nothing otherwise.
 */
import { ownCode } from '../error/pipeline-error.ts'
import type { Afterwards } from '../graph/options.ts'
import { clock, type Alarm } from '../prelude/clock.ts'
import { withGauges } from '../prelude/gauges.ts'
import { isThenable, type CallContext } from './waiting/calls.ts'
import { AFTERWARDS, callable, milliseconds, oneOf, optionsObject, wholeNumber } from './check.ts'
import { CircuitOpenError } from './waiting/refused-call.ts'

export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit. A whole number >= 1. Default 5. */
  readonly failures?: number | undefined
  /** How long it stays open, in milliseconds. Default 30 000. */
  readonly resetMs?: number | undefined
  /** Calls that are let through when it is half-open; when all of them have succeeded it closes. A whole number >= 1. Default 1. */
  readonly halfOpen?: number | undefined
  /**
   * What becomes of a call that is not let through. `'wait'` holds it until it is; `'fail'` (default) rejects with
   * `ERR_MILLRACE_CIRCUIT_OPEN`, which the stage's `onError` handles; `'skip'`, `'deadLetter'` and `'stop'` do that with the item, whatever `onError` says.
   */
  readonly whenOpen?: 'wait' | Afterwards | undefined
  /** Whether an error counts as a failure of what is called. Default: every error does. */
  readonly counts?: ((error: unknown) => boolean) | undefined
}

export type CircuitState = 'closed' | 'open' | 'half-open'

export interface CircuitBreaker {
  readonly state: CircuitState
  /** How often it has opened. */
  readonly opened: number
  /** Guards a function. All functions around which a circuit is share its state: put one around each service. */
  around<A, B>(fn: (item: A, context: CallContext) => B | PromiseLike<B>): (item: A, context?: CallContext) => B | Promise<B>
}

type Settings = { readonly [K in keyof CircuitBreakerOptions]-?: NonNullable<CircuitBreakerOptions[K]> }

type Outcome = 'answered' | 'failed' | 'given up'

/** For calls that nobody can end. */
const NEVER: CallContext = { signal: new AbortController().signal }

const WORDS = ['wait', ...AFTERWARDS] as const

class Circuit implements CircuitBreaker {
  opened = 0
  readonly #o: Settings
  #state: CircuitState = 'closed'
  /** Number of the state: an outcome is heard in the one that its call began in. */
  #turn = 0
  /** Failures in a row, while closed. */
  #failures = 0
  /** While half-open: calls under way, and those that have succeeded. */
  #probing = 0
  #passed = 0
  #until = 0
  readonly #waiting = new Set<(turn: number) => void>()
  #alarm: Alarm | undefined

  constructor(options: Settings) {
    this.#o = options
  }

  get state(): CircuitState {
    return this.#state === 'open' && clock().now() >= this.#until ? 'half-open' : this.#state
  }

  around<A, B>(fn: (item: A, context: CallContext) => B | PromiseLike<B>): (item: A, context?: CallContext) => B | Promise<B> {
    callable('circuitBreaker', 'fn', fn)
    const guarded = (item: A, context: CallContext = NEVER): B | Promise<B> => {
      const turn = this.#waiting.size > 0 ? undefined : this.#admits()
      if (turn !== undefined) return this.#call(fn, item, context, turn)
      if (this.#o.whenOpen !== 'wait') throw new CircuitOpenError(this.#o.whenOpen === 'fail' ? undefined : this.#o.whenOpen)
      return this.#admitted(context.signal).then((admitted) => this.#call(fn, item, context, admitted))
    }
    return withGauges(guarded, () => ({ circuit: this.state, circuitOpened: this.opened, circuitWaiting: this.#waiting.size }))
  }

  /** Calls the function, which has been let through. */
  #call<A, B>(fn: (item: A, context: CallContext) => B | PromiseLike<B>, item: A, context: CallContext, turn: number): B | Promise<B> {
    let answer: B | PromiseLike<B>
    try {
      answer = fn(item, context)
    } catch (error) {
      this.#over(turn, this.#outcomeOf(error))
      throw error
    }
    if (isThenable(answer)) return this.#watched(answer, turn, context.signal)
    this.#over(turn, 'answered')
    return answer
  }

  #watched<B>(answer: PromiseLike<B>, turn: number, signal: AbortSignal): Promise<B> {
    let told = false
    const over = (outcome: Outcome): void => {
      if (told) return
      told = true
      signal.removeEventListener('abort', aborted)
      this.#over(turn, outcome)
    }
    const aborted = (): void => {
      over(ownCode(signal.reason) === 'ERR_MILLRACE_TIMEOUT' ? this.#outcomeOf(signal.reason) : 'given up')
    }
    if (signal.aborted) aborted()
    else signal.addEventListener('abort', aborted)
    return Promise.resolve(answer).then(
      (value) => {
        over('answered')
        return value
      },
      (error: unknown) => {
        over(this.#outcomeOf(error))
        throw error
      }
    )
  }

  /** An error that does not count is an answer: what was called is there. */
  #outcomeOf(error: unknown): Outcome {
    try {
      return this.#o.counts(error) ? 'failed' : 'answered'
    } catch {
      return 'failed'
    }
  }

  #over(turn: number, outcome: Outcome): void {
    if (turn !== this.#turn) return
    if (this.#state === 'closed') {
      if (outcome === 'answered') this.#failures = 0
      else if (outcome === 'failed' && ++this.#failures >= this.#o.failures) this.#open()
      return
    }
    this.#probing--
    if (outcome === 'failed') this.#open()
    else {
      if (outcome === 'answered' && ++this.#passed >= this.#o.halfOpen) this.#become('closed')
      this.#letThrough()
    }
  }

  #become(state: CircuitState): void {
    this.#state = state
    this.#turn++
    this.#failures = this.#probing = this.#passed = 0
  }

  #open(): void {
    this.#become('open')
    this.opened++
    this.#until = clock().now() + this.#o.resetMs
    this.#wake()
  }

  /** Whether a call may go through now: the number of the state, in which it counts. */
  #admits(): number | undefined {
    if (this.#state === 'closed') return this.#turn
    if (this.#state === 'open') {
      if (clock().now() < this.#until) return undefined
      this.#become('half-open')
    }
    if (this.#probing + this.#passed >= this.#o.halfOpen) return undefined
    this.#probing++
    return this.#turn
  }

  /** Rings when the circuit is to feel its way, as long as somebody waits for it. */
  #wake(): void {
    if (this.#waiting.size === 0 || this.#state !== 'open') return
    this.#alarm?.cancel()
    this.#alarm = clock().at(this.#until, () => {
      this.#alarm = undefined
      this.#letThrough()
    })
  }

  #letThrough(): void {
    for (const go of this.#waiting) {
      const turn = this.#admits()
      if (turn === undefined) return
      go(turn)
    }
  }

  /** Resolves, in the order of the calls, when this one is let through; it has been counted then. */
  #admitted(signal: AbortSignal): Promise<number> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(go)
        signal.removeEventListener('abort', aborted)
        if (this.#waiting.size > 0) return
        this.#alarm?.cancel()
        this.#alarm = undefined
      }
      const go = (turn: number): void => {
        leave()
        resolve(turn)
      }
      const aborted = (): void => {
        leave()
        reject(signal.reason as Error)
      }
      if (signal.aborted) {
        reject(signal.reason as Error)
        return
      }
      signal.addEventListener('abort', aborted)
      this.#waiting.add(go)
      if (this.#waiting.size === 1) this.#wake()
    })
  }
}

/**
 * A circuit to put around an asynchronous function that calls something outside: a service, a database. While what is outside fails, it is
 * left alone, and the calls that come meanwhile wait, or fail at once instead of each after its own timeout.
 *
 * Its state is among the gauges of the stage: `circuit` (`closed`, `open`, `half-open`), `circuitOpened` and `circuitWaiting` in
 * `run.metrics().stages` and in the report. It is shared by all runs that use it, for as long as it is referenced.
 *
 * **Order**   kept: calls that wait go through in the order in which they came
 * **Cost**    a promise and a listener per call that waits for an answer; nothing for one that answers at once
 * **Errors**  RangeError or TypeError at declaration. A call that is not let through: `ERR_MILLRACE_CIRCUIT_OPEN`, under `whenOpen`.
 *             In a sink, which has no policy, every `whenOpen` but `'wait'` ends the run. A stage's `timeoutMs` counts the wait too
 * **Memory**  with `'wait'` the calls that wait, which `concurrency` bounds
 * **Source**  circuit breaker, Nygard, Release It!, 2007; Akka `CircuitBreaker`
 * @example
 * const payments = circuitBreaker({ failures: 3, resetMs: 10_000, whenOpen: 'wait' })
 * const pay = payments.around(async (order: string) => `paid ${order}`)
 * await from(['a', 'b']).pipe(mapAsync(pay)).toArray() // => ['paid a', 'paid b']
 */
export const circuitBreaker = (options: CircuitBreakerOptions = {}): CircuitBreaker => {
  optionsObject('circuitBreaker', options)
  const { failures = 5, resetMs = 30_000, halfOpen = 1, whenOpen = 'fail', counts = () => true } = options
  wholeNumber('circuitBreaker', 'failures', failures, 1)
  milliseconds('circuitBreaker', 'resetMs', resetMs, 0)
  wholeNumber('circuitBreaker', 'halfOpen', halfOpen, 1)
  oneOf('circuitBreaker', 'whenOpen', whenOpen, WORDS)
  callable('circuitBreaker', 'counts', counts)
  return new Circuit({ failures, resetMs, halfOpen, whenOpen, counts })
}
